"""The page as a function of its controls: always finite, always consistent with `descend`, compiled once."""

import itertools
import logging
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradient.descent import Trajectory, descend
from gradient.frame import CURVE_POINTS, FIT_PAD, model_curve
from gradient.optimizers import OPTIMIZERS
from gradient.problems import PROBLEMS, Problem
from gradient.run import MAX_STEPS, NEVER
from tests.frames import T, check_exit, check_sanity, compiled, controls, domain_of, see

EVERY = [(name, optimizer) for name in PROBLEMS for optimizer in OPTIMIZERS]

# Always finite.

UGLY: list[dict[str, Any]] = [
    {},
    {"learning_rate": 10.0},
    {"learning_rate": 10.0, "num_steps": 1},
    {"learning_rate": 1e-3, "num_steps": 200, "step": 200},
    {"learning_rate": 1e-8},
    {"learning_rate": 1e30, "num_steps": 200},
    {"w": "low", "b": "low", "num_steps": 200},
    {"w": "high", "b": "high", "learning_rate": 10.0, "num_steps": 200, "step": 200},
    {"w": "low", "b": "high", "num_steps": 1, "step": 1},
    {"num_steps": 1, "step": 0},
    {"num_steps": 10, "step": 150},
    {"step": -3},
    {"key": 0},
    {"key": 11},
    {"key": -100},
    {"num_steps": 0},
    {"num_steps": -7},
    {"num_steps": 1000, "step": 1000},
    {"w": math.nan},
    {"w": math.inf, "b": -math.inf},
    {"w": 1e30, "b": 1e30},
    {"momentum": 0.0, "decay": 0.0, "b1": 0.0, "b2": 0.0},
    {"momentum": 0.99, "decay": 0.99, "b1": 0.99, "b2": 0.999, "learning_rate": 10.0, "num_steps": 200, "step": 200},
]


@pytest.mark.parametrize(("name", "optimizer"), EVERY)
def test_every_number_is_finite(name: str, optimizer: str) -> None:
    problem = PROBLEMS[name]
    ends = {"low": 0, "high": 1}
    for row in UGLY:
        if "w" in row and not problem.is_planar:
            continue
        changes = {
            control: problem.domain["wb".index(control)][ends[value]] if isinstance(value, str) else value
            for control, value in row.items()
        }
        check_sanity(see(problem, optimizer, **changes), problem)


@settings(deadline=None, max_examples=60)
@given(
    w=st.floats(-2, 3, width=32),
    b=st.floats(-3, 3, width=32),
    exponent=st.floats(-4, 2),
    num_steps=st.integers(-5, 300),
    step=st.integers(-5, 300),
    momentum=st.floats(0, 0.99),
)
def test_any_controls_give_a_sane_frame(
    w: float, b: float, exponent: float, num_steps: int, step: int, momentum: float
) -> None:
    problem = PROBLEMS["Line"]
    changes = {"w": w, "b": b, "learning_rate": 10**exponent, "num_steps": num_steps, "step": step, "momentum": momentum}
    seen = see(problem, "momentum", **changes)
    check_sanity(seen, problem)
    if seen.diverged_step == NEVER:
        assert seen.last == np.clip(num_steps, 1, MAX_STEPS)
        assert seen.step == np.clip(step, 0, seen.last)


@pytest.mark.parametrize(("key", "same"), [(0, 1), (-5, 1), (11, 10), (1000, 10)])
def test_key_is_clamped(key: int, same: int) -> None:
    one, other = (see(PROBLEMS["Network"], "momentum", key=k) for k in (key, same))
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_keys_are_different_starts() -> None:
    losses = [float(see(PROBLEMS["Network"], "momentum", key=key, step=0).loss) for key in range(1, 11)]
    expected = [float(PROBLEMS["Network"].loss(PROBLEMS["Network"].start_at(key))) for key in range(1, 11)]
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    assert len(set(losses)) == 10


