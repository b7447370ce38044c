"""The states of a link, row by row of the table in docs/jaxlink.md. Rows of the page alone are in test_link_page.py,
and the row of a page without a kernel in test_publish.py.
"""

from collections.abc import Iterator
from typing import Any

import ipywidgets as widgets
import jax.numpy as jnp
import pytest
from playwright.sync_api import Browser, Page

from gradient.link import JaxLink, jaxlink
from gradient.link.modules import esm
from tests.conftest import ROOT, watched
from tests.wire import Message, Wire, to


class Linked:
    """A link from a slider and a choice to a number. For "b" nothing can be compiled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, where: str = "browser") -> None:
        self.wire = Wire(monkeypatch)
        self.slider, self.number = widgets.FloatSlider(value=2.0), widgets.FloatText()
        self.choice = widgets.Dropdown(options="ab")
        self.link: JaxLink = jaxlink(
            lambda x, n: {"y": jnp.linalg.eigvalsh(jnp.eye(2) * x)[0] if n else 2 * x},
            inputs={"x": self.slider},
            static={"n": (self.choice, "index")},
            outputs={"y": self.number},
            where=where,
        )
        self.wire.messages.clear()

    def contents(self, messages: list[Message] | None = None) -> list[dict]:
        """The link's own messages: requests, results and errors."""
        return [m.content for m in to(self.link, self.wire.messages if messages is None else messages, "custom")]

    def visit(self, value: float) -> list[dict]:
        """Moves the slider as a visitor does whose page asks the kernel; returns the answers."""
        self.wire.receive(self.slider, {"value": value})
        return self.contents(self.wire.request(self.link, 5))


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch) -> Linked:
    return Linked(monkeypatch)


def test_row_1_what_a_visitor_changes_is_left_to_the_page(linked: Linked) -> None:
    assert [m.method for m in linked.wire.receive(linked.slider, {"value": 7.0})] == ["echo_update"]
    assert (linked.link.state, linked.number.value) == ("browser", 0.0)


def test_row_2_what_python_changes_the_page_is_asked_for(linked: Linked) -> None:
    linked.slider.value = 7.0
    assert linked.contents() == [{"type": "request", "id": linked.link._num_requests}]
    assert linked.number.value == 0.0


@pytest.mark.parametrize("state", ["unsupported", "stopped"])
def test_rows_4_and_5_what_a_page_gives_up_the_kernel_computes(linked: Linked, state: str) -> None:
    linked.wire.receive(linked.link, {"state": state, "reason": "It is old."})
    assert linked.visit(4.0) == [{"type": "result", "id": 5}]
    assert (linked.link.state, linked.link.reason, linked.link.computing, linked.number.value) == (
        state,
        "It is old.",
        "kernel",
        8.0,
    )


def test_row_6_where_becomes_kernel(linked: Linked) -> None:
    linked.link.where = "kernel"
    assert (linked.link.state, linked.link.reason, linked.number.value) == ("kernel", "", 4.0)


def test_row_7_where_becomes_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    linked = Linked(monkeypatch, "kernel")
    linked.link.where = "browser"
    assert (linked.link.state, [message["type"] for message in linked.contents()]) == ("browser", ["request"])
    linked.link.where, linked.choice.index = "kernel", 1
    linked.link.where = "browser"
    assert (linked.link.state, "eigh" in linked.link.reason) == ("uncompiled", True)
    words = widgets.Dropdown(options=[1, 2])
    other = jaxlink(
        lambda n: {"y": 1.0 * n}, inputs={}, static={"n": words}, outputs={"y": widgets.FloatText()}, where="kernel"
    )
    other.where = "browser"
    assert (other.state, "Dropdown.value" in other.reason) == ("unlinkable", True)


def test_rows_8_and_9_a_request_is_answered_with_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    linked = Linked(monkeypatch, "kernel")
    assert linked.visit(4.0) == [{"type": "result", "id": 5}]
    assert linked.number.value == 8.0


