"""jaxlink and choose between plain widgets: one run per event with the newest values, and a failure stops nothing else."""

import logging
import threading
from typing import Any

import ipywidgets as widgets
import jax.numpy as jnp
import numpy as np
import pytest
from traitlets import Bool, Float, HasTraits, Int, Unicode, dlink

from gradient.link import JaxLink, KernelRenderer, LinkError, Transition, choose, jaxlink
from gradient.wasm import verify
from tests.wire import Wire, to


class Box(HasTraits):
    """A few traits to link."""

    a = Float(1.0)
    b = Float(2.0)
    n = Int(0)
    flag = Bool(True)
    text = Unicode()
    small = Float(0.0, max=5.0)


def counting(fun: Any) -> tuple[Any, list]:
    """Returns the function, and a list that gets an item each time it is traced."""
    traces: list[dict] = []

    def traced(**arguments: Any) -> Any:
        traces.append(arguments)
        return fun(**arguments)

    return traced, traces


def total(a: Any, b: Any) -> dict:
    return {"sum": a + b, "product": a * b}


def link_sum(source: Box, target: Box, **options: Any) -> Any:
    return jaxlink(
        total,
        inputs={"a": (source, "a"), "b": (source, "b")},
        outputs={"sum": (target, "a"), "product": (target, "b")},
        **options,
    )


def runs(link: JaxLink, source: Box) -> list[tuple[float, float]]:
    """A list of the inputs of every run of the link."""
    seen: list[tuple[float, float]] = []
    compute = link._kernel.compute

    def recorded(*arguments: Any) -> Any:
        seen.append((source.a, source.b))
        return compute(*arguments)

    link._kernel.compute = recorded  # type: ignore[method-assign, assignment]
    return seen


def test_outputs_are_set_at_once_and_after_every_change() -> None:
    source, target = Box(), Box()
    link_sum(source, target)
    assert (target.a, target.b) == (3.0, 2.0)
    source.a = 5.0
    assert (target.a, target.b) == (7.0, 10.0)


def test_one_output_can_have_several_targets() -> None:
    source, target = Box(), Box()
    jaxlink(lambda a: {"twice": 2 * a}, inputs={"a": (source, "a")}, outputs={"twice": [(target, "a"), (target, "b")]})
    source.a = 4.0
    assert (target.a, target.b) == (8.0, 8.0)


def test_several_inputs_in_one_event_run_it_once() -> None:
    source, target = Box(), Box()
    seen = runs(link_sum(source, target), source)
    with source.hold_trait_notifications():
        source.a, source.b = 8.0, 9.0
    assert seen == [(8.0, 9.0)]
    source.a = 8.0  # no change
    assert seen == [(8.0, 9.0)]


def test_a_chain_runs_in_one_event() -> None:
    source, middle, end = Box(), Box(), Box()
    link_sum(source, middle)
    jaxlink(lambda a: {"half": a / 2}, inputs={"a": (middle, "a")}, outputs={"half": (end, "a")})
    source.a = 6.0
    assert end.a == 4.0


def test_a_cycle_converges() -> None:
    box = Box()
    jaxlink(lambda a: {"b": jnp.minimum(a, 5.0)}, inputs={"a": (box, "a")}, outputs={"b": (box, "b")})
    jaxlink(lambda b: {"a": b}, inputs={"b": (box, "b")}, outputs={"a": (box, "a")})
    box.a = 9.0
    assert (box.a, box.b) == (5.0, 5.0)


@pytest.mark.parametrize("fun", [lambda x: x + 1, lambda x: 2 * x, lambda x: -x])
def test_a_circle_that_cannot_settle_is_stopped_and_says_so(fun: Any) -> None:
    one, other, words = widgets.FloatText(1.0), widgets.FloatText(1.0), widgets.Label()
    for source, target in ((one, other), (other, one)):
        jaxlink(
            fun if source is one else lambda x: x + 1, inputs={"x": source}, outputs={"y": target}, where="kernel", errors=words
        )
    before = one.value
    assert "contradict each other" in words.value
    one.value = 5.0
    assert "contradict each other" in words.value
    assert np.isfinite(before + one.value + other.value)


