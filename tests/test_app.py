"""The app in the kernel: what a change costs on the wire, what a browser may not do to it, and a reader's own problems."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import ipywidgets as widgets
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from traitlets import TraitError

from gradient import OPTIMIZERS, PROBLEMS, App
from gradient.app_links import SWEEP_DELAY
from gradient.link import JaxLink
from gradient.problems import SHIPPED
from gradient.views import style
from tests.clock import Clock, no_loop
from tests.wire import Message, Wire, opened, to


@pytest.fixture(scope="module")
def shared(wire: Wire) -> Iterator[tuple[App, dict]]:
    app = opened(wire)
    # Other tests may have left an event loop running: what waits in it would come in the middle of another test.
    app._sweep._delay._running_loop = no_loop
    sliders = [app.learning_rate, app.steps, app.initial_w, app.initial_b, app.random_key, *app.hyperparameters.values()]
    yield app, {slider: {name: getattr(slider, name) for name in ("min", "max", "value")} for slider in sliders}
    app.close()


@pytest.fixture
def app(shared: tuple[App, dict], wire: Wire) -> App:
    """The shared app, reset to its initial state: making one takes seconds."""
    app, limits = shared
    assert App._open in (app, None)
    for slider, values in limits.items():
        with slider.hold_trait_notifications():
            for name, value in values.items():
                setattr(slider, name, value)
    app.compute_in("kernel")
    app.problem.value, app.loss_scale.index, app.overlay.visible = "Wave", 0, True
    app.transport.resets += 1
    wire.receive(app.overlay, {"shown": app.overlay.shown + 1})
    wire.receive(app.overlay, {"shown": app.overlay.shown + 1})
    app._main._kernel.__dict__.pop("compute", None)
    for picture in app.field.pictures:
        for name in ("draw", "blit"):
            picture.canvas.__dict__.pop(name, None)
    wire.messages.clear()
    return app


def count_descents(app: App) -> list:
    """A list that grows with every run of the descent."""
    runs: list[dict] = []
    compute = app._main._kernel.compute

    def counted(inputs: dict, static: dict) -> Any:
        runs.append(inputs)
        return compute(inputs, static)

    app._main._kernel.compute = counted
    return runs


def count_draws(app: App) -> list:
    """A list that grows with every figure that is drawn or sent."""
    draws: list[str] = []
    for picture in app.field.pictures:
        picture.canvas.draw = lambda: draws.append("draw")
        picture.canvas.blit = lambda *_: draws.append("blit")
    return draws


def visit(app: App, wire: Wire, widget: widgets.Widget, state: dict) -> list[Message]:
    """Sets traits as a visitor's page does, and asks the kernel to compute; returns the messages sent in answer."""
    before = len(wire.messages)
    wire.receive(widget, state)
    wire.request(app._main)
    return [m for m in wire.messages[before:] if m.comm_id != app._main.model_id]