@pytest.mark.parametrize("scale", [0.0, 1e-9, 1.0, 1e9])
def test_a_curve_stays_where_a_browser_can_draw_it(scale: float) -> None:
    problem = PROBLEMS["Line"]
    y = scale * jnp.asarray(problem.y)
    _, fit_y = model_curve(problem, jnp.array([3e38, -3e38]), jnp.asarray(problem.x), y)
    size = float(jnp.abs(y).max()) or 1.0
    assert 100 * size < np.abs(fit_y).max() < 1e4 * size


# Consistent with `descend`, which is tested against the textbook elsewhere.


def run_of(problem: Problem, optimizer: str) -> tuple[Trajectory, np.ndarray]:
    settings = {name: h.default for name, h in OPTIMIZERS[optimizer].hyperparameters.items()}
    run = descend(problem.loss, problem.start_at(), optimizer=optimizer, num_steps=50, learning_rate=0.03, **settings)
    leaves = [np.asarray(leaf).reshape(51, -1) for leaf in jax.tree.leaves(run.params)]
    return run, np.concatenate(leaves, axis=1)


@pytest.mark.parametrize(("name", "optimizer"), EVERY)
def test_frame_shows_the_descent(name: str, optimizer: str) -> None:
    problem = PROBLEMS[name]
    run, path = run_of(problem, optimizer)
    # RMSProp hops at the bottom, and there one rounding grows: 30 steps are before it.
    shown = slice(0, 31)
    seen = see(problem, optimizer, learning_rate=0.03, num_steps=50, step=30)
    assert (seen.last, seen.step, seen.diverged_step, seen.num_finite) == (50, 30, NEVER, T)
    np.testing.assert_allclose(seen.curve_y[0, shown], run.losses[shown], rtol=1e-3)
    np.testing.assert_allclose(seen.loss, run.losses[30], rtol=1e-3)
    grads = np.concatenate([np.asarray(leaf[30]).ravel() for leaf in jax.tree.leaves(run.grads)])
    np.testing.assert_allclose(seen.gradient_norm, np.linalg.norm(grads), rtol=5e-3, atol=1e-4)
    params = jax.tree.map(lambda leaf: leaf[30], run.params)
    np.testing.assert_allclose(seen.fit_y, problem.predict(params, jnp.asarray(seen.fit_x)), atol=1e-3)
    if problem.is_planar:
        np.testing.assert_allclose(seen.path[shown], path[shown], atol=1e-3)
        assert not seen.plane_corners.any()
    else:
        np.testing.assert_allclose(seen.path[[0, 50]], [[0, 0], [1, 0]], atol=1e-3)
        np.testing.assert_allclose(seen.plane_corners[[0, 2]], run.losses[np.array([0, 50])], rtol=1e-3)
        np.testing.assert_allclose(seen.plane_corners[1], run.losses[int(seen.plane_third)], rtol=1e-3)
        assert seen.path[seen.plane_third, 1] == pytest.approx(1, abs=1e-3)
        # (0, 0) and (1, 0) are points of the grid.
        np.testing.assert_allclose(seen.plane[4, [4, 12]], seen.plane_corners[[0, 2]], rtol=1e-3)


@pytest.mark.parametrize(("name", "optimizer"), EVERY)
def test_exit_of_every_optimizer(name: str, optimizer: str) -> None:
    for learning_rate in (0.03, 0.5, 3.0):
        seen = see(PROBLEMS[name], optimizer, learning_rate=learning_rate, num_steps=200)
        check_exit(seen, domain_of(PROBLEMS[name]))