def test_a_circle_that_is_stopped_is_in_the_log_where_nothing_else_says_so(caplog: pytest.LogCaptureFixture) -> None:
    number, words = widgets.FloatText(), widgets.Label()
    for errors in (words, None):
        assert "contradict" not in caplog.text
        jaxlink(lambda x: x + 1, inputs={"x": number}, outputs={"y": number}, where="kernel", errors=errors).unlink()
    assert "contradict" in caplog.text


def test_a_link_that_sets_its_own_input_settles_or_is_stopped() -> None:
    number, words = widgets.FloatText(3.0), widgets.Label()
    jaxlink(lambda x: jnp.minimum(x, 5.0), inputs={"x": number}, outputs={"y": number}, where="kernel", errors=words)
    number.value = 9.0
    assert (number.value, words.value) == (5.0, "")
    endless = widgets.FloatText(0.0)
    jaxlink(lambda x: x + 1, inputs={"x": endless}, outputs={"y": endless}, where="kernel", errors=words)
    assert "contradict each other" in words.value


def test_a_circle_that_settles_slowly_does_settle() -> None:
    one, other, words = widgets.FloatText(), widgets.FloatText(), widgets.Label()
    for fun, source, target in ((jnp.cos, one, other), (lambda x: x, other, one)):
        jaxlink(lambda x, fun=fun: fun(x), inputs={"x": source}, outputs={"y": target}, where="kernel", errors=words)
    one.value = 9.0
    assert (one.value, words.value) == (pytest.approx(0.739085, abs=2e-6), "")


def test_two_selections_in_a_circle_or_links_of_traitlets_are_stopped_as_well() -> None:
    words = widgets.Label()
    one, other = widgets.Dropdown(options=[1, 2, 3]), widgets.Dropdown(options=[1, 2, 3])
    jaxlink(lambda x: x % 3 + 1, inputs={"x": one}, outputs={"y": other}, where="kernel", errors=words)
    jaxlink(lambda x: x, inputs={"x": other}, outputs={"y": one}, where="kernel", errors=words)
    assert "contradict each other" in words.value
    number, next_one, words = widgets.FloatText(), widgets.FloatText(), widgets.Label()
    dlink((next_one, "value"), (number, "value"))
    jaxlink(lambda x: x + 1, inputs={"x": number}, outputs={"y": next_one}, where="kernel", errors=words)
    assert "contradict each other" in words.value


def test_a_selection_that_gets_other_options_has_the_same_number_or_none() -> None:
    source, target, words = widgets.Dropdown(options=[2, 3]), widgets.Dropdown(options=[1, 2, 3]), widgets.Label()
    link = jaxlink(lambda x: x, inputs={"x": source}, outputs={"y": target}, where="kernel", errors=words)
    target.options = [9, 3, 2]
    assert (target.value, link.output_tables) == (2, {"y 0": [9, 3, 2]})
    source.options = ["a", "b"]
    assert (target.value, link.tables) == (2, {"x": []})
    assert "'a' is no number" in words.value
    source.options = [3]
    assert (target.value, words.value) == (3, "")


def test_two_tables_in_a_circle_settle_or_raise() -> None:
    one, other = widgets.Dropdown(options="abcd"), widgets.Dropdown(options="abcd")
    choose(one, {(other, "index"): [0, 1, 1, 2]})
    choose(other, {(one, "index"): [0, 1, 2, 3]})
    one.index = 3
    assert (one.index, other.index) == (1, 1)
    box, text = widgets.Checkbox(), widgets.Checkbox()
    choose(box, {text: [True, False]})
    with pytest.raises(LinkError, match="no values satisfy them all"):
        choose(text, {box: [False, True]})


