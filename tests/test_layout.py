"""The page's layout and accessibility: labels and names, the Tab key, two window sizes, and touch on a phone."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import TimeoutError, expect

from gradient import OPTIMIZERS, PROBLEMS
from gradient.views.sentences import COMPUTE
from tests import odd_data
from tests.app_page import AppPage
from tests.page_settings import in_settings
from tests.processes import eventually
from tests.test_site import expect_axes

ALL = ("curve", "fit", "field", "gradient_norm")
OF_THE_WINDOW = [
    "test_nothing_overlaps_or_is_cut",
    "test_pictures_and_controls_stay_where_they_are_whatever_is_chosen",
    "test_at_1440_by_900_the_app_fits_and_the_pictures_fill_it",
    "test_every_strip_is_long_enough_to_read",
    "test_no_longer_name_is_cut",
    "test_odd_data_have_room",
]

OF_THE_SCRIPTS = ["test_odd_data_have_room", "test_on_a_phone_odd_data_have_room"]

# The sliders' names and numbers that are wider than their boxes.
CUT_TEXTS = """() => [...document.querySelectorAll(".techni-sliders :is(.widget-label, .widget-readout)")]
  .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map(({ textContent }) => textContent)"""

# How much lighter or darker than its background, from 1 to 21, an element's content is, as WCAG 2 defines it.
CONTRAST = """(element) => {
  const { color, backgroundColor } = getComputedStyle(element);
  const [dark, light] = [color, backgroundColor].map((text) => {
    const shares = text.match(/[\\d.]+/g).map((value) => value / 255);
    const [r, g, b] = shares.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  }).sort((a, b) => a - b);
  return light / dark;
}"""

# The choices that are narrower than their longest words.
CUT = """() => [...document.querySelectorAll(".techni-app select")].filter((choice) => {
  const { offsetWidth, style } = choice;
  const before = style.cssText;
  style.cssText = "flex: none !important; width: max-content !important; max-width: none !important";
  const isCut = choice.offsetWidth > offsetWidth;
  style.cssText = before;
  return isCut;
}).map((choice) => choice.outerHTML)"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    in_settings(metafunc, of_the_window=OF_THE_WINDOW, of_the_scripts=OF_THE_SCRIPTS)


@pytest.fixture
def app(wide: AppPage) -> AppPage:
    wide.reset()
    return wide


def test_the_tab_key_goes_through_all_of_it(app: AppPage) -> None:
    """It reaches every control in turn, and no picture captures it."""
    app.page.get_by_role("combobox", name="Problem").focus()
    passed = []
    for _ in range(40):
        app.page.keyboard.press("Tab")
        passed.append(
            app.page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent")
        )
        if passed[-1] == "Reset":
            break
    assert passed[-1] == "Reset"
    for name in ("Learning rate", "Initial b", "Play", "Step", "Speed"):
        assert name in passed
    assert any(name.startswith("Start at w 0.6, b -3.5.") for name in passed)


def test_every_control_has_a_visible_label_and_an_accessible_name(app: AppPage) -> None:
    for name in ("Problem", "Optimizer", "Loss axis", "Speed"):
        expect(app.page.get_by_role("combobox", name=name, exact=True)).to_be_visible()
    for name in ("Learning rate", "Momentum", "Steps", "Initial w", "Initial b", "Step"):
        expect(app.slider(name)).to_be_visible()
        expect(app.page.locator(".widget-label, .techni-step > span").get_by_text(name, exact=True)).to_be_visible()
    for name in ("First", "Previous", "Play", "Next", "Last", "Repeat", "Reset"):
        expect(app.button(name)).to_be_visible()
    unnamed = app.page.evaluate(
        """() => [...document.querySelectorAll('.techni-app :is(button, input, select, [role=slider], [role=textbox])')]
        .filter(e => e.offsetParent && !(e.ariaLabel || e.labels?.length || e.textContent.trim())).map(e => e.outerHTML)"""
    )
    assert unnamed == []


def test_the_sliders_speak_their_value(app: AppPage) -> None:
    expect(app.slider("Learning rate")).to_have_attribute("aria-valuetext", "0.100")
    app.press("Learning rate", "ArrowRight")
    expect(app.slider("Learning rate")).to_have_attribute("aria-valuetext", "0.105")