def test_row_9_a_request_is_answered_with_an_error(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    linked = Linked(monkeypatch, "kernel")
    linked.number.observe(lambda change: 1 / 0, "value")
    (answer,) = linked.visit(4.0)
    assert (answer["type"], answer["id"], "ZeroDivisionError" in answer["message"]) == ("error", 5, True)
    assert "FloatText (value) failed" in caplog.text


@pytest.mark.parametrize("content", [None, [], {}, {"type": "result", "id": 1}, {"type": ["request"]}, "request"])
def test_row_9_what_is_no_request_is_ignored(linked: Linked, content: Any) -> None:
    assert linked.wire.receive_custom(linked.link, content) == []


def test_row_10_what_python_changes_the_kernel_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    linked = Linked(monkeypatch, "kernel")
    linked.slider.value = 7.0
    assert (linked.number.value, linked.contents()) == (14.0, [])


def test_rows_3_and_11_a_choice_without_a_program_and_back(linked: Linked) -> None:
    linked.choice.index = 1
    assert (linked.link.state, linked.number.value) == ("uncompiled", 2.0)
    linked.choice.index = 0
    assert (linked.link.state, linked.link.reason) == ("browser", "")
    assert [message["type"] for message in linked.contents()] == ["request"]


def test_row_12_a_program_for_other_shapes_gets_a_try(monkeypatch: pytest.MonkeyPatch) -> None:
    wire, numbers, total = Wire(monkeypatch), widgets.FloatsInput(value=[1.0]), widgets.FloatText()
    link = jaxlink(jnp.sum, inputs={"a": numbers}, outputs={"y": total})
    wire.receive(link, {"state": "stopped", "reason": "It is old."})
    wire.messages.clear()
    numbers.value = [1.0, 2.0]
    assert (link.state, link.reason) == ("browser", "")
    assert [m.content["type"] for m in to(link, wire.messages, "custom")] == ["request"]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page with requests of a link to a kernel that does not answer by itself."""
    with watched(browser.new_context()) as context:
        page = context.new_page()
        page.evaluate(f"{esm(ROOT / 'gradient' / 'link' / 'requests.js')}\nObject.assign(globalThis, {{ KernelRequests }});")
        yield page


# Asks three times, then takes the answer to another request and to its own, twice; returns how many were sent after each.
ANSWERED = """(isThrottled) => {
  const sent = [];
  const requests = new KernelRequests({ send: (message) => sent.push(message) }, isThrottled, () => requests.ask(false));
  const counts = [1, 2, 3].map(() => (requests.ask(false), sent.length));
  for (const id of [-1, sent.at(-1).id]) counts.push((requests.answer({ id }), sent.length));
  counts.push((requests.answer({ id: sent.at(-1).id }), sent.length));
  return [counts, new Set(sent.map(({ id }) => id)).size === sent.length];
}"""


def test_row_13_one_request_is_under_way_and_the_next_one_waits(page: Page) -> None:
    assert page.evaluate(ANSWERED, True) == [[1, 1, 1, 1, 2, 2], True]


def test_row_13_a_kernel_that_waits_itself_is_asked_each_time(page: Page) -> None:
    assert page.evaluate(ANSWERED, False) == [[1, 2, 3, 3, 3, 3], True]


# Loses the answer to a request: the connection is back, or time has passed.
LOST = """(isBack) => {
  const sent = [];
  const { now } = performance;
  const requests = new KernelRequests({ send: (message) => sent.push(message) }, true, () => requests.ask(false));
  requests.ask(false);
  if (isBack) requests.renew();
  performance.now = () => now.call(performance) + 10_001;
  requests.ask(false);
  performance.now = now;
  return sent.length;
}"""


@pytest.mark.parametrize(("is_back", "sent"), [(True, 3), (False, 2)])
def test_row_14_a_lost_answer_is_not_waited_for(page: Page, is_back: bool, sent: int) -> None:
    assert page.evaluate(LOST, is_back) == sent
