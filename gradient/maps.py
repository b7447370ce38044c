"""Maps of descents: where each start ends, and what each pair of settings comes to. They are computed in slices."""

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gradient.compare import Rule, own_places, rules
from gradient.optimizers import OPTIMIZERS, slider_name
from gradient.problems import Problem
from gradient.run import MAX_STEPS, NEVER, finite
from gradient.sweep import NUM_RATES, Descent, swept_rates
from gradient.valleys import NUM_VALLEYS, Valleys
from gradient.verdict import CLOSE, NOTHING, spread

NUM_VALUES = 48
_SIDE = 128
_REACH = 0.15  # of the domain's width: farther away from a minimum, an equal loss belongs to another place


class MapKind(IntEnum):
    """What is drawn on the field: the loss of every model, where starts end, or what pairs of settings come to."""

    LOSS = 0
    STARTS = 1
    SETTINGS = 2


class Layout(NamedTuple):
    """The cells of a map, and the slices in which they are computed.

    Cell (column, row) belongs to the slice whose offset it has, modulo the strides. A slice goes through its rows, upwards, and
    in each of them through its columns.

    Attributes:
        columns, rows: how many cells there are.
        strides: of columns and rows within a slice.
        offsets: for each slice the first column and row; each fills the gaps that those before it have left.
        is_continuous: whether neighbours are alike, so that one may stand for those that are not computed yet.
    """

    columns: int
    rows: int
    strides: tuple[int, int]
    offsets: tuple[tuple[int, int], ...]
    is_continuous: bool = True

    def cells(self, index: jax.Array | int) -> tuple[jax.Array, jax.Array]:
        """The column and the row of each cell of a slice."""
        first_column, first_row = jnp.asarray(self.offsets, jnp.int32)[jnp.clip(index, 0, len(self.offsets) - 1)]
        columns = first_column + jnp.arange(0, self.columns, self.strides[0])
        rows = first_row + jnp.arange(0, self.rows, self.strides[1])
        return jnp.tile(columns, len(rows)), jnp.repeat(rows, len(columns))


def _scattered(side: int) -> tuple[tuple[int, int], ...]:
    """The offsets in a square of 2^n cells each way in the order of Bayer's matrix, in which the gaps are filled evenly."""
    if side == 1:
        return ((0, 0),)
    half = side // 2
    return tuple((x + half * dx, y + half * dy) for dx, dy in ((0, 0), (1, 1), (0, 1), (1, 0)) for x, y in _scattered(half))


_SETTINGS = Layout(NUM_RATES, NUM_VALUES, (1, 3), ((0, 0), (0, 1), (0, 2)))


def layout(problem: Problem, kind: MapKind) -> Layout:
    """The cells of a map: 128 starts each way, 64 rates × 48 values, or 64 rates × the starts of a larger model."""
    if not problem.is_planar:
        keys = max(1, problem.num_keys)
        return Layout(NUM_RATES, keys, (1, keys), tuple((0, key) for key in range(keys)), is_continuous=False)
    if kind == MapKind.STARTS:
        return Layout(_SIDE, _SIDE, (4, 4), _scattered(4))
    return _SETTINGS


def num_slices(problem: Problem, kind: jax.Array) -> jax.Array:
    """The number of slices of a map."""
    return jnp.asarray([len(layout(problem, each).offsets) for each in MapKind])[kind]


class SecondAxis(NamedTuple):
    """What is varied besides the learning rate: an optimizer's first hyperparameter, or the steps if it has none.

    Attributes:
        slider: the name of the control that sets it.
        place: in a row of settings, as `gradient.compare` has them; -1 for the steps.
        low, high: the first and the last of 48 values.
        step: of the slider.
    """

    slider: str
    place: int
    low: float
    high: float
    step: float

    def values(self) -> np.ndarray:
        """The values [48], evenly spaced; whole numbers of steps."""
        values = np.linspace(self.low, self.high, NUM_VALUES)
        return np.round(values) if self.place == NEVER else values


