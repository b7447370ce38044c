"""What the page shows of the model under the pointer: a dashed curve, and a label beside the pointer."""

from collections.abc import Iterator

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


def is_dashed(app: AppPage) -> bool:
    """Whether the model's curve is drawn besides the fitted one."""
    return app.page.evaluate(f"getComputedStyle({CURVE}).display !== 'none' && {CURVE}.getBoundingClientRect().width > 100")


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
    assert app.settled() == before


def test_the_loss_curve_shows_the_model_at_the_step_under_the_pointer(app: AppPage) -> None:
    box = app.page.locator(".techni-loss .plotarea_background").bounding_box()
    assert box
    app.page.mouse.move(box["x"] + box["width"] * 10 / 30, box["y"] + box["height"] / 2)
    frame = see(WAVE, "momentum", learning_rate=0.1, momentum=0.7, w=0.6, b=-3.5, num_steps=30, step=10)
    numbers = {"w": frame.point[0], "b": frame.point[1], "loss": frame.loss}
    shown = {name: format_number(float(number)).replace("-", "−") for name, number in numbers.items()}
    expect(label(app)).to_have_text(POINTED["step"].format(step=10, **shown))
    eventually(lambda: is_dashed(app))


def test_nothing_is_pointed_at_during_a_drag(app: AppPage) -> None:
    app.page.mouse.move(*app.at(0.0, 0.0))
    expect(label(app)).to_be_visible()
    app.page.mouse.down()
    expect(label(app)).to_be_hidden()
    app.page.mouse.move(*app.at(0.5, 1.0), steps=3)
    expect(label(app)).to_be_hidden()
    app.page.mouse.up()
    app.expect_start(0.5, 1.0)


def test_the_label_stays_inside_the_page(app: AppPage) -> None:
    for w, b in ((1.99, 4.9), (-1.99, -4.9), (1.99, -4.9)):
        app.page.mouse.move(*app.at(w, b))
        expect(label(app)).to_be_visible()
        box, width = label(app).bounding_box(), app.page.viewport_size
        assert box
        assert width
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width["width"]


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
    client = phone.page.context.new_cdp_session(phone.page)
    x, y = phone.at(-1.0, 1.0)
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    expect(label(phone)).to_be_visible()
    expect(label(phone)).to_contain_text("w −1")
    box = label(phone).bounding_box()
    assert box
    assert box["y"] + box["height"] < y - 20  # a finger does not cover it
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(label(phone)).to_be_hidden()
    phone.expect_start(-1.0, 1.0)  # a tap chooses the start, too


def test_a_point_of_a_networks_plane_is_a_network(app: AppPage) -> None:
    app.choose("Problem", "Network")
    axes = app.axes()
    app.page.mouse.move(axes["x"] + axes["width"] / 2, axes["y"] + axes["height"] / 2)
    expect(label(app)).to_contain_text("here")
    frame = see(PROBLEMS["Network"], "momentum", learning_rate=10**-1.3, momentum=0.7, num_steps=200, step=200)
    assert float(words(app)[1]) == pytest.approx(float(frame.plane[8, 8]), rel=0.02)
    app.choose("Problem", "Wave")
