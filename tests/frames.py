"""Frames for tests: the page's function compiled once for each problem and optimizer, and what holds for any controls."""

import math
import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import numpy as np

from gradient.best import best_known
from gradient.frame import CURVE_POINTS, Frame, frame
from gradient.landscape import PLANE_DOMAIN, PLANE_SIZE
from gradient.optimizers import OPTIMIZERS
from gradient.problems import Problem, line
from gradient.run import MAX_STEPS, NEVER
from gradient.verdict import Verdict

T = MAX_STEPS + 1
INTEGERS = ("key", "num_steps", "step")


@cache
def compiled(problem: Problem, optimizer: str) -> Callable[..., Frame]:
    """One compilation for all tests of a process: a problem is equal to itself only, so that it can be a key."""
    return jax.jit(partial(frame, problem, optimizer))


@cache
def lowest_known(problem: Problem) -> float:
    """The lowest loss that the page knows for a problem before anything is run."""
    return float(best_known(problem)[0])


def controls(problem: Problem, optimizer: str, **changes: float) -> dict[str, Any]:
    """What the page would pass, each number with the type it always has there; without a lowest loss that was known before."""
    w, b = problem.start if problem.is_planar else (0.0, 0.0)
    numbers = {
        "w": w,
        "b": b,
        "key": 1,
        "learning_rate": 0.1,
        "num_steps": 50,
        "step": 20,
        "best_known": math.inf,
        **{name: h.default for name, h in OPTIMIZERS[optimizer].hyperparameters.items()},
        **changes,
    }
    typed = {name: (np.int32 if name in INTEGERS else np.float32)(value) for name, value in numbers.items()}
    return {"x": problem.x, "y": problem.y, **typed}


def see(problem: Problem, optimizer: str, **changes: float) -> Any:
    """The frame with NumPy arrays in it."""
    return jax.tree.map(np.asarray, compiled(problem, optimizer)(**controls(problem, optimizer, **changes)))


def domain_of(problem: Problem) -> np.ndarray:
    return np.array(problem.domain if problem.is_planar else PLANE_DOMAIN)


# A bowl where everything is known: x = -1, 1 and y = 0 make the loss w^2 + b^2. Gradient descent with the learning rate lr
# multiplies (w, b) by 1 - 2 lr in each step, and the gradient's norm at the start (1, 0) is 2. Its domain is [-3, 3] twice.

BOWL = Problem("Bowl", line, np.array([-1, 1]), np.array([0, 0]), start=(1.0, 0.0))


def factor(rho: float) -> float:
    return (1 - rho) / 2


SCALARS = [
    "round_low",
    "round_high",
    "exit_step",
    "loss",
    "gradient_norm",
    "step",
    "last",
    "verdict",
    "num_finite",
    "diverged_step",
    "best_known",
    "times_best",
    "fit_outside",
    "plane_third",
    "plane_case",
]


def arithmetic_shapes(seen: Any, problem: Problem) -> dict[str, tuple[int, ...]]:
    """The shapes of `Arithmetic`; how much an optimizer remembers, and how many layers there are, stands elsewhere."""
    if not problem.is_planar:
        vectors = dict.fromkeys(("parameters", "gradient", "next_parameters"), (0,))
        return {**vectors, "memory": (0, 0), "example": (5,), "layer_norms": (len(seen.layer_norms),)}
    vectors = dict.fromkeys(("parameters", "gradient", "next_parameters"), (2,))
    return {**vectors, "memory": (len(seen.memory), 2), "example": (7,), "layer_norms": (0,)}


def check_shapes(seen: Any, problem: Problem) -> None:
    n = problem.x.size
    scalars: dict[str, tuple[int, ...]] = dict.fromkeys(SCALARS, ())
    shapes = (
        scalars
        | arithmetic_shapes(seen, problem)
        | {
            "settings": (len(seen.settings),),
            "curve_x": (3, T),
            "curve_y": (3, T),
            "path": (T, 2),
            "point": (2,),
            "exit_point": (2,),
            "exit_direction": (2,),
            "fit_x": (CURVE_POINTS,),
            "fit_y": (CURVE_POINTS,),
            "residual_x": (n, 2),
            "residual_y": (n, 2),
            "plane": (0, 0) if problem.is_planar else (PLANE_SIZE, PLANE_SIZE),
            "plane_range": (2,),
            "plane_corners": (3,),
        }
    )
    assert {name: np.shape(value) for name, value in seen._asdict().items()} == shapes


def check_limits(seen: Any) -> None:
    """The axis holds the curve, ends at round numbers, and is no longer than it must be; it ends at 1e38 whatever comes."""
    low, high = (float(str(limit)) for limit in (seen.round_low, seen.round_high))
    least, most = (min(loss, np.float32(1e38)) for loss in (seen.curve_y[0].min(), seen.curve_y[0].max()))
    assert re.fullmatch(r"1\.000000e[+-]\d+", f"{low:e}")
    assert re.fullmatch(r"[125]\.000000e[+-]\d+", f"{high:e}")
    assert seen.round_low <= least
    assert most <= seen.round_high
    assert least < np.float32(10 * low) or high == 1e38
    assert np.float32(high / 2.5) < most or high <= 2.5 * low


def check_sanity(seen: Any, problem: Problem) -> None:
    """What holds for any controls at all."""
    check_shapes(seen, problem)
    check_limits(seen)
    for name, value in seen._asdict().items():
        assert np.isfinite(value).all(), name
    last, step = int(seen.last), int(seen.step)
    assert 0 <= step <= last <= MAX_STEPS
    assert int(seen.verdict) in list(Verdict)
    assert (seen.verdict == Verdict.DIVERGED) == (seen.diverged_step != NEVER and step == last)
    assert seen.num_finite == 0 or last < seen.num_finite <= T
    assert (seen.curve_y > 0).all()  # a logarithmic axis
    np.testing.assert_array_equal(seen.curve_x[0], np.minimum(np.arange(T), last))
    until = np.minimum(np.arange(T), step)
    np.testing.assert_array_equal(seen.curve_x[1], until)
    np.testing.assert_array_equal(seen.curve_y[1], seen.curve_y[0, until])
    np.testing.assert_array_equal(seen.curve_x[2], step)
    np.testing.assert_array_equal(seen.curve_y[2], seen.curve_y[0, step])
    np.testing.assert_array_equal(seen.point, seen.path[step])
    for padded in (seen.path, seen.curve_x.T, seen.curve_y.T):
        # A projection onto a plane may round the same iterate in two ways.
        still = np.broadcast_to(padded[last], padded[last:].shape)
        np.testing.assert_allclose(padded[last:], still, rtol=1e-5, atol=1e-6 * (1 + np.abs(padded).max()))
    assert seen.gradient_norm >= 0
    assert seen.best_known <= seen.loss


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