def count_sweeps(app: App, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> list:
    """A list that grows with every run of the sweep, which waits by this clock, by the learning rate that it is given."""
    rates: list[float] = []
    kernel = app._sweep._kernel
    compute = kernel.compute

    def counted(inputs: dict, static: dict) -> Any:
        rates.append(float(inputs["learning_rate"]))
        return compute(inputs, static)

    monkeypatch.setattr(kernel, "compute", counted)
    monkeypatch.setattr(app._sweep._delay, "_running_loop", clock.running)
    return rates


def visit_both(app: App, wire: Wire, widget: widgets.Widget, state: dict) -> list[Message]:
    """As `visit`, and asks for a sweep too, as a page does; returns all messages sent in answer."""
    before = len(wire.messages)
    visit(app, wire, widget, state)
    wire.request(app._sweep)
    return wire.messages[before:]


def canvas_of(app: App) -> widgets.Widget:
    return app.field.pictures[app.problem.index].canvas


@pytest.mark.parametrize(
    ("name", "value"),
    [("learning_rate", 0.2), ("momentum", 0.5), ("initial_w", 1.0), ("initial_b", 1.0)],
)
def test_what_a_slider_event_costs(app: App, wire: Wire, name: str, value: float) -> None:
    descents = count_descents(app)
    slider = getattr(app, name)
    sent = visit(app, wire, slider, {"value": value})
    assert len(descents) == 1
    assert [len(to(mark, sent)) for mark in (app.loss.curve, app.fit.curve, app.fit.residuals, app.readout)] == [1, 1, 1, 1]
    assert len(to(slider, sent, "echo_update")) == 1
    assert 1 <= len(to(canvas_of(app), sent)) <= 3
    scales: list[Any] = [app.loss, app.loss.log_scale, app.loss.linear_scale]
    assert all(len(to(scale, sent)) <= 1 for scale in scales)  # only where the loss leaves its axis
    step = [app.arithmetic, app.formula]
    assert [len(to(view, sent)) for view in step] == [1, 1]
    accounted = [app.loss.curve, app.fit.curve, app.fit.residuals, app.readout, *step, slider, canvas_of(app)]
    assert {m.comm_id for m in sent} - {scale.model_id for scale in scales} == {widget.model_id for widget in accounted}


def test_each_event_runs_a_descent_and_the_last_of_them_a_sweep(app: App, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep waits until the frames have been sent and the controls rest, and is of their newest values."""
    clock, descents = Clock(), count_descents(app)
    rates = count_sweeps(app, monkeypatch, clock)
    for number, rate in enumerate([0.2, 0.3, 0.4], 1):
        sent = visit_both(app, wire, app.learning_rate, {"value": rate})
        wire.receive(app.overlay, {"shown": app.overlay.shown + 1})
        assert (len(descents), len(to(app.loss.curve, sent)), len(to(canvas_of(app), sent, "custom"))) == (number, 1, 1)
        assert to(app.strips["learning_rate"], sent) == []
        clock.wait(0.9 * SWEEP_DELAY)
    assert rates == []
    before = len(wire.messages)
    clock.wait(SWEEP_DELAY)
    assert (rates, len(descents)) == ([pytest.approx(0.4)], 3)
    strips = {strip.model_id for strip in app.strips.values()}
    answers = to(app._sweep, wire.messages[before:])
    assert [m.content["type"] for m in answers] == 3 * ["result"]
    assert {m.comm_id for m in wire.messages[before:] if m not in answers} <= {*strips, app.advised.model_id}
    clock.wait(9 * SWEEP_DELAY)
    assert len(rates) == 1


def test_a_lower_loss_than_was_known_changes_the_verdict_by_one_more_descent(
    app: App, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, descents = Clock(), count_descents(app)
    rates = count_sweeps(app, monkeypatch, clock)
    app.readout.known = 1.0
    assert len(descents) == 1
    visit_both(app, wire, app.learning_rate, {"value": 0.2})
    clock.wait(SWEEP_DELAY)
    assert (len(rates), len(descents)) == (1, 3)
    assert app.readout.best_known == app.readout.known < 0.04


def test_a_step_runs_no_sweep(app: App, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, descents = Clock(), count_descents(app)
    rates = count_sweeps(app, monkeypatch, clock)
    visit_both(app, wire, app.transport, {"step": 3})
    clock.wait(2 * SWEEP_DELAY)
    assert (rates, len(descents)) == ([], 1)


def test_what_a_step_costs(app: App, wire: Wire) -> None:
    descents = count_descents(app)
    sent = visit(app, wire, app.transport, {"step": 3})
    assert len(descents) == 1
    assert [len(to(mark, sent)) for mark in (app.loss.curve, app.fit.curve, app.fit.residuals, app.readout)] == [1, 1, 1, 1]


def test_what_steps_costs(app: App, wire: Wire) -> None:
    """One descent, although the number of steps and the current step both change."""
    descents = count_descents(app)
    visit(app, wire, app.steps, {"value": 50})
    assert len(descents) == 1
    assert (app.frame().last, app.readout.step) == (50, 50)


@pytest.mark.parametrize("name", ["problem", "optimizer"])
def test_what_a_choice_costs(app: App, wire: Wire, name: str) -> None:
    descents = count_descents(app)
    before = len(wire.messages)
    getattr(app, name).index = 0
    sent = wire.messages[before:]
    assert len(descents) == 1
    for mark in (app.loss.curve, app.fit.curve, app.fit.residuals):
        assert len(to(mark, sent)) == 1
    told = [{*m.state} for m in to(app.readout, sent)]
    assert sum("loss" in state for state in told) == 1
    assert sum("known" in state for state in told) == (name == "problem")  # what the sweep comes to is no other number
    durations = [m.state["animation_duration"] for m in to(app.fit, sent)]
    assert durations == [150, 0]


def test_the_server_computes_what_is_shown_and_compiles_nothing_else(app: App) -> None:
    app.compute_in("kernel")
    links = [link for link in app._links if isinstance(link, JaxLink)]
    assert [link for link in links if link.where == "kernel"] == [app._main, *app._own, app._sweep, app._compared]
    # and a picked start, best rates, a row that is chosen, four of the maps, what is pointed at, and what is saved
    assert len(links) == 14


def test_a_picked_point_becomes_the_nearest_start_that_the_sliders_allow(app: App, wire: Wire) -> None:
    wire.receive(app.overlay, {"picked": [1.234, -0.567, 1]})
    assert {name: round(value, 6) for name, value in app._pointer().items()} == {"w": 1.23, "b": -0.57}
    wire.receive(app.overlay, {"picked": [99.0, float("nan"), 2]})
    assert app._pointer() == {"w": app.initial_w.max, "b": 0.0}


SLIDERS = ["learning_rate", "momentum", "decay", "b1", "b2", "steps", "initial_w", "initial_b", "random_key"]


@pytest.mark.parametrize("name", [*SLIDERS, "transport"])
def test_while_the_page_computes_an_event_costs_one_echo(app: App, wire: Wire, name: str) -> None:
    app.compute_in("browser")
    app.problem.value = "Network" if name == "random_key" else "Wave"
    descents, draws = count_descents(app), count_draws(app)
    widget = getattr(app, name)
    lowest = 0.2 if name == "learning_rate" else 3 if name == "transport" else widget.min + widget.step
    trait, value = "step" if name == "transport" else "value", lowest
    sent = wire.receive(widget, {trait: value})
    assert [(m.comm_id, m.method, list(m.state)) for m in sent] == [(widget.model_id, "echo_update", [trait])]
    assert getattr(widget, trait) == pytest.approx(value)
    assert (descents, draws) == ([], [])


@pytest.mark.parametrize("name", ["problem", "optimizer", "loss_scale"])
def test_while_the_page_computes_a_choice_is_only_stored(app: App, wire: Wire, name: str) -> None:
    app.compute_in("browser")
    descents, draws = count_descents(app), count_draws(app)
    widget, before = getattr(app, name), app.learning_rate.value
    sent = wire.receive(widget, {"index": 1 - widget.index if name == "loss_scale" else 0})
    assert [(m.comm_id, m.method) for m in sent if "index" in m.state] == [(widget.model_id, "echo_update")]
    assert {m.comm_id for m in sent} == {widget.model_id}  # ipywidgets tells of the label, too
    assert app.learning_rate.value == before  # the page chooses what follows, and sends it
    assert (descents, draws) == ([], [])


def test_what_python_changes_the_page_is_asked_to_compute_once(app: App, wire: Wire) -> None:
    app.compute_in("browser")
    wire.messages.clear()
    app.problem.value = "Line"
    asked = [m for m in to(app._main, wire.messages) if m.content == {"type": "request", "id": app._main._num_requests}]
    assert len(asked) == 1
    inputs = [m for slider in (app.learning_rate, app.steps, app.initial_w) for m in to(slider, wire.messages)]
    assert wire.messages.index(asked[0]) > max(wire.messages.index(m) for m in inputs)
    assert app.learning_rate.value == PROBLEMS["Line"].learning_rate


def test_every_program_that_can_be_chosen_is_on_the_page(app: App) -> None:
    combinations = [f"[{p},{o}]" for p in range(len(app.problem.options)) for o in range(len(app.optimizer.options))]
    assert sorted(app._main.programs) == sorted(combinations)


def test_no_values_of_the_controls_compile_anything(app: App, wire: Wire) -> None:
    size = app._main._kernel.fun._cache_size
    before = size()
    for name, value in [("learning_rate", 0.3), ("momentum", 0.0), ("initial_w", 1), ("steps", 7), ("random_key", 3)]:
        visit(app, wire, getattr(app, name), {"value": value})
    visit(app, wire, app.transport, {"step": 2})
    assert size() == before
    app.optimizer.index = 2  # the count does count
    assert size() == before + 1


def test_the_field_waits_for_the_page(app: App, wire: Wire) -> None:
    first = visit(app, wire, app.learning_rate, {"value": 0.2})
    assert len(to(canvas_of(app), first, "custom")) == 1
    for value in (0.21, 0.22, 0.23):
        assert to(canvas_of(app), visit(app, wire, app.learning_rate, {"value": value})) == []
    acknowledged = wire.receive(app.overlay, {"shown": 9})
    assert len(to(canvas_of(app), acknowledged, "custom")) == 1
    path = app.field.pictures[app.problem.index]._line[0].get_xydata()
    assert np.array_equal(path, app.frame().path[:31])


def test_the_figure_is_cleared_when_the_page_computes_and_drawn_again_when_the_kernel_does(app: App, wire: Wire) -> None:
    picture = app.field.pictures[app.problem.index]
    visit(app, wire, app.learning_rate, {"value": 0.2})
    assert (app.overlay.draws_path, picture._is_clear) == (False, False)
    app.compute_in("browser")
    assert (app.overlay.draws_path, picture._is_clear) == (True, True)
    wire.receive(app.overlay, {"shown": 9})
    sent = [*wire.receive(app._main, {"where": "kernel", "state": "kernel"}), *wire.request(app._main)]
    assert (app.overlay.draws_path, picture._is_clear) == (False, False)
    assert len(to(canvas_of(app), sent, "custom")) == 1


def test_the_field_is_not_drawn_while_hidden(app: App, wire: Wire) -> None:
    wire.receive(app.overlay, {"visible": False})
    assert to(canvas_of(app), visit(app, wire, app.learning_rate, {"value": 0.2})) == []
    assert len(to(canvas_of(app), wire.receive(app.overlay, {"visible": True}), "custom")) == 1


def test_the_figures_of_other_problems_are_left_alone(app: App, wire: Wire) -> None:
    others = [p.canvas for i, p in enumerate(app.field.pictures) if i != app.problem.index]
    assert len(others) == len(SHIPPED) - 1
    sent = visit(app, wire, app.learning_rate, {"value": 0.2})
    assert [message for canvas in others for message in to(canvas, sent)] == []


def test_a_map_names_its_axes_as_its_problem_does(app: App) -> None:
    for problem, picture in zip(app.problems, app.field.pictures, strict=True):
        if problem.is_planar:
            assert (picture.axes.get_xlabel(), picture.axes.get_ylabel()) == problem.axis_labels


def test_numbers_of_small_losses_keep_clear_of_the_colour_bars_label(app: App) -> None:
    app.problem.value = "Network"
    picture = app.field.pictures[app.problem.index]
    small: Any = np.array([1e-3, 5e-2])
    picture.show(app.frame()._replace(plane_range=small))
    picture.canvas.draw()
    axis = picture.colour_axes.yaxis
    numbers = [label for label in axis.get_ticklabels() if label.get_text()]
    assert {len(number.get_text()) for number in numbers} == {len("0.026"), len("0.0019")}
    assert max(number.get_window_extent().x1 for number in numbers) <= axis.label.get_window_extent().x0


def test_in_the_figure_what_comes_after_the_step_in_view_is_paler(app: App) -> None:
    """As a whole: the dots, which lie over their line, as much as the line."""
    app.transport.step = 6
    picture, frame = app.field.pictures[app.problem.index], app.frame()

    def colours() -> np.ndarray:
        picture.canvas.draw()
        columns, rows = picture.axes.transData.transform(frame.path[[11, 13]]).astype(int).T
        return np.asarray(picture.canvas.buffer_rgba())[::-1][rows, columns, :3].astype(float)

    picture.clear()
    background = colours()
    picture.show(frame)
    path = 255 * np.array(to_rgb(style.PATH))
    np.testing.assert_allclose(colours(), style.LATER * path + (1 - style.LATER) * background, atol=3)


def test_everything_is_built_once_and_changed_in_place(app: App, wire: Wire) -> None:
    def parts() -> list:
        figures = [p.figure for p in app.field.pictures]
        return [*app.fit.marks, *app.loss.marks, *app.fit.axes, *figures, *(a for f in figures for a in f.axes), app.readout]

    before = parts()
    for index in (0, 2, 1):
        app.problem.index = index
        wire.receive(app.overlay, {"shown": 10 + index})
        visit(app, wire, app.learning_rate, {"value": 0.3})
        app.loss_scale.index = index % 2
    assert all(a is b for a, b in zip(before, parts(), strict=True))


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_the_page_shows_the_frame(app: App, name: str) -> None:
    app.problem.value = name
    frame = app.frame()
    shown = [app.loss.curve.y, app.fit.curve.y, app.fit.residuals.y]
    for trait, field in zip(shown, (frame.curve_y, frame.fit_y, frame.residual_y), strict=True):
        assert np.array_equal(trait, field)
    names = list(app.readout.outputs())
    assert all(np.array_equal(getattr(app.readout, field), getattr(frame, field)) for field in names)
    assert app.readout.error == ""


def test_a_control_set_from_python_redraws(app: App, wire: Wire) -> None:
    app.learning_rate.value = 0.2
    assert np.array_equal(app.loss.curve.y, app.frame().curve_y)
    assert len(to(app.loss.curve, wire.messages)) == 1


@pytest.mark.parametrize(
    ("widget", "state"),
    [
        ("learning_rate", {"value": "fast"}),
        ("learning_rate", {"value": None}),
        ("steps", {"value": "many"}),
        ("problem", {"index": 99}),
        ("problem", {"index": "Wave"}),
        ("transport", {"speed": 0}),
        ("overlay", {"picked": [1]}),
        ("overlay", {"picked": ["a", "b", "c"]}),
    ],
)
def test_what_a_browser_must_not_set_is_refused(app: App, wire: Wire, widget: str, state: dict) -> None:
    before = app.frame()
    visit(app, wire, getattr(app, widget), state)  # ipywidgets catches and logs what a trait refuses
    assert app.frame().loss == before.loss
    visit(app, wire, app.learning_rate, {"value": 0.05})
    assert app.readout.loss == app.frame().loss != before.loss


@pytest.mark.parametrize(
    ("widget", "states"),
    [
        ("steps", [{"max": 10**6}, {"value": 10**6}]),
        ("steps", [{"min": -5}, {"value": -5}]),
        ("steps", [{"value": 1e99}]),
        ("transport", [{"step": 10**6}]),
        ("transport", [{"step": -3}]),
        ("learning_rate", [{"max": 300.0}, {"value": 1e300}]),
        ("learning_rate", [{"value": float("nan")}]),
        ("initial_w", [{"value": float("nan")}]),
        ("initial_w", [{"max": 1e38}, {"value": 1e38}]),
        ("momentum", [{"max": 50.0}, {"value": 50.0}]),
        ("overlay", [{"picked": [float("nan"), float("inf"), 1]}]),
        ("random_key", [{"max": 10**6}, {"value": 10**6}]),
    ],
)
def test_the_app_survives_values_that_a_browser_should_not_set(app: App, wire: Wire, widget: str, states: list) -> None:
    for state in states:
        visit(app, wire, getattr(app, widget), state)
    numbers = [app.readout.loss, app.readout.gradient_norm, *np.ravel(app.loss.curve.y), *np.ravel(app.fit.curve.y)]
    assert np.isfinite(numbers).all()
    assert 0 <= app.transport.step <= 200
    assert 0 <= app.readout.step <= app.frame().last <= 200
    assert app.readout.error == ""


@pytest.mark.parametrize(("asked", "given"), [((10**7, 10**7), (2400, 2400)), ((1, 0), (120, 120)), ((500, 400), (500, 400))])
def test_the_browser_cannot_drive_the_figure_out_of_memory(app: App, wire: Wire, asked: tuple, given: tuple) -> None:
    canvas = app.field.pictures[0].canvas
    wire.receive_custom(canvas, {"type": "resize", "width": asked[0], "height": asked[1]})
    assert tuple(np.round(canvas.figure.bbox.size)) == given


def test_the_browser_cannot_ask_for_any_pixel_ratio(app: App, wire: Wire) -> None:
    canvas = app.field.pictures[0].canvas
    wire.receive_custom(canvas, {"type": "resize", "width": 600, "height": 500})
    for name in ("set_device_pixel_ratio", "set_dpi_ratio"):
        wire.receive_custom(canvas, {"type": name, "device_pixel_ratio": 1e6, "dpi_ratio": 1e6})
        assert canvas.device_pixel_ratio == 3


def test_controls_moved_from_many_threads_end_in_one_state(app: App) -> None:
    def move(slider: Any, values: Any) -> None:
        for value in values:
            slider.value = value

    threads = [
        threading.Thread(target=move, args=(app.learning_rate, np.linspace(0.01, 0.3, 25))),
        threading.Thread(target=move, args=(app.momentum, np.linspace(0, 0.9, 25))),
        threading.Thread(target=move, args=(app.initial_w, np.linspace(-1, 1, 25))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.array_equal(app.loss.curve.y, app.frame().curve_y)
    assert app.readout.error == ""


@pytest.mark.parametrize(
    ("step", "num_steps", "expected"), [(200, 50, 50), (200, 10, 10), (12, 50, 12), (12, 10, 10), (0, 50, 0)]
)
def test_a_step_past_the_end_means_the_end(app: App, step: int, num_steps: int, expected: int) -> None:
    app.transport.step, app.steps.value = step, num_steps
    assert app.readout.step == expected


def test_the_records_of_the_optimizers_make_the_sliders(app: App) -> None:
    shown = {}
    for label in app.optimizer.options:
        app.optimizer.value = label
        shown[label] = {s.description for name, s in app.hyperparameters.items() if app.swept[name].layout.display == "flex"}
    assert shown == {o.label: {h.label for h in o.hyperparameters.values()} for o in OPTIMIZERS.values()}


@pytest.mark.parametrize(("name", "label"), [*((key, o.label) for key, o in OPTIMIZERS.items()), ("Adam", "Adam")])
def test_an_optimizer_is_chosen_by_its_key_or_its_label(app: App, name: str, label: str) -> None:
    app.optimizer.value = name
    assert app.optimizer.value == label


def test_a_wrong_name_is_answered_with_the_right_ones(app: App) -> None:
    with pytest.raises(TraitError, match="Optimizer has no option 'sgd'") as caught:
        app.optimizer.value = "sgd"
    assert all(repr(record.label) in str(caught.value) for record in OPTIMIZERS.values())


def test_messages_are_recorded(app: App, wire: Wire) -> None:
    """The tests above can fail: two changes are two messages."""
    app.learning_rate.value = 0.2
    app.learning_rate.value = 0.21
    curves: list[Message] = to(app.loss.curve, wire.messages, "update")
    assert len(curves) == 2


def test_the_lines_under_the_title_name_what_sets_the_start(app: App) -> None:
    lines = dict(re.findall(r'<p class="techni-of-(\w+)">(.*?)</p>', app._title.value))
    assert "Drag the ring" in lines["map"]
    assert app.random_key.description in lines["plane"]
