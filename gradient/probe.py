"""The model at one point of the field, or at one step of the descent."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from gradient.compare import run_of
from gradient.frame import model_curve
from gradient.landscape import PlaneAxes
from gradient.problems import Problem
from gradient.run import NEVER, as_high, finite


class Probe(NamedTuple):
    """A model and its loss, in finite numbers.

    Attributes:
        x, y: [121], its curve over the range of the data.
        loss: its loss.
    """

    x: jax.Array
    y: jax.Array
    loss: jax.Array


def probe(problem: Problem, point: jax.Array, data: tuple[jax.Array, jax.Array]) -> Probe:
    """The two-parameter model at a point [2] of its plane, on the data x and y [n]."""
    return _probe(problem, point, data)


def probe_path(problem: Problem, point: jax.Array, step: jax.Array, row: jax.Array, controls: Mapping[str, Any]) -> Probe:
    """A larger model: at a point [2] of the plane through its descent, or at a step of the descent.

    Args:
        problem: what is fitted.
        point: in the coordinates of the plane.
        step: clamped to the steps of the descent; if it is -1 the point counts.
        row: the settings of the descent, as in `gradient.compare`.
        controls: the arguments of `gradient.frame.frame`, but for the optimizer's.
    """
    run = run_of(problem, row, controls)
    axes = PlaneAxes.through(run.params, run.grads[0], run.diverged_step != NEVER)
    at_point = axes.start + point[0] * axes.first + point[1] * axes.second
    flat = jnp.where(step == NEVER, at_point, run.params[jnp.clip(step, 0, run.last)])
    return _probe(problem, flat, (controls["x"], controls["y"]))


def _probe(problem: Problem, flat: jax.Array, data: tuple[jax.Array, jax.Array]) -> Probe:
    loss = problem.loss(problem.unravel(flat), *data)
    found = Probe(*model_curve(problem, flat, *data), as_high(loss))
    return jax.tree.map(finite, found)
