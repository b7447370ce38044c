"""What the page shows of the model under the pointer: a dashed curve, and a label beside the pointer."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from gradient.link.text import format_number
from gradient.problems import PROBLEMS
from gradient.views.sentences import POINTED
from tests.app_page import AppPage
from tests.frames import see
from tests.maps import loss_by_hand
from tests.page_settings import in_settings
from tests.processes import eventually

WAVE = PROBLEMS["Wave"]
EVERYWHERE = ["test_the_field_shows_the_model_under_the_pointer"]
# Where a step is on the loss curve: bqplot draws a line from each to the next.
PLACE_ON_CURVE = """(step) => {
  const area = document.querySelector(".techni-loss .plotarea_background").getBoundingClientRect();
  const line = document.querySelectorAll(".techni-loss g.curve path.line")[1].getAttribute("d");
  const [x, y] = line.slice(1).split("L")[step].split(",").map(Number);
  return [area.x + x, area.y + y];
}"""
SKETCH = "document.querySelector('.techni-pointed canvas').toDataURL()"
CURVE = "[...document.querySelectorAll('.techni-fit g.curve path.line')].at(-2)"


# On the static site, `make test` points at the field and at the loss curve, by mouse and by touch.
OF_THE_SCRIPTS = [
    "test_nothing_is_pointed_at_during_a_drag",
    "test_the_label_stays_inside_the_page",
    "test_a_point_of_a_networks_plane_is_a_network",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    in_settings(metafunc, EVERYWHERE, of_the_window=EVERYWHERE, of_the_scripts=OF_THE_SCRIPTS)


@pytest.fixture
def app(wide: AppPage) -> Iterator[AppPage]:
    wide.page.mouse.move(5, 5)
    wide.reset()
    yield wide
    wide.page.mouse.move(5, 5)
    expect(label(wide)).to_be_hidden()


def label(app: AppPage) -> Locator:
    return app.page.locator(".techni-pointed")


def words(app: AppPage) -> list[str]:
    return label(app).inner_text().replace("−", "-").split()


def mark(app: AppPage) -> Locator:
    """The mark of the step under the pointer."""
    return app.page.locator(".techni-pointed-step")


def middle(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    return (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) if box else (0.0, 0.0)


def toucher(phone: AppPage) -> Callable[..., None]:
    """Makes what sends touch events of one finger: `touch("touchStart", x, y)`, moves, and `touch("touchEnd")`."""
    client = phone.page.context.new_cdp_session(phone.page)

    def touch(kind: str, *place: float) -> None:
        points = [{"x": place[0], "y": place[1]}] if place else []
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    return touch


def is_dashed(app: AppPage) -> bool:
    """Whether the model's curve is drawn besides the fitted one."""
    return app.page.evaluate(f"getComputedStyle({CURVE}).display !== 'none' && {CURVE}.getBoundingClientRect().width > 100")


def lengths(drawn: str) -> list[float]:
    """The numbers of a path or of a transformation, in pixels."""
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", drawn)]


def path(app: AppPage) -> str:
    return app.page.evaluate(f"{CURVE}.getAttribute('d')")


def test_the_field_shows_the_model_under_the_pointer(app: AppPage) -> None:
    before = app.settled()
    x, y = app.at(-0.5, 2.0)
    app.page.mouse.move(x, y)
    expect(label(app)).to_be_visible()
    w, b = (float(word.strip(",")) for word in words(app)[-3::2])
    assert (w, b) == (pytest.approx(-0.5, abs=0.02), pytest.approx(2.0, abs=0.05))
    point = np.array([w, b])
    loss = float(words(app)[1])
    assert loss == pytest.approx(loss_by_hand(WAVE, point), rel=0.02)
    eventually(lambda: is_dashed(app))
    first = path(app)
    app.page.mouse.move(x + 60, y)
    eventually(lambda: path(app) != first)
    app.page.mouse.move(5, 5)
    expect(label(app)).to_be_hidden()
    eventually(lambda: not is_dashed(app))
    after = app.settled()
    drawn = ("curve", "mark", "fit", "residuals", "data")  # by bqplot, to a fraction of a pixel after another layout
    for name in drawn:
        assert lengths(after[name]) == pytest.approx(lengths(before[name]), abs=0.2)
    assert {**after, **dict.fromkeys(drawn)} == {**before, **dict.fromkeys(drawn)}


def test_the_loss_curve_shows_the_model_at_the_step_under_the_pointer(app: AppPage) -> None:
    box = app.page.locator(".techni-loss .plotarea_background").bounding_box()
    assert box
    app.page.mouse.move(box["x"] + box["width"] * 10 / 30, box["y"] + box["height"] / 2)
    frame = see(WAVE, "momentum", learning_rate=0.1, momentum=0.7, w=0.6, b=-3.5, num_steps=30, step=10)
    numbers = {"w": frame.point[0], "b": frame.point[1], "loss": frame.loss}
    shown = {name: format_number(float(number)).replace("-", "−") for name, number in numbers.items()}
    expect(label(app)).to_have_text(POINTED["step"].format(step=10, **shown))
    eventually(lambda: is_dashed(app))
    eventually(lambda: middle(mark(app)) == pytest.approx(app.page.evaluate(PLACE_ON_CURVE, 10), abs=1))
    app.page.mouse.move(*app.at(0.0, 0.0))
    expect(label(app)).to_contain_text("w ")
    expect(mark(app)).to_be_hidden()


