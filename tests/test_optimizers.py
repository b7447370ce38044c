"""Optimizers against their textbook formulas, written here a second time in NumPy float64 with gradients by hand.

A record without a formula here is checked by the properties of `tests.record_properties` alone.
"""

from collections.abc import Callable, Iterator
from itertools import islice, pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gradient.descent import descend
from gradient.optimizers import OPTIMIZERS, slider_name
from gradient.problems import PROBLEMS, Problem
from tests.record_properties import check_optimizer

Gradient = Callable[[np.ndarray], np.ndarray]
Rule = Callable[..., Iterator[np.ndarray]]

NUM_STEPS = 50
LEARNING_RATE = 0.03
# RMSProp hops over a minimum for ever, and there float32 and float64 part; at this rate it does not get there in 50 steps.
RMSPROP_LEARNING_RATE = 0.01
SIZES = (1, 3, 3, 3, 1)


def gradient_descent(p: np.ndarray, gradient: Gradient, lr: float) -> Iterator[np.ndarray]:
    while True:
        yield p
        p = p - lr * gradient(p)


def momentum(p: np.ndarray, gradient: Gradient, lr: float, momentum: float) -> Iterator[np.ndarray]:
    z = np.zeros_like(p)
    while True:
        yield p
        z = gradient(p) + momentum * z
        p = p - lr * z


def nesterov(p: np.ndarray, gradient: Gradient, lr: float, momentum: float) -> Iterator[np.ndarray]:
    z = np.zeros_like(p)
    while True:
        yield p
        g = gradient(p)
        z = g + momentum * z
        p = p - lr * (g + momentum * z)


def adagrad(p: np.ndarray, gradient: Gradient, lr: float) -> Iterator[np.ndarray]:
    s = np.zeros_like(p)
    while True:
        yield p
        g = gradient(p)
        s = s + g**2
        p = p - lr * g / np.sqrt(s + 1e-7)


def rmsprop(p: np.ndarray, gradient: Gradient, lr: float, decay: float) -> Iterator[np.ndarray]:
    s = np.zeros_like(p)
    while True:
        yield p
        g = gradient(p)
        s = decay * s + (1 - decay) * g**2
        p = p - lr * g / (np.sqrt(s) + 1e-8)


def adam(p: np.ndarray, gradient: Gradient, lr: float, b1: float, b2: float) -> Iterator[np.ndarray]:
    m, v, t = np.zeros_like(p), np.zeros_like(p), 0
    while True:
        yield p
        g, t = gradient(p), t + 1
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        p = p - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + 1e-8)


TEXTBOOK: dict[str, Rule] = {
    "gradient_descent": gradient_descent,
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
}


