"""What pages may set follows from the widgets: a control that is added to the app needs no change in the server."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import nbformat
import pytest
import traitlets
from ipykernel.inprocess.ipkernel import InProcessInteractiveShell, InProcessKernel

from gradient.adapters.ipywidgets import live_widgets, model_kind
from gradient.allowlist import describe
from gradient.allowlist.traits import rules_of
from gradient.app import App
from gradient.link.choose import Choice
from gradient.server.allowlist import NOTHING, Allowlist
from gradient.server.frames import FrameError, read
from gradient.server.models import Models
from gradient.server.rules import DescriptionError, any_of
from tests.conftest import ROOT, Server, notebook_of
from tests.server import hardened, metrics
from tests.visitor import Visitor, custom, frame, update

# A control of a kind that the server has never heard of, in the app. Its description is larger than a socket's buffer.
KNOB = """
import subprocess
import ipywidgets as widgets
from traitlets import Enum, Int
from gradient import App

subprocess.run(["echo", "something that is no description"])

class Knob(widgets.DOMWidget):
    name = Enum([f"name {i}" for i in range(20_000)], "name 0").tag(sync=True, page_sets=True)
    turned = Int(0).tag(sync=True, page_sets={"low": 0, "high": 10})
    hidden = Int(0).tag(sync=True)
    doubled = Int(0).tag(sync=True)