# Holds back whatever waits for the controls' rest, 600 ms; the rest comes when a test says so.
HOLD_REST = """() => {
  const wait = window.setTimeout;
  window.setTimeout = (act, delay, ...rest) => (delay === 600 ? void (window.atRest = act) : wait(act, delay, ...rest));
  window.goOn = () => {
    window.setTimeout = wait;
    window.atRest();
  };
}"""


# Whether the loss and the best learning rate that are shown have been spoken.
SAYS_WHAT_IS_SHOWN = """() => {
  const [said, loss, best] = [".techni-readout [role=status]", "[data-name=loss]", ".techni-strip-words span"]
    .map((selector) => document.querySelector(selector)?.textContent ?? "");
  const [, rate] = best.match(/^▴ best ([\\d.]+)$/) ?? [];
  return said.startsWith(`Step 30, loss ${loss}, `) && said.includes(`. The best learning rate is ${rate}, with a loss of 0.0`);
}"""


def test_a_screen_reader_hears_what_the_page_shows_once_the_controls_rest(app: AppPage) -> None:
    """It hears of the best learning rate only when that is another."""
    said = app.page.locator(".techni-readout [role=status]")
    for optimizer in ("Adagrad", "Gradient descent"):
        app.choose("Optimizer", optimizer)
        app.settle()
        app.page.wait_for_function(SAYS_WHAT_IS_SHOWN)
    before = said.inner_text()
    app.page.evaluate(HOLD_REST)
    app.press("Step", "ArrowLeft", 18)
    app.wait("s.step === '12'")
    app.settle()
    assert said.inner_text() == before
    app.page.evaluate("goOn()")
    expect(said).to_have_text(re.compile(r"^Step 12, loss [\d.]+, [a-z ]+\. At w [−\d.]+, b [−\d.]+$"))


def test_a_button_can_be_seen_under_the_mouse(app: AppPage) -> None:
    for name in ("First", "Previous", "Play", "Next", "Last", "Repeat", "Reset"):
        app.button(name).hover()
        assert app.button(name).evaluate(CONTRAST) >= 4.5, name


def test_no_number_of_a_slider_is_cut(app: AppPage) -> None:
    app.press("Learning rate", "Home")
    assert app.value("Learning rate") == "0.00100"
    assert app.page.evaluate(CUT_TEXTS) == []


def test_there_is_no_toolbar(app: AppPage) -> None:
    for place in (".techni-field", ".techni-loss", ".techni-fit"):
        app.page.locator(place).hover()
        expect(app.page.locator(f"{place} button:visible:not(.techni-handle)")).to_have_count(0)


def test_at_1440_by_900_the_app_fits_and_the_pictures_fill_it(app: AppPage) -> None:
    boxes = {
        name: app.page.locator(name).bounding_box()
        for name in (".techni-grid", ".techni-field", ".techni-fit-place", ".techni-loss-place")
    }
    grid = boxes.pop(".techni-grid")
    assert grid
    assert grid["y"] + grid["height"] <= 900
    assert sum(box["width"] * box["height"] for box in boxes.values() if box) >= 0.6 * 1440 * 900
    assert _overflowing(app) == []


def _overflowing(app: AppPage) -> list:
    """The elements that reach beyond the window's sides."""
    return app.page.evaluate(
        """() => [...document.querySelectorAll('.techni-grid *')].filter(e => {
          const box = e.getBoundingClientRect();
          const spoken = e.closest('.techni-spoken, svg, .noUi-target');
          return !spoken && box.width && (box.right > innerWidth + 1 || box.left < -1);
        }).map(e => e.outerHTML.slice(0, 200))"""
    )


def test_no_choice_is_cut(app: AppPage) -> None:
    assert app.page.evaluate(CUT) == []


# What is cut, or lies over the title, where a problem and an optimizer have longer names than the package's.
CUT_LONG_NAMES = f"""() => {{
  const [problem, optimizer] = document.querySelectorAll(".techni-choices select");
  const names = [[problem, "Cubic polynomial"], [optimizer, "RMSProp with momentum"]];
  for (const [choice, name] of names) choice.add(new Option(name));
  const title = document.createRange();
  title.selectNodeContents(document.querySelector(".techni-title h1"));
  const [before, after] = [title, problem.closest(".techni-choices")].map((part) => part.getBoundingClientRect());
  const cut = [...({CUT})(), ...(before.right > after.left && before.bottom > after.top ? ["the title"] : [])];
  for (const [choice] of names) choice.remove(choice.length - 1);
  return cut;
}}"""


