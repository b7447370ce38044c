"""Models of two parameters, [w, b], that a visitor can fit to data of their own."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

Predict = Callable[[jax.Array, jax.Array], jax.Array]


class Extent(NamedTuple):
    """Where data lie: lowest, highest and mean x and y, their standard deviations, and the slope of the nearest line."""

    x_low: jax.Array
    x_high: jax.Array
    y_low: jax.Array
    y_high: jax.Array
    x_mean: jax.Array
    y_mean: jax.Array
    x_spread: jax.Array
    y_spread: jax.Array
    slope: jax.Array


class Model(NamedTuple):
    """A function of x with two parameters.

    Attributes:
        name: its label on the page.
        predict: `predict(params [2], x [n]) -> [n]`.
        formula: in plain text; {w} and {b} stand for the parameters' numbers.
        ranges: `ranges(extent)` is ((w_low, w_high), (b_low, b_high)): where parameters for such data are worth a look.
        start: where a descent may begin, in shares of the ranges.
    """

    name: str
    predict: Predict
    formula: str
    ranges: Callable[[Extent], tuple[tuple[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]]
    start: tuple[float, float] = (0.2, 0.75)


def line(params: jax.Array, x: jax.Array) -> jax.Array:
    """y = w x + b, with params = [w, b]."""
    return params[0] * x + params[1]


def wave(params: jax.Array, x: jax.Array) -> jax.Array:
    """y = sin(w x + b), with params = [w, b]."""
    return jnp.sin(params[0] * x + params[1])


def decay(params: jax.Array, x: jax.Array) -> jax.Array:
    """y = w exp(-b x), with params = [w, b]: exponential decay, or growth where b is negative."""
    return params[0] * jnp.exp(-params[1] * x)


def power_law(params: jax.Array, x: jax.Array) -> jax.Array:
    """y = w x^b, with params = [w, b]; 0 where x is not positive."""
    is_positive = x > 0
    return jnp.where(is_positive, params[0] * jnp.exp(params[1] * jnp.log(jnp.where(is_positive, x, 1.0))), 0.0)


def logistic(params: jax.Array, x: jax.Array) -> jax.Array:
    """y = w / (1 + exp(-b x)), with params = [w, b]: logistic growth to w, half of which is reached at x = 0."""
    return params[0] * jax.nn.sigmoid(params[1] * x)


def michaelis_menten(params: jax.Array, x: jax.Array) -> jax.Array:
    """y = w x / (b + x), with params = [w, b]: the rate of a reaction that saturates at w (Michaelis and Menten 1913)."""
    return params[0] * x / (params[1] + x)


def gaussian_peak(params: jax.Array, x: jax.Array) -> jax.Array:
    """y = w exp(-(x - b)^2), with params = [w, b]: a peak of height w at b."""
    return params[0] * jnp.exp(-((x - params[1]) ** 2))


def _line_ranges(e: Extent) -> tuple:
    tilt = 1.5 * jnp.maximum(jnp.abs(e.slope), e.y_spread / e.x_spread)
    offset = e.y_mean - e.slope * e.x_mean
    lift = 1.5 * jnp.maximum(jnp.abs(offset), e.y_spread)
    return (e.slope - tilt, e.slope + tilt), (offset - lift, offset + lift)


def _wave_ranges(e: Extent) -> tuple:
    fastest = 16 / (e.x_high - e.x_low)  # 2.5 periods over the data
    return (-fastest, fastest), (jnp.full_like(fastest, -5.0), jnp.full_like(fastest, 5.0))


def _height(e: Extent) -> jax.Array:
    return 2 * _or_one(jnp.maximum(jnp.abs(e.y_low), jnp.abs(e.y_high)))


def _heights(e: Extent) -> tuple[jax.Array, jax.Array]:
    """From 0 to twice the farthest y, on the side where most of y is, and a little beyond."""
    height = _height(e)
    is_up = e.y_mean >= 0
    return jnp.where(is_up, -0.1 * height, -height), jnp.where(is_up, height, 0.1 * height)


def _reach(e: Extent) -> jax.Array:
    """How far x is from 0 at most."""
    return _or_one(jnp.maximum(jnp.abs(e.x_low), jnp.abs(e.x_high)))


def _or_one(size: jax.Array) -> jax.Array:
    return jnp.where(size > 0, size, 1.0)


def _decay_ranges(e: Extent) -> tuple:
    fastest = 4 / _reach(e)
    is_falling = e.slope * e.y_mean <= 0
    return _heights(e), (jnp.where(is_falling, -0.5, -1.0) * fastest, jnp.where(is_falling, 1.0, 0.5) * fastest)


def _power_ranges(e: Extent) -> tuple:
    steepest = jnp.full_like(e.slope, 3.0)
    return _heights(e), (-steepest, steepest)


def _logistic_ranges(e: Extent) -> tuple:
    fastest = 4 / e.x_spread
    is_rising = e.slope * e.y_mean >= 0
    return _heights(e), (jnp.where(is_rising, -0.5, -1.0) * fastest, jnp.where(is_rising, 1.0, 0.5) * fastest)


def _michaelis_menten_ranges(e: Extent) -> tuple:
    reach = _reach(e)
    return _heights(e), (0.02 * reach, 1.5 * reach)


def _gaussian_ranges(e: Extent) -> tuple:
    beyond = 0.2 * (e.x_high - e.x_low)
    return _heights(e), (e.x_low - beyond, e.x_high + beyond)


MODELS: tuple[Model, ...] = (
    Model("Line", line, "y = {w} x + {b}", _line_ranges),
    Model("Wave", wave, "y = sin({w} x + {b})", _wave_ranges),
    Model("Decay", decay, "y = {w} exp(− {b} x)", _decay_ranges),
    # The usual start would be in the valley of Kepler's law.
    Model("Power law", power_law, "y = {w} x^({b})", _power_ranges, start=(0.5, 0.5)),
    Model("Logistic", logistic, "y = {w} / (1 + exp(− {b} x))", _logistic_ranges),
    # From a small w it first goes to where the model has a pole.
    Model("Michaelis–Menten", michaelis_menten, "y = {w} x / ({b} + x)", _michaelis_menten_ranges, start=(0.8, 0.75)),
    Model("Gaussian peak", gaussian_peak, "y = {w} exp(−(x − {b})²)", _gaussian_ranges),
)