def second_axes() -> list[SecondAxis]:
    """For each optimizer, what is varied besides the learning rate."""
    axes = []
    for (key, record), places in zip(OPTIMIZERS.items(), own_places(), strict=True):
        first = next(iter(record.hyperparameters), None)
        if first is None:
            axes.append(SecondAxis("steps", NEVER, 1, MAX_STEPS, 1))
        else:
            own = record.hyperparameters[first]
            axes.append(SecondAxis(slider_name(key, first), places[1], 0, own.maximum, own.step))
    return axes


class Cells(NamedTuple):
    """What the descents of a slice come to, in finite numbers.

    Attributes:
        losses: [n], at the last step; -1 for a descent that diverges.
        valleys: [n], the minimum that is reached, -1 for a descent that is still on its way, or diverges. Of a larger model
            only the lowest loss known counts as one, number 0.
        arrivals: [n], the step from which it stays within 5 % of that minimum's loss.
    """

    losses: jax.Array
    valleys: jax.Array
    arrivals: jax.Array


class Setting(NamedTuple):
    """The settings of descents: the row of settings of `gradient.compare`, the number of steps and the start [dim]."""

    row: jax.Array
    num_steps: jax.Array
    start: jax.Array


def map_slice(
    problem: Problem, kind: jax.Array, index: jax.Array, present: Setting, data: tuple[jax.Array, jax.Array], found: Valleys
) -> Cells:
    """The descents of one slice of a map.

    `problem` is static, all else may be traced.

    Args:
        problem: what is fitted.
        kind: `MapKind.STARTS` or `MapKind.SETTINGS`; both have the same cells for a larger model.
        index: of the slice, see `Layout`.
        present: the settings that are kept where the map does not vary them.
        data: x and y [n].
        found: the valleys of a two-parameter problem; of any other, and if there are none, the lowest loss known as the first.
    """
    settings = _starts_and_settings(problem, kind, index, present) if problem.is_planar else _keys(problem, index, present)
    branches = [_runs(problem, rule, data, found) for rule in rules()]
    return jax.lax.switch(present.row[0].astype(jnp.int32), branches, settings)


def _starts_and_settings(problem: Problem, kind: jax.Array, index: jax.Array, present: Setting) -> Setting:
    is_starts = kind == MapKind.STARTS
    starts = _starts(problem, index)
    rows, num_steps = _rates_and_values(index, present)
    return Setting(
        jnp.where(is_starts, present.row, rows),
        jnp.where(is_starts, present.num_steps, num_steps),
        jnp.where(is_starts, starts, present.start),
    )


def _starts(problem: Problem, index: jax.Array) -> jax.Array:
    """The middles [n, 2] of a slice's cells in the domain."""
    low, high = jnp.asarray(problem.domain, jnp.float32).T
    cells = jnp.stack(layout(problem, MapKind.STARTS).cells(index), axis=1)
    return low + (high - low) * (cells + 0.5) / _SIDE


def _rates_and_values(index: jax.Array, present: Setting) -> tuple[jax.Array, jax.Array]:
    """The rows of settings [n, m] and the numbers of steps [n] of a slice."""
    axes = second_axes()
    columns, rows = _SETTINGS.cells(index)
    chosen = present.row[0].astype(jnp.int32)
    values = jnp.asarray(np.stack([axis.values() for axis in axes]), jnp.float32)[chosen, rows]
    place = jnp.asarray([axis.place for axis in axes])[chosen]
    varied = jnp.arange(present.row.size) == place
    settings = jnp.where(varied, values[:, None], _with_rates(present.row, columns))
    return settings, jnp.where(place == NEVER, values.astype(jnp.int32), present.num_steps)


