"""The comparison: each of its runs is a run of the page, and the best of its learning rates is that of a sweep."""

from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gradient.compare import MAX_RUNS, best_rates, columns, compare
from gradient.landscape import PlaneAxes
from gradient.optimizers import OPTIMIZERS, slider_name, sliders
from gradient.problems import PROBLEMS, Problem
from gradient.run import NEVER
from gradient.verdict import CLOSE, NOTHING
from tests.descents import random_settings
from tests.frames import controls, lowest_known, see
from tests.test_sweep import swept

NAMES = ["Line", "Wave", "Network"]
KEYS = list(OPTIMIZERS)
SHARED = ("w", "b", "key", "num_steps", "step")  # by all runs


@cache
def compiled(function: Any, problem: Problem) -> Any:
    return jax.jit(partial(function, problem))


def row_of(optimizer: str, settings: dict[str, float]) -> list[float]:
    """A row of settings, with the defaults of what this optimizer does not take."""
    values = {name: h.default for name, h in sliders().items()} | {"learning_rate": settings["learning_rate"]}
    own = OPTIMIZERS[optimizer].hyperparameters.items()
    values |= {slider_name(optimizer, name): settings.get(name, h.default) for name, h in own}
    return [KEYS.index(optimizer), *(values[name] for name in columns())]


def runs(name: str, seed: int) -> tuple[dict[str, float], list[tuple[str, dict[str, float]]]]:
    """What four runs share, and the optimizer and settings of each."""
    draw = np.random.RandomState(seed)
    found = [(key, random_settings(name, key, draw)) for key in draw.choice(KEYS, MAX_RUNS)]
    shared = {name: value for name, value in found[0][1].items() if name in SHARED}
    own = [(key, {name: value for name, value in settings.items() if name not in SHARED}) for key, settings in found]
    return shared, [(key, {**settings, **shared}) for key, settings in own]


def compared(function: Any, name: str, shared: dict[str, float], rows: list[list[float]]) -> Any:
    given = controls(PROBLEMS[name], "gradient_descent", **shared, best_known=lowest_known(PROBLEMS[name]))
    return jax.tree.map(np.asarray, compiled(function, PROBLEMS[name])(np.array(rows, np.float32), given))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", NAMES)
def test_every_run_is_that_of_the_page(name: str, seed: int) -> None:
    problem = PROBLEMS[name]
    shared, found = runs(name, seed)
    seen = compared(compare, name, shared, [row_of(key, settings) for key, settings in found])
    frames = [see(problem, key, **settings, best_known=float(seen.best_known)) for key, settings in found]
    assert seen.best_known == min(lowest_known(problem), *(frame.curve_y[0].min() for frame in frames))
    np.testing.assert_array_equal(seen.losses, [frame.loss for frame in frames])
    np.testing.assert_array_equal(seen.verdicts, [frame.verdict for frame in frames])
    np.testing.assert_array_equal(seen.steps, [frame.step for frame in frames[1:]])
    np.testing.assert_array_equal(seen.lasts, [frame.last for frame in frames[1:]])
    for i, frame in enumerate(frames[1:]):
        np.testing.assert_array_equal(seen.curve_x[i], frame.curve_x[0])
        np.testing.assert_allclose(np.maximum(seen.curve_y[i], 1e-37), frame.curve_y[0])
        if problem.is_planar:
            np.testing.assert_array_equal(seen.paths[i], frame.path)
            np.testing.assert_array_equal(seen.points[i], frame.point)
    assert seen.low == min(frame.round_low for frame in frames)
    assert seen.high == max(frame.round_high for frame in frames)
    nothing = NOTHING * np.std(problem.y) ** 2
    for frame, step in zip(frames, seen.close_steps, strict=True):
        close = frame.curve_y[0] <= CLOSE * seen.best_known + nothing
        assert step == (NEVER if not close[-1] else next(t for t in range(len(close)) if close[t:].all()))


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_not_there_stays_at_the_start(name: str) -> None:
    shared, found = runs(name, 5)
    present = row_of(*found[0])
    seen = compared(compare, name, shared, [present, *[[0.0] * len(present)] * (MAX_RUNS - 1)])
    assert np.all(seen.paths == seen.paths[:, :1])
    assert np.all(seen.curve_y == seen.curve_y[:, :1])
    assert np.all(seen.lasts == NEVER)


def test_runs_of_a_network_are_projected_onto_the_plane_of_the_present_one() -> None:
    key = "momentum"
    same = row_of(key, {"learning_rate": 0.1, "momentum": 0.7})
    seen = compared(compare, "Network", {"num_steps": 30, "step": 12}, [same] * MAX_RUNS)
    frame = see(PROBLEMS["Network"], key, learning_rate=0.1, momentum=0.7, num_steps=30, step=12)
    for i in range(MAX_RUNS - 1):
        np.testing.assert_allclose(seen.paths[i], frame.path, atol=1e-5)


def test_the_axes_of_a_plane_are_perpendicular_and_measure_what_lies_on_them() -> None:
    path = jnp.asarray(np.random.RandomState(0).normal(size=(9, 5)), jnp.float32)
    axes = PlaneAxes.through(path, path[0], jnp.array(False))
    assert abs(axes.first @ axes.second) < 1e-4
    points = axes.start + np.array([[2.0], [0.0]]) * axes.first + np.array([[0.0], [-3.0]]) * axes.second
    np.testing.assert_allclose(axes.project(points), [[2, 0], [0, -3]], atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_best_learning_rate_is_that_of_the_sweep(name: str) -> None:
    shared, found = runs(name, 7)
    rows = [row_of(key, settings) for key, settings in found]
    rows[-1][1] = 0.0
    rates = compared(best_rates, name, shared, rows)
    assert rates[-1] == 0
    for (key, settings), rate, row in zip(found[:-1], rates, rows, strict=False):
        best = swept(PROBLEMS[name], key, **settings)
        assert rate == (best.best_rate if best.best != NEVER else np.float32(row[1]))


def sqrt_line(params: Any, x: Any) -> Any:
    """It has no value where its first parameter is negative."""
    return jnp.sqrt(params[0]) * x + params[1]


def test_a_start_without_a_loss_is_not_the_lowest_known() -> None:
    x = np.linspace(0, 1, 9)
    problem = Problem("Own", sqrt_line, x, x, start=(1.0, 0.0))
    given = controls(problem, "momentum", w=-1.0, best_known=0.25, step=200)
    assert see(problem, "momentum", w=-1.0, best_known=0.25).best_known == 0.25
    rows = np.array([row_of("momentum", {"learning_rate": 0.1})] * MAX_RUNS, np.float32)
    found = jax.tree.map(np.asarray, jax.jit(partial(compare, problem))(rows, given))
    assert found.best_known == 0.25
    assert np.all(found.losses > 1e37)  # and not 0
    assert found.curve_y.min() > 0
    assert 0 < found.low < found.high
