"""How the page is shown: both themes, to a class, on paper, in a frame, on large screens and small ones."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from pypdfium2 import PdfDocument

from gradient.views import style
from gradient.views.sentences import DISPLAY, PICTURES, THEMES
from tests.app_page import AppPage
from tests.conftest import Server, watched
from tests.page_settings import in_settings

PICTURE_PLACES = (".techni-field", ".techni-fit-place", ".techni-loss-place")
THEME = re.compile("^Theme: ")


# What the page around the app decides, its theme, its sizes and how it prints, `make test` looks at on the static site, too.
OF_THE_SCRIPTS = [
    "test_keys_are_left_to_the_control_that_has_the_focus",
    "test_each_picture_has_a_description_of_its_numbers",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    every_one = [name for name in globals() if name.startswith("test_")]
    in_settings(metafunc, of_the_window=every_one, of_the_scripts=OF_THE_SCRIPTS)


@pytest.fixture
def app(wide: AppPage) -> Iterator[AppPage]:
    wide.reset()
    yield wide
    wide.page.emulate_media(media="null", color_scheme="light", forced_colors="none")
    wide.page.set_viewport_size({"width": 1440, "height": 900})


# The colours.


def luminance(colour: str) -> float:
    """A colour's luminance, from 0 to 1, as WCAG 2 defines it."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


