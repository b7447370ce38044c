"""The guard passes on what the app's page sends, and refuses everything else, whatever it consists of."""

import json
import math
import subprocess
import sys
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradient.analysis import ARROWS, FIELD_SIZE
from gradient.server import frames
from gradient.server.allowlist import Allowlist
from gradient.server.bucket import Bucket
from gradient.server.frames import MAX_BYTES, FrameError
from gradient.server.models import Models
from tests.conftest import ROOT
from tests.visitor import custom, frame, joined, update

ID = "0123456789abcdef0123456789abcdef"
SLIDER, OVERLAY, SWITCH, POINTS, CANVAS = (f"{i}" * 32 for i in range(5))
ARRAY = {"dtype": "float32", "shape": [2], "type": None}


@cache
def description() -> Any:
    """What pages of the app's own notebook may set."""
    command = [sys.executable, "-m", "gradient.allowlist", str(ROOT / "techni.ipynb")]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)


@cache
def allowlist() -> Allowlist:
    return Allowlist(description())


# One model of each kind that the messages below are for, and what a link refers to.
LINK = "anywidget AnyModel gradient.link.link_model.JaxLink"
KINDS = {
    SLIDER: "@jupyter-widgets/controls FloatSliderModel",
    OVERLAY: "anywidget AnyModel gradient.views.overlay.Overlay",
    SWITCH: LINK,
    POINTS: "bqplot ScatterModel",
    CANVAS: "jupyter-matplotlib MPLCanvasModel",
}


@cache
def models() -> Models:
    known = Models(allowlist().links, KINDS)
    known.note("comm_msg", {"comm_id": SWITCH, "data": {"method": "update", "state": {"spec": [f"IPY_MODEL_{SLIDER}"]}}})
    known.note("comm_msg", {"comm_id": SWITCH, "data": {"method": "update", "state": {"spec": [f"IPY_MODEL_{POINTS}"]}}})
    return known


def verdict(sent: Any) -> str:
    """Why a frame is refused; "" if it is not."""
    try:
        allowlist().check(frames.read(sent), models())
    except FrameError as refusal:
        return refusal.reason
    return ""


def data(changes: Any, *buffers: bytes) -> bytes:
    """An update of two arrays, with something else in it."""
    whole = {"method": "update", "state": {"x": ARRAY}, "buffer_paths": [["x", "value"]]} | changes
    return frame("comm_msg", {"comm_id": POINTS, "data": whole}, buffers=buffers or [bytes(8)])


def field(side: int, arrows: int) -> bytes:
    """The field of a visitor's own data, as the overlay's page sends it at rest."""
    shapes = {"field_losses": [side, side], "field_gradients": [arrows, arrows, 2]}
    state = {"domain": [-2, 3, 0.5, 1e9], **{name: ARRAY | {"shape": shape} for name, shape in shapes.items()}}
    whole = {"method": "update", "state": state, "buffer_paths": [[name, "value"] for name in shapes]}
    buffers = [bytes(4 * math.prod(shape)) for shape in shapes.values()]
    return frame("comm_msg", {"comm_id": OVERLAY, "data": whole}, buffers=buffers)


def opening(target: str, content: Any = None, version: str = "1.0.0") -> bytes:
    return frame("comm_open", {"comm_id": ID, "target_name": target, "data": content or {}}, metadata={"version": version})


def raw(content: bytes) -> bytes:
    """A frame with any bytes as its content."""
    return joined([*frames._parts(frame("comm_msg", {}))[:4], content])


def deep(levels: int) -> Any:
    return [deep(levels - 1)] if levels else {"a": 1}


def with_header(name: str, text: str) -> bytes:
    header: Any = {name: text}
    return frame("kernel_info_request", {}, **header)


SAID = {
    "kernel info": frame("kernel_info_request", {}),
    "comm info": frame("comm_info_request", {"target_name": "jupyter.widget"}),
    "control": opening("jupyter.widget.control"),
    "states": frame("comm_msg", {"comm_id": ID, "data": {"method": "request_states"}}),
    "state": frame("comm_msg", {"comm_id": ID, "data": {"method": "request_state"}}),
    "close": frame("comm_close", {"comm_id": ID, "data": {}}),
    "slider": update(SLIDER, value=0.9000000000000001),
    "limits": update(SLIDER, min=-5, max=5, value=-3.5),
    "point": update(OVERLAY, picked=[-1.6, 4.1, 285], shown=59),
    "field": field(FIELD_SIZE, ARROWS),
    "switch": update(SWITCH, where="kernel", state="kernel"),
    "a face": update(SWITCH, reason="\U0001f642 \\ud800"),  # which JSON may write as a pair of surrogates
    "arrays": frame(
        "comm_msg",
        {
            "comm_id": POINTS,
            "data": {"method": "update", "state": {"x": ARRAY, "y": ARRAY}, "buffer_paths": [["x", "value"], ["y", "value"]]},
        },
        buffers=[bytes(8), bytes(8)],
    ),
    "resize": custom(CANVAS, {"type": "resize", "width": 695, "height": 642}),
    "ratio": custom(CANVAS, {"type": "set_device_pixel_ratio", "device_pixel_ratio": 2}),
    "draw": custom(CANVAS, {"type": "draw"}),
    "request": custom(SWITCH, {"type": "request", "id": 7}),
}


