"""The lowest loss that is known for a problem, from many starts. The page calls a loss close if it is close to this one."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from gradient.optimizers import LEARNING_RATES, SHIPPED, Optimizer
from gradient.problems import Problem
from gradient.run import MAX_STEPS, finite
from gradient.sweep import Descent

_NUM_STARTS = 9  # along each side of a domain
_RATES = LEARNING_RATES[60::20]  # from 0.016 up: with lower rates 200 steps get nowhere
_OPTIMIZERS = [record for record in SHIPPED if record.label in ("Momentum", "Adam")]  # even where a reader has removed them


def best_known(problem: Problem) -> list[np.ndarray]:
    """The lowest loss, a finite scalar, at the ends of descents such as the page shows: 200 steps, with many learning rates.

    They start from a grid over the domain of a two-parameter model, or else from the problem's own starts. Where every one of
    them diverges, it is the lowest loss at a start.
    """
    return [np.asarray(_lowest(problem))]


@partial(jax.jit, static_argnames="problem")
def _lowest(problem: Problem) -> jax.Array:
    starts, rates = jnp.asarray(_starts(problem), jnp.float32), jnp.asarray(_RATES, jnp.float32)
    x, y = jnp.asarray(problem.x), jnp.asarray(problem.y)

    def lowest_from(start: jax.Array) -> jax.Array:
        descent = Descent.of(problem, start, x, y, MAX_STEPS)
        at_start = jnp.nan_to_num(descent.start_loss, nan=jnp.inf)
        return jnp.stack([at_start, *(_lowest_with(descent, record, rates) for record in _OPTIMIZERS)]).min()

    return finite(jax.lax.map(lowest_from, starts).min())


def _lowest_with(descent: Descent, record: Optimizer, rates: jax.Array) -> jax.Array:
    defaults = {name: h.default for name, h in record.hyperparameters.items()}
    runs = jax.lax.map(lambda rate: descent.run(record.make(rate, **defaults)), rates)
    return jnp.where(runs.diverged, jnp.inf, runs.losses).min()


def _starts(problem: Problem) -> np.ndarray:
    if not problem.is_planar:
        return problem.flat_starts
    return np.stack(np.meshgrid(*(np.linspace(*interval, _NUM_STARTS) for interval in problem.domain)), axis=-1).reshape(-1, 2)
