"""Problems: data, a model to fit to it, its loss, the start of a descent, and the part of the plane that is shown."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from gradient.datasets import DATASETS, NOISE
from gradient.models import MODELS, line, wave
from gradient.optimizers import LEARNING_RATES, MOMENTUM
from gradient.points import mean_square

Params = Any
Predict = Callable[[Params, jax.Array], jax.Array]
Interval = tuple[float, float]
Scaling = tuple[jax.Array, jax.Array]  # the offset that is subtracted, and what is divided by then

MAX_STEPS = 200  # of every run
NUM_POINTS = 100
NUM_KEYS = 10
_WEIGHT_AND_BIAS = ("w (weight)", "b (bias)")


@dataclass(frozen=True, eq=False)
class Problem:
    """Data and a model to fit to it by least squares.

    A model whose parameters are an array of shape [2] is shown over its parameter plane, and `start` sets its two sliders. Any
    other model (more parameters, or a pytree of them) is shown on a plane through its path.

    Attributes:
        name: its label in the page's menu.
        predict: `predict(params, x [n]) -> [n]`, in jax.numpy.
        x, y: data, float32 of shape [n], n >= 2, finite.
        start: the initial parameters; or several of them, stacked along a leading axis of length `num_keys`.
        num_keys: the number of stacked starts, which the page's `Random start` numbers from 1; 0 if `start` is a single one.
        domain: the intervals of w and b that the page shows (two-parameter models only); it contains `start`.
        formula: the model in plain text; {w} and {b} stand for the numbers of a two-parameter model.
        axis_labels: what the map of w and b says along its axes (two-parameter models only).
        fits_own: whether the page has the model for a visitor's own data, too: for x and y with the mean 0 and the standard
            deviation 1. A model of two parameters for these is one of `gradient.models`.
        learning_rate, momentum, num_steps: the page's initial settings, in 0.001..10, 0..0.99 and 1..200. The page rounds
            them, and `start`, to where its sliders can stand: a learning rate of 0.05 to 0.0501.

    Raises:
        ValueError: if the data or the model cannot be fitted, or a setting is out of its range.
    """

    name: str
    predict: Predict
    x: np.ndarray
    y: np.ndarray
    start: Params = (0.0, 0.0)
    num_keys: int = 0
    domain: tuple[Interval, Interval] = ((-3.0, 3.0), (-3.0, 3.0))
    formula: str = "y = f(x)"
    axis_labels: tuple[str, str] = ("w", "b")
    fits_own: bool = False
    learning_rate: float = 0.1
    momentum: float = 0.7
    num_steps: int = 30

    is_own: ClassVar[bool] = False
    _scalings: ClassVar[tuple[Scaling | None, Scaling | None]] = (None, None)  # of x and of y

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", _data("x", self.x))
        object.__setattr__(self, "y", _data("y", self.y))
        is_pair = isinstance(self.start, tuple | list) and all(np.isscalar(v) for v in self.start)
        as_float32 = np.asarray(self.start, np.float32) if is_pair else jax.tree.map(np.float32, self.start)
        object.__setattr__(self, "start", as_float32)
        if self.x.shape != self.y.shape:
            raise ValueError(
                f"x has {self.x.size} points and y has {self.y.size}: each y belongs to one x. Pass two arrays of one length."
            )
        _check_model(self)
        _check_settings(self)
        object.__setattr__(self, "domain", tuple((float(low), float(high)) for low, high in self.domain))

    def loss(self, params: Params, x: jax.Array | None = None, y: jax.Array | None = None) -> jax.Array:
        """Mean squared error of `predict(params, x)` against `y`; by default on the problem's own data. A scalar."""
        inputs = jnp.asarray(self.x if x is None else x)
        targets = jnp.asarray(self.y if y is None else y)
        return mean_square(self.predict, params, inputs, targets)

    @cached_property
    def is_planar(self) -> bool:
        """Whether the parameters are one array of shape [2], so that the page can draw them as a point."""
        return isinstance(self.start, np.ndarray) and self.start.shape == (2,) and not self.num_keys

    def on(self, x: np.ndarray, y: np.ndarray) -> "Problem":
        """The same problem with other data, x and y of one length."""
        return replace(self, x=x, y=y)

    def scaled(self, scaling: jax.Array) -> "Problem":
        """The problem for scaled data: the model takes (x - s[0]) / s[1] and predicts (y - s[2]) / s[3]."""
        return self._changed(_scalings=((scaling[0], scaling[1]), (scaling[2], scaling[3])))

    def given_x(self, x: jax.Array) -> jax.Array:
        """x as the picture of the data shows it, from x as the model takes it."""
        return _as_given(x, self._scalings[0])

    def given_y(self, y: jax.Array) -> jax.Array:
        """y as the picture of the data shows it, from y as the model predicts it."""
        return _as_given(y, self._scalings[1])

    def _changed(self, **fields: Any) -> "Problem":
        """The same with other fields, which may be traced; no check is made."""
        changed = copy.copy(self)
        for name, value in fields.items():
            object.__setattr__(changed, name, value)
        return changed

    def start_at(self, key: int = 1) -> Params:
        """The initial parameters for a random key in 1..num_keys, which is ignored if there is only one start."""
        if self.num_keys and not 1 <= key <= self.num_keys:
            raise ValueError(f"key is {key}, but it must be in 1..{self.num_keys}, the number of starts. Choose one of those.")
        return jax.tree.map(lambda leaf: leaf[key - 1], self.start) if self.num_keys else self.start

    @cached_property
    def flat_starts(self) -> np.ndarray:
        """Every start as a row of an array of shape [max(1, num_keys), dim]."""
        keys = range(1, max(1, self.num_keys) + 1)
        rows = [[np.ravel(leaf) for leaf in jax.tree.leaves(self.start_at(key))] for key in keys]
        return np.stack([np.concatenate(row) for row in rows])

    def unravel(self, flat: jax.Array) -> Params:
        """The parameters in the model's own structure, from a flat array of shape [dim]."""
        leaves, treedef = jax.tree.flatten(self.start_at())
        ends = np.cumsum([leaf.size for leaf in leaves])
        parts = [flat[end - leaf.size : end].reshape(leaf.shape) for leaf, end in zip(leaves, ends, strict=True)]
        return jax.tree.unflatten(treedef, parts)