@pytest.mark.parametrize("name", PROBLEMS)
def test_fit_spans_the_data_and_residuals_join_it(name: str) -> None:
    problem = PROBLEMS[name]
    seen = see(problem, "momentum")
    np.testing.assert_allclose(seen.fit_x, np.linspace(problem.x.min(), problem.x.max(), CURVE_POINTS), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(seen.residual_x, np.stack([problem.x, problem.x], axis=1))
    np.testing.assert_array_equal(seen.residual_y[:, 0], problem.y)
    # The other ends lie on the curve, which is fine enough to interpolate, and their mean square is the loss.
    np.testing.assert_allclose(seen.residual_y[:, 1], np.interp(problem.x, seen.fit_x, seen.fit_y), atol=5e-3)
    np.testing.assert_allclose(np.mean(np.diff(seen.residual_y, axis=1) ** 2), seen.loss, rtol=1e-4)


def test_frame_takes_other_data() -> None:
    problem = PROBLEMS["Line"]
    values: dict[str, Any] = controls(problem, "momentum", num_steps=200, step=200) | {"y": problem.x * 2 + 1}
    seen = compiled(problem, "momentum")(**values)
    np.testing.assert_allclose(seen.point, [2, 1], atol=1e-3)
    np.testing.assert_array_equal(seen.residual_y[:, 0], values["y"])


@pytest.mark.parametrize("name", PROBLEMS)
def test_moving_the_step_changes_only_what_is_looked_at(name: str) -> None:
    early, late = ({**see(PROBLEMS[name], "momentum", step=step)._asdict()} for step in (3, 40))
    looks = {"curve_x", "curve_y", "point", "fit_y", "residual_y", "loss", "times_best", "gradient_norm", "step", "example"}
    step = {"parameters", "gradient", "next_parameters", "memory"} if PROBLEMS[name].is_planar else {"layer_norms"}
    changed = {field for field in early if not np.array_equal(early[field], late[field])}
    assert changed - {"verdict", "fit_outside"} == looks | step
    np.testing.assert_array_equal(early["curve_y"][0], late["curve_y"][0])


@pytest.mark.parametrize("w", [-30.0, -1.5, 0.0, 3.0, 30.0])
@pytest.mark.parametrize("name", ["Line", "Wave"])
def test_a_curve_is_outside_only_if_all_of_it_is_above_the_picture_or_below_it(name: str, w: float) -> None:
    problem = PROBLEMS[name]
    """A steep one crosses it between two of its points."""
    for slope, b in itertools.product((w, 100 * w), (-50.0, -4.0, 0.0, 4.0, 50.0)):
        seen = see(problem, "momentum", w=slope, b=b, step=0)
        pad = FIT_PAD * np.ptp(problem.y)
        is_above, is_below = seen.fit_y > problem.y.max() + pad, seen.fit_y < problem.y.min() - pad
        assert seen.fit_outside == (is_above.all() or is_below.all())


# Compilation.


def num_compilations(caplog: pytest.LogCaptureFixture, call: Callable[[], object]) -> int:
    caplog.clear()
    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        call()
    return sum(record.getMessage().startswith("Compiling") for record in caplog.records)


@pytest.mark.parametrize("name", PROBLEMS)
def test_one_compilation_serves_all_values(name: str, caplog: pytest.LogCaptureFixture) -> None:
    problem = PROBLEMS[name]
    see(problem, "adam")
    changes: list[dict[str, float]] = [
        {"learning_rate": 1.0},
        {"num_steps": 7, "step": 9},
        {"key": 4},
        {"w": 0.5, "b": 0.5},
        {"b1": 0.1},
    ]
    assert num_compilations(caplog, lambda: [see(problem, "adam", **change) for change in changes]) == 0


def test_data_of_another_length_compiles(caplog: pytest.LogCaptureFixture) -> None:
    # Else the test above could not fail.
    shorter = controls(PROBLEMS["Line"], "gradient_descent") | {"x": PROBLEMS["Line"].x[:9], "y": PROBLEMS["Line"].y[:9]}
    assert num_compilations(caplog, lambda: compiled(PROBLEMS["Line"], "gradient_descent")(**shorter)) > 0
