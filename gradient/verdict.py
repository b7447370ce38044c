"""How a descent is going at one of its iterates: a verdict that knows the loss, and the lowest loss known."""

from enum import IntEnum

import jax
import jax.numpy as jnp

from gradient.points import variance

CLOSE, NEARLY_BEST = 1.05, 1.02  # times the lowest loss known
NOTHING = 1e-5  # times the variance of y: no picture shows a curve that is off by 0.3 % of the data's spread
WINDOW = 10  # steps before the iterate, whose losses say where it is going
_AFTER = 5  # steps after the iterate, in which a gradient has to stay small


class Verdict(IntEnum):
    """How a descent is going, as the integer that `Frame.verdict` holds; `verdict` says when each is given."""

    START = 0
    CONVERGED = 1
    SETTLED = 2
    BEST = 3
    CLOSE = 4
    BOUNCING = 5
    DESCENDING = 6
    RISING = 7
    WANDERING = 8
    SLOW = 9
    DIVERGED = 10


def verdict(
    params: jax.Array,
    losses: jax.Array,
    gradient_norms: jax.Array,
    step: jax.Array,
    best_known: jax.Array,
    data_spread: jax.Array,
) -> jax.Array:
    """The first of these that holds for the iterate at `step`; `SLOW` if none does. A diverged one is not asked about.

    Arrays over steps have the iterates after `step`, too. "Close" means at most 5 % above `best_known`, and what is less than
    `NOTHING` times the square of `data_spread` counts as nothing. The window is the last eleven losses.

    CONVERGED, SETTLED: the gradient norm is at most 1e-3 times its value at the start, clipped to 1..10 times `data_spread`,
    and stays below ten times that for five more steps, because momentum can carry a path through a minimum. `CONVERGED` if
    the loss is close, `SETTLED` if it is not, and has not fallen by 1 % in the last four steps.
    START: it is the start.
    BEST: the last six losses are within 2 % of `best_known`.
    BOUNCING: each of the last six iterates is within 1 % of a step's length of the iterate two steps before it.
    DESCENDING: the loss is at least 1 % below the window's first, and within 0.1 % of the window's lowest.
    CLOSE: the loss is close.
    RISING: the loss is at least 1 % above the window's first, and within 0.1 % of the window's highest.
    WANDERING: the largest loss of the window is more than 5 % above its lowest.

    Args:
        params: [T, dim], the iterates.
        losses, gradient_norms: [T], at each of them.
        step: of the iterate, in 0..T-1.
        best_known: the lowest loss known for these data and this model.
        data_spread: see `spread`.
    """
    # Before step 10 the window repeats the start's loss, which changes nothing here.
    window = losses[jnp.maximum(step - WINDOW + jnp.arange(WINDOW + 1), 0)]
    small = 1e-3 * jnp.clip(gradient_norms[0], data_spread, 10 * data_spread)
    next_norms = gradient_norms[jnp.minimum(step + jnp.arange(1, _AFTER + 1), len(losses) - 1)]
    is_stationary = (gradient_norms[step] <= small) & (next_norms.max() <= 10 * small)
    nothing = NOTHING * data_spread**2
    first, now, lowest, highest = window[0], window[-1], window.min(), window.max()
    is_down = (now <= 0.99 * first) & (now <= 1.001 * lowest)
    is_close = now <= CLOSE * best_known + nothing
    cases = {
        Verdict.CONVERGED: is_stationary & is_close,
        Verdict.SETTLED: is_stationary & (now > 0.99 * window[-5]),
        Verdict.START: step == 0,
        Verdict.BEST: window[-6:].max() <= NEARLY_BEST * best_known + nothing,
        Verdict.BOUNCING: _bounces(params, step),
        Verdict.DESCENDING: is_down,
        Verdict.CLOSE: is_close,
        Verdict.RISING: (now >= 1.01 * first) & (now >= 0.999 * highest),
        Verdict.WANDERING: highest > 1.05 * lowest,
    }
    return jnp.select(list(cases.values()), [jnp.int32(case) for case in cases], jnp.int32(Verdict.SLOW))


def spread(y: jax.Array) -> jax.Array:
    """The standard deviation of the data y [n], by which a loss or a gradient is large or small; 1 if all are alike."""
    deviation = jnp.sqrt(variance(y))
    return jnp.where(deviation > 0, deviation, 1.0)


def _bounces(params: jax.Array, step: jax.Array) -> jax.Array:
    six = params[jnp.maximum(step - 5 + jnp.arange(6), 0)]
    hop = jnp.linalg.norm(six[2:] - six[1:-1], axis=1)
    return (step >= 5) & jnp.all((jnp.linalg.norm(six[2:] - six[:-2], axis=1) <= 0.01 * hop) & (hop > 0))
