"""The page's layout and accessibility: labels and names, the Tab key, and windows of several sizes."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from gradient import OPTIMIZERS, PROBLEMS
from gradient.views.sentences import COMPUTE
from tests.app_page import AppPage
from tests.layout import (
    CUT,
    CUT_LONG_NAMES,
    CUT_TEXTS,
    LONGEST,
    PLACES,
    expect_fixed_places,
    expect_readable,
    expect_room_for_odd_data,
    overflowing,
    set_to,
    wait_until_readable,
)
from tests.page_settings import in_settings
from tests.processes import eventually

OF_THE_WINDOW = [
    "test_nothing_overlaps_or_is_cut",
    "test_pictures_and_controls_stay_where_they_are_whatever_is_chosen",
    "test_at_1440_by_900_the_app_fits_and_the_pictures_fill_it",
    "test_every_strip_is_long_enough_to_read",
    "test_no_longer_name_is_cut",
    "test_odd_data_have_room",
]

# What widgets say is the same without a kernel. On the static site, `make test` measures what overlaps, is cut or moves: that
# depends on the page around the app.
OF_THE_SCRIPTS = [
    "test_odd_data_have_room",
    "test_the_tab_key_goes_through_all_of_it",
    "test_the_sliders_speak_their_value",
    "test_a_screen_reader_hears_what_the_page_shows_once_the_controls_rest",
    "test_there_is_no_toolbar",
]

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
    assert passed.index("+ Compare") == 1, "it stands behind the optimizer"
    assert any(name.startswith("Start at w 0.6, b −3.5.") for name in passed)


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
    assert overflowing(app) == []


def test_no_choice_is_cut(app: AppPage) -> None:
    assert app.page.evaluate(CUT) == []


def test_no_longer_name_is_cut(app: AppPage) -> None:
    assert app.page.evaluate(CUT_LONG_NAMES) == []


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
            eventually(lambda: not overflowing(narrowed))  # bqplot follows the window a moment later


def test_odd_data_have_room(app: AppPage) -> None:
    expect_room_for_odd_data(app)


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