def _as_given(values: jax.Array, scaling: Scaling | None) -> jax.Array:
    return values if scaling is None else scaling[0] + scaling[1] * values


def _data(name: str, values: np.ndarray) -> np.ndarray:
    array = np.asarray(values, np.float32)
    if array.ndim != 1:
        raise ValueError(f"{name} has the shape {array.shape}, but it must have one axis. Pass a 1-D array.")
    if array.size < 2:
        raise ValueError(f"{name} has {array.size} point(s); a fit needs at least two. Pass more data.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has NaN or infinite values, so no loss would be finite. Drop those points first.")
    return array


def _check_model(problem: Problem) -> None:
    rows = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(problem.start)}
    if problem.num_keys and rows != {(problem.num_keys,)}:
        raise ValueError(
            f"num_keys is {problem.num_keys}, but the leading axes of start are {sorted(rows)}: "
            "each key is one row of every leaf. Stack one start for each key."
        )
    params, x = problem.start_at(), jax.ShapeDtypeStruct(problem.x.shape, jnp.float32)
    shape = jax.eval_shape(problem.predict, params, x).shape
    if shape != problem.x.shape:
        raise ValueError(
            f"predict returned the shape {shape} for x of shape {problem.x.shape}; it must return one number for each x. "
            "Check how it uses its parameters, or squeeze the result."
        )


def _check_settings(problem: Problem) -> None:
    rules = [
        *_number_rules(problem),
        (_is_domain(problem.domain), "domain", "must be two intervals (low, high) with low < high"),
        (_starts_inside(problem), "start", f"must lie in the domain {problem.domain}, which is what the page shows"),
    ]
    for holds, name, rule in rules:
        if not holds:
            raise ValueError(f"{name} is {getattr(problem, name)!r}, but it {rule}.")


def _number_rules(problem: Problem) -> list[tuple[bool, str, str]]:
    """For each setting: whether its slider can stand there, its name, and the range that it must be in."""
    (low, high), most, first = LEARNING_RATES[[0, -1]], MOMENTUM.maximum, MOMENTUM.default
    rates = f"must be in {low:g}..{high:g}, like the slider; else scale x and y"
    momenta = f"must be in 0..{most:g}, like the slider; {first:g} is a good first try"
    steps = f"must be in 1..{MAX_STEPS}, which is what the page can show"
    return [
        (bool(low <= problem.learning_rate <= high), "learning_rate", rates),
        (0 <= problem.momentum <= most, "momentum", momenta),
        (1 <= problem.num_steps <= MAX_STEPS, "num_steps", steps),
    ]


