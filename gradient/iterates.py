"""Every iterate of the present descent, for whoever wants its numbers."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from gradient.compare import run_of
from gradient.problems import Problem
from gradient.run import MAX_STEPS, as_high, finite


class Iterates(NamedTuple):
    """A descent up to step `last`; T = 201 entries, of which the one at `last` fills the rest.

    Attributes:
        params: [T, dim], the parameters, those of a larger model one after the other.
        losses, gradient_norms: [T].
        last: the number of steps, or the step where it diverged.
    """

    params: jax.Array
    losses: jax.Array
    gradient_norms: jax.Array
    last: jax.Array


def iterates(problem: Problem, row: jax.Array, controls: Mapping[str, Any]) -> Iterates:
    """The iterates of a descent; `problem` is static, all else may be traced.

    Args:
        problem: what is fitted.
        row: the index of an optimizer, and the values of `gradient.compare.columns()`.
        controls: the arguments of `gradient.frame.frame`, but for the optimizer's.
    """
    run = run_of(problem, row, controls)
    shown = jnp.minimum(jnp.arange(MAX_STEPS + 1), run.last)
    found = Iterates(run.params, as_high(run.losses), run.gradient_norms[shown], run.last)
    return jax.tree.map(finite, found)
