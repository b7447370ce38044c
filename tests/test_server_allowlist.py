"""What pages may set follows from the widgets: a control that is added to the app needs no change in the server."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import nbformat
import pytest
import traitlets

from gradient.allowlist import describe, rule_of
from gradient.server.allowlist import NOTHING, Allowlist
from gradient.server.rules import DescriptionError
from tests.conftest import Server, notebook_of
from tests.server import hardened, metrics
from tests.visitor import Visitor, update

# A control of a kind that the server has never heard of, in the app.
KNOB = """
import ipywidgets as widgets
from traitlets import Int
from gradient import App

class Knob(widgets.DOMWidget):
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
        # The last of each three is the first that is let through.
        for sent in ({"turned": 4}, {"hidden": 1}, {"turned": 11}, {"turned": 7}, {"turned": True}, {"turned": 10}):
            await visitor.say(update(knob, **sent))
            if sent in ({"turned": 4}, {"turned": 7}, {"turned": 10}):
                seen.append((await visitor.hear_of(knob, "doubled"))["doubled"])
        await visitor.leave()
        return seen

    assert in_a_loop(lambda: turn(server.url)) == [8, 14, 20]
    refused = {reason: metrics(server)[f'techni_frames_refused_total{{reason="{reason}"}}'] for reason in ("trait", "value")}
    assert refused == {"trait": 1, "value": 2}


def test_a_control_that_is_added_to_the_app_is_used_through_the_server(tmp_path: Path) -> None:
    with hardened(write_knob(tmp_path), TECHNI_SITE=str(tmp_path)) as server:
        check_knob(server)


def test_a_cell_that_fails_is_named_and_the_next_one_counts(tmp_path: Path) -> None:
    notebook = tmp_path / "broken.ipynb"
    nbformat.write(notebook_of("1 / 0", "from traitlets import Int\n" + KNOB.partition("app, knob")[0]), notebook)
    description = json.loads(json.dumps(describe(str(notebook))))
    assert description["failures"] == ["Cell 1 of broken.ipynb failed: ZeroDivisionError('division by zero')"]
    assert description["traits"]["turned"] == [{"type": "integer", "low": 0, "high": 10}]
    assert "hidden" not in description["traits"]


class Kinds(widgets.Widget):
    """A trait of each kind that a page can set, and one that it cannot."""

    flag = traitlets.Bool()
    count = traitlets.CInt()
    share = traitlets.Float()
    name = traitlets.Unicode()
    choice = traitlets.Enum(["a", 1])
    point = traitlets.Tuple(traitlets.Float(), traitlets.Int())
    table = traitlets.Dict()


@pytest.mark.parametrize(
    ("name", "bounds", "allowed", "refused"),
    [
        ("flag", None, [True, False], [0, 1, "x", None]),
        ("count", {"low": 0, "high": 3}, [0, 3], [-1, 4, 1.5, True, "1", 10**30]),
        ("share", {"high": 1}, [0.5, 1, -5], [1.1, float("inf"), float("nan"), False, [1]]),
        ("name", {"max_length": 3}, ["", "abc"], ["abcd", 1, None]),
        ("choice", None, ["a", 1], ["b", 1.0, True, 2]),
        ("point", None, [[1.5, 2]], [[1.5, 2.5], [1], [1, 2, 3], "12", {"a": 1}]),
    ],
)
def test_a_trait_is_a_rule_and_a_rule_is_a_check(name: str, bounds: dict | None, allowed: list, refused: list) -> None:
    rule = json.loads(json.dumps(rule_of(Kinds.class_traits()[name], bounds)))
    check = Allowlist({"traits": {name: [rule]}, "messages": {}})._checks[name]
    assert [value for value in allowed if not check(value)] == []
    assert [value for value in refused if check(value)] == []


@pytest.mark.parametrize(
    ("name", "bounds", "words"),
    [("table", None, "Kinds.table is a Dict, which no page can set"), ("flag", {"low": 0}, "Kinds.flag has no bounds")],
)
def test_a_trait_that_no_page_can_set_is_named(name: str, bounds: dict | None, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        rule_of(Kinds.class_traits()[name], bounds)


@pytest.mark.parametrize(
    "description",
    [
        None,
        {},
        {"traits": []},
        {"traits": {"a": []}, "messages": {}},
        {"traits": {"a": [{"type": "anything"}]}, "messages": {}},
        {"traits": {"a": [{"type": ["number"]}]}, "messages": {}},
        {"traits": {"a": [{"type": "number", "low": 0}]}, "messages": {}},
        {"traits": {"a": [{"type": "number", "low": "0", "high": 1}]}, "messages": {}},
        {"traits": {"a": [{"type": "list", "items": [{"type": "x"}]}]}, "messages": {}},
        {"traits": {"a": [{"type": "array", "dtypes": ["object"], "max_ndim": 1, "max_side": 1}]}, "messages": {}},
        {"traits": {}, "messages": {"draw": []}},
    ],
)
def test_an_invalid_description_is_refused(description: Any) -> None:
    with pytest.raises(DescriptionError):
        Allowlist(description)


def test_without_a_description_nothing_can_be_set() -> None:
    assert NOTHING.traits == frozenset()
    assert {"value", "index"} <= set(describe()["traits"])