app, knob = App(), Knob()
knob.observe(lambda change: knob.set_trait("doubled", 2 * change.new), "turned")
knob.observe(lambda change: knob.set_trait("doubled", -1), "hidden")
app.children = [*app.children, knob]
app
"""


def in_a_loop(act: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Runs a coroutine in a thread of its own: the browser of other tests has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(act())).result()


def write_knob(folder: Path) -> Path:
    """Writes a notebook of the app with the knob; returns where it is."""
    notebook = folder / "knob.ipynb"
    nbformat.write(notebook_of(KNOB), notebook)
    return notebook


def check_knob(server: Server) -> None:
    """A page can turn the knob within its bounds, and do nothing else to it."""

    async def turn(url: str) -> list[int]:
        visitor = await Visitor.open(url)
        knob, seen = visitor.model(turned=0), []
        await press_in_vain(visitor, knob)
        # The last of each three is the first that is let through.
        for sent in ({"turned": 4}, {"hidden": 1}, {"turned": 11}, {"turned": 7}, {"turned": True}, {"turned": 10}):
            await visitor.say(update(knob, **sent))
            if sent in ({"turned": 4}, {"turned": 7}, {"turned": 10}):
                seen.append((await visitor.hear_of(knob, "doubled"))["doubled"])
        await visitor.leave()
        return seen

    assert in_a_loop(lambda: turn(server.url)) == [8, 14, 20]
    refused = {reason: metrics(server)[f'techni_frames_refused_total{{reason="{reason}"}}'] for reason in ("trait", "value")}
    assert refused == {"trait": 1, "value": 3}


async def press_in_vain(visitor: Visitor, knob: str) -> None:
    """An honest page whose author has not declared what it sends: each message is answered, and the socket stays open."""
    for i in range(25):
        pressed = {"method": "custom", "content": {"event": "click"}}
        await visitor.say(frame("comm_msg", {"comm_id": knob, "data": pressed}, msg_id=f"press-{i}"))
        assert [answer.type for answer in await visitor.answers(f"press-{i}")] == ["status"]
    named = {"method": "update", "state": {"name": "name 20000"}, "buffer_paths": []}
    await visitor.say(frame("comm_msg", {"comm_id": knob, "data": named}, msg_id="naming"))
    echo, _ = await visitor.answers("naming")
    assert echo.content == {"comm_id": knob, "data": named | {"method": "echo_update"}}


def test_a_control_that_is_added_to_the_app_is_used_through_the_server(tmp_path: Path) -> None:
    with hardened(write_knob(tmp_path), TECHNI_SITE=str(tmp_path)) as server:
        check_knob(server)


ID = "0" * 32


def described(folder: Path, *cells: str) -> Any:
    """The description of a notebook with these cells, as the server reads it, without the failures of notebooks before it."""
    notebook = folder / "own.ipynb"
    nbformat.write(notebook_of(*cells), notebook)
    others, place, path = describe()["failures"], Path.cwd(), list(sys.path)
    try:
        with ThreadPoolExecutor(1) as thread:  # one that has no event loop
            description = thread.submit(describe, str(notebook)).result()
    finally:
        os.chdir(place)
        sys.path[:] = path
        InProcessKernel.instance().iopub_thread.stop()
        for made in (InProcessKernel, InProcessInteractiveShell):
            made.clear_instance()
    description["failures"] = [line for line in description["failures"] if line not in others]
    return json.loads(json.dumps(description))


def verdict(description: Any, widget_class: type, sent: bytes, *linked: str) -> str:
    """Why a message to a widget of a class is refused; "" if it is not. `linked` are the models that a link refers to."""
    allowlist = Allowlist(json.loads(json.dumps(description)))
    link = model_kind(Choice)
    models = Models(allowlist.links, {ID: model_kind(widget_class), "link": link})
    references = [f"IPY_MODEL_{comm_id}" for comm_id in linked]
    models.note("comm_msg", {"comm_id": "link", "data": {"method": "update", "state": {"spec": {"table": references}}}})
    try:
        allowlist.check(read(sent), models)
    except FrameError as error:
        return error.reason
    return ""


@pytest.fixture(scope="module")
def description() -> Any:
    """What pages may set besides what a notebook makes."""
    return describe()


DATE = {"year": 2026, "month": 0, "date": 31}
TIME = {"hours": 23, "minutes": 0, "seconds": 0, "milliseconds": 0}
# What the JavaScript of each of ipywidgets' controls sets.
SET = [
    *((name, {"value": 1e15}) for name in ("FloatSlider", "FloatLogSlider", "FloatText", "BoundedFloatText")),
    *((name, {"value": 10**15}) for name in ("IntSlider", "IntText", "BoundedIntText", "Play")),
    *((name, {"value": "#abcdef"}) for name in ("Text", "Textarea", "Password", "Combobox", "ColorPicker")),
    *((name, {"value": True}) for name in ("Checkbox", "ToggleButton")),
    *((name, {"index": 1}) for name in ("Dropdown", "RadioButtons", "Select", "ToggleButtons", "SelectionSlider")),
    *((name, {"index": None}) for name in ("Dropdown", "RadioButtons", "Select", "ToggleButtons")),
    *((name, {"selected_index": index}) for name in ("Tab", "Accordion") for index in (0, None)),
    *((name, {"value": None}) for name in ("DatePicker", "DatetimePicker", "NaiveDatetimePicker", "TimePicker")),
    *((name, {"value": [1, 2]}) for name in ("FloatRangeSlider", "IntRangeSlider", "FloatsInput", "IntsInput")),
    *((name, {"value": ["red"]}) for name in ("TagsInput", "ColorsInput")),
    ("Play", {"playing": True}),
    ("Play", {"repeat": False}),
    ("SelectMultiple", {"index": []}),
    ("SelectMultiple", {"index": [0, 2, 5]}),
    ("SelectionRangeSlider", {"index": [0, 2]}),
    ("DatePicker", {"value": DATE}),
    ("DatetimePicker", {"value": DATE | TIME}),
    ("NaiveDatetimePicker", {"value": DATE | TIME}),
    ("TimePicker", {"value": TIME}),
]


@pytest.mark.parametrize(("name", "state"), SET)
def test_what_ipywidgets_controls_set_passes(description: Any, name: str, state: dict) -> None:
    assert verdict(description, getattr(widgets, name), update(ID, **state)) == ""


NOT_SET = [
    ("Play", {"interval": 1}, "trait"),
    ("FloatSlider", {"max": 1}, "trait"),
    ("FloatSlider", {"value": 10**400}, "value"),
    ("FloatSlider", {"value": None}, "value"),
    ("IntSlider", {"value": 1e15}, "value"),
    ("Text", {"value": "x" * 10_001}, "value"),
    ("FloatRangeSlider", {"value": [1, 2, 3]}, "value"),
    ("SelectMultiple", {"index": list(range(1001))}, "value"),
    ("SelectMultiple", {"index": ["a"]}, "value"),
    ("DatePicker", {"value": DATE | {"month": 12}}, "value"),
    ("DatePicker", {"value": DATE | TIME}, "value"),
    ("Label", {"value": "x"}, "trait"),
]


@pytest.mark.parametrize(("name", "state", "reason"), NOT_SET)
def test_what_no_control_of_ipywidgets_sets_is_refused(description: Any, name: str, state: dict, reason: str) -> None:
    assert verdict(description, getattr(widgets, name), update(ID, **state)) == reason


@pytest.mark.parametrize(
    ("name", "event", "reason"),
    [
        *(("Button", "click", ""), ("ToggleButtons", "click", ""), ("Text", "submit", ""), ("Combobox", "submit", "")),
        *(("Button", "submit", "method"), ("IntSlider", "click", "method")),
    ],
)
def test_the_events_of_ipywidgets_controls_pass(description: Any, name: str, event: str, reason: str) -> None:
    widget_class = getattr(widgets, name)
    assert verdict(description, widget_class, custom(ID, {"event": event})) == reason
    assert verdict(description, widget_class, custom(ID, {"event": event, "more": 1})) == (reason or "value")


def test_a_cell_that_fails_ends_the_run_as_in_voila(tmp_path: Path) -> None:
    tagged = KNOB.partition("app, knob")[0]
    description = described(tmp_path, tagged, "1 / 0", "class Later(Knob):\n    later = Int(0).tag(sync=True, page_sets=True)")
    (failure,) = description["failures"]
    assert failure.startswith("Cell 2 of own.ipynb failed, and those after it do not run: ZeroDivisionError")
    (knob,) = (model for model in description["models"].values() if "turned" in model.get("traits", ()))
    assert knob["traits"]["turned"] == [{"type": "integer", "low": 0, "high": 10}]


IN_A_KERNEL = """
%matplotlib inline
import asyncio, subprocess
import helper
later = asyncio.create_task(asyncio.sleep(0))
get_ipython().kernel.comm_manager.register_target("own", print)
await later
import ipywidgets as widgets
from traitlets import Int
class Late(widgets.Widget):
    reached = Int(helper.NUMBER).tag(sync=True, page_sets=True)
