"""The step in numbers is what a person computes with NumPy from the formula that stands beside it."""

from collections.abc import Callable

import jax
import numpy as np
import pytest

from gradient.optimizers import OPTIMIZERS
from gradient.problems import PROBLEMS
from tests.frames import compiled, controls, see

RATE, CLOSE = 0.05, 2e-4  # the page shows three digits
Vectors = list[np.ndarray]


def gradient_by_hand(name: str, w: float, b: float) -> np.ndarray:
    """Of the mean squared error of a line, or of a sine of one."""
    x, y = PROBLEMS[name].x.astype(float), PROBLEMS[name].y.astype(float)
    z = w * x + b
    value, slope = (z, 1) if name == "Line" else (np.sin(z), np.cos(z))
    return np.array([np.mean(2 * (value - y) * slope * x), np.mean(2 * (value - y) * slope)])


def _decayed(grads: Vectors, factor: float, share: float = 1.0) -> np.ndarray:
    total = np.zeros(2)
    for grad in grads:
        total = factor * total + share * grad
    return total


def momentum(grads: Vectors) -> tuple[Vectors, np.ndarray]:
    z = _decayed(grads, 0.7)
    return [z], RATE * z


def nesterov(grads: Vectors) -> tuple[Vectors, np.ndarray]:
    z = _decayed(grads, 0.7)
    return [z], RATE * (grads[-1] + 0.7 * z)


def adagrad(grads: Vectors) -> tuple[Vectors, np.ndarray]:
    s = np.sum(np.square(grads), axis=0)
    return [s], RATE * grads[-1] / np.sqrt(s + 1e-7)


def rmsprop(grads: Vectors) -> tuple[Vectors, np.ndarray]:
    s = _decayed([grad**2 for grad in grads], 0.9, 0.1)
    return [s], RATE * grads[-1] / (np.sqrt(s) + 1e-8)


def adam(grads: Vectors) -> tuple[Vectors, np.ndarray]:
    m, v = _decayed(grads, 0.9, 0.1), _decayed([grad**2 for grad in grads], 0.999, 0.001)
    t = len(grads)
    return [m, v], RATE * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


BY_HAND: dict[str, Callable[[Vectors], tuple[Vectors, np.ndarray]]] = {
    "gradient_descent": lambda grads: ([], RATE * grads[-1]),
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", ["Line", "Wave"])
def test_a_step_is_what_its_formula_gives_by_hand(name: str, optimizer: str) -> None:
    for step in (0, 1, 6, 25):
        seen = see(PROBLEMS[name], optimizer, learning_rate=RATE, num_steps=30, step=step)
        grads = [gradient_by_hand(name, float(w), float(b)) for w, b in seen.path[: step + 1]]
        memory, move = BY_HAND[optimizer](grads)
        size = np.abs(move).max()
        np.testing.assert_array_equal(seen.parameters, seen.path[step])
        np.testing.assert_array_equal(seen.next_parameters, seen.path[step + 1])
        np.testing.assert_allclose(seen.gradient, grads[-1], rtol=CLOSE, atol=1e-5)
        assert len(seen.memory) == len(memory)
        for mine, theirs in zip(seen.memory, memory, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=CLOSE, atol=1e-5)
        np.testing.assert_allclose(seen.next_parameters, seen.parameters - move, atol=CLOSE * size + 2e-6)
        expected = [RATE, *(h.default for h in OPTIMIZERS[optimizer].hyperparameters.values())]
        np.testing.assert_allclose(seen.settings, expected, rtol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_last_step_says_where_the_next_would_lead(optimizer: str) -> None:
    end, longer = (see(PROBLEMS["Line"], optimizer, num_steps=steps, step=10) for steps in (10, 11))
    np.testing.assert_array_equal(end.next_parameters, longer.path[11])


def test_a_data_point_is_what_a_person_computes() -> None:
    for name in ("Line", "Wave"):
        problem = PROBLEMS[name]
        seen = see(problem, "momentum", step=3)
        (w, b), x, y = seen.parameters.astype(float), float(problem.x[0]), float(problem.y[0])
        z = w * x + b
        value, slope = (z, 1.0) if name == "Line" else (np.sin(z), np.cos(z))
        error = value - y
        expected = [x, y, value, error, error**2, 2 * error * slope * x, 2 * error * slope]
        np.testing.assert_allclose(seen.example, expected, rtol=CLOSE)


def test_the_mean_over_all_points_is_the_loss_and_the_gradient() -> None:
    """What the table says of its last row: each point is the first once."""
    problem = PROBLEMS["Wave"]
    values, seen = controls(problem, "momentum", step=0), see(problem, "momentum", step=0)
    turned = [{name: np.roll(values[name], -i) for name in ("x", "y")} for i in range(problem.x.size)]
    rows = [np.asarray(compiled(problem, "momentum")(**values | data).example) for data in turned]
    means = np.mean(rows, axis=0)
    np.testing.assert_allclose(means[4], seen.loss, rtol=CLOSE)
    np.testing.assert_allclose(means[5:], seen.gradient, rtol=CLOSE, atol=1e-5)


def test_a_larger_model_has_the_norms_of_its_layers() -> None:
    problem = PROBLEMS["Network"]
    seen = see(problem, "momentum", step=0)
    grads = jax.grad(problem.loss)(problem.start_at())
    expected = [np.sqrt(sum(np.sum(np.square(leaf)) for leaf in layer.values())) for layer in grads]
    np.testing.assert_allclose(seen.layer_norms, expected, rtol=CLOSE)
    assert len(expected) == 4
    np.testing.assert_allclose(np.linalg.norm(seen.layer_norms), seen.gradient_norm, rtol=CLOSE)
    assert (seen.parameters.size, seen.gradient.size, seen.next_parameters.size, seen.memory.size) == (0, 0, 0, 0)
    assert seen.example[:2].tolist() == [problem.x[0], problem.y[0]]