# For each name of a colour, on what it is seen and how much of a contrast it needs there: text 4.5, what is drawn 3.
NEEDS = {
    **dict.fromkeys(("ink", "muted", "accent", "error", "warning"), ("paper", 4.5)),
    **dict.fromkeys(("path", "loss", "data", "run-0", "run-1", "run-2", "rail", "warm"), ("paper", 3)),
    "on-accent": ("accent", 4.5),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_can_be_seen_on_either_paper(theme: str) -> None:
    colours = {name: getattr(pair, theme) for name, pair in style.COLOURS.items()}
    for name, (paper, least) in NEEDS.items():
        assert contrast(colours[name], colours[paper]) >= least, (theme, name)
    for paper in ("chosen", "hover", "stripe"):
        assert contrast(colours["ink"], colours[paper]) >= 4.5, (theme, paper)
    assert contrast(colours["accent"], colours["chosen"]) >= 4.5
    assert contrast(colours["on-accent"], colours["pressed"]) >= 4.5


# The theme.

# What the page has: its paper, that of the map, and the colours of the loss curve and of the numbers on its axis.
COLOURS_SEEN = """() => [
  ["body", "backgroundColor"], [".techni-field", "backgroundColor"], [".techni-loss g.curve path.line", "stroke"],
  [".techni-loss .axis .tick text", "fill"], [".techni-title h1", "color"],
].map(([selector, name]) => getComputedStyle(document.querySelector(selector))[name])"""

# Counts the runs of all links, and keeps what is sent to the kernel.
FOLLOW = """async () => {
  const manager = window.widgetManager ?? window.jupyterapp.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  [window.runs, window.sent] = [0, []];
  for (const model of models) model.on("jaxlink:ran", () => (window.runs += 1));
  const keep = (_, { msg, direction }) => direction === "send" && msg.content.data && window.sent.push(msg.content.data.state);
  manager.kernel?.anyMessage.connect(keep);
}"""


def rgb(colour: str) -> str:
    return f"rgb{channels(colour)}"


def channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def colours_of(theme: str) -> list[str]:
    pairs = [getattr(style.COLOURS[name], theme) for name in ("paper", "loss", "muted", "ink")]
    paper, loss, muted, ink = map(rgb, pairs)
    return [paper, rgb(style.PAPER), loss, muted, ink]


def expect_theme(app: AppPage, theme: str) -> None:
    app.page.wait_for_function(f"(wanted) => String(({COLOURS_SEEN})()) === String(wanted)", arg=colours_of(theme))


def test_the_theme_follows_the_system_until_the_switch_says_otherwise(app: AppPage) -> None:
    """Nothing is computed for it, and no more is sent than the choice."""
    app.page.evaluate(FOLLOW)
    requests: list[str] = []
    app.page.on("request", lambda request: requests.append(request.url))
    expect_theme(app, "light")
    app.page.emulate_media(color_scheme="dark")
    expect_theme(app, "dark")
    switch = app.page.get_by_role("button", name=THEME)
    for theme, seen in (("light", "light"), ("dark", "dark"), ("auto", "dark")):
        switch.click()
        expect(switch).to_have_attribute("aria-label", f"Theme: {THEMES[theme]}")
        expect_theme(app, seen)
    app.page.emulate_media(media="print")
    expect_theme(app, "light")
    app.settle()
    runs, sent = app.page.evaluate("[window.runs, window.sent]")
    assert runs == 0
    assert [state for state in sent if "theme" not in state] == []
    assert requests == []


# To a class.


def step(app: AppPage) -> Locator:
    return app.page.locator(".techni-readout [data-name=step]")


def shown(app: AppPage) -> list[str]:
    return [place for place in PICTURE_PLACES if app.page.locator(place).is_visible()]


# The size of each text that is seen, on the screen.
TYPE_SIZES = """() => [...document.querySelectorAll(".techni-grid *")]
  .filter((element) => element.getClientRects().length && !element.matches(".techni-spoken"))
  .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .map((element) => {
    const own = element.closest(".techni-field") ?? element;
    const scale = own.offsetWidth ? own.getBoundingClientRect().width / own.offsetWidth : 1;
    return [Number.parseFloat(getComputedStyle(element).fontSize) * scale, element.textContent];
  })"""


def test_to_a_class_pictures_fill_the_screen_and_keys_go_through_the_steps(app: AppPage) -> None:
    page = app.page
    page.set_viewport_size({"width": 1920, "height": 1080})
    num_figures = page.locator(".bqplot, .techni-figures canvas").count()
    opener = app.button(DISPLAY["present"])
    opener.click()
    assert shown(app) == [*PICTURE_PLACES[:2]]
    expect(app.slider("Learning rate")).to_be_hidden()
    app.expect_fine_overlay()
    page.wait_for_function(f"() => ({TYPE_SIZES})().every(([size]) => size >= 22)")
    app.expect_fitting_figure()
    for key, steps in (("Home", "0"), ("Space", "1"), ("ArrowRight", "2"), ("ArrowLeft", "1"), ("End", "30")):
        page.keyboard.press(key)
        expect(step(app)).to_have_text(steps)
    for key, pictures in (("1", [1]), ("2", [1]), ("3", [1, 2]), ("1", [0, 2]), ("3", [0])):
        page.keyboard.press(key)
        assert shown(app) == [PICTURE_PLACES[i] for i in pictures]
    assert page.locator(".bqplot, .techni-figures canvas").count() == num_figures
    page.keyboard.press("Escape")
    expect(app.slider("Learning rate")).to_be_visible()
    expect(opener).to_be_focused()


def test_keys_are_left_to_the_control_that_has_the_focus(app: AppPage) -> None:
    slider = app.slider("Learning rate")
    slider.focus()
    app.page.keyboard.press("p")
    expect(slider).to_be_visible()
    slider.blur()
    app.page.keyboard.press("p")
    expect(slider).to_be_hidden()
    handle = app.page.locator(".techni-handle")
    handle.focus()
    app.page.keyboard.press("ArrowRight")
    app.expect_start(0.64, -3.5)
    expect(step(app)).to_have_text("30")
    handle.blur()
    app.page.keyboard.press("P")
    expect(slider).to_be_visible()


# On paper.

SHEETS = [(name, is_wide) for name in ("A4", "Letter") for is_wide in (False, True)]
# Millimetres between the margins.
ROOM = {("A4", False): (194, 281), ("A4", True): (281, 194), ("Letter", False): (200, 263), ("Letter", True): (263, 200)}


def test_it_prints_as_one_page_with_the_pictures_and_the_settings_in_words(app: AppPage) -> None:
    page = app.page
    before = app.settled()
    for name, is_wide in SHEETS:
        pdf = page.pdf(format=name, landscape=is_wide)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1, (name, is_wide)
    assert app.settled() == before
    for sheet, (width, height) in ROOM.items():
        page.set_viewport_size({"width": 1440, "height": 900})
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        page.set_viewport_size({"width": round(width * 96 / 25.4), "height": round(height * 96 / 25.4)})
        for place in (*PICTURE_PLACES, ".techni-readout", ".techni-settings"):
            box = page.locator(place).bounding_box()
            assert box
            assert box["x"] >= 0, (sheet, place)
            assert box["x"] + box["width"] <= width * 96 / 25.4 + 1, (sheet, place)
            assert box["y"] + box["height"] <= height * 96 / 25.4 + 1, (sheet, place)
        page.emulate_media(media="null")
    page.emulate_media(media="print")
    expect(page.locator(".techni-settings")).to_have_text(
        "Wave · Momentum · Learning rate 0.100 · Momentum 0.700 · Steps 30 · Initial w 0.60 · Initial b −3.50"
    )
    expect(page.locator(".techni-verdict")).to_contain_text("Nearly best")
    controls = ".techni-app :is(button, input, select, [role=slider]), .jp-MarkdownCell"
    assert [control for control in page.locator(controls).all() if control.is_visible()] == []


OWN_DATA = "v=1&problem=yours&data=cars"
AXES = ".techni-fit .plotarea_background"


@pytest.fixture
def own(app: AppPage) -> Iterator[AppPage]:
    """The page with the weights and the consumptions of cars."""
    app.page.evaluate("(fragment) => { location.hash = fragment; }", f"{OWN_DATA}&title=How far a car goes")
    expect(app.combobox("Data")).to_have_value("Cars")
    app.settle()
    yield app
    app.page.evaluate("location.hash = 'v=1&problem=wave'")
    app.settle()


def strokes(page: Any, colour: tuple[int, ...]) -> np.ndarray:
    """Where a printed page has a colour: rows and columns [2, n], as shares of its height and its width."""
    pixels = page.render(scale=2).to_numpy()[..., 2::-1].astype(int)
    return np.argwhere(np.abs(pixels - colour).max(axis=2) < 40).T / np.array([[pixels.shape[0]], [pixels.shape[1]]])


def test_ones_own_data_are_on_paper_with_their_names_and_a_lessons_title(own: AppPage) -> None:
    """Points, which have a colour of their own, cover their picture's width."""
    for is_wide, width in ((False, 0.35), (True, 0.2)):
        with PdfDocument(own.page.pdf(format="A4", landscape=is_wide)) as sheets:
            assert len(sheets) == 1
            across = strokes(sheets[0], channels(style.COLOURS["data"].light))[1]
            words = sheets[0].get_textpage().get_text_range()
        assert np.ptp(across) > width, is_wide
        assert "How far a car goes · Yours · Momentum · Cars · Line · Learning rate" in words
    own.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    own.page.emulate_media(media="print")
    place, axes = (own.page.locator(name).bounding_box() for name in (PICTURE_PLACES[1], AXES))
    own.page.emulate_media(media="null")
    assert place
    assert axes
    assert axes["y"] - place["y"] < 0.2 * place["height"], "the tools, which are not printed, leave no room"


# In a frame of another page.

# What scrolls, or could be scrolled to, in a frame.
SCROLLED = """() => [...document.querySelectorAll("*")].filter((element) => {
  const { overflowY, overflowX } = getComputedStyle(element);
  const scrolls = (overflow) => overflow === "auto" || overflow === "scroll";
  const isRoot = element === document.scrollingElement;
  return (isRoot || scrolls(overflowY)) && element.scrollHeight > element.clientHeight + 1
    || (isRoot || scrolls(overflowX)) && element.scrollWidth > element.clientWidth + 1;
}).map((element) => element.className)"""


def test_in_a_frame_of_another_page_it_fits(wide_on_site: AppPage, site: Server) -> None:
    """Its address asks for the dark theme, and for a class."""
    page = wide_on_site.page.context.new_page()
    page.set_content(f"<iframe src='{site.url}#theme=dark&present=1' style='border: 0; width: 600px; height: 450px'></iframe>")
    app = AppPage(page)
    frame = page.frames[1]
    frame.wait_for_selector(".techni-presenting .techni-loss g.curve path.line", state="attached", timeout=90_000)
    frame.wait_for_function(f"(wanted) => String(({COLOURS_SEEN})()) === String(wanted)", arg=colours_of("dark"))
    frame.get_by_role("button", name=DISPLAY["leave"]).click()
    for width, height in ((600, 450), (800, 600), (1200, 800)):
        page.locator("iframe").evaluate(
            "(frame, style) => { frame.style.cssText += style; }", f"width: {width}px; height: {height}px"
        )
        frame.wait_for_function(f"(width) => innerWidth === width && ({SCROLLED})().length === 0", arg=width)
        for part in (*PICTURE_PLACES, ".techni-play", "[role=slider][aria-label='Learning rate']"):
            box = frame.locator(part).bounding_box()
            assert box, part
            assert box["x"] + box["width"] <= width + 8 + 1, (width, part)  # the frame is 8 pixels from the page's edges
            assert box["y"] + box["height"] <= height + 8 + 1, (width, part)
    assert app.page.frames[1].locator(".jp-MarkdownCell").first.is_hidden()
    page.close()


def expect_own_data(page: Page, least: float) -> None:
    """The picture of the data is so high, in pixels, as that of the loss is, no tool is seen, and no point can be moved."""
    page.wait_for_function(
        """([axes, least]) => {
          const [data, loss] = [axes, ".techni-loss .plotarea_background"].map((name) => document.querySelector(name));
          const [height, other] = [data, loss].map((box) => box?.getBoundingClientRect().height);
          return height >= least && (!loss.checkVisibility({ visibilityProperty: true }) || height >= other);
        }""",
        arg=[AXES, least],
    )
    tools = page.locator(
        ".techni-points-tools, .techni-points-line, .techni-points-area, .techni-paste, .techni-fit-place select"
    )
    assert [tool for tool in tools.all() if tool.is_visible()] == []


@pytest.mark.parametrize("size", [(600, 450), (800, 600), (1100, 700), (1280, 720)], ids=str)
def test_in_a_frame_ones_own_data_can_be_read(wide_on_site: AppPage, site: Server, size: tuple[int, int]) -> None:
    with watched(wide_on_site.page.context.browser.new_context(service_workers="block")) as context:  # type: ignore[union-attr]
        page = context.new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        app = AppPage.open(page, f"{site.url}#{OWN_DATA}&embed=1")
        expect_own_data(page, 60)
        for part in (*PICTURE_PLACES, AXES):
            box = page.locator(part).bounding_box()
            assert box, part
            assert box["x"] + box["width"] <= size[0], part
            assert box["y"] + box["height"] <= size[1], part
        assert app.seen()["step"] == "30"


def test_to_a_class_ones_own_data_fill_their_place(own: AppPage) -> None:
    own.page.set_viewport_size({"width": 1920, "height": 1080})
    own.button(DISPLAY["present"]).click()
    if PICTURE_PLACES[1] not in shown(own):  # the mode remembers what was shown last
        own.page.keyboard.press("2")
    own.page.wait_for_function(f"() => ({TYPE_SIZES})().every(([size]) => size >= 22)")
    expect_own_data(own.page, 700)
    own.page.keyboard.press("Escape")
    expect(own.button("Paste…")).to_be_visible()


# On large screens and small ones.


def test_type_grows_with_the_screen(app: AppPage) -> None:
    for width, height, least in ((1920, 1080, 13.5), (2560, 1440, 17)):
        app.page.set_viewport_size({"width": width, "height": height})
        app.page.wait_for_function(f"(least) => ({TYPE_SIZES})().every(([size]) => size >= least)", arg=least)
        app.expect_fitting_figure()


def boxes(app: AppPage, *names: str) -> list[Any]:
    found = [app.page.locator(name).bounding_box() for name in names]
    assert all(found)
    return found


def test_a_tablet_stacks_the_pictures(app: AppPage) -> None:
    app.page.set_viewport_size({"width": 768, "height": 1024})
    app.expect_fitting_figure()
    pictures = boxes(app, ".techni-field", ".techni-loss-place", ".techni-fit-place")
    assert all(box["width"] >= 700 and box["height"] >= 200 for box in pictures)
    for upper, lower in itertools.pairwise(pictures):
        assert upper["y"] + upper["height"] <= lower["y"]


# Whether a control at the top of the window is what a finger meets.
IS_ON_TOP = """(control) => {
  control.scrollIntoView({ block: "start" });
  const { left, top, width, height } = control.getBoundingClientRect();
  return control.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}"""


def test_on_a_phone_the_loss_curve_stays_in_view_while_any_slider_is_moved(phone: AppPage) -> None:
    for name in ("Learning rate", "Momentum", "Steps", "Initial w"):
        for place in ("start", "end"):
            slider = phone.slider(name)
            slider.evaluate(
                "(slider, block) => slider.closest('.techni-swept, .widget-slider').scrollIntoView({ block })", place
            )
            curve, handle = boxes(phone, ".techni-loss .plotarea_background", f"[role=slider][aria-label='{name}']")
            assert curve["y"] >= 0, (name, place)
            assert curve["y"] + curve["height"] <= handle["y"], (name, place)  # it covers no slider
            assert handle["y"] + handle["height"] <= 844 + 1, (name, place)
    for name in ("Play", "Reset", "+ Compare"):
        assert phone.button(name).evaluate(IS_ON_TOP), name
    phone.page.locator(".techni-title").scroll_into_view_if_needed()


# What the pictures show, in words.


def test_each_picture_has_a_description_of_its_numbers(app: AppPage) -> None:
    app.press("Step", "Home")
    app.press("Step", "ArrowRight", 8)
    described = {
        app.page.get_by_role("img", name=PICTURES["loss"]): (
            "The loss falls from 1.54 at the start to 0.163 at step 8; at the last step, 30, it is 0.0386."
        ),
        app.page.get_by_role("img", name=PICTURES["fit"]): (
            "100 points, and the curve of the model at step 8; its loss is 0.163."
        ),
        app.page.locator(".techni-overlay"): (
            "The path goes from w 0.6, b −3.5 to w −0.86, b −2.73; the loss falls from 1.54 to 0.0386."
        ),
    }
    for picture, sentence in described.items():
        expect(picture).to_have_accessible_description(sentence)