"""


def test_cells_run_as_in_a_kernel(tmp_path: Path) -> None:
    """Magics, modules beside the notebook, a running event loop, and the kernel that `get_ipython` has."""
    (tmp_path / "helper.py").write_text("NUMBER = 7\n")
    description = described(tmp_path, IN_A_KERNEL)
    assert description["failures"] == []
    assert any("reached" in model.get("traits", ()) for model in description["models"].values())


NOISY = """
import atexit, os, subprocess, threading
subprocess.run(["echo", "from a process"])
os.write(1, b"to the descriptor")
atexit.register(print, "at exit")
threading.Thread(target=threading.Event().wait).start()
"""


def test_the_description_is_printed_alone_whatever_the_cells_print(tmp_path: Path) -> None:
    notebook = tmp_path / "noisy.ipynb"
    nbformat.write(notebook_of(NOISY), notebook)
    command = [sys.executable, "-m", "gradient.allowlist", str(notebook)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=True)
    assert json.loads(ran.stdout)["failures"] == []
    assert b"to the descriptor" in ran.stderr


WRONG = {
    "Int(0).tag(sync=True, page_sets={'low': '0'})": "The bound 'low' of wrong is '0'. It must be a finite number.",
    "Int(0).tag(sync=True, page_sets={'high': float('inf')})": "The bound 'high' of wrong is inf. It must be a finite number.",
    "Int(0).tag(sync=True, page_sets={'lo': 0})": "It has no bounds ['lo']. Those of its type, integer, are ['high', 'low'].",
    "Int(0).tag(sync=True, page_sets={1: 0})": "It has no bounds ['1'].",
    "Unicode('').tag(sync=True, page_sets={'max_length': None})": "The bound 'max_length' of wrong is None.",
    "Enum([int, float]).tag(sync=True, page_sets=True)": "It must be a list of texts, numbers and booleans.",
    "Enum([1, 2]).tag(sync=True, page_sets={'values': [3]})": "It has no bounds ['values']. Those of its type, enum, are [].",
    "Tuple(Int(), Int()).tag(sync=True, page_sets={'low': 0})": "It has no bounds ['low']. Those of its type, list, are [].",
    "Dict().tag(sync=True, page_sets=True)": "It is a Dict, which no page can set.",
}


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The description of a notebook with all that is wrong, and a knob."""
    classes = [f"class Odd{i}(widgets.Widget):\n    wrong{i} = {trait}\n" for i, trait in enumerate(WRONG)]
    return described(tmp_path_factory.mktemp("wrong"), WRONG_MESSAGES, "from traitlets import *\n" + "".join(classes), RIGHT)


