"""The analysis of a visitor's own data before any descent: where to look for the minimum, and the loss around it."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gradient.frame import FIT_PAD, X_PAD
from gradient.landscape import curvature
from gradient.models import MODELS, Extent
from gradient.optimizers import RATE_EXPONENTS, SHIPPED
from gradient.own import UNSCALED
from gradient.points import deviation, highest, lowest, mean
from gradient.problems import OwnProblem, Problem
from gradient.run import MAX_STEPS, as_high, finite
from gradient.sweep import Descent
from gradient.valleys import Search, search

FIELD_SIZE, ARROWS = 41, 17
_SEARCHES = 3  # along each side of the ranges, or from so many starts
_ADAM, _ADAM_RATE = next(record for record in SHIPPED if record.label == "Adam"), 0.1
_SEARCH_STEPS = 15
_ROOM = 0.35  # of the ranges, beyond a minimum that lies outside them
_CALM = 0.5  # times the limit of gradient descent: a learning rate to begin with
_SMALLEST = 1e-30
_POWERS = np.array([float(f"1e{i}") for i in range(-30, 31)], np.float32)
LEAST_STEPS = 200  # of a slider of w or b, which has less than ten times as many


class Analysis(NamedTuple):
    """What follows from a visitor's data, before any descent, in finite numbers but for the padding of x.

    Attributes:
        x, y: [2100], padded, as a descent takes them: x is standardized on request, and for a larger model both are.
        scaling: [4], the offset that was subtracted from x, and what it was divided by then; the same of y.
        domain: [4], (w_low, w_high, b_low, b_high): what the map shows.
        view: [4], (x_low, x_high, y_low, y_high): what the picture of the data shows, in the visitor's own x.
        start: [2], where a descent may begin.
        step: [2], of the sliders of w and b: powers of ten.
        rate: a learning rate to begin with.
        known: the lowest loss that was found.
        condition: [4], the condition number of the loss at its minimum, as x is given and with x standardized, and the largest
            stable learning rate of gradient descent in both cases; 0 where there is none.
        losses: [41, 41], on a grid over the domain, rows upwards.
        gradients: [17, 17, 2], in the middles of equal cells of the domain.
    """

    x: jax.Array
    y: jax.Array
    scaling: jax.Array
    domain: jax.Array
    view: jax.Array
    start: jax.Array
    step: jax.Array
    rate: jax.Array
    known: jax.Array
    condition: jax.Array
    losses: jax.Array
    gradients: jax.Array

    def finite(self) -> "Analysis":
        """The same in finite numbers, but for the points."""
        return self._replace(**{name: finite(value) for name, value in self._asdict().items() if name not in ("x", "y")})


class _Fitted(NamedTuple):
    """The best fit of a model to data with a scaling of x."""

    x: jax.Array
    scaling: jax.Array
    domain: jax.Array
    best: Search
    condition: jax.Array
    limit: jax.Array


def analyse(
    problem: OwnProblem, points: tuple[jax.Array, jax.Array], model: jax.Array, standardized: jax.Array, kept: tuple[Any, Any]
) -> Analysis:
    """Analyses a visitor's data.

    Args:
        problem: the one of a visitor's own data; static.
        points: x and y [2100], padded, at least two points.
        model: the index of one of `MODELS`.
        standardized: whether x is to have the mean 0 and the standard deviation 1.
        kept: the domain [4] and the view [4] that are to stay, NaN for new ones.
    """
    x, y = points
    scalings = jnp.stack([jnp.array([0.0, 1.0]), jnp.stack([mean(x), deviation(x)])])
    fits: _Fitted = jax.lax.map(lambda scaling: _fitted(problem, x, y, model, scaling), scalings)
    fit: _Fitted = jax.tree.map(lambda plain_and_scaled: plain_and_scaled[standardized.astype(int)], fits)
    domain, view = (jnp.where(jnp.isnan(old), new, old) for old, new in zip(kept, (fit.domain, _view(x, y)), strict=True))
    exponents = _exponents(domain)
    bound = problem.bound(model, domain, fit.scaling)
    return Analysis(
        x=fit.x,
        y=y,
        scaling=jnp.concatenate([fit.scaling, jnp.array(UNSCALED[2:])]),
        domain=domain,
        view=view,
        start=_start(model, domain, exponents),
        step=jnp.asarray(_POWERS)[exponents],
        rate=_rate(fit.limit),
        known=fit.best.loss,
        condition=jnp.concatenate([fits.condition, fits.limit]),
        losses=_losses(bound, fit.x, y),
        gradients=_gradients(bound, fit.x, y),
    ).finite()


def analyse_larger(problem: Problem, points: tuple[jax.Array, jax.Array], kept: tuple[Any, Any]) -> Analysis:
    """Analyses a visitor's data for a model of more than two parameters, whose x and y are standardized.

    Args:
        problem: whose model it is; static.
        points: as for `analyse`.
        kept: the domain [4], which stays as it is, and the view as for `analyse`.
    """
    scalings = [jnp.stack([mean(values), deviation(values)]) for values in points]
    x, y = ((values - scaling[0]) / scaling[1] for values, scaling in zip(points, scalings, strict=True))
    domain, view = kept
    return Analysis(
        x=x,
        y=y,
        scaling=jnp.concatenate(scalings),
        domain=domain,
        view=jnp.where(jnp.isnan(view), _view(*points), view),
        start=jnp.zeros(2),
        step=jnp.ones(2),
        rate=jnp.float32(problem.learning_rate),
        known=_lowest(problem, x, y),
        condition=jnp.zeros(4),
        losses=jnp.zeros((0, 0)),
        gradients=jnp.zeros((0, 0, 2)),
    ).finite()


def _lowest(problem: Problem, x: jax.Array, y: jax.Array) -> jax.Array:
    """The lowest loss at the ends of a few descents with Adam, which ends lower than other optimizers' best rates do."""
    rule = _ADAM.make(_ADAM_RATE, **{name: h.default for name, h in _ADAM.hyperparameters.items()})
    starts = jnp.asarray(problem.flat_starts[:_SEARCHES])
    ends = jax.lax.map(lambda start: Descent.of(problem, start, x, y, MAX_STEPS).run(rule), starts)
    return as_high(ends.losses).min()


