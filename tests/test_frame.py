"""The page as a function of its controls: always finite, always consistent with `descend`, and right in its verdicts."""

import logging
import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradient.descent import Trajectory, descend
from gradient.frame import (
    BOUNCING,
    CONVERGED,
    CURVE_POINTS,
    DESCENDING,
    DIVERGED,
    MAX_STEPS,
    NEVER,
    RISING,
    SLOW,
    WANDERING,
    Frame,
    frame,
)
from gradient.landscape import PLANE_DOMAIN, PLANE_SIZE
from gradient.optimizers import OPTIMIZERS
from gradient.problems import PROBLEMS, Problem, line

T = MAX_STEPS + 1
EVERY = [(name, optimizer) for name in PROBLEMS for optimizer in OPTIMIZERS]
HYPERPARAMETERS = {name: h.default for record in OPTIMIZERS.values() for name, h in record.hyperparameters.items()}
INTEGERS = ("key", "num_steps", "step")


@cache
def compiled(problem: Problem, optimizer: str) -> Callable[..., Frame]:
    """One compilation for all tests of this file: a problem is equal to itself only, so that it can be a key."""
    return jax.jit(partial(frame, problem, optimizer))


def controls(problem: Problem, **changes: float) -> dict[str, Any]:
    """What the page would pass, each number with the type it always has there."""
    w, b = problem.start if problem.is_planar else (0.0, 0.0)
    numbers = {
        "w": w,
        "b": b,
        "key": 1,
        "learning_rate": 0.1,
        "num_steps": 50,
        "step": 20,
        **HYPERPARAMETERS,
        **changes,
    }
    typed = {name: (np.int32 if name in INTEGERS else np.float32)(value) for name, value in numbers.items()}
    return {"x": problem.x, "y": problem.y, **typed}


def see(problem: Problem, optimizer: str, **changes: float) -> Any:
    """The frame with NumPy arrays in it."""
    return jax.tree.map(np.asarray, compiled(problem, optimizer)(**controls(problem, **changes)))


def domain_of(problem: Problem) -> np.ndarray:
    return np.array(problem.domain if problem.is_planar else PLANE_DOMAIN)


# Always finite.

SCALARS = [
    "exit_step",
    "loss",
    "gradient_norm",
    "step",
    "last",
    "verdict",
    "num_finite",
    "diverged_step",
    "curvature",
    "stability_limit",
    "advised_rate",
    "steps_left",
    "plane_third",
    "plane_case",
]


def check_advice(seen: Any, learning_rate: float, num_steps: int) -> None:
    """A rate is advised only if it is lower than the present one, and more steps only while there are any."""
    assert seen.advised_rate in (0.0, seen.stability_limit)
    assert seen.advised_rate == 0 or seen.advised_rate < learning_rate
    assert seen.steps_left == MAX_STEPS - num_steps


@pytest.mark.parametrize(("learning_rate", "is_advised"), [(0.6, False), (0.7, True)])
def test_a_rate_is_advised_only_below_the_present_one(learning_rate: float, is_advised: bool) -> None:
    """The line's limit at momentum .7 is .65."""
    seen = see(PROBLEMS["Line"], "momentum", learning_rate=learning_rate, num_steps=40)
    check_advice(seen, learning_rate, 40)
    assert bool(seen.advised_rate) == is_advised


def check_shapes(seen: Any, problem: Problem) -> None:
    n = problem.x.size
    scalars: dict[str, tuple[int, ...]] = dict.fromkeys(SCALARS, ())
    shapes = scalars | {
        "curve_x": (2, T),
        "curve_y": (2, T),
        "path": (T, 2),
        "point": (2,),
        "exit_point": (2,),
        "exit_direction": (2,),
        "fit_x": (CURVE_POINTS,),
        "fit_y": (CURVE_POINTS,),
        "residual_x": (n, 2),
        "residual_y": (n, 2),
        "plane": (0, 0) if problem.is_planar else (PLANE_SIZE, PLANE_SIZE),
        "plane_corners": (3,),
    }
    assert {name: np.shape(value) for name, value in seen._asdict().items()} == shapes


