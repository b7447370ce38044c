"""Descents for tests of verdicts: cheap runs of every problem and optimizer, cut where the page cuts them."""

from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gradient.descent import descend
from gradient.optimizers import LEARNING_RATES, OPTIMIZERS
from gradient.problems import PROBLEMS, Problem
from gradient.verdict import Verdict, spread, verdict
from tests.frames import T, lowest_known

EVERY = [(name, optimizer) for name in PROBLEMS for optimizer in OPTIMIZERS]
_verdicts = jax.jit(jax.vmap(verdict, (None, None, None, 0, None, None)))


class Run(NamedTuple):
    """A descent up to `last`, repeated after it: params [T, dim], losses [T]; the norms [T] of its gradients go on."""

    params: np.ndarray
    losses: np.ndarray
    norms: np.ndarray
    last: int
    diverged: bool
    spread: float

    def verdicts(self, best: float) -> np.ndarray:
        """The verdict of every iterate [T], where it is asked for."""
        best = min(best, float(self.losses.min()))
        found = np.array(
            _verdicts(self.params, self.losses, self.norms, np.arange(T), np.float32(best), np.float32(self.spread))
        )
        found[self.last :] = Verdict.DIVERGED if self.diverged else found[self.last]
        return found


@cache
def _flat_loss(problem: Problem) -> Any:
    """One function for each problem, so that a descent compiles once."""
    return lambda flat: problem.loss(problem.unravel(flat))


def run(problem: Problem, optimizer: str, *, num_steps: int = T - 1, **changes: float) -> Run:
    """A descent with the arguments of the page: a learning rate, hyperparameters, and w and b or a key."""
    flat = problem.flat_starts[int(changes.pop("key", 1)) - 1]
    start = np.array([changes.pop("w", flat[0]), changes.pop("b", flat[1])], np.float32) if problem.is_planar else flat
    with np.errstate(all="ignore"):
        path = descend(_flat_loss(problem), start, optimizer=optimizer, num_steps=T - 1, **changes)
        params, losses, grads = (np.asarray(array) for array in path)
        finite = np.isfinite(losses) & np.isfinite(params).all(axis=1) & np.isfinite(grads).all(axis=1)
        out = ~finite | (losses > 1e6 * max(losses[0], np.var(problem.y)))
        norms = np.linalg.norm(grads.astype(float), axis=1).astype(np.float32)
    first = int(np.argmax(out)) if out.any() else T
    # What is shown ends with the last finite iterate: one whose loss has become too large is shown, one without a loss is not.
    last = max(0, min(num_steps, first if first < T and finite[first] else first - 1))
    shown = np.minimum(np.arange(T), last)
    return Run(params[shown], losses[shown], norms, last, first <= num_steps, float(spread(jnp.asarray(problem.y))))


def random_settings(name: str, optimizer: str, draw: np.random.RandomState) -> dict[str, Any]:
    """Values at which the sliders can stand, all over their ranges; some of the hyperparameters stay at their defaults."""
    problem, record = PROBLEMS[name], OPTIMIZERS[optimizer]
    settings: dict[str, Any] = {
        "learning_rate": float(draw.choice(LEARNING_RATES)),
        "num_steps": int(draw.choice([1, 7, 30, 90, 200])),
        **{key: float(draw.choice(h.stops())) for key, h in record.hyperparameters.items() if draw.rand() < 0.6},
    }
    if not problem.is_planar:
        return {**settings, "key": int(draw.randint(1, problem.num_keys + 1))}
    w, b = (round(float(draw.uniform(*interval)), 2) for interval in problem.domain)
    return {**settings, "w": w, "b": b} if draw.rand() < 0.7 else settings


def best_of(name: str) -> float:
    """The lowest loss known for a problem, by its name."""
    return lowest_known(PROBLEMS[name])
