"""Whole programs: descents with every optimizer, networks, grids, Hessians, and random expression graphs."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jax.flatten_util import ravel_pytree

from benchmarks.workloads import network, network_workload, workloads
from gradient import OPTIMIZERS
from gradient.wasm import compile
from tests.jax_options import QUICK
from tests.wasm_graphs import arguments, program
from tests.wasm_parity import check, differences, floats, load

Loss = Callable[[Any], jax.Array]
POINTS = np.linspace(-2, 2, 23).astype(np.float32)
TARGETS = (np.sin(POINTS) + 0.1 * floats(23)).astype(np.float32)


def _mse(predict: Callable) -> Loss:
    return lambda p: jnp.mean((predict(p, POINTS) - TARGETS) ** 2)


LOSSES: dict[str, tuple[Loss, Any]] = {
    "line": (_mse(lambda p, x: p[0] * x + p[1]), np.array([-1.0, 1.5], np.float32)),
    "wave": (_mse(lambda p, x: jnp.sin(p[0] * x + p[1])), np.array([0.7, -0.5], np.float32)),
    "parabola": (_mse(jnp.polyval), np.array([0.3, -0.5, 0.2], np.float32)),
    "rosenbrock": (lambda p: (1 - p[0]) ** 2 + 5 * (p[1] - p[0] ** 2) ** 2, np.array([-0.5, 0.5], np.float32)),
    "logistic": (lambda p: jnp.mean(jax.nn.softplus(-jnp.sign(TARGETS) * (p["w"] * POINTS + p["b"]))), {"w": 0.1, "b": -0.2}),
    "huber": (lambda p: jnp.mean(optax.huber_loss(p["w"] * POINTS + p["b"], TARGETS, delta=0.3)), {"w": 0.1, "b": -0.2}),
    "softmax": (lambda p: jax.nn.logsumexp(p["w"]) - p["w"][1] + 0.1 * (p["w"] ** 2).sum(), {"w": floats(5)}),
}
RULES: dict[str, Callable[[], optax.GradientTransformation]] = {
    **{
        name: partial(record.make, 0.02, **{key: h.default for key, h in record.hyperparameters.items()})
        for name, record in OPTIMIZERS.items()
    },
    "adamw": partial(optax.adamw, 0.02),
    "lion": partial(optax.lion, 0.01),
}


def _descend(loss: Loss, rule: optax.GradientTransformation, num_steps: int) -> Callable:
    def run(start: Any) -> Any:
        def step(state: Any, _: None) -> Any:
            params, memory = state
            value, grads = jax.value_and_grad(loss)(params)
            updates, memory = rule.update(grads, memory, params)
            return (optax.apply_updates(params, updates), memory), (params, value)

        return jax.lax.scan(step, (start, rule.init(start)), length=num_steps)[1]

    return run


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("loss", LOSSES)
def test_descents_of_every_loss_with_every_optimizer(loss: str, rule: str) -> None:
    function, start = LOSSES[loss]
    start = jax.tree.map(np.float32, start) if isinstance(start, dict) else start
    check(_descend(function, RULES[rule](), 30), start)


def test_the_small_network_for_200_steps() -> None:
    work = next(w for w in workloads() if w.name == "W2")
    check(work.function, *work.arguments)


@pytest.mark.parametrize("width", [5, 8, 16, 17, 33, 64])
def test_wider_networks(width: int) -> None:
    work = network_workload("wide", (2, width, width, 1), 67, 10, 0.05)
    check(work.function, *work.arguments)


def test_a_descent_that_diverges() -> None:
    function = _descend(LOSSES["line"][0], optax.sgd(3.0), 120)
    start = LOSSES["line"][1]
    mine = np.isfinite(load(compile(function, start))(start)[1])
    theirs = np.isfinite(np.asarray(jax.jit(function)(start)[1]))
    assert 0 < theirs.sum() < 120
    assert abs(int(mine.sum()) - int(theirs.sum())) <= 1
    assert not mine[mine.sum() :].any()


def test_grids_and_hessians() -> None:
    loss, start = LOSSES["wave"]
    grid = np.linspace(-2, 2, 19).astype(np.float32)

    def field(f: Callable, side: jax.Array) -> Any:
        return jax.vmap(lambda b: jax.vmap(lambda w: f(jnp.stack([w, b])))(side))(side)

    check(partial(field, loss), grid)
    check(partial(field, jax.grad(loss)), grid)
    check(jax.hessian(loss), start)
    check(partial(field, jax.hessian(loss)), grid)
    check(jax.hessian(LOSSES["softmax"][0]), {"w": floats(5)})
    check(jax.vmap(_descend(loss, optax.sgd(0.05, 0.8), 10)), floats(9, 2))


@pytest.mark.parametrize("loss", LOSSES)
def test_the_hessian_of_every_loss(loss: str) -> None:
    function, start = LOSSES[loss]
    check(jax.hessian(function), jax.tree.map(np.float32, start) if isinstance(start, dict) else start)


def test_a_grid_and_the_curvature_of_a_network() -> None:
    params, x, y = network_workload("small", (1, 5, 5, 1), 33, 1, 0.05).arguments
    flat, unravel = ravel_pytree(params)

    def loss(flat: jax.Array) -> jax.Array:
        return jnp.mean((network(unravel(flat), x) - y) ** 2)

    check(jax.hessian(loss), flat)
    check(lambda p, v: jax.jvp(jax.grad(loss), (p,), (v,)), flat, floats(flat.size))

    def surface(flat: jax.Array, side: jax.Array) -> jax.Array:
        return jax.vmap(lambda a: jax.vmap(lambda b: loss(flat.at[0].set(a).at[1].set(b)))(side))(side)

    check(surface, flat, POINTS[:11])


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 2**30), min_size=20, max_size=60), st.integers(1, 9))
def test_random_graphs(numbers: list[int], length: int) -> None:
    fun, args = program(numbers, length), arguments(numbers)
    got = load(compile(fun, *args))(*args)
    want = jax.jit(fun, compiler_options=QUICK)(*args)
    assert differences(fun, args, got, want) == []