def check_sanity(seen: Any, problem: Problem) -> None:
    """What holds for any controls at all."""
    check_shapes(seen, problem)
    for name, value in seen._asdict().items():
        assert np.isfinite(value).all(), name
    last, step = int(seen.last), int(seen.step)
    assert 0 <= step <= last <= MAX_STEPS
    assert seen.verdict in (CONVERGED, DIVERGED, BOUNCING, RISING, DESCENDING, WANDERING, SLOW)
    assert (seen.verdict == DIVERGED) == (seen.diverged_step != NEVER)
    assert seen.num_finite == 0 or last < seen.num_finite <= T
    assert (seen.curve_y > 0).all()  # a logarithmic axis
    np.testing.assert_array_equal(seen.curve_x[0], np.minimum(np.arange(T), last))
    np.testing.assert_array_equal(seen.curve_x[1], step)
    np.testing.assert_array_equal(seen.curve_y[1], seen.curve_y[0, step])
    np.testing.assert_array_equal(seen.point, seen.path[step])
    for padded in (seen.path, seen.curve_x.T, seen.curve_y.T):
        # A projection onto a plane may round the same iterate in two ways.
        still = np.broadcast_to(padded[last], padded[last:].shape)
        np.testing.assert_allclose(padded[last:], still, rtol=1e-5, atol=1e-6 * (1 + np.abs(padded).max()))
    assert seen.gradient_norm >= 0
    assert seen.stability_limit >= 0


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


# Consistent with `descend`, which is tested against the textbook elsewhere.


def run_of(problem: Problem, optimizer: str) -> tuple[Trajectory, np.ndarray]:
    settings = {name: HYPERPARAMETERS[name] for name in OPTIMIZERS[optimizer].hyperparameters}
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
        np.testing.assert_allclose(seen.plane[6, [6, 18]], seen.plane_corners[[0, 2]], rtol=1e-3)


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
    values: dict[str, Any] = controls(problem, num_steps=200, step=200) | {"y": problem.x * 2 + 1}
    seen = compiled(problem, "momentum")(**values)
    np.testing.assert_allclose(seen.point, [2, 1], atol=1e-3)
    np.testing.assert_array_equal(seen.residual_y[:, 0], values["y"])


@pytest.mark.parametrize("name", PROBLEMS)
def test_moving_the_step_changes_only_what_is_looked_at(name: str) -> None:
    early, late = ({**see(PROBLEMS[name], "momentum", step=step)._asdict()} for step in (3, 40))
    looks = {"curve_x", "curve_y", "point", "fit_y", "residual_y", "loss", "gradient_norm", "step"}
    assert {field for field in early if not np.array_equal(early[field], late[field])} == looks


@cache
def hessian_of(problem: Problem) -> Callable[[np.ndarray], jax.Array]:
    return jax.jit(jax.hessian(problem.loss))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", ["Line", "Wave"])
def test_curvature_is_that_of_the_last_iterate(name: str, optimizer: str) -> None:
    problem = PROBLEMS[name]
    seen = see(problem, optimizer)
    eigenvalues = np.linalg.eigvalsh(np.asarray(hessian_of(problem)(seen.path[seen.last]), float))
    np.testing.assert_allclose(seen.curvature, eigenvalues[-1], rtol=1e-3, atol=1e-3)
    law = OPTIMIZERS[optimizer].stability
    arguments = {key: HYPERPARAMETERS[key] for key in OPTIMIZERS[optimizer].hyperparameters}
    limit = float(law(**arguments)) / eigenvalues[-1] if law and eigenvalues[-1] > 0 else 0
    np.testing.assert_allclose(seen.stability_limit, limit, rtol=1e-3)


def test_curvature_of_a_diverged_descent_is_that_of_its_start() -> None:
    # Where it ended up says nothing; where it began says why it left.
    problem = PROBLEMS["Network"]
    seen = see(problem, "gradient_descent", learning_rate=100.0, num_steps=200)
    assert seen.verdict == DIVERGED
    hessian = jax.jit(jax.hessian(lambda flat: problem.loss(problem.unravel(flat))))(problem.flat_starts[0])
    assert seen.curvature == pytest.approx(np.linalg.eigvalsh(np.asarray(hessian, float))[-1], rel=0.02)


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
    shorter = controls(PROBLEMS["Line"]) | {"x": PROBLEMS["Line"].x[:9], "y": PROBLEMS["Line"].y[:9]}
    assert num_compilations(caplog, lambda: compiled(PROBLEMS["Line"], "gradient_descent")(**shorter)) > 0


# Verdicts, at first on a bowl where everything is known: x = -1, 1 and y = 0 make the loss w^2 + b^2. Gradient descent
# multiplies (w, b) by 1 - 2 lr in each step, and the gradient's norm at the start (1, 0) is 2.