def test_no_longer_name_is_cut(app: AppPage) -> None:
    assert app.page.evaluate(CUT_LONG_NAMES) == []


# Which parts with words or numbers lie over one another, and which are cut by what is around them, or reach beyond the window.
UNREADABLE = """() => {
  document.querySelector(".techni-title").scrollIntoView(); // on a phone the loss curve sticks to the top
  const names = [".techni-title :is(h1, p)", ".techni-choices > *",
    ".techni-sliders :is(.widget-label, .widget-readout, .techni-strip-words span)",
    ".techni-heading :is(h2, span, em)", ".techni-fit-place > .widget-checkbox", ".techni-loss-place > .widget-dropdown",
    ".techni-keys", ".techni-step", ".techni-speed", ".techni-reset", ".techni-readout dl > div", ".techni-verdict > *",
    ".techni-arithmetic :is(p span, summary)", ".techni-advice > *", ".techni-compute > *", ".bqplot .axis text"];
  // bqplot leaves ticks of before on an axis, and makes them transparent.
  const isClear = (element) => Number(element.closest(".tick")?.getAttribute("opacity") ?? 1) < 0.01;
  const isSeen = (element) => element.getClientRects().length && element.textContent.trim() && !isClear(element);
  const elements = [...document.querySelectorAll(names.join())].filter(isSeen);
  const boxOf = (element) => {
    if (element.matches("text")) return element.getBoundingClientRect();
    const words = document.createRange();
    words.selectNodeContents(element);
    return (element.matches(".widget-hbox, .widget-inline-hbox, button, fieldset") ? element : words).getBoundingClientRect();
  };
  const boxes = elements.map(boxOf);
  const found = [];
  const shared = (a, b, low, high) => Math.min(a[high], b[high]) - Math.max(a[low], b[low]);
  const meets = (a, b) => shared(a, b, "left", "right") > 1 && shared(a, b, "top", "bottom") > 1;
  const wordsOf = (i) => elements[i].textContent.trim().slice(0, 40);
  boxes.forEach((box, i) => {
    for (let j = i + 1; j < boxes.length; j++) if (meets(box, boxes[j])) found.push(`${wordsOf(i)} / ${wordsOf(j)}`);
    if (box.left < 0 || box.right > innerWidth) found.push(`${wordsOf(i)} beyond the window`);
    for (let around = elements[i].parentElement; around && !around.matches(".techni-app"); around = around.parentElement) {
      if (getComputedStyle(around).overflow !== "hidden") continue;
      const { left, right, top, bottom } = around.getBoundingClientRect();
      const isCut = box.left < left - 1 || box.right > right + 1 || box.top < top - 1 || box.bottom > bottom + 1;
      if (isCut) found.push(`${wordsOf(i)} cut by ${around.className}`);
    }
  });
  return found;
}"""

# Settings with the longest words and numbers: a problem, an optimizer, and keys for the learning rate.
LONGEST = [
    ("Wave", "Momentum", ()),
    ("Line", "Adam", ("Home",)),
    ("Line", "Momentum", ("End",)),
    ("Network", "Adam", ()),
    ("Network", "Gradient descent", ("End",)),
    ("Wave", "Nesterov", ("Home",)),
]


def set_to(app: AppPage, problem: str, optimizer: str, keys: tuple[str, ...]) -> None:
    app.choose("Problem", problem)
    app.choose("Optimizer", optimizer)
    for key in keys:
        app.press("Learning rate", key)
    app.settle()


def expect_readable(app: AppPage) -> None:
    """Nothing overlaps or is cut, and each strip has room for the words of its marks."""
    for setting in LONGEST:
        set_to(app, *setting)
        for slider in app.page.locator(".techni-swept [role=slider]:visible").all():
            slider.focus()
            wait_until_readable(app, setting)
        assert app.page.evaluate(CUT_TEXTS) == [], setting


def wait_until_readable(app: AppPage, setting: object) -> None:
    """Nothing overlaps but for a moment, in which bqplot moves the numbers of an axis as it was."""
    try:
        app.page.wait_for_function(f"() => ({UNREADABLE})().length === 0", timeout=5_000)
    except TimeoutError:
        assert app.page.evaluate(UNREADABLE) == [], setting


