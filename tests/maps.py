"""Slices of maps for tests, and the same descents in NumPy."""

from functools import cache, partial
from itertools import islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gradient.maps import MapKind, Setting, known_valley, map_slice
from gradient.optimizers import OPTIMIZERS
from gradient.problems import PROBLEMS, Problem
from gradient.valleys import Valleys, valleys
from tests.frames import lowest_known
from tests.test_compare import row_of
from tests.test_optimizers import GRADIENTS, TEXTBOOK


@cache
def valleys_of(problem: Problem) -> Any:
    """The valleys of a problem, as NumPy arrays."""
    if not problem.is_planar:
        return jax.tree.map(np.asarray, known_valley(jnp.float32(lowest_known(problem))))
    return jax.tree.map(np.asarray, jax.jit(partial(valleys, problem))(problem.x, problem.y))


@cache
def compiled(problem: Problem) -> Any:
    return jax.jit(partial(map_slice, problem))


def slice_of(problem: Problem, kind: MapKind, index: int, optimizer: str, num_steps: int, **settings: float) -> Any:
    """One slice of a map from the problem's own start."""
    start = jnp.asarray(problem.flat_starts[0], jnp.float32)
    row = jnp.asarray(row_of(optimizer, settings), jnp.float32)
    present, data = Setting(row, jnp.int32(num_steps), start), (problem.x, problem.y)
    found = compiled(problem)(np.int32(kind), np.int32(index), present, data, Valleys(*valleys_of(problem)))
    return jax.tree.map(np.asarray, found)


def loss_by_hand(problem: Problem, params: np.ndarray) -> float:
    """The mean squared error of the Line or the Wave, in float64."""
    w, b = params
    angle = w * problem.x.astype(float) + b
    model = np.sin(angle) if problem is PROBLEMS["Wave"] else angle
    return float(np.mean((model - problem.y) ** 2))


def descent_by_hand(
    problem: Problem, optimizer: str, start: np.ndarray, num_steps: int, learning_rate: float, **settings: float
) -> tuple[np.ndarray, np.ndarray, bool]:
    """The iterates and their losses up to the last step or to where it diverges, and whether it does."""
    x, y = problem.x.astype(float), problem.y.astype(float)
    own = {name: settings[name] for name in OPTIMIZERS[optimizer].hyperparameters}
    iterates = TEXTBOOK[optimizer](start.astype(float), lambda p: GRADIENTS[problem.name](p, x, y), learning_rate, **own)
    with np.errstate(all="ignore"):
        params = np.stack(list(islice(iterates, num_steps + 1)))
        losses = np.array([loss_by_hand(problem, each) for each in params])
    bound = 1e6 * max(losses[0], np.var(y))
    outside = ~np.isfinite(losses) | (losses > bound)
    return params, losses, bool(outside.any())
