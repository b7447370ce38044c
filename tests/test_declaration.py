"""Mistakes in a link: each raises one short error in its cell, which names the argument, and nothing is half-linked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from unittest.mock import Mock

import ipywidgets as widgets
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from traitlets import Float, List

from gradient.adapters.ipywidgets import live_widgets
from gradient.link import AddressPart, KernelRenderer, LinkError, Transition, address, choose, jaxlink, optional, remember

LINKS = {"JaxLink", "Choice", "RememberedControls", "PageAddress"}
LONGEST = 250  # characters


def same(x: Any) -> dict:
    return {"x": x}


def branches(x: Any, y: Any) -> dict:
    return {"x": x if y > 0 else -x}


def link(fun: Callable = same, *, inputs: Any = None, outputs: Any = None, **options: Any) -> Any:
    slider = widgets.FloatSlider(value=1, max=10)
    given = {name: slider if source is ... else source for name, source in (inputs or {"x": ...}).items()}
    return jaxlink(fun, inputs=given, outputs={"x": widgets.FloatText()} if outputs is None else outputs, **options)


def failing(error: Exception) -> Callable:
    def fails(x: Any) -> dict:
        raise error

    return fails


def text(template: str) -> tuple:
    return (widgets.Label(), "value", template)


def closed() -> widgets.Widget:
    number = widgets.IntText()
    number.close()
    return number


class Pair(widgets.Widget):
    """A widget whose `value` is at most two numbers, and which keeps a trait to itself."""

    value = List(Float(), maxlen=2).tag(sync=True)
    own = Float()


@dataclass
class Unknown:
    """A result that is no pytree."""

    x: Any


@jax.tree_util.register_dataclass
@dataclass
class Known:
    """A result that is one."""

    x: Any
    twice: Any


PAIR = (Pair(), "value")
CHOICE = widgets.Dropdown(options="ab")
BOUNDED = widgets.FloatSlider()
COUNT = (widgets.IntText(), "value")
TABLE = choose(widgets.Checkbox(), {COUNT: [1]})
ODD: Any = [
    [1, 2],
    3,
    [widgets.IntText()],
    None,
    {5: widgets.IntText()},
    "two",
    (CHOICE, widgets.Checkbox()),
]  # which the types do not allow
NUMBERS = {"x": widgets.FloatText(), "y": widgets.FloatText()}
MISTAKES: Mapping[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "no function": (lambda: jaxlink(ODD[1], inputs={}, outputs=NUMBERS), ("fun is 3", "function")),
    "no function of shapes": (lambda: link(shapes={"x": (2,)}), ("shapes is {'x': (2,)}", "function")),
    "a list of inputs": (
        lambda: jaxlink(same, inputs=ODD[2], outputs=NUMBERS),
        ("inputs is", "IntText", "mapping", '{"x": slider}'),
    ),
    "nothing to set": (lambda: link(outputs={}), ("outputs is empty", '{"y": label}')),
    "a field that sets nothing": (lambda: link(outputs={"x": []}), ("outputs['x'] is empty", "leave it out")),
    "a choice of numbers and texts": (
        lambda: link(inputs={"x": widgets.Dropdown(options=[1, "b"])}),
        ("inputs['x']: Dropdown.value can be 'b'", 'Link its "index"'),
    ),
    "several of numbers and texts": (
        lambda: link(inputs={"x": widgets.SelectMultiple(options=[1, "b"], value=[1])}),
        ("SelectMultiple.value can be 'b'", 'Link its "index"'),
    ),
    "a number for a choice of texts": (
        lambda: link(outputs={"x": widgets.Dropdown(options="ab")}),
        ("outputs['x'] to Dropdown.value", 'set the "index" of the Dropdown'),
    ),
    "a number for buttons of texts": (
        lambda: link(outputs={"x": widgets.ToggleButtons(options="ab")}),
        ("ToggleButtons.value", 'set the "index"'),
    ),
    "a text for a choice": (
        lambda: link(outputs={"x": (widgets.Dropdown(options="ab"), "value", "{x}")}),
        ("Dropdown.value takes no template", 'set the "index" of the Dropdown'),
    ),
    "a text for a choice of numbers": (
        lambda: link(outputs={"x": (widgets.Dropdown(options=[1, 2]), "value", "{x}")}),
        ("Dropdown.value takes no template", "leave the template out"),
    ),
    "a text for what takes other things only": (
        lambda: link(outputs={"x": (widgets.DatePicker(), "value", "{x}")}),
        ("DatePicker.value is no text",),
    ),
    "a number for options": (lambda: link(outputs={"x": (CHOICE, "options")}), ("Dropdown.options", '"index"')),
    "a number for a field": (lambda: link(lambda x: {1: x}), ("returns a mapping with 1", "quotes")),
    "an argument in both": (lambda: link(static={"x": CHOICE}), ("'x' is in inputs and in static",)),
    "two fields for one trait": (
        lambda: link(lambda x: {"a": x, "b": x}, outputs={"a": COUNT, "b": COUNT}),
        ("outputs sets IntText.value twice",),
    ),
    "no end of time": (lambda: link(delay=float("inf")), ("delay is inf", "seconds")),
    "shapes that fail": (lambda: link(shapes=lambda: 1 / 0), ("shapes() fails: ZeroDivisionError", "division by zero")),
    "shapes of other arguments": (lambda: link(shapes=lambda n: {}), ("shapes() fails: TypeError", "'n'")),
    "no shapes": (lambda: link(shapes=lambda: None), ("shapes returns None", "mapping")),
    "the shape of no input": (lambda: link(shapes=lambda: {"y": (3,)}), ("shapes names 'y'", "There are: x.")),
    "a length for a shape": (lambda: link(shapes=lambda: {"x": 3}), ("shapes returns 3 for 'x'", "(3,)")),
    "shapes that fail for one choice": (
        lambda: link(lambda x, n: x, static={"n": CHOICE}, shapes=lambda n: {"x": ((),)[n]}),
        ("shapes(n) fails: IndexError",),
    ),
    "a name of other arguments": (lambda: link(name=lambda n: "n"), ("name() fails: TypeError", "'n'")),
    "a name that is no text": (lambda: link(name=lambda: 3), ("name returns 3", "text")),
    "an error without words": (lambda: link(failing(NotImplementedError())), ("fails: NotImplementedError",)),
    "a check without words": (lambda: link(failing(AssertionError())), ("fails: AssertionError",)),
    "an error of thousands of letters": (lambda: link(failing(ValueError("a" * 9000))), ("fails: ValueError: aaa", "…")),
    "words for an array": (lambda: link(lambda x: {"x": "a"}), ("returns 'a' at ['x']", "a number or an array")),
    "a closed widget": (lambda: link(inputs={"x": closed()}), ("inputs['x']", "IntText is closed")),
    "no inputs": (lambda: jaxlink(same, inputs=ODD[3], outputs=NUMBERS), ("inputs is None", "mapping")),
    "a number for a name": (lambda: jaxlink(same, inputs=ODD[4], outputs=NUMBERS), ("inputs has 5", "name")),
    "no place to compute": (
        lambda: jaxlink(same, inputs={}, outputs=NUMBERS, where="abc"),
        ("where is 'abc'", "'browser'", "'kernel'"),
    ),
    "no switch": (lambda: link(sync_targets="abc"), ("sync_targets is 'abc'", "True or False")),
    "a number for triggers": (lambda: link(triggers=[1]), ("triggers is [1]", "names")),
    "several static numbers": (
        lambda: link(static={"n": widgets.SelectMultiple(options=[1, 2], index=(0, 1))}),
        ("static['n']: SelectMultiple.index holds (0, 1), and a choice is an index.",),
    ),
    "no return": (lambda: link(lambda x: None), ("returns None. Return a mapping",)),
    "a class that JAX does not know": (
        lambda: link(Unknown),
        ("returns Unknown(", "Register its class with jax.tree_util.register_dataclass"),
    ),
    "a complex number": (lambda: link(lambda x: {"x": x * 1j}), ("'x' has the type complex64", "jnp.abs of it")),
    "a complex number in a text": (
        lambda: link(lambda x: {"x": x, "z": x * 1j}, outputs={"x": text("{z}")}),
        ("'z' has the type complex64", "jnp.real"),
    ),
    "a random key": (lambda: link(lambda x: {"x": jax.random.key(1)}), ("key<fry>", "jax.random.key_data of it")),
    "an argument by its place": (lambda: link(jnp.sin), ("positional only", "Give lambda x: sin(x).")),
    "files": (lambda: link(inputs={"x": widgets.FileUpload()}), ("FileUpload.value holds ()", "takes numbers")),
    "a static text": (lambda: link(static={"n": (widgets.Dropdown(options="ab"), "value")}), ("static['n']", "'a'", '"index"')),
    "a length in Python": (lambda: link(lambda x: {"x": sum(range(x))}), ("Python integer", "static=")),
    "a date": (
        lambda: link(outputs={"x": widgets.DatePicker()}),
        ("DatePicker.value", "does not take", "set a FloatText or a Label"),
    ),
    "a layout": (lambda: link(outputs={"x": (widgets.IntText(), "layout")}), ("IntText.layout", "does not take")),
    "three numbers for two": (lambda: link(lambda x: {"x": jnp.ones(3)}, outputs={"x": PAIR}), ("Pair.value", "does not take")),
    "errors in a choice": (
        lambda: link(errors=widgets.Dropdown(options="ab")),
        ("errors needs a text trait", "Dropdown.value", "Label"),
    ),
    "errors in a colour": (
        lambda: link(errors=widgets.ColorPicker()),
        ("errors needs a text trait", "ColorPicker.value", "Label"),
    ),
    "no renderer": (lambda: link(renderer=5), ("renderer is 5", "KernelRenderer(...)")),
    "a renderer without a function": (
        lambda: link(renderer=KernelRenderer(ODD[1], widgets.IntText(), widgets.Checkbox())),
        ("renderer.render is 3", "function"),
    ),
    "a renderer that is never visible": (
        lambda: link(renderer=KernelRenderer(print, widgets.IntText(), widgets.Label())),
        ("renderer.visible: Label.value", "boolean"),
    ),
    "no transition": (lambda: link(transition=5), ("transition is 5", "Transition(...)")),
    "a transition of one": (lambda: link(transition=Transition("x", [])), ("transition.triggers is 'x'", "['x']")),
    "a transition without durations": (lambda: link(transition=Transition(["x"], ODD[1])), ("transition.durations is 3",)),
    "a transition in words": (
        lambda: link(transition=Transition(["x"], [widgets.Label()])),
        ("transition.durations[0]: Label.value", "milliseconds"),
    ),
    "a table with its own source": (
        lambda: choose(CHOICE, {(CHOICE, "index"): [1, 0]}),
        ("table sets Dropdown.index", "Leave that out"),
    ),
    "values that do not fit": (
        lambda: choose(widgets.Checkbox(), {(BOUNDED, "max"): [-5.0, 5.0], (BOUNDED, "min"): [0.0, 0.0]}),
        ("table:", "fit together"),
    ),
    "no option": (lambda: choose(widgets.Checkbox(), {CHOICE: ["a", "zzz"]}), ("table[Dropdown.value][1]", "no option 'zzz'")),
    "a row without a value": (lambda: TABLE.append({}), ("row is {}", "IntText.value")),
    "a table of no widgets": (lambda: choose(CHOICE, {"a": [1]}), ("a target of table is 'a'", "widget")),
    "a control that no page has": (lambda: remember([(Pair(), "own")]), ("controls[0]", "Pair.own", "synchronised")),
    "one choice before": (lambda: remember([COUNT], after=TABLE), ("after is", "list")),
    "an address of one widget": (lambda: address(widgets.IntText()), ("parts is IntText(value=0)", "mapping")),
    "a name with a blank": (lambda: address({"the rate": COUNT}), ("'the rate'", "small letters")),
    "the name of the version": (lambda: address({"v": COUNT}), ("'v'", "taken")),
    "a name that others use": (lambda: address({"theme": COUNT}, keep=["theme"]), ("'theme'", "taken")),
    "a text for names": (lambda: address({"n": COUNT}, keep="theme"), ("keep is 'theme'", "list of names")),
    "a version in words": (lambda: address({"n": COUNT}, version=ODD[5]), ("version is 'two'", "whole number")),
    "one trait under two names": (lambda: address({"n": COUNT, "m": COUNT}), ("'n' and 'm' are both IntText.value",)),
    "a kind without a codec": (
        lambda: address({"n": AddressPart(COUNT, kind="nuber")}),
        ("parts['n'] has the kind 'nuber'", "number"),
    ),
    "no choices": (lambda: choose([], {COUNT: [1]}), ("source is []", "list")),
    "a tuple of choices": (lambda: choose(ODD[6], {COUNT: [[1]]}), ("source is a tuple of several", "[one, other]")),
    "no switch of a table": (lambda: choose(CHOICE, {COUNT: [1]}, sync_targets=ODD[5]), ("sync_targets is 'two'", "True or")),
    "a column that is too short": (
        lambda: choose(CHOICE, {COUNT: [1, 2], widgets.IntText(): [1]}),
        ("table has lists of 1 and 2 values", "each index"),
    ),
    "a list that is too short": (
        lambda: choose([CHOICE, widgets.Checkbox()], {COUNT: [[1, 2], [1]]}),
        ("table has lists of 1 and 2 values",),
    ),
    "a misspelt part": (lambda: address({"n": (widgets.IntText(), "valeu")}), ("parts['n']", "'valeu'", "'value'")),
    "a part that no page has": (
        lambda: address({"n": AddressPart((Pair(), "own"))}),
        ("parts['n']", "Pair.own", "synchronised"),
    ),
    "a part with no form": (
        lambda: address({"n": (widgets.IntRangeSlider(), "value")}),
        ("parts['n'] holds (25, 75)", "words"),
    ),
    "an address after no choice": (
        lambda: address({"n": COUNT}, after=[widgets.Dropdown()]),
        ("after[0] is Dropdown", "choose"),
    ),
    "one trigger": (lambda: link(triggers="x"), ("triggers is 'x'", "['x']")),
    "no time": (lambda: link(delay=-1), ("delay is -1", "seconds")),
    "errors in a number": (
        lambda: link(errors=widgets.FloatText()),
        ("errors needs a text trait, such as a Label's value. FloatText.value is none.",),
    ),
    "errors in a misspelt trait": (lambda: link(errors=(widgets.Label(), "valeu")), ("errors", "'valeu'", "'value'")),
    "a transition that nothing triggers": (
        lambda: link(transition=Transition(["z"], [])),
        ("transition.triggers", "'z'", "There are: x."),
    ),
    "a transition's misspelt trait": (
        lambda: link(transition=Transition(["x"], [(widgets.IntText(), "animation")])),
        ("transition.durations[0]", "'animation'"),
    ),
    "a renderer's misspelt trait": (
        lambda: link(renderer=KernelRenderer(print, shown=(widgets.IntText(), "shown"), visible=widgets.Checkbox())),
        ("renderer.shown", "'shown'"),
    ),
    "no index": (
        lambda: choose((widgets.Dropdown(options="ab"), "value"), {widgets.IntText(): [1, 2]}),
        ("source", "Dropdown.value holds 'a'", '"index"'),
    ),
    "a choice's misspelt source": (lambda: choose((widgets.Accordion(), "index"), {}), ("source", "Accordion", "'index'")),
    "no table": (lambda: choose(widgets.Dropdown(), ODD[0]), ("table is [1, 2]", "mapping")),
    "a target without values": (
        lambda: choose(widgets.Checkbox(), {widgets.IntText(): ODD[1]}),
        ("table[IntText.value] is 3", "list"),
    ),
    "a value that its target does not take": (
        lambda: choose(widgets.Checkbox(), {widgets.IntText(): [1, "b"]}),
        ("table[IntText.value][1]", "'b'"),
    ),
    "a row that a target does not take": (
        lambda: TABLE.append({COUNT: "b"}),
        ("row", "'b'"),
    ),
    "a trigger that is no trait": (
        lambda: choose(widgets.Checkbox(), {COUNT: [1]}, trigger=(COUNT[0], "valeu")),
        ("trigger", "'valeu'", "'value'"),
    ),
    "a control that is no trait": (lambda: remember([(widgets.IntText(), "valeu")]), ("controls[0]", "'valeu'", "'value'")),
    "one control": (lambda: remember(widgets.IntText()), ("controls is IntText(value=0)", "list")),
    "no choice": (lambda: remember([COUNT], after=[widgets.Dropdown()]), ("after[0] is Dropdown", "choose")),
    "a bare array for several outputs": (lambda: link(lambda x: x, outputs=NUMBERS), ("bare array", '{"x": ...}')),
    "a tuple": (lambda: link(lambda x: (x, x)), ("tuple", '{"x": ...}')),
    "a field that is missing": (lambda: link(lambda x: {"xs": x}), ("outputs", "'x'", "'xs'")),
    "a misspelt argument": (lambda: link(lambda angle: {"x": angle}, inputs={"angel": ...}), ("angel", "'angle'")),
    "an argument that is missing": (lambda: link(branches), ("branches", "'y'")),
    "no widget": (lambda: link(inputs={"x": 3}), ("inputs['x']", "3", "widget")),
    "a misspelt trait": (lambda: link(inputs={"x": (widgets.IntText(), "vlaue")}), ("inputs['x']", "'vlaue'", "'value'")),
    "a target's misspelt trait": (lambda: link(outputs={"x": (widgets.IntText(), "max")}), ("outputs['x']", "'max'")),
    "a misspelt static trait": (lambda: link(static={"n": (widgets.Dropdown(), "indx")}), ("static['n']", "'index'")),
    "a misspelt trigger": (lambda: link(triggers=["z"]), ("triggers", "'z'", "x")),
    "a decision in Python": (lambda: link(branches, inputs={"x": ..., "y": widgets.IntText(3)}), ("if", "of y.", "jnp.where")),
    "NumPy": (lambda: link(lambda x: {"x": np.sin(x)}), ("NumPy", "of x.", "jax.numpy")),
    "a Python number": (
        lambda: link(lambda x: {"x": float(x)}),
        ("uses the value of x in Python, where it is not known yet.", "static="),
    ),
    "a number in an f-string": (
        lambda: link(lambda x, y: {"x": float(f"{y:.2f}") + x}, inputs={"x": ..., "y": COUNT}),
        ("uses the value of y in Python, where it is not known yet", "static="),
    ),
    "a length": (
        lambda: link(lambda x: {"x": jnp.arange(x).sum()}),
        ("uses the value of x in Python, where it is not known yet.", "static="),
    ),
    "its own error": (lambda: link(lambda x: {"x": 1 / 0}), ("ZeroDivisionError",)),
    "text": (lambda: link(inputs={"x": widgets.Text("a")}), ("inputs['x']", "Text.value", "numbers", "Link a FloatText, or")),
    "a colour": (
        lambda: link(inputs={"x": widgets.ColorPicker()}),
        ("inputs['x']", "ColorPicker.value", "Link a FloatText, or"),
    ),
    "no date": (lambda: link(inputs={"x": widgets.DatePicker()}), ("inputs['x']", "DatePicker.value", "Link a FloatText, or")),
    "a choice of texts": (lambda: link(inputs={"x": widgets.Dropdown(options="ab")}), ("Dropdown.value", '"index"')),
    "buttons of texts": (lambda: link(inputs={"x": widgets.ToggleButtons(options="ab")}), ("ToggleButtons", '"index"')),
    "a name that is no field": (lambda: link(outputs={"x": text("it is {y}")}), ("{y}", "There are: x.", "{ y}")),
    "brackets in brackets": (
        lambda: link(outputs={"x": (widgets.Label(), "value", optional("it is [{x}[, or so]]"))}),
        ("it is [{x}[, or so]]", "cannot stand in each other"),
    ),
    "a bracket that is not closed": (
        lambda: link(outputs={"x": (widgets.Label(), "value", optional("it is [{x}"))}),
        ("it is [{x}", "has no ]"),
    ),
    "a bracket that is not opened": (
        lambda: link(outputs={"x": (widgets.Label(), "value", optional("it is {x}]"))}),
        ("it is {x}]", "has no ["),
    ),
    "a format": (lambda: link(outputs={"x": text("it is {x:>9}")}), ("{x:>9}", ".2f")),
    "a number as text": (lambda: link(outputs={"x": widgets.Label()}), ("Label.value", "template")),
    "text as a number": (lambda: link(outputs={"x": (widgets.IntText(), "value", "{x}")}), ("IntText.value", "template")),
    "an array as one number": (lambda: link(lambda x: {"x": jnp.ones(2)}), ("FloatText.value", "(2,)")),
    "an array in a sentence": (lambda: link(lambda x: {"x": jnp.ones(2)}, outputs={"x": text("{x}")}), ("{x[0]}", "(2,)")),
    "an index too large": (lambda: link(lambda x: {"x": jnp.ones(2)}, outputs={"x": text("{x[2]}")}), ("{x[0]}", "(2,)")),
    "three numbers for a range": (
        lambda: link(lambda x: {"x": jnp.ones(3)}, outputs={"x": widgets.FloatRangeSlider()}),
        ("FloatRangeSlider.value", "(3,)", "2 numbers"),
    ),
}


@pytest.mark.parametrize("where", ["browser", "kernel"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_raises_where_it_is_made(mistake: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    act, words = MISTAKES[mistake]
    linked = jaxlink
    monkeypatch.setitem(globals(), "jaxlink", lambda fun, **options: linked(fun, **{"where": where, **options}))
    before = set(live_widgets())
    with pytest.raises(LinkError) as raised:
        act()
    message = str(raised.value)
    assert all(word in message for word in words), message
    assert len(message) <= LONGEST
    assert LINKS.isdisjoint(type(widget).__name__ for widget in set(live_widgets()) - before)


def test_a_mistake_raises_with_a_cached_program_too() -> None:
    def pair(x: Any) -> dict:
        return {"x": jnp.stack([x, x])}

    def changed(x: Any) -> dict:
        raise AssertionError("it is traced although its program is cached")

    programs: dict[str, bytes] = {}
    options = {"cache": Mock(load=programs.get, store=programs.__setitem__), "name": lambda: "pair"}
    for fun in (pair, changed):
        assert link(fun, outputs={"x": widgets.FloatsInput()}, **options).state == "browser"
    with pytest.raises(LinkError, match=r"outputs\['x'\] to FloatText\.value: the field has the shape \(2,\)"):
        link(pair, outputs={"x": widgets.FloatText()}, **options)


@pytest.mark.parametrize("damaged", [b"", b"PK", b"abc" * 99])
def test_a_damaged_program_in_the_cache_counts_as_missing(damaged: bytes) -> None:
    programs: dict[str, bytes] = {}
    options: dict[str, Any] = {"cache": Mock(load=programs.get, store=programs.__setitem__), "name": lambda: "same"}
    link(**options)
    (name,) = programs
    whole, programs[name] = programs[name], damaged
    made = link(**options)
    assert (made.state, made.reason, len(made.programs)) == ("browser", "", 1)
    assert programs[name] == whole


def test_a_widget_alone_means_the_index_of_a_choice_and_the_value_of_a_control() -> None:
    choice, number, words = widgets.Dropdown(options="ab"), widgets.FloatText(), widgets.Label()
    choose(choice, {number: [1.5, 2.5]})
    jaxlink(lambda x: 2 * x, inputs={"x": number}, outputs={"y": widgets.FloatText()}, errors=words)
    remembered = remember([choice, number])
    choice.index = 1
    assert (number.value, words.value) == (2.5, "")
    assert remembered.spec["controls"] == [(choice, "index"), (number, "value")]


def test_an_address_says_what_each_of_its_parts_is() -> None:
    slider, choice, box, speed = (
        widgets.FloatSlider(),
        widgets.Dropdown(options=["A b", "C"]),
        widgets.Checkbox(),
        widgets.IntText(),
    )
    made = address({"choice": choice, "x": slider, "on": box, "speed": AddressPart(speed, words={"slow": 4, "fast": 9})})
    described = {part["name"]: (part["model"], part["trait"], part["kind"], part["words"]) for part in made.spec["parts"]}
    assert described == {
        "choice": (choice, "index", "option", None),
        "x": (slider, "value", "number", None),
        "on": (box, "value", "flag", None),
        "speed": (speed, "value", "words", {"slow": 4, "fast": 9}),
    }
    assert made.page_sets() == [(choice, "index"), (slider, "value"), (box, "value"), (speed, "value")]


def test_a_page_has_the_newest_address() -> None:
    first = address({"n": widgets.IntText()})
    second = address({"m": widgets.IntText()})
    assert (first.comm, second.comm is not None) == (None, True)
    second.close()


def test_a_widget_alone_means_its_value_and_a_bare_result_its_only_output() -> None:
    slider, number, words = widgets.FloatSlider(value=3), widgets.FloatText(), widgets.Label()
    link = jaxlink(
        lambda x: 2 * x, inputs={"x": slider}, outputs={"y": [number, (words, "value", "twice is {y}")]}, where="kernel"
    )
    assert (number.value, words.value) == (6.0, "twice is 6")
    slider.value = 4
    assert (number.value, words.value) == (8.0, "twice is 8")
    link.unlink()
    slider.value = 5
    assert number.value == 8.0


@pytest.mark.parametrize("where", ["browser", "kernel"])
def test_a_dataclass_has_fields(where: str) -> None:
    number = widgets.FloatText()
    made = link(lambda x: Known(x, 2 * x), outputs={"twice": number}, where=where)
    assert (made.state, number.value) == (where, 2.0 if where == "kernel" else 0.0)


def test_a_widget_that_is_closed_later_takes_no_page_with_it() -> None:
    slider, number = widgets.FloatSlider(), widgets.FloatText()
    made, chosen = link(inputs={"x": slider}, outputs={"x": number}), choose(widgets.Checkbox(), {number: [1.0, 2.0]})
    slider.close()
    number.close()
    spec = made.get_state("spec")["spec"]
    assert (spec["inputs"], spec["outputs"]["x"][0][0]) == ({"x": ["IPY_MODEL_", "value"]}, "IPY_MODEL_")
    assert chosen.get_state("spec")["spec"]["table"] == [["IPY_MODEL_", "value", [1.0, 2.0]]]


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        (r"$\frac{1}{2} = {x}$", r"$\frac{1}{2} = 2.35$"),
        (
            r"\frac{a}{b} x^{n} y_{i} \sqrt[3]{z} \begin{array}{ll} {x}",
            r"\frac{a}{b} x^{n} y_{i} \sqrt[3]{z} \begin{array}{ll} 2.35",
        ),
        ("interval [{zero}, {x}]", "interval [0, 2.35]"),
        (optional("it is {x}[, but {zero}][ or {many[0]}]"), "it is 2.35 or 1.5"),
        ("{x:.2f} {x:.0f} {x:+.1f} {x:.1e} {x:.1%} {big:,d} {big:,.1f}", "2.35 2 +2.3 2.3e+0 234.6% 1,234,567 1,234,567.0"),
        ("{many[0]} {many[-1]:.1f} {grid[1][0]}", "1.5 2.5 3"),
        ("{ x } {} {1} { {x} {x}}", "{ x } {} {1} { 2.35 2.35}"),
        ("{flag}", "1"),
    ],
)
def test_a_template_has_numbers_and_all_else_is_text(template: str, filled: str) -> None:
    def found(x: Any) -> dict:
        grid = jnp.arange(4.0).reshape(2, 2) + 1
        return {"x": x, "zero": 0 * x, "many": jnp.array([1.5, 2.5]), "grid": grid, "big": 1234567, "flag": x > 0}

    words = widgets.HTMLMath()
    jaxlink(found, inputs={"x": widgets.FloatText(2.3456)}, outputs={"x": (words, "value", template)}, where="kernel")
    assert words.value == filled


@pytest.mark.parametrize(
    ("target", "result", "value"),
    [
        (widgets.IntSlider(), 11.1, 11),
        (widgets.IntText(), 11.7, 12),
        (widgets.IntText(), 2.5, 2),
        (widgets.IntProgress(), 3.5, 4),
        (widgets.FloatSlider(step=0.5), 7.3, 7.5),
        (widgets.FloatSlider(max=5), 7.3, 5.0),
        (widgets.FloatLogSlider(step=1), 700.0, 1000.0),
        (widgets.FloatText(), 7.3, 7.3),
        (widgets.Checkbox(), 0.5, True),
        (widgets.FloatRangeSlider(), [1.04, 2.96], (1.0, 3.0)),
        (widgets.IntRangeSlider(), [1.4, 2.6], (1, 3)),
        (widgets.FloatsInput(), [0.1, 0.2], [0.1, 0.2]),
        (widgets.IntsInput(), [0.6, 1.6], [1, 2]),
        (widgets.Dropdown(options=[0.1, 7.3]), 7.3, 7.3),
        (widgets.SelectionSlider(options=[("a", 1), ("b", 2)]), 2, 2),
        (widgets.FloatText(4.0), jnp.nan, jnp.nan),
        (widgets.IntText(4), jnp.inf, 4),
        (widgets.FloatSlider(value=4), jnp.nan, 4.0),
        (widgets.Dropdown(options=[1, 2], value=2), 3, 2),
    ],
)
def test_a_value_arrives_as_its_trait_takes_it(target: Any, result: Any, value: Any) -> None:
    unit = widgets.FloatText(1.0)
    jaxlink(lambda x: jnp.asarray(result, jnp.float32) * x, inputs={"x": unit}, outputs={"y": target}, where="kernel")
    np.testing.assert_equal(target.value, value)
    assert type(target.value) is type(value)


def test_the_numbers_of_a_choice_are_inputs_in_the_browser_too() -> None:
    choice = widgets.Dropdown(options=[("one", 1), ("half", 0.5)])
    link = jaxlink(lambda x: 2 * x, inputs={"x": choice}, outputs={"y": widgets.FloatText()})
    assert (link.computing, link.tables, link.spec["inputs"]["x"]) == ("browser", {"x": [1, 0.5]}, (choice, "index"))
    choice.options = [("two", 2), ("five", 5.5)]
    assert link.tables == {"x": [2, 5.5]}
    assert link() == 4.0


def test_nothing_runs_while_an_input_is_none() -> None:
    choice, number = widgets.Dropdown(options=[1, 2], value=2), widgets.FloatText()
    jaxlink(lambda x: 2 * x, inputs={"x": choice}, outputs={"y": number}, where="kernel")
    choice.value = None
    assert number.value == 4.0
    choice.value = 1
    assert number.value == 2.0


def temperatures() -> tuple[widgets.FloatSlider, widgets.FloatSlider]:
    celsius, fahrenheit = widgets.FloatSlider(value=20, min=-50, max=100), widgets.FloatSlider(min=-58, max=212)
    jaxlink(lambda c: c * 9 / 5 + 32, inputs={"c": celsius}, outputs={"f": fahrenheit}, where="kernel")
    jaxlink(lambda f: (f - 32) * 5 / 9, inputs={"f": fahrenheit}, outputs={"c": celsius}, where="kernel")
    return celsius, fahrenheit


def test_two_links_in_a_circle_settle_and_leave_what_was_set() -> None:
    celsius, fahrenheit = temperatures()
    for value, other in ((68.1, 20.1), (68.5, 20.3), (68.6, 20.3), (70.0, 21.1)):
        fahrenheit.value = value
        assert (fahrenheit.value, celsius.value) == (value, other)
    celsius.value = 30.0
    assert (fahrenheit.value, celsius.value) == (86.0, 30.0)


def test_the_ends_of_a_range_come_in_their_order_and_an_index_that_is_none_changes_nothing() -> None:
    number, span, choice = widgets.FloatText(1.0), widgets.FloatRangeSlider(), widgets.Select(options="ab")
    jaxlink(lambda x: {"ends": jnp.stack([3 * x, x]), "i": x}, inputs={"x": number}, outputs={"ends": span}, where="kernel")
    jaxlink(lambda x: {"i": x.astype(int)}, inputs={"x": number}, outputs={"i": (choice, "index")}, where="kernel")
    assert (span.value, choice.index) == ((1.0, 3.0), 1)
    number.value = 2.0
    assert (span.value, choice.index) == ((2.0, 6.0), 1)


def test_a_choice_sets_the_options_of_another() -> None:
    choice, other = widgets.Dropdown(options="ab"), widgets.Dropdown(options=[5, 6, 7])
    table = choose(choice, {other: [7, 6]})
    assert (other.value, table.why_kernel(), table.spec["table"]) == (7, "", [[other, "index", [2, 1]]])
    choice.index = 1
    assert other.value == 6
    assert "Dropdown.options" in choose(choice, {(other, "options"): [[1], [2]]}).why_kernel()


def test_every_number_of_a_short_slider_has_a_program() -> None:
    number, power = widgets.FloatText(3.0), widgets.IntSlider(value=1, min=1, max=4)
    link = jaxlink(lambda x, n: {"y": x**n}, inputs={"x": number}, static={"n": power}, outputs={"y": widgets.FloatText()})
    assert (len(link.programs), link.why_kernel()) == (4, "")
    power = widgets.IntSlider(max=1000)
    link = jaxlink(lambda x, n: {"y": x + n}, inputs={"x": number}, static={"n": power}, outputs={"y": widgets.FloatText()})
    assert "IntSlider.value can take values for which no program is compiled. Give it at most 32." in link.why_kernel()
    only = widgets.Dropdown(options=["one"])
    link = jaxlink(lambda x, n: {"y": x + n}, inputs={"x": number}, static={"n": only}, outputs={"y": widgets.FloatText()})
    assert (len(link.programs), link.why_kernel()) == (1, "")
    numbers = widgets.FloatsInput(value=[1.0])
    assert (
        "can take lengths for which" in jaxlink(jnp.sum, inputs={"a": numbers}, outputs={"y": widgets.FloatText()}).why_kernel()
    )


def test_lists_of_lists_arrive_as_such() -> None:
    class Grid(widgets.Widget):
        value = List(List(Float())).tag(sync=True)

    grid = Grid()
    jaxlink(lambda x: {"y": x * jnp.eye(2)}, inputs={"x": widgets.FloatText(2.0)}, outputs={"y": grid}, where="kernel")
    assert grid.value == [[2.0, 0.0], [0.0, 2.0]]