BOWL = Problem("Bowl", line, np.array([-1, 1]), np.array([0, 0]), start=(1.0, 0.0))


def factor(rho: float) -> float:
    return (1 - rho) / 2


VERDICTS = [
    # .5^9 = 1.95e-3, .5^10 = 0.98e-3: the threshold is a thousandth of the gradient at the start.
    ("converges", factor(0.5), 9, 1.0, DESCENDING, NEVER),
    ("has converged", factor(0.5), 10, 1.0, CONVERGED, NEVER),
    # From .01 the gradient's norm is .02: a thousandth of 1 is reached in 5 steps, .02 / 32 = .6e-3.
    ("nearly there", factor(0.5), 4, 0.01, DESCENDING, NEVER),
    ("near the start", factor(0.5), 5, 0.01, CONVERGED, NEVER),
    ("starts there", factor(0.5), 1, 0.0, CONVERGED, NEVER),
    ("in one step", factor(0.0), 1, 1.0, CONVERGED, NEVER),
    # 4^9 = .26e6, 4^10 = 1.05e6: a million times the loss at the start.
    ("grows", factor(-2.0), 9, 1.0, RISING, NEVER),
    ("has diverged", factor(-2.0), 10, 1.0, DIVERGED, 10),
    ("diverged before", factor(-2.0), 200, 1.0, DIVERGED, 10),
    # On the limit it hops to and fro exactly; 1 % of a hop is 1 - |rho|.
    ("at the limit", factor(-1.0), 50, 1.0, BOUNCING, NEVER),
    ("just below", factor(-0.992), 50, 1.0, BOUNCING, NEVER),
    ("just above", factor(-1.008), 50, 1.0, BOUNCING, NEVER),
    ("well below", factor(-0.985), 50, 1.0, DESCENDING, NEVER),
    ("too early to tell", factor(-1.0), 4, 1.0, SLOW, NEVER),
    ("early enough to tell", factor(-1.0), 5, 1.0, BOUNCING, NEVER),
    # Ten steps take 1 - rho^20 off the loss: 1.03 % and 0.96 %.
    ("still going down", factor(0.99948), 100, 1.0, DESCENDING, NEVER),
    ("slow", factor(0.99952), 100, 1.0, SLOW, NEVER),
    ("slow in all of few steps", factor(0.9996), 3, 1.0, SLOW, NEVER),
]


@pytest.mark.parametrize(
    ("label", "learning_rate", "num_steps", "w", "verdict", "diverged_step"), VERDICTS, ids=[row[0] for row in VERDICTS]
)
def test_verdict_on_the_bowl(
    label: str, learning_rate: float, num_steps: int, w: float, verdict: int, diverged_step: int
) -> None:
    seen = see(BOWL, "gradient_descent", learning_rate=learning_rate, num_steps=num_steps, step=num_steps, w=w, b=0.0)
    assert seen.verdict == verdict
    assert seen.diverged_step == diverged_step
    assert seen.curvature == pytest.approx(2)
    assert seen.stability_limit == pytest.approx(1)


LABELLED = [
    ("Line", "gradient_descent", {"learning_rate": 0.1, "num_steps": 200}, CONVERGED),
    ("Line", "gradient_descent", {"learning_rate": 0.1, "num_steps": 3}, DESCENDING),
    ("Line", "gradient_descent", {"learning_rate": 1.0, "num_steps": 50}, DIVERGED),
    ("Line", "gradient_descent", {"learning_rate": 1e-6, "num_steps": 50}, SLOW),
    ("Line", "momentum", {"learning_rate": 0.1, "num_steps": 200}, CONVERGED),
    ("Line", "momentum", {"learning_rate": 1.0, "num_steps": 50}, DIVERGED),
    ("Line", "nesterov", {"learning_rate": 1.0, "num_steps": 50}, DIVERGED),
    ("Line", "adam", {"learning_rate": 10.0, "num_steps": 5}, WANDERING),
    # It has passed the minimum, and the loss is on its way up again.
    ("Line", "adam", {"learning_rate": 0.1, "num_steps": 30}, WANDERING),
    ("Wave", "gradient_descent", {"learning_rate": 0.1, "num_steps": 200}, CONVERGED),
    ("Wave", "gradient_descent", {"learning_rate": 0.4, "num_steps": 200}, BOUNCING),
    ("Wave", "momentum", {"momentum": 0.0, "learning_rate": 0.4, "num_steps": 200}, BOUNCING),
    ("Wave", "gradient_descent", {"learning_rate": 1e-6, "num_steps": 50}, SLOW),
    ("Network", "gradient_descent", {"learning_rate": 0.03, "num_steps": 10}, DESCENDING),
    ("Network", "gradient_descent", {"learning_rate": 1e-6, "num_steps": 50}, SLOW),
]