def _fitted(problem: OwnProblem, x: jax.Array, y: jax.Array, model: jax.Array, scaling: jax.Array) -> _Fitted:
    x = (x - scaling[0]) / scaling[1]
    ranges = _ranges(model, _extent(x, y))
    bound = problem.bound(model, ranges, scaling)
    low, high = ranges.reshape(2, 2).T
    side = np.linspace(0.1, 0.9, _SEARCHES)
    starts = low + (high - low) * jnp.asarray(np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2), jnp.float32)
    found = jax.lax.map(lambda start: search(bound, start, x, y, _SEARCH_STEPS), starts)
    best = jax.tree.map(lambda each: each[jnp.argmin(jnp.nan_to_num(found.loss, nan=jnp.inf))], found)
    condition, limit = _condition(bound, best.params, x, y)
    return _Fitted(x, scaling, _rounded(_with_room(ranges, best.params)), best, condition, limit)


def _extent(x: jax.Array, y: jax.Array) -> Extent:
    x_mean, y_mean, x_spread = mean(x), mean(y), deviation(x)
    slope = mean((x - x_mean) * (y - y_mean)) / x_spread**2
    width = highest(x) - lowest(x)
    wide = jnp.where(width > 0, lowest(x) + width, lowest(x) + 1)
    return Extent(lowest(x), wide, lowest(y), highest(y), x_mean, y_mean, x_spread, deviation(y), slope)


def _ranges(model: jax.Array, extent: Extent) -> jax.Array:
    """The ranges [4] of a model's parameters, of which none is empty."""
    branches = [lambda extent, ranges=each.ranges: jnp.stack([*ranges(extent)[0], *ranges(extent)[1]]) for each in MODELS]
    low, high = jax.lax.switch(model, branches, extent).reshape(2, 2).T
    least = jnp.maximum(1e-3 * jnp.maximum(jnp.abs(low), jnp.abs(high)), _SMALLEST)
    return jnp.stack([low, jnp.maximum(high, low + least)], axis=1).ravel()


def _with_room(ranges: jax.Array, minimum: jax.Array) -> jax.Array:
    """The ranges, with room around a minimum that lies beyond them, but not far."""
    low, high = ranges.reshape(2, 2).T
    width = high - low
    near = jnp.clip(minimum, low - width, high + width)
    low = jnp.where(near < low, near - _ROOM * width, low)
    high = jnp.where(near > high, near + _ROOM * width, high)
    return jnp.stack([low, high], axis=1).ravel()