def test_the_apps_page_sets_its_controls_and_what_its_links_tell_the_kernel() -> None:
    models = description()["models"]
    assert set(models[KINDS[OVERLAY]]["traits"]) == {"picked", "shown", "visible", "domain", "field_losses", "field_gradients"}
    assert set(models[LINK]["traits"]) == {"where", "state", "reason"}
    assert set(models[KINDS[SLIDER]]["linked"]) == {"value", "min", "max", "step", "readout_format"}
    assert set(models[KINDS[POINTS]]["linked"]) == {"x", "y"}
    assert {"draw", "resize", "set_device_pixel_ratio"} <= models[KINDS[CANVAS]]["messages"]["type"].keys()
    assert description()["failures"] == []


@pytest.mark.parametrize("sent", SAID.values(), ids=SAID)
def test_the_pages_own_messages_pass(sent: bytes) -> None:
    assert verdict(sent) == ""


# Header fields that a kernel could not read, and would print, with whatever a visitor has put into them.
UNREADABLE = (
    *(("version", text) for text in ("", "five", "5", "5.3\n", "5.x", "1" * 99)),
    *(("date", text) for text in ("", "today", "2026-13-45", "2026-11-22T12:00:00Zx")),
    *((name, text) for name in ("msg_id", "session", "username", "msg_type") for text in ("\ud800", "a b", "a\nb", "é")),
)
UNSAID = {
    "eight bytes of ones": (b"\xff" * 8, "malformed"),
    "nothing": (b"", "malformed"),
    "text": ("{}", "malformed"),
    "a table without parts": ((6).to_bytes(8, "little"), "malformed"),
    "backwards": (joined([b"shell"] * 5)[:8] + bytes(48) + b"shell" * 5, "malformed"),
    "too large": (bytes(MAX_BYTES + 1), "size"),
    "too many buffers": (frame("comm_msg", {}, buffers=[b""] * 5), "malformed"),
    "control channel": (frame("kernel_info_request", {}, channel="control"), "channel"),
    "an answer": (joined([b"shell", b"{}", b'{"msg_id": "1"}', b"{}", b"{}"]), "malformed"),
    "no header": (joined([b"shell", b"{}", b"{}", b"{}", b"{}"]), "malformed"),
    "a subshell": (frame("kernel_info_request", {}, subshell_id="1"), "malformed"),
    "a number as an id": (frame("kernel_info_request", {}, msg_id=1), "malformed"),
    **{f"{name} {text[:9]!r}": (with_header(name, text), "malformed") for name, text in UNREADABLE},
    "a long id": (frame("kernel_info_request", {}, msg_id="1" * 200), "malformed"),
    "deep content": (raw(b"[" * 50_000), "malformed"),
    "a deep value": (update(SLIDER, value=deep(40)), "malformed"),
    "half a pair of surrogates": (update(SLIDER, value="\ud800"), "malformed"),
    "the other half, as a name": (update(SLIDER, **{"\udc80": 1}), "malformed"),
    "an exponent of infinity": (raw(b'{"comm_id": 1e999}'), "malformed"),
    "execute": (frame("execute_request", {"code": "1"}), "type"),
    "shutdown": (frame("shutdown_request", {"restart": False}), "type"),
    "interrupt": (frame("interrupt_request", {}), "type"),
    "debug": (frame("debug_request", {}), "type"),
    "input": (frame("input_reply", {"value": "1"}), "type"),
    "input on its channel": (frame("input_reply", {"value": "1"}, channel="stdin"), "channel"),
    "info with content": (frame("kernel_info_request", {"a": 1}), "value"),
    "a widget": (opening("jupyter.widget", {"state": {"_model_name": "ButtonModel"}}), "target"),
    "a matplotlib": (opening("matplotlib"), "target"),
    "control with data": (opening("jupyter.widget.control", {"a": 1}), "value"),
    "another version": (opening("jupyter.widget.control", version="2"), "value"),
    "no method": (frame("comm_msg", {"comm_id": ID, "data": {}}), "method"),
    "a list as method": (frame("comm_msg", {"comm_id": ID, "data": {"method": []}}), "method"),
    "backbone": (frame("comm_msg", {"comm_id": ID, "data": {"method": "backbone"}}), "method"),
    "a long comm": (update("1" * 65, value=1), "value"),
    "model name": (update(SLIDER, _model_name="x"), "trait"),
    "layout": (update(SLIDER, layout="IPY_MODEL_1"), "trait"),
    "options": (update(SLIDER, _options_labels=["a"]), "trait"),
    "a trait of another model": (update(SLIDER, picked=[0, 0, 1]), "trait"),
    "a message of another model": (custom(SLIDER, {"type": "draw"}), "method"),
    "a model that the kernel has not told of": (update(ID, value=1), "trait"),
    "module": (update(SLIDER, _esm="export default {}"), "trait"),
    "infinite": (update(SLIDER, value=float("inf")), "malformed"),
    "not a number": (update(SLIDER, value=float("nan")), "malformed"),
    "a huge integer": (update(SLIDER, value=10**400), "value"),
    "a number of 5,000 digits": (raw(b'{"a": ' + b"9" * 5000 + b"}"), "malformed"),
    "a string for a number": (update(SLIDER, value="nan"), "value"),
    "a list for a number": (update(SLIDER, value=[1]), "value"),
    "a number for a flag": (update(OVERLAY, visible=1), "value"),
    "a long reason": (update(SWITCH, reason="x" * 1000), "value"),
    "a large field": (field(FIELD_SIZE + 1, ARROWS), "value"),
    "many arrows": (field(FIELD_SIZE, ARROWS + 1), "value"),
    "a short point": (update(OVERLAY, picked=[1, 2]), "value"),
    "a list for an array": (update(POINTS, x=[1, 2]), "value"),
    "objects": (data({"state": {"x": ARRAY | {"dtype": "object"}}}), "value"),
    "dates": (data({"state": {"x": ARRAY | {"type": "date"}}}), "value"),
    "a larger shape": (data({"state": {"x": ARRAY | {"shape": [3]}}}), "value"),
    "a negative shape": (data({"state": {"x": ARRAY | {"shape": [-1, -2]}}}), "value"),
    "many axes": (data({"state": {"x": ARRAY | {"shape": [1] * 40 + [2]}}}), "value"),
    "a buffer elsewhere": (data({"buffer_paths": [["x", "shape"]]}), "value"),
    "a buffer too many": (data({}, bytes(8), bytes(8)), "value"),
    "a key press": (custom(CANVAS, {"type": "key_press", "key": "l"}), "method"),
    "a button": (custom(CANVAS, {"type": "toolbar_button", "name": "save_figure"}), "method"),
    "a large canvas": (custom(CANVAS, {"type": "resize", "width": 1e9, "height": 1}), "value"),
    "a canvas of text": (custom(CANVAS, {"type": "resize", "width": "1", "height": 1}), "value"),
    "a canvas without height": (custom(CANVAS, {"type": "resize", "width": 1}), "value"),
    "a word": (custom(CANVAS, "draw"), "value"),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "reason"), UNSAID.values(), ids=UNSAID)
