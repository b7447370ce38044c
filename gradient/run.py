"""A run: a descent up to where it is shown, padded to a fixed number of steps."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from gradient.descent import iterate
from gradient.points import variance
from gradient.problems import MAX_STEPS, Problem
from gradient.verdict import Verdict, verdict

NEVER = -1  # the step of an event that does not happen


class Run(NamedTuple):
    """A trajectory cut at step `last`, whose iterate fills the rest of T = 201.

    Attributes:
        params, grads: [T, dim], in flat parameters.
        losses: [T].
        last: the number of steps asked for, or the step where it diverged, or the last finite one, whichever comes first.
        num_finite: the number of iterates before the first non-finite one, at most T.
        diverged_step: the first step that is not finite, or whose loss exceeds `divergence_bound`; NEVER if none that was asked
            for does.
        gradient_norms: [T], not cut: they tell whether a path stays where it is.
    """

    params: jax.Array
    losses: jax.Array
    grads: jax.Array
    last: jax.Array
    num_finite: jax.Array
    diverged_step: jax.Array
    gradient_norms: jax.Array


def start_of(problem: Problem, w: jax.Array, b: jax.Array, key: jax.Array) -> jax.Array:
    """The flat parameters [dim] where a descent starts: (w, b), or those of a random key for any other model."""
    if problem.is_planar:
        return jnp.stack([w, b]).astype(jnp.float32)
    starts = jnp.asarray(problem.flat_starts)
    return starts[jnp.clip(key - 1, 0, len(starts) - 1)]


def divergence_bound(start_loss: jax.Array, y: jax.Array) -> jax.Array:
    """The loss above which a descent has diverged: a million times the start's, or the data's variance if larger."""
    return 1e6 * jnp.maximum(start_loss, variance(y))


def run_descent(
    loss: Callable, start: jax.Array, rule: optax.GradientTransformation, num_steps: jax.Array, y: jax.Array
) -> Run:
    """A descent with an optimizer from flat parameters [dim], on data whose values are y [n]; `num_steps` in 1..200."""
    params, losses, grads = iterate(loss, start, rule, MAX_STEPS)
    t = jnp.arange(MAX_STEPS + 1)
    finite = jnp.isfinite(losses) & jnp.isfinite(params).all(axis=1) & jnp.isfinite(grads).all(axis=1)
    num_finite = first_true(~finite)
    diverged = first_true(~finite | (losses > divergence_bound(losses[0], y)))
    last = jnp.clip(jnp.minimum(jnp.minimum(num_steps, diverged), num_finite - 1), 0, MAX_STEPS)
    shown = t <= last
    return Run(
        jnp.where(shown[:, None], params, params[last]),
        jnp.where(shown, losses, losses[last]),
        jnp.where(shown[:, None], grads, grads[last]),
        last,
        num_finite,
        jnp.where(diverged <= num_steps, diverged, NEVER),
        jnp.linalg.norm(grads, axis=1),
    )


def first_true(flags: jax.Array) -> jax.Array:
    """The index of the first true flag, or their number if none is."""
    return jnp.where(flags.any(), jnp.argmax(flags), flags.size).astype(jnp.int32)


def verdict_of(run: Run, step: jax.Array, best_known: jax.Array, data_spread: jax.Array) -> jax.Array:
    """The `Verdict` of a run's iterate at `step`; for the other arguments see `verdict`."""
    found = verdict(run.params, run.losses, run.gradient_norms, step, best_known, data_spread)
    has_diverged = (run.diverged_step != NEVER) & (step == run.last)
    return jnp.where(has_diverged, Verdict.DIVERGED, found).astype(jnp.int32)


def as_high(losses: jax.Array) -> jax.Array:
    """The same with infinity in the place of NaN, which would be shown as 0 and count as the lowest."""
    return jnp.where(jnp.isnan(losses), jnp.inf, losses)


def finite(value: jax.Array) -> jax.Array:
    """The same with 0 for NaN, and the largest float32 for infinity."""
    largest = np.finfo(np.float32).max
    return jnp.nan_to_num(value, nan=0.0, posinf=largest, neginf=-largest) if value.dtype.kind == "f" else value
