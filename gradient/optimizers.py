"""The optimizers of the page: optax factories, their hyperparameters, formulas, and stability limits."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
import optax

Scalar = float | jax.Array

# The learning rates at which its slider can stand: powers of ten with these exponents.
RATE_EXPONENTS = (-3.0, 1.0, 0.02)  # lowest, highest, step
_NUM_RATES = round((RATE_EXPONENTS[1] - RATE_EXPONENTS[0]) / RATE_EXPONENTS[2]) + 1
LEARNING_RATES = np.array([10.0 ** (RATE_EXPONENTS[0] + i * RATE_EXPONENTS[2]) for i in range(_NUM_RATES)])


class Hyperparameter(NamedTuple):
    """A number in [0, 1) that an optimizer has besides its learning rate; the page makes a slider of it.

    Optimizers with equal records of a hyperparameter share one slider and its value. A record that differs, if only in its
    default, gets a slider of its own.

    Attributes:
        label: its name on the page.
        default: the slider's initial value, in 0..maximum.
        maximum, step: of the slider; `maximum` and `default` are multiples of `step`.
        limit_reason: why it must be in [0, 1), for the error message.
    """

    label: str
    default: float
    maximum: float = 0.99
    step: float = 0.01
    limit_reason: str = "its formula holds for no other values"

    def stops(self) -> np.ndarray:
        """The values at which the slider can stand."""
        return np.array([i * self.step for i in range(round(self.maximum / self.step) + 1)])


class Optimizer(NamedTuple):
    """A rule that turns gradients into steps.

    Attributes:
        label: its name on the page.
        make: `make(learning_rate, **hyperparameters)` gives the optax transformation; every argument may be traced.
        hyperparameters: by their keywords in `make`.
        formula: the update, as in "z ← g + {momentum} z, p ← p − {learning_rate} z": first what the optimizer remembers, in the
            order of its optax state, last the parameters p. g is the gradient, and {names} stand for numbers.
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


_FADES = "at 1 the past never fades"
MOMENTUM = Hyperparameter("Momentum", 0.7, limit_reason=_FADES)

# Stability on a quadratic: the roots of each rule's characteristic polynomial leave the unit circle at these products
# (Polyak 1964 for heavy ball; Nesterov in the form of optax and PyTorch, which looks ahead with the same momentum).
OPTIMIZERS: dict[str, Optimizer] = {
    "gradient_descent": Optimizer(
        "Gradient descent",
        _gradient_descent,
        {},
        "p ← p − {learning_rate} g",
        stability=lambda: 2.0,
    ),
    "momentum": Optimizer(
        "Momentum",
        _momentum,
        {"momentum": MOMENTUM},
        "z ← g + {momentum} z, p ← p − {learning_rate} z",
        stability=lambda momentum: 2 + 2 * momentum,
    ),
    "nesterov": Optimizer(
        "Nesterov",
        _nesterov,
        {"momentum": MOMENTUM},
        "z ← g + {momentum} z, p ← p − {learning_rate} (g + {momentum} z)",
        stability=lambda momentum: (2 + 2 * momentum) / (1 + 2 * momentum),
    ),
    "adagrad": Optimizer(
        "Adagrad",
        _adagrad,
        {},
        "s ← s + g², p ← p − {learning_rate} g / √(s + ε)",
    ),
    "rmsprop": Optimizer(
        "RMSProp",
        _rmsprop,
        {"decay": Hyperparameter("Decay", 0.9, limit_reason=_FADES)},
        "s ← {decay} s + (1 − {decay}) g², p ← p − {learning_rate} g / (√s + ε)",
    ),
    "adam": Optimizer(
        "Adam",
        _adam,
        {
            "b1": Hyperparameter("Beta 1", 0.9, limit_reason=_FADES),
            "b2": Hyperparameter("Beta 2", 0.999, maximum=0.999, step=0.001, limit_reason=_FADES),
        },
        "m ← {b1} m + (1 − {b1}) g, v ← {b2} v + (1 − {b2}) g², p ← p − {learning_rate} m̂ / (√v̂ + ε)",
    ),
}
SHIPPED = tuple(OPTIMIZERS.values())  # unlike `OPTIMIZERS`, never changed by a reader


def optimizer_key(name: str) -> str:
    """The key in `OPTIMIZERS` of an optimizer's key or label: "adam" for "adam" and for "Adam".

    Raises:
        ValueError: if no optimizer has that name.
    """
    keys = {record.label: key for key, record in OPTIMIZERS.items()} | {key: key for key in OPTIMIZERS}
    if name not in keys:
        raise ValueError(f"There is no optimizer {name!r}. Choose one of {', '.join(OPTIMIZERS)}.")
    return keys[name]


def slider_name(optimizer: str, hyperparameter: str) -> str:
    """The name of the slider that sets a hyperparameter of an optimizer (its key).

    It is the hyperparameter's name. A record that differs from the first one of that name takes the optimizer's key before
    it ("rmsprop_b1"), so that every optimizer has its own default and limits.
    """
    first = next(
        record.hyperparameters[hyperparameter] for record in OPTIMIZERS.values() if hyperparameter in record.hyperparameters
    )
    is_first = OPTIMIZERS[optimizer].hyperparameters[hyperparameter] == first
    return hyperparameter if is_first else f"{optimizer}_{hyperparameter}"


def sliders() -> dict[str, Hyperparameter]:
    """Every distinct hyperparameter of all optimizers, by the name of its slider."""
    return {
        slider_name(key, name): hyperparameter
        for key, record in OPTIMIZERS.items()
        for name, hyperparameter in record.hyperparameters.items()
    }
