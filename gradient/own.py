"""A visitor's own data as a descent takes them."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from gradient.points import CAPACITY
from gradient.problems import OwnProblem, Problem

UNSCALED = (0.0, 1.0, 0.0, 1.0)  # the scaling of points as they are
_OWN = ("own_x", "own_y", "own_model", "own_domain", "own_scaling", "own_is_shown")


def on_own_data(problem: Problem, inputs: Mapping[str, jax.Array]) -> tuple[Problem, dict[str, jax.Array]]:
    """The problem that a descent fits, and its inputs without those of a visitor's own data.

    For the problem of these they take the place of x, y and the problem's own model. A problem whose model fits them, too, has
    one program for both: while they are shown, they take the place of its own data.

    Args:
        problem: what is fitted.
        inputs: by name; "own_x" and "own_y" [2100], padded, "own_model", "own_domain" and "own_scaling" as in
            `gradient.analysis.Analysis`, and "own_is_shown".
    """
    others = {name: value for name, value in inputs.items() if name not in _OWN}
    x, y, scaling = inputs["own_x"], inputs["own_y"], inputs["own_scaling"]
    if problem.is_own:
        assert isinstance(problem, OwnProblem)
        return problem.bound(inputs["own_model"], inputs["own_domain"], scaling), {**others, "x": x, "y": y}
    if problem.fits_own:
        is_own = inputs["own_is_shown"]
        x, y = (jnp.where(is_own, own, _padded(inputs[name])) for name, own in (("x", x), ("y", y)))
        return problem.scaled(jnp.where(is_own, scaling, jnp.array(UNSCALED))), {**others, "x": x, "y": y}
    return problem, others


def _padded(values: jax.Array) -> jax.Array:
    return jnp.concatenate([values, jnp.full(CAPACITY - values.size, jnp.nan)])
