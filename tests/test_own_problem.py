"""A reader's own problems in the running app, and apps that come after one another."""

from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np
import pytest
from ipympl.backend_nbagg import Canvas
from matplotlib.colors import to_rgb

from gradient import PROBLEMS, App, Problem
from gradient.problems import OWN, wave
from gradient.views import style
from gradient.views.levels import UNKNOWN
from gradient.views.parameter_picture import ParameterPicture
from gradient.views.tree import descendants
from tests.wire import Wire, opened, to


@pytest.fixture
def app(wire: Wire) -> Iterator[App]:
    app = opened(wire)
    app.compute_in("kernel")
    yield app
    app.close()


GROWTH = Problem(
    "Growth",
    lambda p, x: p[0] * jnp.exp(p[1] * x),
    np.linspace(0, 2, 9),
    1.5 * np.exp(0.4 * np.linspace(0, 2, 9)),
    start=(1, 0),
)
PARABOLA = Problem("Parabola", lambda p, x: p[0] + p[1] * x + p[2] * x**2, np.arange(4), np.arange(4) ** 2, start=np.zeros(3))
TWO_KEYS = Problem(
    "Keys", lambda p, x: p["a"] * x, np.arange(3), 2 * np.arange(3), start={"a": np.array([0.5, 3.0])}, num_keys=2
)
OWN_DATA = Problem(
    "Mine",
    wave,
    np.linspace(-3, 3, 40),
    np.cos(np.linspace(-3, 3, 40)),
    domain=((0, 2), (0, 4)),
    start=(1, 1),
    learning_rate=0.001,
)


LOGARITHM = Problem("Logarithm", lambda p, x: jnp.log(p[0] + x) + p[1], np.arange(1, 9), np.log(np.arange(1, 9)), start=(1, 1))
CONSTANT = Problem("Constant", lambda p, x: 0 * (p[0] + p[1]) + x, np.arange(3), np.arange(3))


@pytest.mark.parametrize("problem", [LOGARITHM, pytest.param(CONSTANT, marks=pytest.mark.soak)])
def test_a_loss_without_contours_somewhere_or_anywhere_is_shown(app: App, wire: Wire, problem: Problem) -> None:
    app.add(problem)
    wire.receive_custom(app.field.pictures[app.problem.index].canvas, {"type": "draw"})
    assert app.readout.error == ""
    app.initial_w.value = -2.0
    assert app.readout.error == ""


@pytest.mark.parametrize(
    "problem", [*(pytest.param(problem, marks=pytest.mark.soak) for problem in (GROWTH, PARABOLA)), TWO_KEYS, OWN_DATA]
)
def test_a_readers_own_problem_joins_the_running_app(app: App, wire: Wire, problem: Problem) -> None:
    app.add(problem)
    assert app.problem.value == app.problem.options[-1]
    assert app.learning_rate.value == problem.learning_rate
    assert np.array_equal(app.fit.data.x, problem.x)
    assert app.frame().fit_y.shape == app.fit.curve.y.shape
    assert app.readout.error == ""
    assert app.initial_w.layout.display == ("flex" if problem.is_planar else "none")
    assert app.random_key.layout.display == ("flex" if problem.num_keys else "none")
    wire.receive(app.overlay, {"shown": 99})
    wire.receive_custom(app.field.pictures[app.problem.index].canvas, {"type": "draw"})
    loss = app.readout.loss
    app.learning_rate.value = 0.01
    assert app.readout.loss != loss
    app.problem.value = "Wave"
    assert (app.learning_rate.value, len(app.fit.data.x)) == (0.1, 100)
    app.transport.resets += 1
    assert app.readout.error == ""


def test_a_field_that_is_drawn_anew_is_sent_under_the_path(app: App, wire: Wire) -> None:
    picture = app.field.pictures[app.problem.index]
    assert isinstance(picture, ParameterPicture)
    wire.receive(app.overlay, {"shown": 99})
    app.learning_rate.value = 0.2
    wire.messages.clear()
    before = np.asarray(picture.canvas.buffer_rgba()).copy()
    b, w = np.mgrid[-1:1:21j, -1:1:21j]
    picture.take_field(w**2 + b**2, np.ones((5, 5, 2)), picture.domain, ("w", "b"))
    picture.send()
    assert to(picture.canvas, wire.messages)
    after = np.asarray(picture.canvas.buffer_rgba())
    is_path = (before[..., :3] == np.array(to_rgb(style.PATH)) * 255).all(axis=-1)
    assert is_path.sum() > 100
    assert np.array_equal(after[is_path], before[is_path])
    assert (after != before).any(axis=-1).mean() > 0.3


@pytest.mark.soak
def test_the_same_name_again_is_numbered(app: App) -> None:
    app.add(OWN_DATA)
    app.add(OWN_DATA)
    assert app.problem.options == (*PROBLEMS, OWN.name, "Mine", "Mine (2)")
    assert app.problem.value == "Mine (2)"


def test_a_page_without_a_kernel_has_every_field_and_no_figure(app: App) -> None:
    app.field.append(LOGARITHM)
    problems = [*app.problems, LOGARITHM]
    app.field.move_to_browser(problems)
    assert [bool(field) for field in app.overlay.fields] == [problem.is_planar and not problem.is_own for problem in problems]
    assert UNKNOWN in app.overlay.fields[-1]["losses"]
    parts = list(descendants(app))
    assert not any(isinstance(part, Canvas) for part in parts)
    assert all(part.get_state() for part in parts)  # none has a widget that is closed


def test_a_problem_without_a_gradient_is_refused_and_changes_nothing(app: App) -> None:
    whole = Problem(
        "Whole", lambda p, x: (p * x).sum(0) * 0 + x, np.arange(2), np.arange(2), start=np.zeros((2, 1), np.float32)
    )
    object.__setattr__(whole, "start", np.zeros((2, 1), np.int32))
    with pytest.raises(ValueError, match=r"no gradient.*floating-point"):
        app.add(whole)
    assert app.problem.options == (*PROBLEMS, OWN.name)
    assert app.readout.error == ""


def test_another_app_closes_the_one_before(wire: Wire) -> None:
    first = App()
    first.compute_in("kernel")
    canvases = [picture.canvas for picture in first.field.pictures]
    slider, curve = first.learning_rate, first.loss.curve
    second = App()
    second.compute_in("kernel")
    assert all(widget.comm is None for widget in (first, slider, curve, *canvases))
    before = np.array(curve.y)
    slider.value = 0.5
    assert np.array_equal(curve.y, before)
    second.learning_rate.value = 0.2
    assert second.readout.loss == second.frame().loss
    second.close()
    second.close()  # a second time does nothing
