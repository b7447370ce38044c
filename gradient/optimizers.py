"""The optimizers of the page: optax factories, the hyperparameters they add, and the formulas they run."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import optax

Scalar = float | jax.Array


class Hyperparameter(NamedTuple):
    """A number in [0, 1) that an optimizer has besides its learning rate; the page makes a slider of it."""

    label: str
    default: float
    maximum: float = 0.99
    step: float = 0.01


class Optimizer(NamedTuple):
    """A rule that turns gradients into steps.

    Attributes:
        label: the name a person reads.
        make: `make(learning_rate, **hyperparameters)` gives the optax transformation; every argument may be traced.
        hyperparameters: by the keyword that `make` takes.
        formula: the update in LaTeX, with g the gradient, p the parameters and η the learning rate.
        stability: `stability(**hyperparameters)` is the learning rate times the largest curvature above which the rule
            diverges on a quadratic; None where no such law holds (the rule rescales each coordinate by its own history).
    """

    label: str
    make: Callable[..., optax.GradientTransformation]
    hyperparameters: dict[str, Hyperparameter]
    formula: str
    stability: Callable[..., Scalar] | None = None


def _gradient_descent(learning_rate: Scalar) -> optax.GradientTransformation:
    return optax.sgd(learning_rate)


def _momentum(learning_rate: Scalar, momentum: Scalar) -> optax.GradientTransformation:
    return optax.sgd(learning_rate, momentum)


def _nesterov(learning_rate: Scalar, momentum: Scalar) -> optax.GradientTransformation:
    return optax.sgd(learning_rate, momentum, nesterov=True)


def _adagrad(learning_rate: Scalar) -> optax.GradientTransformation:
    return optax.adagrad(learning_rate, initial_accumulator_value=0.0, eps=1e-7)


def _rmsprop(learning_rate: Scalar, decay: Scalar) -> optax.GradientTransformation:
    return optax.rmsprop(learning_rate, decay, eps=1e-8, eps_in_sqrt=False)


def _adam(learning_rate: Scalar, b1: Scalar, b2: Scalar) -> optax.GradientTransformation:
    return optax.adam(learning_rate, b1, b2, eps=1e-8)


_MOMENTUM = {"momentum": Hyperparameter("Momentum", 0.7)}

# Stability on a quadratic: the roots of each rule's characteristic polynomial leave the unit circle at these products
# (Polyak 1964 for heavy ball; Nesterov in the form of optax and PyTorch, which looks ahead with the same momentum).
OPTIMIZERS: dict[str, Optimizer] = {
    "gradient_descent": Optimizer(
        "Gradient descent",
        _gradient_descent,
        {},
        r"p \leftarrow p - \eta\, g",
        stability=lambda: 2.0,
    ),
    "momentum": Optimizer(
        "Momentum",
        _momentum,
        _MOMENTUM,
        r"z \leftarrow g + m z,\quad p \leftarrow p - \eta\, z",
        stability=lambda momentum: 2 + 2 * momentum,
    ),
    "nesterov": Optimizer(
        "Nesterov",
        _nesterov,
        _MOMENTUM,
        r"z \leftarrow g + m z,\quad p \leftarrow p - \eta\, (g + m z)",
        stability=lambda momentum: (2 + 2 * momentum) / (1 + 2 * momentum),
    ),
    "adagrad": Optimizer(
        "Adagrad",
        _adagrad,
        {},
        r"s \leftarrow s + g^2,\quad p \leftarrow p - \eta\, g / \sqrt{s + \epsilon}",
    ),
    "rmsprop": Optimizer(
        "RMSProp",
        _rmsprop,
        {"decay": Hyperparameter("Decay", 0.9)},
        r"s \leftarrow \rho s + (1 - \rho)\, g^2,\quad p \leftarrow p - \eta\, g / (\sqrt{s} + \epsilon)",
    ),
    "adam": Optimizer(
        "Adam",
        _adam,
        {"b1": Hyperparameter("Beta 1", 0.9), "b2": Hyperparameter("Beta 2", 0.999, maximum=0.999, step=0.001)},
        r"m \leftarrow \beta_1 m + (1 - \beta_1)\, g,\quad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2,"
        r"\quad p \leftarrow p - \eta\, \hat m / (\sqrt{\hat v} + \epsilon)",
    ),
}
_SHIPPED = tuple(OPTIMIZERS.values())


def is_shipped(optimizer: Optimizer) -> bool:
    """Whether this very record comes with the package, so that what follows from it follows from the package's sources."""
    return any(optimizer is record for record in _SHIPPED)