def _with_rates(row: jax.Array, columns: jax.Array) -> jax.Array:
    rates = jnp.asarray(swept_rates(), jnp.float32)[columns]
    return jnp.tile(row, (columns.size, 1)).at[:, 1].set(rates)


def _keys(problem: Problem, index: jax.Array, present: Setting) -> Setting:
    columns, keys = layout(problem, MapKind.STARTS).cells(index)
    starts = jnp.asarray(problem.flat_starts)[keys]
    return Setting(_with_rates(present.row, columns), jnp.tile(present.num_steps, columns.size), starts)


def _runs(problem: Problem, rule: Rule, data: tuple[jax.Array, jax.Array], found: Valleys) -> Callable[[Setting], Cells]:
    """Returns a function that runs the descents with one optimizer, one after the other."""
    reach = _reach_planar(problem, data[1], found) if problem.is_planar else _reach_known(data[1], found)

    def run(setting: Setting) -> Cells:
        descent = Descent.of(problem, setting.start, *data, setting.num_steps)
        end, (valley, since) = descent.watch(rule(setting.row), _arrival(reach), (jnp.int32(NEVER), jnp.int32(0)))
        return Cells(jnp.where(end.diverged, -1.0, finite(end.losses)), jnp.where(end.diverged, NEVER, valley), since)

    return lambda settings: jax.lax.map(run, settings)


Reach = Callable[[jax.Array, jax.Array], jax.Array]


def _arrival(reach: Reach) -> Callable[..., tuple[jax.Array, jax.Array]]:
    """Notes which valley an iterate is in, and since which step it has stayed there."""

    def note(
        seen: tuple[jax.Array, jax.Array], t: jax.Array, params: jax.Array, loss: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        valley = reach(params, loss)
        return valley, jnp.where(valley == seen[0], seen[1], t).astype(jnp.int32)

    return note


def _reach_planar(problem: Problem, y: jax.Array, found: Valleys) -> Reach:
    """The nearest of the lowest minima, if the loss is within 5 % of theirs; else the nearest of all, if `_is_at` it; else -1.

    A valley may be a line, have more minima than were found, or be so flat that its middle is far away.
    """
    low, high = jnp.asarray(problem.domain, jnp.float32).T
    nothing = NOTHING * spread(y) ** 2
    enough = CLOSE * found.losses[0] + nothing

    def reach(params: jax.Array, loss: jax.Array) -> jax.Array:
        away = jnp.sum(((found.params - params) / (high - low)) ** 2, axis=1)
        distances = jnp.where(jnp.isfinite(found.losses), away, jnp.inf)
        nearest, nearest_best = jnp.argmin(distances), jnp.argmin(jnp.where(found.losses <= enough, distances, jnp.inf))
        other = jnp.where(_is_at(distances[nearest], loss, found.losses[nearest], nothing), nearest, NEVER)
        return jnp.where(loss <= enough, nearest_best, other).astype(jnp.int32)

    return reach


def _is_at(distance: jax.Array, loss: jax.Array, lowest: jax.Array, nothing: jax.Array) -> jax.Array:
    """Whether a place is at a minimum: near it, and with a loss that differs from its own by 5 % at most."""
    return (distance <= _REACH**2) & (jnp.abs(loss - lowest) <= (CLOSE - 1) * lowest + nothing)


def _reach_known(y: jax.Array, found: Valleys) -> Reach:
    """Number 0, if the loss is within 5 % of the lowest known; else -1."""
    enough = CLOSE * found.losses[0] + NOTHING * spread(y) ** 2
    return lambda params, loss: jnp.where(loss <= enough, 0, NEVER).astype(jnp.int32)


def known_valley(best_known: jax.Array) -> Valleys:
    """The lowest loss known in the place of the valleys of a larger model."""
    losses = jnp.full(NUM_VALLEYS, jnp.inf).at[0].set(best_known)
    return Valleys(jnp.zeros((NUM_VALLEYS, 2)), losses, jnp.int32(1))