WRONG_MESSAGES = """
import ipywidgets as widgets
class NoMessages(widgets.Widget):
    page_messages = None
class ListedMessages(widgets.Widget):
    page_messages = ["draw"]
class OddMessages(widgets.Widget):
    page_messages = {"right": {"x": {}, "words": {"type": "text"}}, "wrong": {"x": {"type": "number", "max": 1}}}
class Attribute(widgets.Widget):
    page_sets = True
class Foreign(widgets.Widget):
    def page_sets(self, number):
        return number
class Misnamed(widgets.Widget):
    def page_sets(self):
        return [(self, "nothing"), (slider, "max")]
slider = widgets.IntSlider()
made = Attribute(), Foreign(), Misnamed()
"""
RIGHT = """
import numpy as np
class Scaled(widgets.Widget):
    scaled = Int(0).tag(sync=True, page_sets={"low": np.int64(0), "high": np.float32(9)})
    chosen = Enum(list(np.arange(3))).tag(sync=True, page_sets=True)
    maybe = Float(None, allow_none=True).tag(sync=True, page_sets={})
"""


@pytest.mark.parametrize(("number", "words"), list(enumerate(WRONG.values())))
def test_a_wrong_declaration_is_named(wrong: Any, number: int, words: str) -> None:
    lines = [line for line in wrong["failures"] if line.startswith(f"Odd{number}.wrong{number} does not count.")]
    assert len(lines) == 1
    assert words.replace("wrong", f"wrong{number}") in lines[0]


def test_wrong_methods_and_messages_are_named(wrong: Any) -> None:
    others = [line for line in wrong["failures"] if "Odd" not in line or "OddMessages" in line]
    assert sorted(line.partition(" does not count")[0] for line in others) == [
        "Foreign.page_sets()",
        "ListedMessages.page_messages",
        "Misnamed.page_sets() with Misnamed.nothing",
        "NoMessages.page_messages",
        "OddMessages.page_messages['wrong']",
    ]


def test_a_wrong_declaration_concerns_nothing_else(wrong: Any) -> None:
    allowed = {name: rules for model in wrong["models"].values() for name, rules in model.get("traits", {}).items()}
    assert allowed["scaled"] == [{"type": "integer", "low": 0, "high": 9.0}]
    assert allowed["chosen"] == [{"type": "enum", "values": [0, 1, 2]}]
    assert {"type": "none"} in allowed["maybe"]
    assert verdict(wrong, widgets.IntSlider, update(ID, value=3)) == ""
    messages = [model["messages"].get("type", {}) for model in wrong["models"].values() if "messages" in model]
    assert [named["right"].keys() for named in messages if "right" in named] == [{"x", "words"}]


