"""The descent itself: shapes, closed forms, stability, purity, compilation, and what it refuses."""

import logging
import math
import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gradient.descent import MAX_ITERATIONS, Trajectory, descend
from gradient.landscape import stability_limit
from gradient.optimizers import OPTIMIZERS, Hyperparameter, Optimizer
from gradient.problems import PROBLEMS

NUM_STEPS = 50


def leaves(tree: object) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


def structure(tree: object) -> Any:
    return jax.tree.structure(tree)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", PROBLEMS)
def test_trajectory_has_the_start_and_every_step(name: str, optimizer: str) -> None:
    problem, start = PROBLEMS[name], PROBLEMS[name].start_at()
    run = descend(problem.loss, start, optimizer=optimizer, num_steps=NUM_STEPS, learning_rate=0.03)
    assert run.losses.shape == (NUM_STEPS + 1,)
    for tree in (run.params, run.grads):
        assert structure(tree) == structure(start)
        for leaf, first in zip(leaves(tree), leaves(start), strict=True):
            assert leaf.shape == (NUM_STEPS + 1, *first.shape)
            assert leaf.dtype == np.float32
    for leaf, first in zip(leaves(run.params), leaves(start), strict=True):
        np.testing.assert_array_equal(leaf[0], first)


@pytest.mark.parametrize("name", PROBLEMS)
def test_losses_and_gradients_belong_to_their_iterate(name: str) -> None:
    problem = PROBLEMS[name]
    run = descend(problem.loss, problem.start_at(), optimizer="momentum", num_steps=NUM_STEPS, learning_rate=0.03)
    value_and_grad = jax.jit(jax.value_and_grad(problem.loss))
    for t in (0, 1, 17, NUM_STEPS):
        loss, grads = value_and_grad(jax.tree.map(lambda leaf, t=t: leaf[t], run.params))
        np.testing.assert_allclose(run.losses[t], loss, rtol=1e-5)
        for mine, theirs in zip(leaves(run.grads), leaves(grads), strict=True):
            np.testing.assert_allclose(mine[t], theirs, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", PROBLEMS)
def test_losses_fall_monotonically_at_a_small_rate(name: str) -> None:
    problem = PROBLEMS[name]
    run = descend(problem.loss, problem.start_at(), optimizer="gradient_descent", num_steps=NUM_STEPS, learning_rate=0.01)
    falls = -np.diff(run.losses)
    assert (falls >= -1e-6).all()
    assert run.losses[-1] < 0.95 * run.losses[0]


def random_quadratic(seed: int, dim: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """A positive definite matrix with its largest eigenvalue 4, and a start."""
    draw = np.random.RandomState(seed)
    root = draw.normal(size=(dim, dim))
    matrix = root @ root.T + 0.1 * np.eye(dim)
    return 4 * matrix / np.linalg.eigvalsh(matrix)[-1], draw.normal(size=dim)


def half_quadratic(matrix: np.ndarray) -> Callable[[jax.Array], jax.Array]:
    fixed = jnp.asarray(matrix, jnp.float32)
    return lambda p: 0.5 * p @ fixed @ p


@pytest.mark.parametrize("seed", range(3))
def test_gradient_descent_on_a_quadratic_is_a_matrix_power(seed: int) -> None:
    matrix, start = random_quadratic(seed)
    run = descend(half_quadratic(matrix), start, optimizer="gradient_descent", num_steps=NUM_STEPS, learning_rate=0.3)
    shrink = np.eye(3) - 0.3 * matrix
    expected = [np.linalg.matrix_power(shrink, t) @ start for t in range(NUM_STEPS + 1)]
    np.testing.assert_allclose(run.params, expected, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("optimizer", ["momentum", "nesterov"])
def test_momentum_on_a_quadratic_is_a_power_of_its_companion_matrix(seed: int, optimizer: str) -> None:
    matrix, start = random_quadratic(seed)
    lr, m, one = 0.2, 0.8, np.eye(3)
    run = descend(half_quadratic(matrix), start, optimizer=optimizer, num_steps=NUM_STEPS, learning_rate=lr, momentum=m)
    # Heavy ball: p' = p + m (p - q) - lr A p, with q the iterate before. Nesterov looks ahead, so lr A acts on the
    # momentum too: with p = v - lr m z it is heavy ball in (v, z), written out here for the state (p, z).
    if optimizer == "momentum":
        companion, state = np.block([[(1 + m) * one - lr * matrix, -m * one], [one, 0 * one]]), np.r_[start, start]
    else:
        companion = np.block([[one - lr * (1 + m) * matrix, -lr * m**2 * one], [matrix, m * one]])
        state = np.r_[start, 0 * start]
    expected = [(np.linalg.matrix_power(companion, t) @ state)[:3] for t in range(NUM_STEPS + 1)]
    np.testing.assert_allclose(run.params, expected, atol=2e-5)


LARGEST = 4.0


def uneven_bowl(p: jax.Array) -> jax.Array:
    return 0.5 * jnp.sum(jnp.asarray([1.0, 2.0, LARGEST]) * p**2)


# The laws, written down a second time; `stability_limit` has to agree, and the descent has to obey.
LAWS = [
    ("gradient_descent", {}, 2 / LARGEST),
    ("momentum", {"momentum": 0.0}, 2 / LARGEST),
    ("momentum", {"momentum": 0.5}, 3 / LARGEST),
    ("momentum", {"momentum": 0.9}, 3.8 / LARGEST),
    ("nesterov", {"momentum": 0.0}, 2 / LARGEST),
    ("nesterov", {"momentum": 0.5}, 1.5 / LARGEST),
    ("nesterov", {"momentum": 0.9}, 3.8 / 2.8 / LARGEST),
]


@pytest.mark.parametrize(("optimizer", "hyperparameters", "limit"), LAWS)
def test_stability_limit_seen_from_both_sides(optimizer: str, hyperparameters: dict[str, float], limit: float) -> None:
    assert stability_limit(optimizer, jnp.asarray(LARGEST), **hyperparameters) == pytest.approx(limit)
    settings = dict.fromkeys(OPTIMIZERS[optimizer].hyperparameters, 0.7) | hyperparameters

    def growth(share: float) -> float:
        run = descend(uneven_bowl, np.ones(3), optimizer=optimizer, num_steps=2_000, learning_rate=share * limit, **settings)
        return float(run.losses[-1] / run.losses[0])

    # The slowest root is about .98 below and 1.02 above: 2000 steps tell them apart by many orders of magnitude.
    assert growth(0.99) < 1e-6
    assert not growth(1.01) < 1e6  # a loss beyond float32 counts as grown


def test_an_adaptive_optimizer_outlives_the_law_of_gradient_descent() -> None:
    # Its step has the length of the learning rate whatever the curvature, so it cannot run away exponentially.
    for optimizer in ("adagrad", "rmsprop", "adam"):
        run = descend(uneven_bowl, np.ones(3), optimizer=optimizer, num_steps=NUM_STEPS, learning_rate=2.0)
        assert np.isfinite(run.params).all()
        assert np.abs(run.params).max() < 2.0 * NUM_STEPS


def test_same_arguments_same_trajectory_and_nothing_is_changed() -> None:
    problem = PROBLEMS["Wave"]
    start = np.array([0.6, -3.5], np.float32)
    once, again = (descend(problem.loss, start, optimizer="adam", num_steps=20) for _ in range(2))
    for first, second in zip(leaves(once), leaves(again), strict=True):
        np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(start, np.array([0.6, -3.5], np.float32))


def test_defaults_are_those_of_the_record() -> None:
    loss, start = PROBLEMS["Line"].loss, PROBLEMS["Line"].start
    for optimizer, record in OPTIMIZERS.items():
        defaults = {name: hyperparameter.default for name, hyperparameter in record.hyperparameters.items()}
        implicit = descend(loss, start, optimizer=optimizer, num_steps=20)
        explicit = descend(loss, start, optimizer=optimizer, num_steps=20, learning_rate=0.1, **defaults)
        np.testing.assert_array_equal(implicit.params, explicit.params)
    named = descend(loss, start, optimizer="momentum", num_steps=20)
    np.testing.assert_array_equal(descend(loss, start, num_steps=20).params, named.params)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_label_is_as_good_as_a_key(optimizer: str) -> None:
    problem = PROBLEMS["Line"]
    by_key, by_label = (
        descend(problem.loss, problem.start, optimizer=name, num_steps=3) for name in (optimizer, OPTIMIZERS[optimizer].label)
    )
    np.testing.assert_array_equal(by_key.params, by_label.params)


def test_only_a_decay_is_refused_because_the_past_never_fades(monkeypatch: pytest.MonkeyPatch) -> None:
    sharpness = {"nu": Hyperparameter("Nu", 0.5), "mu": Hyperparameter("Mu", 0.5, limit_reason="at 1 it divides by zero")}
    record = Optimizer("Scaled", lambda learning_rate, nu, mu: optax.sgd(learning_rate * nu / (1 - mu)), sharpness, "p")
    monkeypatch.setitem(OPTIMIZERS, "scaled", record)
    for name, reason in (("nu", "its formula holds for no other values"), ("mu", "at 1 it divides by zero")):
        with pytest.raises(ValueError, match=reason) as caught:
            descend(uneven_bowl, np.ones(3), optimizer="scaled", num_steps=5, **{name: 1.0})
        assert "fades" not in str(caught.value)


def test_more_steps_begin_with_the_same_ones() -> None:
    loss, start = PROBLEMS["Wave"].loss, PROBLEMS["Wave"].start
    short, long = (descend(loss, start, num_steps=n, learning_rate=0.03).params for n in (20, NUM_STEPS))
    np.testing.assert_allclose(short, long[:21], atol=1e-6)


def num_compilations(caplog: pytest.LogCaptureFixture) -> int:
    return sum(record.getMessage().startswith("Compiling") for record in caplog.records)


# Values of another Python type are other values, too: a slider at 1 is an int, NumPy gives a float64.
SECOND_CALLS = [
    {"learning_rate": 0.2},
    {"learning_rate": 0.2, "momentum": 0.1},
    {"learning_rate": 1},
    {"momentum": 0},
    {"learning_rate": np.float64(0.2)},
    {"learning_rate": np.float32(0.2)},
]
SECOND_STARTS = [np.array([0.5, 0.5]), np.array([1, 2]), jnp.array([0.5, 0.5])]


@pytest.mark.parametrize("start", SECOND_STARTS, ids=["float64", "int", "jax"])
@pytest.mark.parametrize("values", SECOND_CALLS, ids=str)
def test_a_second_call_compiles_nothing(values: dict, start: np.ndarray, caplog: pytest.LogCaptureFixture) -> None:
    problem = PROBLEMS["Line"]
    descend(problem.loss, problem.start, optimizer="momentum", num_steps=7)
    jnp.asarray(start, jnp.float32)  # what turns a start into float32 is not the descent
    caplog.clear()
    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        run = descend(problem.loss, start, optimizer="momentum", num_steps=7, **values)
    assert num_compilations(caplog) == 0
    # It is not the old answer either.
    np.testing.assert_allclose(run.params[0], np.asarray(start, np.float32))


def test_another_number_of_steps_compiles(caplog: pytest.LogCaptureFixture) -> None:
    # Else the test above could not fail.
    def loss(p: jax.Array) -> jax.Array:
        return jnp.sum(p**2)

    for num_steps, compiles in [(3, True), (3, False), (4, True)]:
        caplog.clear()
        with jax.log_compiles(), caplog.at_level(logging.WARNING):
            descend(loss, np.ones(2, np.float32), num_steps=num_steps)
        assert (num_compilations(caplog) > 0) == compiles


def test_vmap_over_the_learning_rate() -> None:
    problem, rates = PROBLEMS["Line"], jnp.array([0.01, 0.1, 0.3])

    def losses(rate: Any) -> jax.Array:
        return descend(problem.loss, problem.start, num_steps=20, learning_rate=rate).losses

    together = jax.vmap(losses)(rates)
    for row, rate in zip(together, rates, strict=True):
        np.testing.assert_allclose(row, losses(float(rate)), rtol=1e-4)


def test_jit_and_grad_go_through() -> None:
    problem = PROBLEMS["Line"]

    def final(rate: float, momentum: float) -> jax.Array:
        return descend(problem.loss, problem.start, num_steps=5, learning_rate=rate, momentum=momentum).losses[-1]

    slope, _ = jax.jit(jax.grad(final, argnums=(0, 1)))(0.03, 0.5)
    central = (final(0.031, 0.5) - final(0.029, 0.5)) / 0.002
    np.testing.assert_allclose(slope, central, rtol=0.01)


@pytest.mark.parametrize("optimizer", [name for name, record in OPTIMIZERS.items() if record.stability])
def test_divergence_is_returned(optimizer: str) -> None:
    problem = PROBLEMS["Line"]
    run = descend(problem.loss, problem.start, optimizer=optimizer, num_steps=200, learning_rate=10.0)
    assert isinstance(run, Trajectory)
    assert not np.isfinite(run.losses[-1])
    # It is finite first, and never comes back.
    finite = np.isfinite(run.losses)
    assert finite[0]
    assert (np.diff(finite.astype(int)) <= 0).all()


PYTREES = [
    {"slope": 1.0, "offsets": np.zeros((2, 3))},
    [np.ones(2), (np.ones((1, 1)), 3)],
    np.float32(2.0),
]


@pytest.mark.parametrize("start", PYTREES, ids=["dict", "nested", "scalar"])
def test_any_pytree_descends(start: object) -> None:
    def loss(params: object) -> jax.Array:
        return sum((jnp.sum((leaf - 1) ** 2) for leaf in jax.tree.leaves(params)), jnp.zeros(()))

    run = descend(loss, start, optimizer="gradient_descent", num_steps=60, learning_rate=0.2)
    assert structure(run.params) == structure(start)
    for leaf, first in zip(leaves(run.params), leaves(start), strict=True):
        assert leaf.shape == (61, *first.shape)
        np.testing.assert_allclose(leaf[-1], np.ones(first.shape), atol=1e-5)


# What it refuses, and what the message says: the thing that is wrong, why, and what to do.
MISTAKES = [
    ({"optimizer": "sgd"}, ["'sgd'", "no optimizer", "Choose one of", *OPTIMIZERS]),
    ({"optimizer": ""}, ["no optimizer", "Choose one of"]),
    ({"momentun": 0.7}, ["'momentun'", "no hyperparameter", "It takes learning_rate, momentum"]),
    ({"optimizer": "adam", "momentum": 0.7}, ["'momentum'", "adam", "It takes learning_rate, b1, b2"]),
    ({"optimizer": "gradient_descent", "momentum": 0.7}, ["no hyperparameter", "It takes learning_rate"]),
    ({"learning_rate": 0}, ["learning_rate is 0", "positive and finite", "Try 0.1"]),
    ({"learning_rate": -1}, ["learning_rate is -1", "positive and finite", "Try 0.1"]),
    ({"learning_rate": math.nan}, ["learning_rate is nan", "positive and finite"]),
    ({"learning_rate": -math.inf}, ["learning_rate is -inf", "positive and finite"]),
    ({"learning_rate": math.inf}, ["learning_rate is inf", "positive and finite"]),
    ({"momentum": 1}, ["momentum is 1", "[0, 1)", "the past never fades", "0.7 is a good first try"]),
    ({"momentum": -0.1}, ["momentum is -0.1", "[0, 1)", "0.7 is a good first try"]),
    ({"momentum": math.nan}, ["momentum is nan", "[0, 1)"]),
    ({"optimizer": "Adam", "momentum": 0.7}, ["'momentum'", "adam", "It takes learning_rate, b1, b2"]),
    ({"optimizer": "rmsprop", "decay": 1.5}, ["decay is 1.5", "[0, 1)", "0.9 is a good first try"]),
    ({"optimizer": "adam", "b2": 1.0}, ["b2 is 1.0", "[0, 1)", "0.999 is a good first try"]),
    ({"num_steps": 0}, ["num_steps is 0", "1..10,000", "memory"]),
    ({"num_steps": -5}, ["num_steps is -5", "1..10,000"]),
    ({"num_steps": MAX_ITERATIONS + 1}, ["num_steps is 10001", "1..10,000", "memory"]),
]


@pytest.mark.parametrize(("arguments", "phrases"), MISTAKES, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_mistakes_are_explained(arguments: dict, phrases: list[str]) -> None:
    with pytest.raises(ValueError, match=re.escape(phrases[0])) as caught:
        descend(uneven_bowl, np.ones(3), **({"num_steps": 5} | arguments))
    for phrase in phrases:
        assert phrase in str(caught.value)


@pytest.mark.parametrize("num_steps", [1, MAX_ITERATIONS])
def test_ends_of_the_allowed_steps(num_steps: int) -> None:
    run = descend(uneven_bowl, np.ones(3), num_steps=num_steps, learning_rate=0.05)
    assert run.losses.shape == (num_steps + 1,)