def test_nothing_is_pointed_at_during_a_drag(app: AppPage) -> None:
    app.page.mouse.move(*app.at(0.0, 0.0))
    expect(label(app)).to_be_visible()
    app.page.mouse.down()
    expect(label(app)).to_be_hidden()
    app.page.mouse.move(*app.at(0.5, 1.0), steps=3)
    expect(label(app)).to_be_hidden()
    app.page.mouse.up()
    app.expect_start(0.5, 1.0)


def test_the_label_stays_inside_the_axes(app: AppPage) -> None:
    """So it covers neither the heading nor the colour bar."""
    curve = app.page.locator(".techni-loss .plotarea_background").bounding_box()
    assert curve
    for axes in (app.axes(), curve):
        for across, up in ((0.01, 0.01), (0.01, 0.99), (0.99, 0.01), (0.99, 0.99)):
            app.page.mouse.move(axes["x"] + across * axes["width"], axes["y"] + up * axes["height"])
            expect(label(app)).to_be_visible()
            eventually(partial(lies_in, label(app), axes))


def lies_in(locator: Locator, around: Mapping[str, Any]) -> bool:
    box: Mapping[str, Any] | None = locator.bounding_box()
    return box is not None and all(
        around[start] - 1 <= box[start] and box[start] + box[size] <= around[start] + around[size] + 1
        for start, size in (("x", "width"), ("y", "height"))
    )


def test_the_kernel_is_not_told_where_the_pointer_is(app: AppPage) -> None:
    app.settle()
    app.page.evaluate(
        "() => { window.numSent = 0; jupyterapp?.widgetManager?.kernel?.anyMessage.connect("
        "(_, { msg, direction }) => { if (direction === 'send' && msg.header.msg_type === 'comm_msg') numSent += 1; }); }"
        if app.page.evaluate("'jupyterapp' in window")
        else "() => { window.numSent = 0; }"
    )
    for shift in range(5):
        app.page.mouse.move(*app.at(-1.0 + 0.3 * shift, 0.0))
    expect(label(app)).to_be_visible()
    app.settle()
    assert app.page.evaluate("numSent") == 0


def test_on_a_phone_the_model_is_seen_while_a_finger_is_held(phone: AppPage) -> None:
    phone.reset()
    phone.page.locator(".techni-field").scroll_into_view_if_needed()
    touch = toucher(phone)
    x, y = phone.at(-1.0, 1.0)
    touch("touchStart", x, y)
    expect(label(phone)).to_be_visible()
    expect(label(phone)).to_contain_text("w −1")
    box = label(phone).bounding_box()
    assert box
    assert box["y"] + box["height"] < y - 20  # a finger does not cover it
    expect(label(phone).locator("canvas")).to_be_visible()  # the picture of the data is far below
    first = phone.page.evaluate(SKETCH)
    for share in (0.25, 0.5, 0.75, 1.0):
        touch("touchMove", *phone.at(-1.0 + share, 1.0 - 4.2 * share))
    expect(label(phone)).to_contain_text("b −3.")
    eventually(lambda: phone.page.evaluate(SKETCH) != first)
    assert phone.at(-1.0, 1.0) == (x, y), "the page does not scroll"
    touch("touchEnd")
    expect(label(phone)).to_be_hidden()
    phone.settle()
    phone.expect_start(0.6, -3.5)
    phone.page.touchscreen.tap(x, y)
    phone.expect_start(-1.0, 1.0)
    phone.reset()


def test_on_a_phone_a_held_finger_shows_a_step_and_a_tap_goes_to_it(phone: AppPage) -> None:
    phone.reset()
    touch, curve = toucher(phone), phone.page.locator(".techni-loss .plotarea_background")
    curve.scroll_into_view_if_needed()
    area = curve.bounding_box()
    assert area
    place = area["x"] + area["width"] * 10 / 30, area["y"] + area["height"] / 2
    touch("touchStart", *place)
    expect(label(phone)).to_contain_text("step 10")
    expect(mark(phone)).to_be_visible()
    touch("touchEnd")
    expect(label(phone)).to_be_hidden()
    expect(mark(phone)).to_be_hidden()
    assert phone.settled()["step"] == "30"
    phone.page.touchscreen.tap(*place)
    phone.wait("s.step === '10'")
    phone.reset()


def test_a_point_of_a_networks_plane_is_a_network(app: AppPage) -> None:
    app.choose("Problem", "Network")
    axes = app.axes()
    app.page.mouse.move(axes["x"] + axes["width"] / 2, axes["y"] + axes["height"] / 2)
    expect(label(app)).to_contain_text("here")
    frame = see(PROBLEMS["Network"], "momentum", learning_rate=10**-1.3, momentum=0.7, num_steps=200, step=200)
    assert float(words(app)[1]) == pytest.approx(float(frame.plane[8, 8]), rel=0.02)
    app.choose("Problem", "Wave")