@pytest.mark.parametrize(("name", "optimizer", "changes", "verdict"), LABELLED)
def test_verdict_on_the_problems(name: str, optimizer: str, changes: dict[str, float], verdict: int) -> None:
    assert see(PROBLEMS[name], optimizer, **changes).verdict == verdict


@pytest.mark.parametrize("learning_rate", [0.02, 0.1, 0.3, 0.45, 0.5, 0.7, 1.0, 3.0, 100.0])
@pytest.mark.parametrize("num_steps", [5, 200])
def test_diverged_step_by_hand(learning_rate: float, num_steps: int) -> None:
    problem = PROBLEMS["Line"]
    x, y = problem.x.astype(float), problem.y.astype(float)
    p, losses = problem.start.astype(float), []
    for _ in range(num_steps + 1):
        error = p[0] * x + p[1] - y
        losses.append(np.mean(error**2))
        if losses[-1] > 1e6 * losses[0]:
            break
        p = p - learning_rate * np.array([np.mean(2 * error * x), np.mean(2 * error)])
    expected = len(losses) - 1 if losses[-1] > 1e6 * losses[0] else NEVER
    seen = see(problem, "gradient_descent", learning_rate=learning_rate, num_steps=num_steps, step=200)
    assert seen.diverged_step == expected
    assert seen.step == seen.last == (num_steps if expected == NEVER else expected)
    np.testing.assert_allclose(seen.curve_y[0, : seen.last + 1], losses[: seen.last + 1], rtol=1e-2)
    # The page warns of the limit where the descent began, not of where it ended up.
    assert seen.stability_limit > 0


@pytest.mark.parametrize("learning_rate", [0.1, 1.0, 10.0])
def test_num_finite_counts_beyond_the_steps_shown(learning_rate: float) -> None:
    problem = PROBLEMS["Line"]
    run = descend(problem.loss, problem.start, optimizer="gradient_descent", num_steps=MAX_STEPS, learning_rate=learning_rate)
    finite = np.isfinite(run.losses) & np.isfinite(run.params).all(axis=1) & np.isfinite(run.grads).all(axis=1)
    expected = int(np.argmin(finite)) if not finite.all() else T
    seen = see(problem, "gradient_descent", learning_rate=learning_rate, num_steps=1)
    assert seen.num_finite == expected
    assert seen.diverged_step == NEVER


# Leaving the picture.


def check_exit(seen: Any, domain: np.ndarray) -> None:
    low, high = domain[:, 0].astype(np.float32), domain[:, 1].astype(np.float32)
    outside = ((seen.path < low) | (seen.path > high)).any(axis=1)
    step = int(seen.exit_step)
    assert step == (int(np.argmax(outside)) if outside.any() else NEVER)
    if step == NEVER:
        assert not outside.any()
        return
    point = seen.exit_point.astype(float)
    tolerance = 1e-5 * (high - low)
    assert (point >= low - tolerance).all()
    assert (point <= high + tolerance).all()
    on_edge = np.minimum(np.abs(point - low), np.abs(point - high)) <= tolerance
    assert on_edge.any()
    if step == 0:  # it begins outside: the nearest place on the frame
        np.testing.assert_allclose(point, np.clip(seen.path[0], low, high), atol=1e-6)
        return
    inner, outer = seen.path[step - 1].astype(float), seen.path[step].astype(float)
    np.testing.assert_allclose(seen.exit_direction, outer - inner, rtol=1e-4, atol=1e-5)
    # On the segment: as far as its share of the way along both axes.
    share = (point - inner) @ (outer - inner) / np.sum((outer - inner) ** 2)
    assert -1e-6 <= share <= 1 + 1e-6
    np.testing.assert_allclose(point, inner + share * (outer - inner), atol=1e-4)


@settings(deadline=None, max_examples=150)
@given(
    w=st.floats(-2.5, 3.5, width=32),
    b=st.floats(-3.5, 3.5, width=32),
    learning_rate=st.one_of(st.floats(0.01, 3), st.floats(3, 1e4)),
)
def test_exit_point_lies_on_the_frame_and_on_the_segment(w: float, b: float, learning_rate: float) -> None:
    problem = PROBLEMS["Line"]
    seen = see(problem, "gradient_descent", w=w, b=b, learning_rate=learning_rate, num_steps=50)
    check_exit(seen, domain_of(problem))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("learning_rate", [0.03, 0.5, 3.0])
