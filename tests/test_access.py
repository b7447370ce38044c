"""axe-core finds nothing wrong with the page, and nothing to review that is not reviewed here."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.app_page import AppPage
from tests.conftest import ROOT
from tests.page_settings import in_settings

AXE = ROOT / "tests" / "javascript" / "node_modules" / "axe-core" / "axe.min.js"

# What axe-core cannot judge, by its rule and the elements, and why that is as it should be.
REVIEWED = {
    "color-contrast": {
        ".techni-fit-place *, .techni-loss-place *": "They stand over a drawing with the page's paper; see test_display.py.",
        ".techni-map-head *": "They stand over the map's upper margin, which is white.",
        ".techni-sliders *": "On a phone the loss curve, which stays in view, lies over them while axe-core scrolls the page.",
        "math *": "A sign of a formula is one letter, too short to judge; it has the colour of text.",
        ".techni-runs button": "An arrow or a cross is one letter, too short to judge; it has the colour of text.",
        ".techni-sharing button, .techni-points-tools button": "So is a sign that stands for a word.",
    },
    "label-content-name-mismatch": {
        ".techni-runs button, .techni-sharing button, .techni-points-tools button": "What is seen is a sign, and no word.",
    },
}

RUN = """async (reviewed) => {
  const { violations, incomplete } = await axe.run(document, { elementRef: true, resultTypes: ["violations", "incomplete"] });
  // bqplot removes the numbers that an axis had before some time after it has got others.
  const isReviewed = (rule, { element }) =>
    !element.isConnected || Object.keys(reviewed[rule] ?? {}).some((selector) => element.matches(selector));
  const told = (rule, { html, any, all, none }) =>
    `${rule}: ${html.slice(0, 200)} ${[...any, ...all, ...none].map(({ message }) => message)}`;
  return [
    ...violations.flatMap(({ id, nodes }) => nodes.map((node) => told(id, node))),
    ...incomplete.flatMap(({ id, nodes }) => nodes.filter((node) => !isReviewed(id, node)).map((node) => told(id, node))),
  ];
}"""


class Look(NamedTuple):
    """How the page is looked at: the window's width and height, the scheme that is preferred, and forced colours."""

    width: int
    height: int
    scheme: str
    forced: str = "none"


LOOKS = [
    Look(width, height, scheme, forced)
    for width, height in ((1440, 900), (390, 844))
    for scheme, forced in (("light", "none"), ("dark", "none"), ("dark", "active"))
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    in_settings(metafunc, of_the_window=[name for name in globals() if name.startswith("test_")])


@pytest.fixture
def app(wide: AppPage) -> Iterator[AppPage]:
    wide.reset()
    if not wide.page.evaluate("'axe' in window"):
        wide.page.evaluate(AXE.read_text())
    yield wide
    wide.page.emulate_media(color_scheme="light", forced_colors="none")
    wide.page.set_viewport_size({"width": 1440, "height": 900})


# Where nothing that stays in view while the page is scrolled lies over anything else.
_TO_TOP = """() => {
  for (let part = document.querySelector(".techni-app"); part; part = part.parentElement) part.scrollTo(0, 0);
}"""


def look_at(app: AppPage, look: Look) -> None:
    app.page.set_viewport_size({"width": look.width, "height": look.height})
    app.page.emulate_media(color_scheme=look.scheme, forced_colors=look.forced)  # type: ignore[arg-type]
    app.expect_fitting_figure()
    app.page.evaluate(_TO_TOP)


def test_axe_finds_nothing(app: AppPage) -> None:
    """With the arithmetic and the comparison unfolded, with a map, and to a class."""
    app.page.locator(".techni-arithmetic summary").click()
    app.button("+ Compare").click()
    app.settle()
    for look in LOOKS:
        look_at(app, look)
        assert app.page.evaluate(RUN, REVIEWED) == [], look
    look_at(app, LOOKS[0])
    kinds = app.page.locator(".techni-maps label")
    for kind in (1, 2, 0):
        kinds.nth(kind).click()
        app.settle()
        assert app.page.evaluate(RUN, REVIEWED) == [], kind
    app.choose("Problem", "Yours")
    app.choose("Data", "Puromycin")  # another test may have left other data
    app.settle()
    for look in (LOOKS[0], LOOKS[4], LOOKS[3]):
        look_at(app, look)
        assert app.page.evaluate(RUN, REVIEWED) == [], ("own data", look)
    look_at(app, LOOKS[0])
    app.page.evaluate("document.activeElement.blur()")
    app.page.keyboard.press("p")
    assert app.page.evaluate(RUN, REVIEWED) == [], "to a class"
    app.page.keyboard.press("Escape")
    app.page.get_by_role("button", name="Remove run 2").click()
    app.page.locator(".techni-arithmetic summary").click()


# Targets of fewer than 44 x 44 pixels, as far as they are controls of their own.
SMALL = """() => [...document.querySelectorAll(".techni-app :is(button, select, summary, label, input[type=range])")]
  .filter((element) => element.getClientRects().length && !element.closest("[inert]"))
  .filter((element) => !element.matches("label:has(select, input[type=range]), .widget-label"))
  .map((element) => [element, element.getBoundingClientRect()])
  .filter(([, { width, height }]) => width < 43.5 || height < 43.5)
  .map(([element]) => element.className || element.textContent)"""

# Each with the exception of WCAG 2.5.8 that holds for it.
SMALL_BUT_FINE = {
    "arithmetic": "In a line of text.",
    "LogarithmicLinear": "It is 28 pixels high, and nothing else is within 24 around its middle.",
    "widget-label-basic": "Its box is 22 pixels, with 24 around it that are free.",
}


def test_on_a_phone_a_finger_finds_every_control(phone: AppPage) -> None:
    assert set(phone.page.evaluate(SMALL)) <= set(SMALL_BUT_FINE)