def test_tables_that_contradict_each_other_for_one_choice_stop(caplog: pytest.LogCaptureFixture) -> None:
    one, other = widgets.Dropdown(options="abc"), widgets.Dropdown(options="abc")
    choose(one, {(other, "index"): [0, 2, 1]})
    choose(other, {(one, "index"): [0, 1, 2]})
    with caplog.at_level(logging.WARNING):
        one.index = 1
    assert "contradict each other" in caplog.text


def test_other_values_of_a_table_are_checked_and_change_nothing_if_they_do_not_fit() -> None:
    choice, slider, other = widgets.Checkbox(), widgets.FloatSlider(), widgets.IntText()
    low, high = (slider, "min"), (slider, "max")
    table = choose(choice, {low: [0.0, 10.0], high: [5.0, 20.0]})
    spec = table.spec
    wrong: list[tuple[Any, Any, str]] = [
        (low, [0.0, "b"], r"table\[FloatSlider.min\]\[1\]"),
        (low, "ab", "Give a list"),
        (low, [0.0], "lists of 1 and 2 values"),
        (low, [9.0, 10.0], "fit together"),
        ((other, "value"), [1, 2], "the table does not set"),
    ]
    for target, values, words in wrong:
        with pytest.raises(LinkError, match=words):
            table.replace(target, values)
        assert (table.spec, slider.min, slider.max) == (spec, 0.0, 5.0)
    table.replace(high, [6.0, 30.0])
    choice.value = True
    assert (slider.min, slider.max) == (10.0, 30.0)


def test_only_static_inputs_select_a_program() -> None:
    source, target = Box(), Box()
    fun, traces = counting(lambda a, n: {"power": a ** (n + 1)})
    jaxlink(fun, inputs={"a": (source, "a")}, static={"n": (source, "n")}, outputs={"power": (target, "a")})
    traces.clear()
    for value in (2.0, 3.0, 4.5):
        source.a = value
    assert len(traces) == 0
    source.n = 1
    assert target.a == 4.5**2
    source.n = 0
    assert len(traces) == 1


def test_the_type_of_a_number_needs_no_other_program() -> None:
    slider, target = widgets.FloatSlider(value=1, max=10), Box()
    fun, traces = counting(lambda a: {"twice": 2 * a})
    jaxlink(fun, inputs={"a": (slider, "value")}, outputs={"twice": (target, "a")})
    traces.clear()
    for value in (2, 3.0, np.float64(4), np.float32(5)):
        slider.value = value
    assert (len(traces), target.a) == (0, 10.0)


def test_a_call_returns_the_result_for_the_present_inputs() -> None:
    source = Box()
    link = link_sum(source, Box())
    source.a = 40.0
    assert link() == {"sum": 42.0, "product": 80.0}


def test_one_message_carries_all_of_a_widgets_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch)
    source, target = Box(), widgets.FloatRangeSlider()
    jaxlink(
        lambda a: {"low": a, "high": a + 1},
        inputs={"a": (source, "a")},
        outputs={"low": (target, "min"), "high": (target, "max")},
    )
    wire.messages.clear()
    source.a = 50.0  # the lower limit passes the upper one: only together are they valid
    assert [set(m.state) >= {"min", "max"} for m in wire.messages] == [True]


def test_a_failing_output_is_reported_and_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    source, good, bad, page = Box(), Box(), Box(), Box()
    jaxlink(
        lambda a: {"value": a},
        inputs={"a": (source, "a")},
        outputs={"value": [(bad, "small"), (good, "a")]},
        errors=(page, "text"),
    )
    with caplog.at_level(logging.ERROR):
        source.a = 7.0
    assert good.a == 7.0
    assert "Box (small) failed" in page.text
    assert "TraitError" in page.text
    assert page.text.endswith("). The page shows the last result.")
    assert "Box (small) failed" in caplog.text