def test_exit_of_every_optimizer(name: str, optimizer: str, learning_rate: float) -> None:
    for num_steps in (1, 30, 200):
        seen = see(PROBLEMS[name], optimizer, learning_rate=learning_rate, num_steps=num_steps)
        check_exit(seen, domain_of(PROBLEMS[name]))


# On the bowl a step with the learning rate lr moves (w, b) to (1 - 2 lr) (w, b); its domain is [-3, 3] twice.
EXITS = [
    ("through the left side", 1.0, 0.0, factor(-4.0), 1, (-3, 0), (-5, 0)),
    ("through the right side", -1.0, 0.0, factor(-4.0), 1, (3, 0), (5, 0)),
    ("through the bottom", 0.5, 1.0, factor(-4.0), 1, (-1.5, -3), (-2.5, -5)),
    ("through a corner", 1.0, 1.0, factor(-4.0), 1, (-3, -3), (-5, -5)),
    ("from the edge inwards and out", 3.0, 0.0, factor(-4.0), 1, (-3, 0), (-15, 0)),
    ("from the edge outwards", 3.0, 1.0, factor(2.0), 1, (3, 1), (3, 1)),
    ("at the second step", 1.0, 0.0, factor(-2.0), 2, (3, 0), (6, 0)),
    ("to the edge and no farther", 1.0, 0.0, factor(-3.0), 2, (3, 0), (12, 0)),
    ("never", 3.0, 3.0, factor(0.5), NEVER, None, None),
    ("to and fro between edges", 3.0, 3.0, factor(-1.0), NEVER, None, None),
]


@pytest.mark.parametrize(("label", "w", "b", "learning_rate", "step", "point", "direction"), EXITS, ids=[r[0] for r in EXITS])
def test_exit_by_hand(label: str, w: float, b: float, learning_rate: float, step: int, point: Any, direction: Any) -> None:
    seen = see(BOWL, "gradient_descent", w=w, b=b, learning_rate=learning_rate, num_steps=20)
    assert seen.exit_step == step
    if point is not None:
        np.testing.assert_allclose(seen.exit_point, point, atol=1e-5)
        np.testing.assert_allclose(seen.exit_direction, direction, atol=1e-5)


# Problems of a person's own, which may be bad ones.

X = np.linspace(-1, 1, 9)
OWN = [
    ("no loss at the start", Problem("Log", lambda p, x: jnp.log(p[0] * x + p[1]), X, X, start=(1.0, 0.0)), DIVERGED),
    ("one parameter", Problem("One", lambda p, x: p[0] * x, X, 2 * X, start=np.zeros(1)), CONVERGED),
    (
        "three parameters",
        Problem("Three", lambda p, x: p[0] + p[1] * x + p[2] * x**2, X, X**2, start=np.zeros(3)),
        DESCENDING,
    ),
    (
        "a tree that is flat at its start",
        Problem("Tree", lambda p, x: p["a"] * p["b"].sum() * x, X, X, start={"a": 0.0, "b": np.zeros(2)}),
        CONVERGED,
    ),
]


@pytest.mark.parametrize(("label", "problem", "verdict"), OWN, ids=[row[0] for row in OWN])
def test_own_problem(label: str, problem: Problem, verdict: int) -> None:
    seen = see(problem, "gradient_descent", learning_rate=0.3, num_steps=30)
    check_sanity(seen, problem)
    assert seen.verdict == verdict
    if verdict == DIVERGED:
        assert (seen.last, seen.step, seen.num_finite, seen.diverged_step) == (0, 0, 0, 0)


EXACT = Problem("Exact", line, X, X, start=(1.0, 0.0))


def test_perfect_fit_has_converged() -> None:
    seen = see(EXACT, "adam", num_steps=200)
    check_sanity(seen, EXACT)
    assert seen.verdict == CONVERGED
    assert seen.loss == 0


def test_a_step_away_from_a_perfect_fit_has_not_diverged() -> None:
    # Adam's first step has the length of its learning rate however flat it is, and a million times nothing is nothing.
    seen = see(EXACT, "adam", w=1.0 + 1e-6, num_steps=200, step=200)
    check_sanity(seen, EXACT)
    assert seen.verdict != DIVERGED