def test_nothing_overlaps_or_is_cut(app: AppPage) -> None:
    expect_readable(app)


# Screens of notebooks and tablets, and half a window.
NARROWER = [(1366, 768), (1280, 800), (1100, 800), (1024, 768), (768, 1024)]


@pytest.fixture
def narrowed(wide_on_site: AppPage) -> Iterator[AppPage]:
    """The static page, whose window a test makes smaller."""
    wide_on_site.reset()
    yield wide_on_site
    wide_on_site.page.set_viewport_size({"width": 1440, "height": 900})


def test_in_a_narrower_window_nothing_overlaps_or_is_cut(narrowed: AppPage) -> None:
    for setting in LONGEST[1], LONGEST[3]:
        set_to(narrowed, *setting)
        for width, height in NARROWER:
            narrowed.page.set_viewport_size({"width": width, "height": height})
            wait_until_readable(narrowed, (*setting, width))
            assert narrowed.page.evaluate(CUT_TEXTS) == [], (*setting, width)
            eventually(lambda: not _overflowing(narrowed))  # bqplot follows the window a moment later


ADVICE = {
    "Years": "x is too large for any learning rate. Subtract 1960 from it. Divide it by 10.",
    "Billions": "x is too large for any learning rate. Subtract 3.00e+9 from it. Divide it by 1.00e+9.",
}


def expect_room_for_odd_data(app: AppPage) -> None:
    """Years, billions, three digits and a sign, and losses between two powers of ten."""
    set_to(app, "Line", "Momentum", ())
    for problem in odd_data.ODD:
        odd_data.show(app, problem)
        expect(app.page.locator(".techni-advice span")).to_have_text(ADVICE.get(problem.name, re.compile("^$|ends lower")))
        wait_until_readable(app, problem.name)
        assert app.page.evaluate(CUT_TEXTS) == [], problem.name
    app.choose("Loss axis", "Linear")
    for problem in (odd_data.YEARS, odd_data.SMALL):
        odd_data.show(app, problem)
        wait_until_readable(app, problem.name)
    app.choose("Loss axis", "Logarithmic")


def test_odd_data_have_room(app: AppPage) -> None:
    expect_room_for_odd_data(app)


def test_on_a_phone_odd_data_have_room(phone: AppPage) -> None:
    expect_room_for_odd_data(phone)
    set_to(phone, "Wave", "Momentum", ())
    phone.button("Reset").click()
    phone.settle()


# Where in the app the pictures and the controls that are seen lie, by their names.
PLACES = """() => {
  document.querySelector(".techni-title").scrollIntoView();
  const pictures = ".techni-field, .techni-fit-place, .techni-loss-place";
  const controls = "select, input:not([type=radio]), button:not(.techni-handle), .widget-slider, fieldset, summary";
  const app = document.querySelector(".techni-grid").getBoundingClientRect();
  const nameOf = (part) => {
    if (part.matches(pictures)) return part.className;
    return part.ariaLabel ?? (part.querySelector(".widget-label") ?? part.labels?.[0] ?? part).textContent;
  };
  const seen = [...document.querySelectorAll(`.techni-app :is(${pictures}, ${controls})`)].filter((part) => part.offsetParent);
  return Object.fromEntries(seen.filter((part) => !part.closest(".techni-advice")).map((part) => {
    const { x, y, width, height } = part.getBoundingClientRect();
    return [nameOf(part), [x - app.x, y - app.y, width, height].map(Math.round).join()];
  }));
}"""


def expect_fixed_places(app: AppPage, *more: tuple[str, str, tuple[str, ...]]) -> None:
    """Whatever is chosen, nothing moves: what is seen before and after is in its place."""
    before = app.page.evaluate(PLACES)
    for setting in (*LONGEST, *more):
        set_to(app, *setting)
        after = app.page.evaluate(PLACES)
        assert len(before.keys() & after.keys()) >= 18
        assert {name: after.get(name, place) for name, place in before.items()} == before, setting