def _is_domain(domain: tuple[Interval, ...]) -> bool:
    return np.shape(domain) == (2, 2) and all(-np.inf < low < high < np.inf for low, high in domain)


def _starts_inside(problem: Problem) -> bool:
    if not problem.is_planar or not _is_domain(problem.domain):
        return True  # there is no domain to check against
    low, high = np.asarray(problem.domain, np.float32).T
    return bool(((low <= problem.start) & (problem.start <= high)).all())


class OwnProblem(Problem):
    """A visitor's own data, and their choice of a model of two parameters.

    The record holds the data and the model with which it opens. `bound` gives the problem that is fitted.
    """

    is_own: ClassVar[bool] = True

    def bound(self, model: jax.Array, domain: jax.Array, scaling: jax.Array) -> Problem:
        """The problem that a visitor has made; every argument may be traced, and no check is made.

        Args:
            model: the index of one of `gradient.models.MODELS`.
            domain: (w_low, w_high, b_low, b_high), what the page shows.
            scaling: the model takes (x - scaling[0]) / scaling[1].
        """
        branches = [each.predict for each in MODELS]

        def predict(params: Params, x: jax.Array) -> jax.Array:
            return jax.lax.switch(model, branches, params, x)

        scalings = (scaling[0], scaling[1]), None
        return self._changed(predict=predict, domain=domain.reshape(2, 2), _scalings=scalings)


def network(params: list[dict[str, jax.Array]], x: jax.Array) -> jax.Array:
    """A multilayer perceptron with tanh between its layers; params is a list of {"weight": [in, out], "bias": [out]}."""
    *hidden, last = params
    units = x[:, None]
    for layer in hidden:
        units = jnp.tanh(units @ layer["weight"] + layer["bias"])
    return (units @ last["weight"] + last["bias"])[:, 0]


def network_starts(sizes: tuple[int, ...], num_keys: int = NUM_KEYS) -> list[dict[str, np.ndarray]]:
    """Stacked initial parameters of a network, one for each random key 1..num_keys: weights of variance 1 / in, zero bias.

    NumPy has frozen the stream of `RandomState`, so a key gives the same network on every machine and in every version.
    """
    draws = [np.random.RandomState(key) for key in range(1, num_keys + 1)]
    layers = []
    for fan_in, fan_out in pairwise(sizes):
        weight = np.stack([draw.normal(size=(fan_in, fan_out)) for draw in draws]) / np.sqrt(fan_in)
        layers.append({"weight": weight, "bias": np.zeros((num_keys, fan_out))})
    return layers


def _noisy(truth: Callable[[np.ndarray], np.ndarray], interval: Interval, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.RandomState(seed)
    x = np.sort(draw.uniform(*interval, NUM_POINTS))
    return x, truth(x) + NOISE * draw.normal(size=NUM_POINTS)


_LINE = Problem(
    "Line",
    line,
    *_noisy(lambda x: 0.8 * x - 0.4, (-1.0, 3.0), seed=0),
    start=(-1.4, 2.0),
    domain=((-2.0, 3.0), (-3.0, 3.0)),
    formula="y = {w} x + {b}",
    axis_labels=_WEIGHT_AND_BIAS,
)

_WAVE = Problem(
    "Wave",
    wave,
    *_noisy(lambda x: np.sin(0.83 * x - 0.4), (-4.6, 3.4), seed=0),
    start=(0.6, -3.5),
    domain=((-2.0, 2.0), (-5.0, 5.0)),
    formula="y = sin({w} x + {b})",
    axis_labels=_WEIGHT_AND_BIAS,
)

NETWORK = Problem(
    "Network",
    network,
    *_noisy(lambda x: np.sin(2 * x) + 0.4 * x, (-2.0, 2.0), seed=0),
    start=network_starts((1, 3, 3, 3, 1)),
    num_keys=NUM_KEYS,
    fits_own=True,
    formula="1 → 3 → 3 → 3 → 1 units, tanh",
    learning_rate=10**-1.3,  # about 0.05, where the page's logarithmic slider can stand
    num_steps=MAX_STEPS,
)

# What the problem opens with. What the page shows of it follows from the data: see `gradient.analysis`.
OWN = OwnProblem("Yours", MODELS[0].predict, DATASETS[0].x, DATASETS[0].noisy(), formula="")

PROBLEMS: dict[str, Problem] = {problem.name: problem for problem in (_LINE, _WAVE, NETWORK)}
SHIPPED = (*PROBLEMS.values(), OWN)  # unlike `PROBLEMS`, never changed by a reader
