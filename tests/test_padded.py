"""Points in arrays of a fixed size: sums, means and losses are those of the points alone."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradient import points
from gradient.models import MODELS, Model
from gradient.points import CAPACITY, mean_square, normal_equations, padded
from gradient.problems import PROBLEMS

NUMBERS = st.floats(-100, 100, width=32, allow_subnormal=False)  # which JAX takes for 0
DRAW = np.random.RandomState(0)


def some_points(count: int) -> tuple[np.ndarray, np.ndarray]:
    x = DRAW.uniform(0.2, 3, count).astype(np.float32)
    return x, (1.3 * x + DRAW.normal(size=count)).astype(np.float32)


@given(st.lists(NUMBERS, min_size=1, max_size=40))
def test_what_is_told_of_padded_values_is_told_of_the_values(values: list[float]) -> None:
    array, expected = jnp.asarray(padded(values)), np.array(values, np.float32)
    assert int(points.count(array)) == len(values)
    assert float(points.lowest(array)) == expected.min()
    assert float(points.highest(array)) == expected.max()
    np.testing.assert_allclose(points.mean(array), expected.mean(dtype=float), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(points.variance(array), expected.var(dtype=float), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("count", [1, 2, 99, 100, 101, 2000, CAPACITY])
def test_a_sample_has_only_points_spread_evenly(count: int) -> None:
    sample = np.asarray(points.sample(jnp.asarray(padded(np.arange(count)))))
    assert sample.shape == (100,)
    assert len(set(sample.tolist())) == min(count, 100)
    assert sample.max() >= 0.98 * (count - 1)


@functools.cache
def derived_of(model: Model) -> Callable[..., Any]:
    """The loss of points with two derivatives, and the normal equations, compiled once for each number of points."""

    def derived(params: jax.Array, x: jax.Array, y: jax.Array) -> tuple:
        def loss(params: jax.Array) -> jax.Array:
            return mean_square(model.predict, params, x, y)

        return (loss(params), jax.grad(loss)(params), jax.hessian(loss)(params)), normal_equations(model.predict, params, x, y)

    return jax.jit(derived)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("count", [2, 300])
def test_the_loss_of_padded_points_and_its_derivatives_are_those_of_the_points(model: Model, count: int) -> None:
    x, y = some_points(count)
    params, derived = jnp.array([0.7, 0.4]), derived_of(model)
    found, expected = derived(params, padded(x), padded(y)), derived(params, x, y)
    for ours, plain, tolerance in zip(found, expected, (2e-4, 1e-3), strict=True):
        for one, other in zip(ours, plain, strict=True):
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("count", [3, 100, 250])
def test_the_loss_of_a_network_and_its_derivatives_are_those_of_the_points(count: int) -> None:
    network = PROBLEMS["Network"]
    x, y = some_points(count)
    params, direction = (network.unravel(jnp.asarray(network.flat_starts[key])) for key in (1, 2))

    def derivatives(x: np.ndarray, y: np.ndarray) -> tuple:
        def loss(params: list) -> jax.Array:
            return network.loss(params, jnp.asarray(x), jnp.asarray(y))

        return (*jax.value_and_grad(loss)(params), jax.jvp(jax.grad(loss), (params,), (direction,))[1])

    compiled = jax.jit(derivatives)
    found, expected = compiled(padded(x), padded(y)), compiled(x, y)
    jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4), found, expected)
