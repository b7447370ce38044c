"""The compiler's benchmarks: descents of a sine and of networks, from the data to the results of every step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Params = Any
MOMENTUM = 0.8


@dataclass(frozen=True)
class Workload:
    """A function and its arguments, with what another implementation needs to do the same.

    Attributes:
        sizes: the layers of a network, empty for the sine.
    """

    name: str
    sizes: tuple[int, ...]
    num_points: int
    num_steps: int
    learning_rate: float
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


def sine(params: jax.Array, x: jax.Array) -> jax.Array:
    """sin(w x + b)."""
    return jnp.sin(params[0] * x + params[1])


def network(params: Sequence[tuple[jax.Array, jax.Array]], x: jax.Array) -> jax.Array:
    """A multilayer perceptron with tanh between its layers."""
    *hidden, (weight, bias) = params
    for w, b in hidden:
        x = jnp.tanh(x @ w + b)
    return (x @ weight + bias)[:, 0]


def descent(
    predict: Callable[[Params, jax.Array], jax.Array], num_steps: int, learning_rate: float, with_params: bool
) -> Callable:
    """Heavy-ball steps on the mean squared error; gives losses and predictions of every step and, if asked, parameters."""

    def loss(params: Params, x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
        predictions = predict(params, x)
        return jnp.mean((predictions - y) ** 2), predictions

    def run(params: Params, x: jax.Array, y: jax.Array) -> Any:
        def step(state: tuple[Params, Params], _: None) -> tuple[tuple[Params, Params], Any]:
            params, velocity = state
            (value, predictions), grads = jax.value_and_grad(loss, has_aux=True)(params, x, y)
            velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g, velocity, grads)
            moved = jax.tree.map(lambda p, v: p - learning_rate * v, params, velocity)
            return (moved, velocity), (value, predictions, params) if with_params else (value, predictions)

        start = (params, jax.tree.map(jnp.zeros_like, params))
        return jax.lax.scan(step, start, length=num_steps)[1]

    return run


def _sine_workload() -> Workload:
    draw = np.random.RandomState(0)
    x = np.linspace(-4, 3, 50).astype(np.float32)
    y = (np.sin(0.8 * x - 0.4) + 0.2 * draw.normal(size=50)).astype(np.float32)
    start = np.array([0.6, -1.5], np.float32)
    return Workload("W1", (), 50, 30, 0.1, descent(sine, 30, 0.1, with_params=True), (start, x, y))


def network_workload(name: str, sizes: tuple[int, ...], num_points: int, num_steps: int, learning_rate: float) -> Workload:
    """A network fitted to a smooth function of its inputs."""
    draw = np.random.RandomState(0)
    x = draw.uniform(-2, 2, (num_points, sizes[0])).astype(np.float32)
    y = np.sin(x.sum(axis=1)).astype(np.float32)
    start = tuple(
        ((draw.normal(size=(a, b)) / np.sqrt(a)).astype(np.float32), np.zeros(b, np.float32)) for a, b in pairwise(sizes)
    )
    function = descent(network, num_steps, learning_rate, with_params=False)
    return Workload(name, sizes, num_points, num_steps, learning_rate, function, (start, x, y))


def workloads(widths: Sequence[int] = (3, 4, 6, 8, 12, 16, 24, 32, 48, 64)) -> list[Workload]:
    """W1, W2b, W2, W2c and a sweep over the width of two hidden layers."""
    named = [
        _sine_workload(),
        network_workload("W2b", (1, 3, 3, 3, 1), 100, 30, 0.03),
        network_workload("W2", (1, 3, 3, 3, 1), 100, 200, 0.03),
        network_workload("W2c", (2, 32, 32, 1), 512, 200, 0.05),
    ]
    return named + [network_workload(f"width {n}", (2, n, n, 1), 512, 30, 0.05) for n in widths]