def test_a_failing_function_keeps_the_last_outputs_and_recovers(caplog: pytest.LogCaptureFixture) -> None:
    source, target, page = Box(), Box(), Box()

    def picky(a: Any, n: int) -> dict:
        if n == 1:
            raise ValueError("one is too many")
        return {"a": a}

    jaxlink(
        picky,
        inputs={"a": (source, "a")},
        static={"n": (source, "n")},
        outputs={"a": (target, "a")},
        errors=(page, "text"),
    )
    source.n = 1
    assert (target.a, "one is too many" in page.text) == (1.0, True)
    source.a = 3.0
    source.n = 2
    assert (target.a, page.text) == (3.0, "")
    assert "one is too many" in caplog.text


def test_the_kernel_computes_after_a_fault_of_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: bytes) -> None:
        raise verify.InvalidProgram("module", "a result is missing")

    monkeypatch.setattr(verify, "check_module", refuse)
    slider, target = widgets.FloatSlider(value=3), widgets.FloatText()
    link = jaxlink(lambda a: {"twice": 2 * a}, inputs={"a": (slider, "value")}, outputs={"twice": (target, "value")})
    assert (link.computing, target.value) == ("kernel", 6.0)
    assert "a result is missing. This is a fault of the compiler to WebAssembly" in link.reason


def test_a_choice_that_cannot_be_compiled_does_not_affect_others(caplog: pytest.LogCaptureFixture) -> None:
    choice, slider, target = widgets.Dropdown(options="abc"), widgets.FloatSlider(value=3), widgets.FloatText()

    def picky(a: Any, n: int) -> dict:
        if n == 1:
            raise ValueError("one is too many")
        return {"a": a * np.complex64(2j).imag if n == 0 else jnp.abs(a * np.array([1j, 2j]))[0]}

    link = jaxlink(
        picky,
        inputs={"a": (slider, "value")},
        static={"n": (choice, "index")},
        outputs={"a": (target, "value")},
    )
    assert (link.computing, link.programs.keys()) == ("browser", {"[0]"})
    choice.index = 1
    assert (link.computing, link.reason) == ("kernel", "This choice cannot be compiled. ValueError: one is too many")
    choice.index = 2
    assert link.computing == "kernel"
    assert "a constant of type complex64 cannot be compiled" in link.reason
    assert target.value == 3.0
    choice.index = 0
    assert (link.computing, link.reason) == ("browser", "")
    assert "one is too many" in caplog.text


def test_a_closed_link_follows_nothing() -> None:
    source, target = Box(), Box()
    link = link_sum(source, target, renderer=KernelRenderer(lambda _: None, (source, "n"), (source, "flag")))
    link.close()
    source.a, source.n, source.flag = 9.0, 4, False
    assert target.a == 3.0


def test_a_link_begins_on_a_page_behind_the_one_before_it() -> None:
    slider = widgets.FloatSlider()
    targets = (widgets.FloatText(), (Box(), "a"), widgets.FloatText(), widgets.FloatText())  # a page has no box
    links = [jaxlink(lambda x: x, inputs={"x": slider}, outputs={"x": target}) for target in targets]
    first, _, third, fourth = links
    assert (third.previous, fourth.previous) == (first.model_id, third.model_id)
    links[1].unlink()
    third.unlink()
    third.unlink()
    assert fourth.previous == first.model_id


def test_a_choice_applies_its_table() -> None:
    choice, target = Box(), Box()
    table = choose((choice, "n"), {(target, "a"): [10.0, 20.0], (target, "text"): ["ten", "twenty"]})
    assert (target.a, target.text) == (10.0, "ten")
    choice.n = 1
    assert (target.a, target.text) == (20.0, "twenty")
    table.append({(target, "a"): 30.0, (target, "text"): "thirty"})
    choice.n = 2
    assert (target.a, target.text) == (30.0, "thirty")
    table.close()
    choice.n = 0
    assert target.a == 30.0


