"""While the browser computes, a page sends its kernel the control that was moved, and nothing else."""

import itertools
import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, WebSocket, expect

from gradient import PROBLEMS
from gradient.controls import Controls
from gradient.problem_links import default_preset, fitted_preset
from tests.app_page import AppPage
from tests.conftest import SIZES, Server, watched

ALL = ("curve", "fit", "field", "gradient_norm")


class Said(list[dict]):
    """The states that a page has sent to widgets."""

    def listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self.note(frame if isinstance(frame, bytes) else frame.encode()))

    def note(self, frame: bytes) -> None:
        """Keeps the state in a message of the kernel's websocket: an offset table, then parts of JSON."""
        count = int.from_bytes(frame[:8], "little")
        ends = [int.from_bytes(frame[8 * i : 8 * i + 8], "little") for i in range(1, count + 1)]
        parts = [frame[start:end] for start, end in itertools.pairwise(ends)]
        content: Any = json.loads(parts[4]) if len(parts) > 4 else {}
        if "state" in content.get("data", {}):
            self.append(content["data"]["state"])


@pytest.fixture(scope="module")
def opened(browser: Browser, hardened_server: Server) -> Iterator[tuple[AppPage, Said]]:
    with watched(browser.new_context(**SIZES["wide"])) as context:
        page, said = context.new_page(), Said()
        page.on("websocket", said.listen)
        yield AppPage.open(page, hardened_server.url), said


@pytest.fixture
def app(opened: tuple[AppPage, Said]) -> AppPage:
    app, said = opened
    app.reset()
    said.clear()
    return app


@pytest.fixture
def said(opened: tuple[AppPage, Said]) -> Said:
    return opened[1]


def test_a_click_on_a_strip_sends_what_was_picked_and_the_sliders_value(app: AppPage, said: Said) -> None:
    before = app.seen()
    app.page.locator(".techni-strip canvas").first.click()
    app.wait_for_change(before, *ALL)
    app.settle()
    assert sorted(sorted(state) for state in said) == [["picked", "picks"], ["value"]]


@pytest.mark.parametrize("slider", ["Learning rate", "Momentum", "Steps", "Initial w", "Initial b", "Step"])
def test_a_slider_sends_its_own_value_once(app: AppPage, said: Said, slider: str) -> None:
    before = app.seen()
    app.press(slider, "ArrowLeft")
    app.wait_for_change(before, "fit", "field", "gradient_norm")
    app.settle()
    assert [list(state) for state in said] == [["step" if slider == "Step" else "value"]]


def test_the_sliders_can_stand_where_the_problems_put_them(app: AppPage, said: Said) -> None:
    """A slider moves a value that is not on its grid there and says so, which would be a second descent.

    In the last digit of a double it may still differ from what it was given, and that is none.
    """
    controls = Controls()
    controls.make_controls(list(PROBLEMS.values()))
    for name in sorted(PROBLEMS, key="Wave".__eq__):  # the one that is chosen already is the last
        said.clear()
        app.choose("Problem", name)
        app.settle()
        assert any("index" in state for state in said)
        preset = default_preset(controls, PROBLEMS[name]) | fitted_preset(controls, PROBLEMS[name])
        put = [value for (_, trait), value in preset.items() if trait == "value"]
        values = [state["value"] for state in said if isinstance(state.get("value"), float | int)]
        assert all(any(math.isclose(value, other, rel_tol=1e-6) for other in put) for value in values), (name, values)


# Counts what changes in the page while its kernel answers questions that ask for nothing, as it does after each key press.
CHANGES_OF_ANSWERS = """async () => {
  const changes = [];
  const observer = new MutationObserver((records) => changes.push(...records.map((r) => `${r.type} of ${r.target.className}`)));
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  for (let i = 0; i < 3; i++) await jupyterapp.widgetManager.kernel.requestKernelInfo();
  observer.disconnect();
  return changes;
}"""


def test_a_kernels_answer_changes_nothing_in_the_page(app: AppPage) -> None:
    """What is written, even if it is the same as before, makes the browser match style rules before it handles the next key."""
    app.settle()
    assert app.page.evaluate(CHANGES_OF_ANSWERS) == []


# Keeps what comes first of a run and a message to the kernel.
ORDER = """async () => {
  if (window.order) return;
  window.order = [];
  const manager = jupyterapp.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const compute = models.find((model) => model.get("followers"));
  const link = await manager.get_model(compute.get("link").replace("IPY_MODEL_", "")); // of the pictures, not of the strips
  link.on("jaxlink:ran", () => order.push("picture"));
  manager.kernel.anyMessage.connect((_, { msg, direction }) => {
    if (direction === "send" && msg.header.msg_type === "comm_msg") order.push("message");
  });
}"""


@pytest.mark.parametrize("slider", ["Learning rate", "Step"])
def test_the_picture_comes_before_the_message(app: AppPage, slider: str) -> None:
    """Sending takes time, and wakes a server that may share the processor."""
    app.page.evaluate(ORDER)
    app.page.evaluate("order.splice(0)")
    app.press(slider, "ArrowLeft")
    app.settle()
    assert app.page.evaluate("order.splice(0)") == ["picture", "message"]


def test_what_the_page_sets_by_itself_is_not_sent_with_the_next_change(app: AppPage, said: Said) -> None:
    """Otherwise such traits would wait in a buffer for the next message of their widget."""
    app.press("Learning rate", "ArrowLeft")
    app.press("Step", "ArrowLeft")
    app.page.get_by_label("Show residuals").check()
    app.choose("Loss axis", "Linear")
    app.settle()
    assert [sorted(state) for state in said] == [["value"], ["step"], ["value"], ["index"]]


# Keeps which traits of the curves are set.
NOTE = """async () => {
  const models = await Promise.all(Object.values(jupyterapp.widgetManager._models));
  const lines = models.filter((model) => model.name === "LinesModel");
  window.timesSet = [];
  for (const model of lines) {
    const { set_state } = model;
    model.set_state = (state) => { timesSet.push(Object.keys(state).join()); return set_state.call(model, state); };
  }
  return lines.length;
}"""


def test_numbers_that_stay_are_not_set_again(app: AppPage) -> None:
    assert app.page.evaluate(NOTE) > 1
    before = app.seen()
    app.press("Step", "ArrowLeft")
    app.wait_for_change(before, "fit", "mark")
    assert "y" in app.page.evaluate("timesSet")  # of the fit, whose x is what it was
    app.press("Step", "ArrowRight")
    app.wait("s.fit === arg.fit && s.curve === arg.curve", arg=before)
    before = app.seen()
    app.press("Learning rate", "ArrowLeft")
    app.wait_for_change(before, "fit", "curve")


def test_limits_that_the_page_has_set_hold_in_the_kernel_too(app: AppPage) -> None:
    """A kernel with older limits would clip the value, and send it back."""
    app.choose("Problem", "Line")
    app.press("Initial w", "End")
    app.settle()
    assert app.value("Initial w") == "3.00"
    app.compute_in("server")
    before = app.seen()
    app.press("Initial b", "End")
    app.wait_for_change(before, *ALL)
    assert app.value("Initial w") == "3.00"
    app.compute_in("browser")
    expect(app.page.locator(".techni-took")).to_contain_text("in your browser")