def test_messages_that_no_page_sends_are_refused(sent: Any, reason: str) -> None:
    assert verdict(sent) == reason


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(sent: bytes) -> None:
    assert verdict(sent)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=12), st.binary(max_size=100))
def test_random_tables_are_refused(table: list[int], rest: bytes) -> None:
    assert verdict(b"".join(number.to_bytes(8, "little") for number in table) + rest)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
NAMES = st.sampled_from(("value", "index", "min", "picked", "visible", "where", "reason", "x")) | st.text()


@given(st.sampled_from(sorted(KINDS)), st.dictionaries(NAMES, JSON))
def test_a_random_state_is_refused_or_of_known_traits_and_small_values(comm_id: str, state: dict) -> None:
    if verdict(update(comm_id, **state)) == "":
        model = description()["models"][KINDS[comm_id]]
        assert state.keys() <= {*model.get("traits", ()), *model.get("linked", ())}
        assert all(isinstance(value, bool | int | float | str | list | None) for value in state.values())


@given(st.sampled_from(sorted(SAID)), st.data())
def test_a_frame_with_bytes_exchanged_is_read_or_refused(name: str, draw: st.DataObject) -> None:
    sent = bytearray(SAID[name])
    for place in draw.draw(st.lists(st.integers(0, len(sent) - 1), min_size=1, max_size=4)):
        sent[place] = draw.draw(st.integers(0, 255))
    assert isinstance(verdict(bytes(sent)), str)


@given(st.sampled_from(sorted(SAID)), JSON)
def test_a_frame_with_any_content_is_read_or_refused(name: str, content: Any) -> None:
    parts = frames._parts(SAID[name])
    parts[4] = json.dumps(content).encode()
    assert isinstance(verdict(joined(parts)), str)


def test_a_bucket_gives_its_burst_at_once_and_its_rate_in_time() -> None:
    clock = [0.0]
    bucket = Bucket(rate=2, burst=4, now=lambda: clock[0])
    assert [bucket.take() for _ in range(6)] == [0, 0, 0, 0, 0.5, 1.0]
    clock[0] = 1.0
    assert bucket.take(0) == 0.0
    assert not bucket.try_take()
    clock[0] = 100.0
    assert [bucket.try_take() for _ in range(5)] == [True] * 4 + [False]