def test_several_choices_apply_one_table() -> None:
    row, column, target = Box(), Box(), Box()
    table = choose([(row, "n"), (column, "n")], {(target, "a"): [[1.0, 2.0], [3.0, 4.0]]})
    for row.n, column.n, expected in ((0, 0, 1.0), (0, 1, 2.0), (1, 1, 4.0), (9, -1, 3.0)):
        assert target.a == expected
    table.append({(target, "a"): [5.0, 6.0]})
    row.n, column.n = 2, 1
    assert target.a == 6.0
    with pytest.raises(LinkError, match=r"\[1\] is 3.0. Give a list with a value for each index"):
        choose([(row, "n"), (column, "n")], {(target, "a"): [[1.0, 2.0], 3.0]})
    table.close()
    row.n = 0
    assert target.a == 6.0


def test_the_kernel_runs_links_of_traits_that_are_not_synchronised(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch)
    power, words, other = widgets.Dropdown(options=[("square", 2), ("cube", 3)]), widgets.FloatText(), Box()
    link = jaxlink(lambda n: {"y": 2.0**n}, inputs={}, static={"n": (power, "value")}, outputs={"y": (words, "value")})
    choose((power, "index"), {(other, "text"): ["a", "b"]})
    assert (link.computing, words.value) == ("kernel", 4.0)
    assert "Dropdown.value" in link.reason
    assert '"index"' in link.reason
    wire.receive(power, {"index": 1})
    assert (words.value, other.text) == (8.0, "b")


def test_an_appended_row_is_sent_to_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch)
    choice, target = widgets.BoundedIntText(max=9), widgets.FloatText()
    table = choose((choice, "value"), {(target, "value"): [10.0, 20.0]})
    wire.messages.clear()
    table.append({(target, "value"): 30.0})
    (message,) = to(table, wire.messages, "update")
    assert message.state["spec"]["table"] == [[f"IPY_MODEL_{target.model_id}", "value", [10.0, 20.0, 30.0]]]