def test_pictures_and_controls_stay_where_they_are_whatever_is_chosen(app: AppPage) -> None:
    """The long formula of Adam, an advice, and what the page says of a late server take their own room."""
    before = app.page.evaluate(PLACES)
    expect_fixed_places(app)
    set_to(app, "Wave", "Momentum", ())
    took = app.page.locator(".techni-took")
    took.evaluate("(took, words) => { took.textContent = words; }", COMPUTE["waits"])
    assert app.page.evaluate(PLACES) == before


# The shortest of the strips, and where the app ends.
SHORTEST = """() => {
  const strips = [...document.querySelectorAll(".techni-strip canvas")].filter((strip) => strip.offsetParent);
  const { bottom } = document.querySelector(".techni-grid").getBoundingClientRect();
  return [Math.min(...strips.map((strip) => strip.offsetWidth)), bottom];
}"""
# With one more hyperparameter, whose strip is measured when its size has been observed.
SHORTEST_OF_ONE_MORE = f"""async () => {{
  const sliders = [...document.querySelectorAll(".techni-hyperparameters > *")];
  const slider = sliders.find((slider) => slider.style.display === "none");
  slider.style.display = "flex";
  for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
  const seen = ({SHORTEST})();
  slider.style.display = "none";
  return seen;
}}"""


def test_every_strip_is_long_enough_to_read(app: AppPage) -> None:
    """With the optimizer that has the most, and with one more."""
    app.choose("Optimizer", max(OPTIMIZERS.values(), key=lambda record: len(record.hyperparameters)).label)
    for problem in sorted(PROBLEMS, key="Wave".__eq__):  # the one that is chosen already is the last
        app.choose("Problem", problem)
        app.settle()
        for script in (SHORTEST, SHORTEST_OF_ONE_MORE):
            shortest, bottom = app.page.evaluate(script)
            assert shortest >= 100, problem
            assert bottom <= 900, problem


def test_the_prose_stands_below_the_app_with_its_formulas(app: AppPage) -> None:
    heading = app.page.get_by_role("heading", name="Predict, then play")
    heading.scroll_into_view_if_needed()
    expect(heading).to_be_visible()
    assert app.page.locator("mjx-container, math").count() > 10
    app.page.locator(".techni-title").scroll_into_view_if_needed()


def test_on_a_phone_numbers_stay_on_their_line(phone: AppPage) -> None:
    """A tiny loss and gradient take the most room. A second line would move everything below."""
    tops = phone.page.evaluate("""async () => {
      const numbers = [...document.querySelectorAll(".techni-readout dd")];
      for (const number of numbers.slice(0, 3)) number.textContent = "7.27e-10";
      numbers[3].textContent = "200";
      const ends = numbers.map((number) => number.getBoundingClientRect());
      return ends.map(({ top, height, right }) => [top, height < 30, right <= document.documentElement.clientWidth - 8]);
    }""")
    first, second = tops[0][0], tops[2][0]
    assert [tuple(top) for top in tops] == [(first, True, True)] * 2 + [(second, True, True)] * 2


def test_on_a_phone_no_choice_is_cut(phone: AppPage) -> None:
    assert phone.page.evaluate(CUT) == []
    assert phone.page.evaluate(CUT_LONG_NAMES) == []


def test_on_a_phone_no_number_of_a_slider_is_cut(phone: AppPage) -> None:
    phone.press("Learning rate", "Home")
    assert phone.value("Learning rate") == "0.00100"
    assert phone.page.evaluate(CUT_TEXTS) == []
    phone.button("Reset").click()


def test_on_a_phone_nothing_overlaps_or_is_cut(phone: AppPage) -> None:
    expect_readable(phone)
    set_to(phone, "Wave", "Momentum", ())
    phone.button("Reset").click()
    phone.settle()


def test_on_a_phone_pictures_and_controls_stay_where_they_are_whatever_is_chosen(phone: AppPage) -> None:
    expect_fixed_places(phone, ("Wave", "Adam", ()), ("Wave", "Gradient descent", ()), ("Wave", "Momentum", ()))
    phone.button("Reset").click()
    phone.settle()


def test_on_a_phone_the_loss_curve_is_seen_while_the_learning_rate_is_moved(phone: AppPage) -> None:
    slider = phone.slider("Learning rate")
    slider.evaluate("(slider) => slider.scrollIntoView({ block: 'start' })")
    curve = phone.page.locator(".techni-loss .plotarea_background").bounding_box()
    handle = slider.bounding_box()
    assert curve
    assert handle
    assert handle["y"] >= -1
    assert curve["y"] + curve["height"] <= 844
    phone.page.locator(".techni-title").scroll_into_view_if_needed()