TWICE = """
import anywidget
from traitlets import Int
class Square(anywidget.AnyWidget):
    _esm = "export default {}"
    page_messages = {"say": {"side": {"low": 0, "high": 1}}}
class Circle(anywidget.AnyWidget):
    _esm = "export default {}"
    page_messages = {"say": {"words": {"type": "text", "max_length": 3}}}
"""


def test_two_classes_can_have_messages_of_the_same_name(tmp_path: Path) -> None:
    description = described(tmp_path, TWICE)
    assert description["failures"] == []
    allowlist = Allowlist(description)
    models = Models({}, {name: f"anywidget AnyModel __main__.{name}" for name in ("Square", "Circle")})
    for name, fields in (("Square", {"side": 1}), ("Circle", {"words": "abc"})):
        allowlist.check(read(custom(name, {"type": "say", **fields})), models)
    for name, fields in (("Square", {"words": "abc"}), ("Circle", {"words": "abcd"}), ("Circle", {"side": 1})):
        with pytest.raises(FrameError, match="value"):
            allowlist.check(read(custom(name, {"type": "say", **fields})), models)


STRANGER = """
import ipywidgets as widgets
from gradient.link import choose
choice, ranged, stranger = widgets.Dropdown(options=["a", "b"]), widgets.IntSlider(), widgets.IntSlider()
chosen = choose((choice, "index"), {(ranged, "max"): [10, 20]})
"""


def test_a_page_sets_for_a_link_only_what_the_link_refers_to(tmp_path: Path) -> None:
    """Not the limits of other sliders; and a state that a page can set gives no reference."""
    description = described(tmp_path, STRANGER)
    assert verdict(description, widgets.IntSlider, update(ID, max=20), ID) == ""
    assert verdict(description, widgets.IntSlider, update(ID, max=20), "f" * 32) == "trait"
    assert verdict(description, widgets.IntSlider, update(ID, min=20), ID) == "trait"
    models = Models({"m n": {"text"}}, {"link": "m n"})
    models.note("comm_msg", {"comm_id": "link", "data": {"method": "update", "state": {"text": f"IPY_MODEL_{ID}"}}})
    assert not models.is_linked(ID)


def test_an_app_that_was_built_ahead_and_that_nobody_uses_counts_for_nothing(tmp_path: Path) -> None:
    """So that a server with warm kernels allows what one without them allows."""
    cell = "import ipywidgets as widgets\nwidgets.FloatSlider()"
    before = described(tmp_path, cell)  # other tests may have left links
    App.build_ahead()
    assert described(tmp_path, cell) == before


SILENT = """
import anywidget, ipywidgets as widgets
from traitlets import Int
class Dial(anywidget.AnyWidget):
    _esm = 'export default { render({ model }) { model.set("angle", 1); model.set("other", 1); model.save_changes(); } }'
    angle = Int(0).tag(sync=True)
    other = Int(0).tag(sync=True, page_sets=True)
class Bell(anywidget.AnyWidget):
    _esm = 'export default { render({ model }) { model.send({ type: "ring" }); } }'
class Map(widgets.DOMWidget):
    _model_module = widgets.Widget._model_module.__class__("a-library").tag(sync=True)
    zoom = Int(0).tag(sync=True)
class Quiet(anywidget.AnyWidget):
    _esm = 'export default { render({ model, el }) { el.textContent = model.get("words"); } }'
made = Dial(), Bell(), Bell(), Map(), Quiet(), widgets.FileUpload(), widgets.Button(), widgets.HTML(), widgets.VBox()
"""