def _exponents(domain: jax.Array) -> jax.Array:
    """For w and b, where the power of ten of its slider's step is in the table: a computed one can be off in the last bit."""
    low, high = domain.reshape(2, 2).T
    # A rounded domain can be as wide as 200 steps, but for its last bit.
    return jnp.maximum(jnp.sum(jnp.asarray(_POWERS) <= (high - low)[:, None] / (LEAST_STEPS - 1), axis=1) - 1, 0)


def _multiples(numbers: jax.Array, exponents: jax.Array) -> jax.Array:
    """Whole numbers times powers of ten, as the nearest float32: 3 / 10 is 0.3, and 3 * 0.1 is not."""
    powers = jnp.asarray(_POWERS)
    power, inverse = powers[exponents], powers[len(_POWERS) - 1 - exponents]
    return jnp.where(power < 1, numbers / inverse, numbers * power)


def _rounded(domain: jax.Array) -> jax.Array:
    """The domain, from a round number to a round number."""
    low, high = domain.reshape(2, 2).T
    tens = _exponents(domain) + 1
    digit = jnp.asarray(_POWERS)[tens]
    limits = _multiples(jnp.floor(low / digit), tens), _multiples(jnp.ceil(high / digit), tens)
    return jnp.stack(limits, axis=1).ravel()


def _start(model: jax.Array, domain: jax.Array, exponents: jax.Array) -> jax.Array:
    low, high = domain.reshape(2, 2).T
    wanted = low + jnp.asarray([each.start for each in MODELS])[model] * (high - low)
    return _multiples(jnp.round(wanted / jnp.asarray(_POWERS)[exponents]), exponents)


def _view(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.concatenate([_padded_range(x, X_PAD), _padded_range(y, FIT_PAD)])


def _padded_range(values: jax.Array, share: float) -> jax.Array:
    low, high = lowest(values), highest(values)
    width = jnp.where(high > low, high - low, jnp.maximum(jnp.abs(high), 1.0))
    return jnp.stack([low - share * width, high + share * width])


def _condition(problem: Problem, params: jax.Array, x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The condition number of the loss at its minimum, and the largest stable learning rate of gradient descent."""

    def loss(flat: jax.Array) -> jax.Array:
        return problem.loss(flat, x, y)

    largest, smallest = curvature(loss, params), -curvature(lambda flat: -loss(flat), params)
    is_valley = smallest > 1e-7 * largest
    return (
        jnp.where(is_valley, largest / jnp.maximum(smallest, _SMALLEST), 0.0),
        jnp.where(largest > 0, 2 / jnp.maximum(largest, _SMALLEST), 0.0),
    )


def _rate(limit: jax.Array) -> jax.Array:
    """A stop of the learning rate's slider, well below a limit."""
    low, high, step = RATE_EXPONENTS
    wanted = jnp.log10(jnp.where(limit > 0, _CALM * limit, 0.1))
    return 10.0 ** (low + jnp.clip(jnp.round((wanted - low) / step), 0, round((high - low) / step)) * step)


def _grid(problem: Problem, shares: np.ndarray) -> jax.Array:
    """Points [n * n, 2] of the domain at these shares [n] of its sides, row by row, upwards."""
    low, high = jnp.asarray(problem.domain, jnp.float32).T
    across, up = np.meshgrid(shares, shares)
    return low + (high - low) * jnp.asarray(np.stack([across, up], axis=-1).reshape(-1, 2), jnp.float32)


def _losses(problem: Problem, x: jax.Array, y: jax.Array) -> jax.Array:
    grid = _grid(problem, np.linspace(0, 1, FIELD_SIZE))
    losses = jax.lax.map(lambda params: problem.loss(params, x, y), grid).reshape(FIELD_SIZE, FIELD_SIZE)
    return jnp.where(jnp.isnan(losses), jnp.inf, losses)


def _gradients(problem: Problem, x: jax.Array, y: jax.Array) -> jax.Array:
    grid = _grid(problem, (np.arange(ARROWS) + 0.5) / ARROWS)
    gradients = jax.lax.map(jax.grad(lambda params: problem.loss(params, x, y)), grid)
    return gradients.reshape(ARROWS, ARROWS, 2)