def test_on_a_phone_it_is_one_column(phone: AppPage) -> None:
    page = phone.page
    page.locator(".techni-title").evaluate("(title) => title.scrollIntoView()")
    assert page.evaluate("document.scrollingElement.scrollWidth") == 390
    assert _overflowing(phone) == []
    parts = ("choices", "field", "loss-place", "sliders", "transport", "readout", "fit-place", "arithmetic", "compute")
    names = [f".techni-{part}" for part in parts]
    boxes = [page.locator(name).bounding_box() for name in names]
    bottoms = [box["y"] + box["height"] for box in boxes if box]
    tops = [box["y"] for box in boxes if box]
    assert all(bottom <= top for bottom, top in zip(bottoms[:-1], tops[1:], strict=True))
    heights = page.evaluate("[...document.querySelectorAll('.techni-transport button')].map(b => b.offsetHeight)")
    assert min(heights) >= 44
    phone.settle()
    expect_axes(page, 2)
    phone.expect_fine_overlay()


@pytest.fixture(scope="module")
def touch(phone: AppPage) -> Callable[..., None]:
    """Sends touch events: `touch("touchStart", x, y)`, moves, and `touch("touchEnd")`; a second finger's x and y may follow."""
    client = phone.page.context.new_cdp_session(phone.page)

    def send(kind: str, *place: float) -> None:
        points = [{"x": x, "y": y} for x, y in zip(place[::2], place[1::2], strict=True)]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    return send


def lift(phone: AppPage, touch: Callable[..., None], *places: float) -> None:
    """Lifts the fingers from where they rest: after a quick move Chromium scrolls on, and the next tap only ends that."""
    for _ in range(2):
        phone.settle()
        touch("touchMove", *places)
    touch("touchEnd")
    title = phone.page.locator(".techni-title")

    def is_at_rest() -> bool:
        title.scroll_into_view_if_needed()
        before = title.bounding_box()
        phone.settle()
        return title.bounding_box() == before and before is not None and before["y"] >= 0

    eventually(is_at_rest)


def test_on_a_phone_the_handle_is_dragged_by_touch(phone: AppPage, touch: Callable[..., None]) -> None:
    phone.page.locator(".techni-title").scroll_into_view_if_needed()
    before = phone.seen()
    touch("touchStart", *phone.at(0.6, -3.5))
    for share in (0.25, 0.5, 0.75, 1.0):
        touch("touchMove", *phone.at(0.6 - 1.6 * share, -3.5 + 5.5 * share))
    phone.expect_start(-1.0, 2.0, tolerance=0.05)
    phone.wait_for_change(before, *ALL)
    lift(phone, touch, *phone.at(-1.0, 2.0))


# The first and the last row of pixels, in an element's own column, that belong to it.
ROWS = """(element) => {
  const { x, y, width, height } = element.getBoundingClientRect();
  const isOwn = (row) => element.contains(document.elementFromPoint(x + width / 2, row));
  let [top, bottom] = [y + height / 2, y + height / 2];
  while (isOwn(top - 1)) top -= 1;
  while (isOwn(bottom + 1)) bottom += 1;
  return [top, bottom];
}"""


def test_on_a_phone_a_finger_finds_a_slider_and_the_strip_under_it(phone: AppPage, touch: Callable[..., None]) -> None:
    """Both are 44 pixels high, and neither covers the other. From then on the marks are named."""
    slider = phone.slider("Momentum")
    swept = phone.page.locator(".techni-swept", has=slider)
    strip, words = swept.locator("canvas"), swept.locator(".techni-strip-words")
    slider.evaluate("(slider) => slider.scrollIntoView({ block: 'center' })")
    (top, bottom), (strip_top, strip_bottom) = slider.evaluate(ROWS), strip.evaluate(ROWS)
    assert min(bottom - top, strip_bottom - strip_top) >= 43  # from the first to the last of 44
    assert bottom <= strip_top  # they may share a row that is half of each
    phone.page.mouse.move(0, 0)
    expect(words).to_be_hidden()
    box = slider.bounding_box()
    assert box
    x = box["x"] + box["width"] / 2
    phone.page.touchscreen.tap(x - 20, strip_top + 2)  # the handle's width of 44 pixels is above it
    expect(slider).to_have_attribute("aria-valuetext", "0.640")  # a value of the strip's
    expect(words).to_be_visible()
    slider.blur()
    phone.page.mouse.move(0, 0)  # where a tap leaves it
    expect(words).to_be_hidden()
    touch("touchStart", x - 20, bottom - 2)
    touch("touchMove", x - 120, bottom - 2)
    touch("touchEnd")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^0\.3\d0$"))
    expect(words).to_be_visible()
    phone.button("Reset").click()
    phone.page.locator(".techni-title").scroll_into_view_if_needed()