def line_gradient(p: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    error = p[0] * x + p[1] - y
    return np.array([np.mean(2 * error * x), np.mean(2 * error)])


def wave_gradient(p: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    angle = p[0] * x + p[1]
    slope = 2 * (np.sin(angle) - y) * np.cos(angle)
    return np.array([np.mean(slope * x), np.mean(slope)])


def network_layers(p: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """(weight, bias) of each layer; JAX sorts the keys of a dict, so that each bias stands before its weight."""
    layers, at = [], 0
    for fan_in, fan_out in pairwise(SIZES):
        bias, weight = p[at : at + fan_out], p[at + fan_out : at + fan_out + fan_in * fan_out]
        layers.append((weight.reshape(fan_in, fan_out), bias))
        at += fan_out + fan_in * fan_out
    return layers


def network_gradient(p: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    layers, units = network_layers(p), [x[:, None]]
    for weight, bias in layers[:-1]:
        units.append(np.tanh(units[-1] @ weight + bias))
    weight, bias = layers[-1]
    delta = 2 * (units[-1] @ weight + bias - y[:, None]) / len(x)
    parts: list[np.ndarray] = []
    for (weight, _), unit in zip(layers[::-1], units[::-1], strict=True):
        parts = [delta.sum(axis=0), (unit.T @ delta).ravel(), *parts]
        delta = (delta @ weight.T) * (1 - unit**2)  # at the input layer it is not used
    return np.concatenate(parts)


GRADIENTS: dict[str, Callable[..., np.ndarray]] = {
    "Line": line_gradient,
    "Wave": wave_gradient,
    "Network": network_gradient,
}


def defaults(optimizer: str) -> dict[str, float]:
    return {name: record.default for name, record in OPTIMIZERS[optimizer].hyperparameters.items()}


def flat_path(problem: Problem, params: object) -> np.ndarray:
    """[num_steps + 1, dim] from leaves that have a leading axis of steps."""
    leaves = [np.asarray(leaf, float) for leaf in jax.tree.leaves(params)]
    return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)


def rate(optimizer: str) -> float:
    return RMSPROP_LEARNING_RATE if optimizer == "rmsprop" else LEARNING_RATE


def by_hand(problem: Problem, optimizer: str, start: np.ndarray, **hyperparameters: float) -> np.ndarray:
    x, y = problem.x.astype(float), problem.y.astype(float)
    iterates = TEXTBOOK[optimizer](
        start.astype(float), lambda p: GRADIENTS[problem.name](p, x, y), rate(optimizer), **hyperparameters
    )
    return np.stack(list(islice(iterates, NUM_STEPS + 1)))


def test_tables_are_of_records() -> None:
    assert set(TEXTBOOK) <= set(OPTIMIZERS)
    assert set(GRADIENTS) <= set(PROBLEMS)


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_by_hand_agree_with_jax(name: str) -> None:
    problem = PROBLEMS[name]
    start = problem.flat_starts[0]
    automatic = jax.grad(lambda flat: problem.loss(problem.unravel(flat)))(jnp.asarray(start))
    hand = GRADIENTS[name](start.astype(float), problem.x.astype(float), problem.y.astype(float))
    np.testing.assert_allclose(automatic, hand, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("optimizer", TEXTBOOK)
@pytest.mark.parametrize("name", GRADIENTS)
def test_fifty_steps_follow_the_textbook(name: str, optimizer: str) -> None:
    problem = PROBLEMS[name]
    run = descend(problem.loss, problem.start_at(), optimizer=optimizer, num_steps=NUM_STEPS, learning_rate=rate(optimizer))
    expected = by_hand(problem, optimizer, problem.flat_starts[0], **defaults(optimizer))
    np.testing.assert_allclose(flat_path(problem, run.params), expected, rtol=2e-5, atol=2e-5)


# Other hyperparameters than the defaults, which a rule with constants of its own would not follow.
@pytest.mark.parametrize(
    ("optimizer", "hyperparameters"),
    [
        ("momentum", {"momentum": 0.0}),
        ("momentum", {"momentum": 0.9}),
        ("nesterov", {"momentum": 0.0}),
        ("nesterov", {"momentum": 0.9}),
        ("rmsprop", {"decay": 0.0}),
        ("rmsprop", {"decay": 0.99}),
        ("adam", {"b1": 0.0, "b2": 0.999}),
        ("adam", {"b1": 0.5, "b2": 0.9}),
        ("adam", {"b1": 0.0, "b2": 0.0}),
    ],
)
def test_hyperparameters_have_their_textbook_meaning(optimizer: str, hyperparameters: dict[str, float]) -> None:
    problem = PROBLEMS["Line"]
    run = descend(
        problem.loss, problem.start, optimizer=optimizer, num_steps=NUM_STEPS, learning_rate=rate(optimizer), **hyperparameters
    )
    # With no memory at all these rules step by lr times the sign, so at a minimum they hop and rounding decides where:
    # the first twenty steps are far from it.
    steps = slice(0, 21)
    expected = by_hand(problem, optimizer, problem.start, **hyperparameters)
    np.testing.assert_allclose(np.asarray(run.params)[steps], expected[steps], rtol=2e-5, atol=2e-5)


# One step from the origin, computed with pen and paper, for two gradients and the learning rate 0.1. The second gradient
# is so small that it matters whether epsilon is inside or outside the root:
# Adagrad .1 * 1e-4 / sqrt(1e-8 + 1e-7); RMSProp .1 * 1e-8 / (sqrt(.1) * 1e-8 + 1e-8); Adam .1 * 1e-8 / (1e-8 + 1e-8).
@pytest.mark.parametrize(
    ("optimizer", "gradient", "expected"),
    [
        ("gradient_descent", (3.0, -4.0), (-0.3, 0.4)),
        ("momentum", (3.0, -4.0), (-0.3, 0.4)),
        ("nesterov", (3.0, -4.0), (-0.51, 0.68)),
        ("adagrad", (3.0, -4.0), (-0.1, 0.1)),
        ("adagrad", (1e-4, 0.0), (-0.0301511, 0.0)),
        ("rmsprop", (3.0, -4.0), (-0.3162278, 0.3162278)),
        ("rmsprop", (1e-8, 0.0), (-0.0759747, 0.0)),
        ("adam", (3.0, -4.0), (-0.1, 0.1)),
        ("adam", (1e-8, 0.0), (-0.05, 0.0)),
    ],
)
def test_first_step_by_hand(optimizer: str, gradient: tuple[float, float], expected: tuple[float, float]) -> None:
    slope = jnp.asarray(gradient)
    run = descend(lambda p: slope @ p, jnp.zeros(2), optimizer=optimizer, num_steps=1, learning_rate=0.1)
    np.testing.assert_allclose(run.params[1], expected, rtol=1e-4)


# The second step under the constant gradient 1 shows the memory: z = 1.7; s = 2; s = .19; the means of Adam are still 1.
@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("gradient_descent", 0.1),
        ("momentum", 0.17),
        ("nesterov", 0.1 * (1 + 0.7 * 1.7)),
        ("adagrad", 0.1 / 2**0.5),
        ("rmsprop", 0.1 / 0.19**0.5),
        ("adam", 0.1),
    ],
)
def test_second_step_by_hand(optimizer: str, expected: float) -> None:
    run = descend(jnp.sum, jnp.zeros(1), optimizer=optimizer, num_steps=2, learning_rate=0.1)
    np.testing.assert_allclose(run.params[1] - run.params[2], expected, rtol=1e-4)


def line_minimum() -> np.ndarray:
    x, y = PROBLEMS["Line"].x.astype(float), PROBLEMS["Line"].y.astype(float)
    return np.linalg.lstsq(np.stack([x, np.ones_like(x)], axis=1), y)[0]


def wave_minimum() -> np.ndarray:
    """Gauss and Newton from the true parameters."""
    x, y = PROBLEMS["Wave"].x.astype(float), PROBLEMS["Wave"].y.astype(float)
    p = np.array([0.83, -0.4])
    for _ in range(20):
        angle = p[0] * x + p[1]
        slopes = np.cos(angle)[:, None] * np.stack([x, np.ones_like(x)], axis=1)
        p = p + np.linalg.lstsq(slopes, y - np.sin(angle))[0]
    return p


# RMSProp keeps hopping over a minimum by about its learning rate, so it gets a small one and a wide tolerance.
MINIMIZERS = [
    ("gradient_descent", 0.1, 1e-3),
    ("momentum", 0.1, 1e-3),
    ("nesterov", 0.1, 1e-3),
    ("adagrad", 0.5, 1e-3),
    ("rmsprop", 0.005, 1e-2),
    ("adam", 0.05, 1e-3),
]


@pytest.mark.parametrize(("optimizer", "learning_rate", "tolerance"), MINIMIZERS)
@pytest.mark.parametrize(("name", "start"), [("Line", (-1.4, 2.0)), ("Wave", (0.6, -0.1))])
def test_known_minimum_is_reached(
    name: str, start: tuple[float, float], optimizer: str, learning_rate: float, tolerance: float
) -> None:
    run = descend(PROBLEMS[name].loss, np.array(start), optimizer=optimizer, num_steps=2_000, learning_rate=learning_rate)
    minimum = {"Line": line_minimum, "Wave": wave_minimum}[name]()
    np.testing.assert_allclose(run.params[-1], minimum, atol=tolerance)


@pytest.mark.parametrize(("minimum", "truth"), [(line_minimum, (0.8, -0.4)), (wave_minimum, (0.83, -0.4))])
def test_minimum_is_close_to_the_truth(minimum: Callable[[], np.ndarray], truth: tuple[float, float]) -> None:
    # Noise of .2 on 100 points leaves a standard error of .02 to .03 in each parameter.
    np.testing.assert_allclose(minimum(), truth, atol=0.1)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_record_has_the_properties_of_an_optimizer(optimizer: str) -> None:
    check_optimizer(optimizer)


@pytest.mark.parametrize(
    ("optimizer", "name"), [("momentum", "momentum"), ("rmsprop", "decay"), ("adam", "b1"), ("adam", "b2")]
)
def test_a_slider_keeps_the_name_that_notebooks_use(optimizer: str, name: str) -> None:
    assert slider_name(optimizer, name) == name, "A new record stands after the others, which keep their names."


def test_labels_differ() -> None:
    assert len({record.label for record in OPTIMIZERS.values()}) == len(OPTIMIZERS)


@pytest.mark.parametrize("optimizer", ["adagrad", "rmsprop", "adam"])
def test_adaptive_optimizers_do_not_see_the_scale_of_the_loss(optimizer: str) -> None:
    # This is why no stability law of theirs has a curvature in it.
    problem = PROBLEMS["Line"]
    once, hundredfold = (
        descend(loss, problem.start, optimizer=optimizer, num_steps=10, learning_rate=rate(optimizer))
        for loss in (problem.loss, lambda p: 100 * problem.loss(p))
    )
    np.testing.assert_allclose(once.params, hundredfold.params, atol=1e-4)
