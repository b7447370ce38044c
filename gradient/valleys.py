"""The valleys of a two-parameter loss: its lowest points in and around the picture."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gradient.landscape import curvature
from gradient.points import normal_equations
from gradient.problems import Problem
from gradient.verdict import CLOSE, NOTHING, spread

NUM_VALLEYS = 24
_NUM_STARTS = 16  # along each side of the domain
NUM_STEPS = 40
_BEYOND = 0.25  # of the domain's width, on each side: a descent that leaves the picture often ends near it
_APART = 0.03  # of the domain's width: minima that are nearer than this are one
_ALIKE = 1.001  # times a loss: no more than rounding
_FLAT = 1e-6  # of the largest curvature: along a valley that is a line, less than this is rounding
_STATIONARY = 1e-3  # of the domain's width: the step to a minimum that is reached


class Valleys(NamedTuple):
    """The minima of a loss, the lowest first.

    Attributes:
        params: [24, 2], (w, b) of each.
        losses: [24], infinite for an unused place.
        num_best: how many are within 5 % of the lowest.
    """

    params: jax.Array
    losses: jax.Array
    num_best: jax.Array


class Search(NamedTuple):
    """A search from one start: where it is, the loss there, and how much the next step is damped."""

    params: jax.Array
    loss: jax.Array
    damping: jax.Array


def valleys(problem: Problem, x: jax.Array, y: jax.Array) -> Valleys:
    """The minima of a two-parameter problem's loss on the data x, y [n], in its domain and a quarter of its width beyond.

    Found from 256 starts in the domain, by Levenberg and Marquardt's method (Marquardt 1963).
    """
    low, high = jnp.asarray(problem.domain, jnp.float32).T
    width = high - low
    found = jax.vmap(lambda start: search(problem, start, x, y))(low + width * jnp.asarray(_starts(), jnp.float32))
    inside = ((found.params >= low - _BEYOND * width) & (found.params <= high + _BEYOND * width)).all(axis=1)
    is_minimum = jax.vmap(lambda params: _is_minimum(problem, params, width, x, y))(found.params)
    losses = jnp.where(inside & is_minimum, found.loss, jnp.inf)
    params, lowest = _in_order(*_distinct(found.params / width, losses))
    num_best = jnp.sum(lowest <= CLOSE * lowest[0] + NOTHING * spread(y) ** 2)
    return Valleys(params * width, lowest, jnp.where(jnp.isfinite(lowest[0]), num_best, 0).astype(jnp.int32))


def _starts() -> np.ndarray:
    """Where the searches start, in shares of the domain's width and height."""
    side = np.linspace(0, 1, _NUM_STARTS)
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


def search(problem: Problem, start: jax.Array, x: jax.Array, y: jax.Array, num_steps: int = NUM_STEPS) -> Search:
    """The minimum of the loss on the data x, y [n] that is found from `start` [2]."""

    def loss(params: jax.Array) -> jax.Array:
        return problem.loss(params, x, y)

    def step(state: Search, _: None) -> tuple[Search, None]:
        params = state.params - _newton_step(problem, state.params, state.damping, x, y)
        new = loss(params)
        is_lower = new < state.loss
        damping = jnp.clip(jnp.where(is_lower, state.damping / 5, state.damping * 5), 1e-6, 1e6)
        return Search(jnp.where(is_lower, params, state.params), jnp.where(is_lower, new, state.loss), damping), None

    return jax.lax.scan(step, Search(start, loss(start), jnp.float32(1e-2)), None, num_steps)[0]


def _newton_step(problem: Problem, params: jax.Array, damping: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
    """Gauss and Newton's step [2] to the minimum, with Marquardt's damping."""
    ((a, b), (_, d)), gradient = normal_equations(problem.predict, params, x, y)
    a, d = a * (1 + damping) + 1e-12, d * (1 + damping) + 1e-12
    return jnp.stack([d * gradient[0] - b * gradient[1], a * gradient[1] - b * gradient[0]]) / (a * d - b * b + 1e-30)


def _is_minimum(problem: Problem, params: jax.Array, width: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
    """Whether the next step is negligible, and the loss curves upwards there in every direction."""

    def loss(flat: jax.Array) -> jax.Array:
        return problem.loss(flat, x, y)

    step = _newton_step(problem, params, jnp.float32(0.0), x, y)
    largest, smallest = curvature(loss, params), -curvature(lambda flat: -loss(flat), params)
    return (jnp.abs(step) <= _STATIONARY * width).all() & (smallest > _FLAT * largest)


def _in_order(params: jax.Array, losses: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The same, with equally low minima ordered by their place, so that rounding does not decide."""
    rises = losses[1:] > _ALIKE * losses[:-1]
    group = jnp.concatenate([jnp.zeros(1, jnp.int32), jnp.cumsum(rises)])
    order = jnp.lexsort((params[:, 1], jnp.round(params[:, 0] / _APART), group))
    return params[order], losses[order]


def _distinct(params: jax.Array, losses: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The lowest of the points [n, 2], then the lowest of those that are apart from it, and so on."""

    def take(left: jax.Array, _: None) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        best = jnp.argmin(left)
        is_near = (jnp.abs(params - params[best]) <= _APART).all(axis=1)
        return jnp.where(is_near, jnp.inf, left), (params[best], left[best])

    return jax.lax.scan(take, losses, None, NUM_VALLEYS)[1]
