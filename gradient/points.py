"""Data points in arrays of one length, whatever their number, so that one program serves every set of a visitor's points.

An array of `CAPACITY` numbers holds the points in front, and NaN behind the last one. Arrays of any other length hold nothing
but points, and a program for them has no code for padding.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

CAPACITY = 2100
_CHUNK = 100  # points that are computed at once, as many as the network's own; a chunk of NaN alone takes no time

# `terms(x, y, weight)` is what some points [m] add to a sum; the weight [m] is 0 where there is no point.
Terms = Callable[[jax.Array, jax.Array, jax.Array], Any]


def padded(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """The values in an array of `CAPACITY` float32, with NaN behind them; at most so many."""
    array = np.full(CAPACITY, np.nan, np.float32)
    array[: len(values)] = values
    return array


def are_padded(values: jax.Array) -> bool:
    """Whether an array may have NaN behind its points."""
    return values.shape == (CAPACITY,)


def count(values: jax.Array) -> jax.Array | int:
    """The number of points."""
    return jnp.sum(~jnp.isnan(values)) if are_padded(values) else values.size


def filled(values: jax.Array) -> jax.Array:
    """The same with the first point in the place of the padding."""
    return jnp.where(jnp.isnan(values), values[0], values) if are_padded(values) else values


def lowest(values: jax.Array) -> jax.Array:
    """The lowest of the points' values."""
    return filled(values).min()


def highest(values: jax.Array) -> jax.Array:
    """The highest of the points' values."""
    return filled(values).max()


def sample(values: jax.Array) -> jax.Array:
    """At most `_CHUNK` padded points [100], spread evenly; fewer are filled up with the first. Others stay as they are."""
    if not are_padded(values):
        return values
    number = count(values)
    places = jnp.arange(_CHUNK)
    return filled(values)[jnp.where(number > _CHUNK, places * number // _CHUNK, jnp.where(places < number, places, 0))]


def mean(values: jax.Array) -> jax.Array:
    """The mean of the points' values."""
    if not are_padded(values):
        return jnp.mean(values)
    return jnp.sum(jnp.where(jnp.isnan(values), 0.0, values)) / count(values)


def variance(values: jax.Array) -> jax.Array:
    """The variance of the points' values."""
    return mean((values - mean(values)) ** 2) if are_padded(values) else jnp.var(values)


def deviation(values: jax.Array) -> jax.Array:
    """The standard deviation of the points' values, or 1 if they are all alike."""
    found = jnp.sqrt(variance(values))
    return jnp.where(found > 1e-6 * jnp.abs(mean(values)), found, 1.0)


def standardized(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """The values less their mean, divided by their standard deviation: what `Standardize x` makes of x."""
    numbers = jnp.asarray(values, jnp.float32)
    return np.asarray((numbers - mean(numbers)) / deviation(numbers))


def total(terms: Terms, x: jax.Array, y: jax.Array) -> Any:
    """The sum of `terms` over all points; forward-mode derivatives only."""
    if not are_padded(x):
        return terms(x, y, jnp.ones_like(x))

    def of_chunk(x: jax.Array, y: jax.Array) -> Any:
        is_there = ~jnp.isnan(x)
        # What is multiplied by 0 must be finite.
        return terms(jnp.where(is_there, x, x[0]), jnp.where(is_there, y, y[0]), is_there.astype(x.dtype))

    def add(sums: Any, chunk: tuple[jax.Array, jax.Array]) -> tuple[Any, None]:
        is_empty = jnp.isnan(chunk[0][0])
        more = jax.lax.cond(is_empty, lambda: sums, lambda: jax.tree.map(jnp.add, sums, of_chunk(*chunk)))
        return more, None

    chunks = x.reshape(-1, _CHUNK), y.reshape(-1, _CHUNK)
    none = jax.tree.map(lambda shape: jnp.zeros(shape.shape, shape.dtype), jax.eval_shape(of_chunk, x[:_CHUNK], y[:_CHUNK]))
    return jax.lax.scan(add, none, chunks)[0]


def mean_square(predict: Callable[[Any, jax.Array], jax.Array], params: Any, x: jax.Array, y: jax.Array) -> jax.Array:
    """The mean squared error of `predict(params, x)` against `y`."""
    if not are_padded(x):
        return jnp.mean((predict(params, x) - y) ** 2)

    def squares(params: Any, x: jax.Array, y: jax.Array, weight: jax.Array) -> jax.Array:
        return jnp.sum(weight * (predict(params, x) - y) ** 2)

    def with_gradient(params: Any, x: jax.Array, y: jax.Array, weight: jax.Array) -> tuple[jax.Array, Any]:
        if not isinstance(params, jax.Array):
            return jax.value_and_grad(squares)(params, x, y, weight)
        values, jacobian = _with_jacobian(predict, params, x)  # shorter, for two parameters
        return jnp.sum(weight * (values - y) ** 2), 2 * jacobian @ (weight * (values - y))

    def mean_of(terms: Callable[..., Any], params: Any) -> Any:
        sums, number = total(lambda *points: (terms(params, *points), jnp.sum(points[-1])), x, y)
        return jax.tree.map(lambda each: each / number, sums)

    # Reverse mode alone would keep what each chunk has computed, those without points included.
    value = jax.custom_vjp(partial(mean_of, squares))
    value.defvjp(partial(mean_of, with_gradient), lambda gradient, scale: (jax.tree.map(lambda part: scale * part, gradient),))
    return value(params)


def normal_equations(
    predict: Callable[[Any, jax.Array], jax.Array], params: jax.Array, x: jax.Array, y: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """J'J [dim, dim] and J'r [dim], for the residuals r of a model with params [dim] and their Jacobian J."""

    def terms(x: jax.Array, y: jax.Array, weight: jax.Array) -> tuple[jax.Array, jax.Array]:
        values, jacobian = _with_jacobian(predict, params, x)
        return (weight * jacobian) @ jacobian.T, jacobian @ (weight * (values - y))

    return total(terms, x, y)


def _with_jacobian(
    predict: Callable[[Any, jax.Array], jax.Array], params: jax.Array, x: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """The values of a model [n], and their derivatives by its params [dim, n]."""

    def along(tangent: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jax.jvp(lambda params: predict(params, x), (params,), (tangent,))

    return jax.vmap(along, out_axes=(None, 0))(jnp.eye(params.size))