def test_a_widget_whose_page_can_set_nothing_is_named(tmp_path: Path) -> None:
    for widget in live_widgets():  # what another file has left would count as named already
        if isinstance(widget, widgets.FileUpload):
            widget.close()
    failures = described(tmp_path, SILENT)["failures"]
    assert sorted(next(name for name in ("Dial", "Bell", "Map", "FileUpload") if name in line) for line in failures) == [
        *("Bell", "Dial", "FileUpload", "Map"),
    ]
    (dial,) = (line for line in failures if "Dial" in line)
    assert dial == (
        "A page may set angle in Dial, and no declaration allows that. If it should, tag each such trait, "
        "Dial.angle.tag(page_sets=True), and list messages in page_messages."
    )


class Kinds(widgets.Widget):
    """A trait of each kind that a page can set, and one that it cannot."""

    flag = traitlets.Bool()
    count = traitlets.CInt()
    share = traitlets.Float()
    name = traitlets.Unicode()
    choice = traitlets.Enum(["a", 1, 2.0])
    maybe = traitlets.Float(None, allow_none=True)
    many = traitlets.List(traitlets.Int())
    point = traitlets.Tuple(traitlets.Float(), traitlets.Int())
    table = traitlets.Dict()


@pytest.mark.parametrize(
    ("name", "bounds", "allowed", "refused"),
    [
        ("flag", None, [True, False], [0, 1, "x", None]),
        ("count", {"low": 0, "high": 3}, [0, 3], [-1, 4, 1.5, True, "1", 10**30]),
        ("share", {"high": 1}, [0.5, 1, -5], [1.1, float("inf"), float("nan"), False, [1]]),
        ("name", {"max_length": 3}, ["", "abc"], ["abcd", 1, None]),
        ("choice", None, ["a", 1, 2.0, 2], ["b", 1.0, True, 3]),
        ("maybe", None, [None, 1], ["1"]),
        ("many", None, [[], [1, 2]], [[1.5], 1, None]),
        ("point", None, [[1.5, 2]], [[1.5, 2.5], [1], [1, 2, 3], "12", {"a": 1}]),
    ],
)
def test_a_trait_is_a_rule_and_a_rule_is_a_check(name: str, bounds: dict | None, allowed: list, refused: list) -> None:
    check = any_of(json.loads(json.dumps(rules_of(Kinds.class_traits()[name], bounds))), name)
    assert [value for value in allowed if not check(value)] == []
    assert [value for value in refused if check(value)] == []


def models_with(**parts: Any) -> dict:
    """A description of one kind of model."""
    return {"models": {"a b": parts}, "links": []}


@pytest.mark.parametrize(
    "description",
    [
        None,
        {},
        {"models": {}},
        {"models": [], "links": []},
        {"models": {"a b": []}, "links": []},
        {"models": {}, "links": [1]},
        models_with(traits=[]),
        models_with(traits={"a": []}),
        models_with(traits={"a": [{"type": "anything"}]}),
        models_with(linked={"a": [{"type": ["number"]}]}),
        models_with(traits={"a": [{"type": "number", "low": 0}]}),
        models_with(traits={"a": [{"type": "number", "low": "0", "high": 1}]}),
        models_with(traits={"a": [{"type": "list", "items": [{"type": "x"}]}]}),
        models_with(traits={"a": [{"type": "record", "fields": {"b": 1}}]}),
        models_with(traits={"a": [{"type": "array", "dtypes": ["object"], "max_ndim": 1, "max_side": 1}]}),
        models_with(messages={"type": []}),
        models_with(messages={"type": {"draw": []}}),
    ],
)
def test_an_invalid_description_is_refused(description: Any) -> None:
    with pytest.raises(DescriptionError):
        Allowlist(description)


def test_without_a_description_nothing_can_be_set(description: Any) -> None:
    assert NOTHING.links == {}
    with pytest.raises(FrameError, match="trait"):
        NOTHING.check(read(update(ID, value=1)), Models({}, {ID: model_kind(widgets.IntSlider)}))