def test_a_slider_is_sent_its_value_behind_its_limits_and_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser would move the value to a place between the old limits, and send it back."""
    wire = Wire(monkeypatch)
    choice, slider = Box(), widgets.FloatSlider(min=0.0, max=2.0, value=1.0, step=0.1)
    columns = {"value": [1.1, 7.0], "min": [0.0, 5.0], "max": [2.0, 9.0], "step": [0.1, 2.0]}
    choose((choice, "n"), {(slider, name): column for name, column in columns.items()})
    for index in (1, 0, 1):
        shown = {name: getattr(slider, name) for name in columns}
        wire.messages.clear()
        choice.n = index
        row = {name: column[index] for name, column in columns.items()}
        for message in wire.messages:
            for name, value in message.state.items():
                if name == "value" and value != shown["value"]:
                    assert shown | {"value": value} == row
                shown[name] = value
        assert shown == row == {name: getattr(slider, name) for name in columns}


@pytest.mark.parametrize(("index", "value"), [(-7, 10.0), (99, 20.0)])
def test_an_index_beyond_the_table_takes_the_nearest_row(index: int, value: float) -> None:
    choice, target = Box(), Box()
    choose((choice, "n"), {(target, "a"): [10.0, 20.0]})
    choice.n = index
    assert target.a == value


def test_a_choice_can_be_applied_again() -> None:
    choice, again, target = Box(), Box(), Box()
    choose((choice, "n"), {(target, "a"): [10.0, 20.0]}, trigger=(again, "n"))
    target.a, choice.n = 0.0, 1
    assert target.a == 0.0
    again.n += 1
    assert target.a == 20.0


def test_a_choice_and_what_it_sets_are_one_event() -> None:
    choice, source = Box(), Box()
    choose((choice, "n"), {(source, "a"): [1.0, 5.0], (source, "b"): [2.0, 6.0]})
    seen = runs(link_sum(source, Box()), source)
    choice.n = 1
    assert seen == [(5.0, 6.0)]


class Page(HasTraits):
    """What a browser sets for a renderer."""

    shown = Int(0)
    visible = Bool(True)


def link_with_renderer() -> tuple[Box, Page, list]:
    source, page, drawn = Box(), Page(), list[float]()
    jaxlink(
        lambda a: {"a": a},
        inputs={"a": (source, "a")},
        outputs={},
        renderer=KernelRenderer(lambda result: drawn.append(result["a"]), (page, "shown"), (page, "visible")),
    )
    return source, page, drawn


def test_a_renderer_waits_until_its_last_frame_is_shown_and_then_draws_the_newest() -> None:
    source, page, drawn = link_with_renderer()
    assert drawn == [1.0]
    for value in (2.0, 3.0, 4.0):
        source.a = value
    assert drawn == [1.0]
    page.shown += 1
    assert drawn == [1.0, 4.0]
    page.shown += 1
    assert drawn == [1.0, 4.0]  # nothing new to draw
    source.a = 5.0
    assert drawn == [1.0, 4.0, 5.0]


def test_nothing_is_rendered_while_hidden() -> None:
    source, page, drawn = link_with_renderer()
    page.shown += 1
    page.visible = False
    source.a = 2.0
    source.a = 3.0
    assert drawn == [1.0]
    page.visible = True
    assert drawn == [1.0, 3.0]


def test_a_failing_renderer_is_reported_and_tried_again_with_the_next_result() -> None:
    source, page, shown, drawn = Box(), Box(), Page(), list[float]()

    def draw(result: dict) -> None:
        if result["a"] == 2.0:
            raise RuntimeError("no ink")
        drawn.append(result["a"])

    jaxlink(
        lambda a: {"a": a},
        inputs={"a": (source, "a")},
        outputs={},
        renderer=KernelRenderer(draw, (shown, "shown"), (shown, "visible")),
        errors=(page, "text"),
    )
    shown.shown += 1
    source.a = 2.0
    assert "no ink" in page.text
    source.a = 3.0
    assert (drawn, page.text) == ([1.0, 3.0], "")


def test_only_changes_of_triggers_are_animated() -> None:
    source, target, durations = Box(), Box(), list[tuple]()
    figure = Box()
    figure.observe(lambda change: durations.append((change.new, target.a)), "n")
    jaxlink(
        lambda a, n: {"value": a + n},
        inputs={"a": (source, "a")},
        static={"n": (source, "n")},
        outputs={"value": (target, "a")},
        transition=Transition(triggers=["n"], durations=[(figure, "n")]),
    )
    source.a = 3.0
    assert durations == []
    source.n = 5
    assert durations == [(150, 3.0), (0, 8.0)]  # set before the value changes, and reset after


def test_changes_from_many_threads_end_in_a_consistent_state() -> None:
    source, target = Box(), Box()
    link_sum(source, target)

    def move(start: int) -> None:
        for i in range(50):
            source.a = float(start + i)
            source.b = float(start - i)

    threads = [threading.Thread(target=move, args=(100 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.a == source.a + source.b


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_control_is_never_set_to_nan_or_infinity(value: float) -> None:
    source, slider, words = widgets.FloatSlider(value=2, min=-1), widgets.FloatSlider(value=5, min=-5), widgets.Label()
    outputs: Any = {"log": [(slider, "value"), (words, "value", "log is {log}")]}
    jaxlink(lambda x: {"log": jnp.log(x)}, inputs={"x": (source, "value")}, outputs=outputs, sync_targets=True, where="kernel")
    assert slider.value == 5  # controls are not set until an input changes
    source.value = 1.0
    assert slider.value == 0
    source.value = value
    assert slider.value == 0
    assert words.value == ("log is −infinity" if value == 0 else "log is not a number")