def test_on_a_phone_a_second_finger_does_not_disturb_a_drag(phone: AppPage, touch: Callable[..., None]) -> None:
    phone.button("Reset").click()
    phone.expect_start(0.6, -3.5)
    phone.page.locator(".techni-title").scroll_into_view_if_needed()
    other = phone.at(-1.5, 4.0)
    touch("touchStart", *phone.at(0.6, -3.5))
    for b in (-2.0, 0.0):
        touch("touchMove", *phone.at(0.6, b))
    touch("touchStart", *phone.at(0.6, 0.0), *other)
    touch("touchMove", *phone.at(0.6, 0.0), other[0] + 9, other[1])
    assert phone.settled()
    phone.expect_start(0.6, 0.0, tolerance=0.05)
    touch("touchMove", *phone.at(1.2, 1.0), other[0] + 9, other[1])
    phone.expect_start(1.2, 1.0, tolerance=0.05)
    lift(phone, touch, *phone.at(1.2, 1.0), other[0] + 9, other[1])


def test_on_a_phone_a_tap_sets_the_start(phone: AppPage) -> None:
    def is_set() -> bool:
        phone.page.locator(".techni-title").scroll_into_view_if_needed()
        phone.page.touchscreen.tap(*phone.at(0.5, 0.0))
        phone.settle()
        return abs(float(phone.value("Initial w")) - 0.5) <= 0.05 and abs(float(phone.value("Initial b"))) <= 0.15

    eventually(is_set)  # a first tap may only end a move of the page


def test_on_a_phone_a_tap_on_the_loss_curve_goes_to_that_step_and_a_swipe_does_not(
    phone: AppPage, touch: Callable[..., None]
) -> None:
    curve = phone.page.locator(".techni-loss .plotarea_background")

    def is_reached() -> bool:
        curve.scroll_into_view_if_needed()
        area = curve.bounding_box()
        assert area
        phone.page.touchscreen.tap(area["x"] + area["width"] * 20 / 30, area["y"] + area["height"] / 2)
        return phone.settled()["step"] == "20"

    eventually(is_reached)  # as above
    area = curve.bounding_box()
    assert area
    x, y = area["x"] + area["width"] * 5 / 30, area["y"] + area["height"] / 2
    touch("touchStart", x, y)
    for distance in (40, 80, 120):
        touch("touchMove", x, y + distance)
    touch("touchEnd")
    assert phone.settled()["step"] == "20"
    phone.page.locator(".techni-title").scroll_into_view_if_needed()


def test_on_a_phone_a_finger_beside_the_handle_scrolls(phone: AppPage, touch: Callable[..., None]) -> None:
    scrolled = "[...document.querySelectorAll('*')].reduce((sum, { scrollTop }) => sum + scrollTop, 0)"
    sliders = [phone.slider(name) for name in ("Initial w", "Initial b")]
    starts = [slider.get_attribute("aria-valuetext") for slider in sliders]
    phone.page.locator(".techni-title").scroll_into_view_if_needed()
    before = phone.page.evaluate(scrolled)  # the swipe of another test may leave a few pixels

    def swipe() -> bool:
        """Scrolls the page, unless it only ends a move of the page that is not over yet."""
        x, y = phone.at(1.5, -3.0)
        touch("touchStart", x, y)
        for distance in (40, 80, 120, 160):
            touch("touchMove", x, y - distance)
        touch("touchEnd")
        phone.settle()
        return phone.page.evaluate(f"(before) => {scrolled} > before + 40", before)

    eventually(swipe)
    assert [slider.get_attribute("aria-valuetext") for slider in sliders] == starts
