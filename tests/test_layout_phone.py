"""The page's layout on a phone, and touch."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.app_page import AppPage
from tests.layout import (
    CUT,
    CUT_LONG_NAMES,
    CUT_TEXTS,
    expect_fixed_places,
    expect_readable,
    expect_room_for_odd_data,
    overflowing,
    set_to,
)
from tests.page_settings import in_settings
from tests.processes import eventually
from tests.test_site import expect_axes

ALL = ("curve", "fit", "field", "gradient_norm")
# What a finger does is the same without a kernel. On the static site, `make test` measures, and drags the handle.
OF_THE_SCRIPTS = [
    "test_on_a_phone_odd_data_have_room",
    "test_on_a_phone_a_finger_finds_a_slider_and_the_strip_under_it",
    "test_on_a_phone_a_second_finger_does_not_disturb_a_drag",
    "test_on_a_phone_a_tap_sets_the_start",
    "test_on_a_phone_a_tap_on_the_loss_curve_goes_to_that_step_and_a_swipe_does_not",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    in_settings(metafunc, of_the_scripts=OF_THE_SCRIPTS)


def test_on_a_phone_odd_data_have_room(phone: AppPage) -> None:
    expect_room_for_odd_data(phone)
    set_to(phone, "Wave", "Momentum", ())
    phone.button("Reset").click()
    phone.settle()


def test_on_a_phone_numbers_stay_on_their_line(phone: AppPage) -> None:
    """A tiny loss and gradient take the most room. A second line would move everything below."""
    tops = phone.page.evaluate("""async () => {
      const numbers = [...document.querySelectorAll(".techni-readout dd")];
      const before = numbers.map((number) => number.textContent);
      for (const number of numbers.slice(0, 3)) number.textContent = "7.27e−10";
      numbers[3].textContent = "200";
      const ends = numbers.map((number) => number.getBoundingClientRect());
      numbers.forEach((number, i) => { number.textContent = before[i]; });
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
    assert overflowing(phone) == []
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
