"""The maps: each of their cells is a descent that NumPy makes, and the valleys are the lowest points of the loss."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gradient.compare import columns
from gradient.map_links import picked_settings, point
from gradient.maps import NUM_VALUES, MapKind, Setting, known_valley, layout, map_slice, second_axes
from gradient.optimizers import LEARNING_RATES, OPTIMIZERS, sliders
from gradient.problems import PROBLEMS, Problem, wave
from gradient.run import NEVER
from gradient.sweep import NUM_RATES, swept_rates
from gradient.valleys import NUM_VALLEYS, valleys
from gradient.verdict import CLOSE, NOTHING
from tests.maps import descent_by_hand, loss_by_hand, slice_of, valleys_of
from tests.test_compare import row_of
from tests.test_sweep import swept

PLANAR = ["Line", "Wave"]
KEYS = list(OPTIMIZERS)
WAVE = PROBLEMS["Wave"]
SLIDERS = {name: h.default for name, h in sliders().items()}
STABLE = {"rmsprop": 0.01}  # and for the others a rate at which float32 and float64 do not part
# Some of the random pairs of settings are chaotic: a start that differs in its fifth digit ends elsewhere.
NUM_CELLS, FEWEST = 20, 8


@pytest.mark.parametrize("name", PLANAR)
def test_valleys_are_the_lowest_points_around_them(name: str) -> None:
    problem, found = PROBLEMS[name], valleys_of(PROBLEMS[name])
    taken = np.isfinite(found.losses)
    assert taken.any()
    assert np.all(np.diff(found.losses[taken]) >= -1e-6)
    width = np.ptp(problem.domain, axis=1)
    for params, loss in zip(found.params[taken].astype(float), found.losses[taken], strict=True):
        assert loss == pytest.approx(loss_by_hand(problem, params), rel=1e-4)
        for direction in np.array([[1, 0], [0, 1], [1, 1], [1, -1]]):
            for step in (0.01 * width * direction, -0.01 * width * direction):
                assert loss_by_hand(problem, params + step) > loss


def test_the_valley_of_a_line_is_what_least_squares_gives() -> None:
    problem, found = PROBLEMS["Line"], valleys_of(PROBLEMS["Line"])
    np.testing.assert_allclose(found.params[0], np.polyfit(problem.x, problem.y, 1), rtol=1e-3)
    assert np.isfinite(found.losses).sum() == found.num_best == 1


def test_the_valleys_of_a_wave_repeat_with_its_period() -> None:
    found = valleys_of(WAVE)
    best = found.params[: found.num_best].astype(float)
    w, b = best[np.argmin(np.abs(best - [0.83, -0.4]).sum(axis=1))]
    others = [(w, b), (w, b + 2 * np.pi), (w, b - 2 * np.pi), (-w, np.pi - b), (-w, -np.pi - b)]
    assert sorted(map(tuple, best.round(2))) == sorted(map(tuple, np.round(others, 2)))


def test_long_descents_end_in_a_valley() -> None:
    found = valleys_of(WAVE)
    draw = np.random.RandomState(0)
    low, high = np.array(WAVE.domain).T
    for start in draw.uniform(low, high, (20, 2)):
        params, _, _ = descent_by_hand(WAVE, "gradient_descent", start, 3000, 0.1)
        if np.all((params[-1] > low - 1) & (params[-1] < high + 1)):
            assert np.abs(found.params - params[-1]).sum(axis=1).min() < 0.02


def test_a_loss_without_a_minimum_has_no_valley() -> None:
    flat = Problem("Flat", lambda params, x: 0 * params[0] * x + params[1] * 0, np.arange(3.0), np.arange(3.0))
    found = jax.jit(lambda x, y: valleys(flat, x, y))(flat.x, flat.y)
    assert not np.isfinite(found.losses).any()
    assert found.num_best == 0
    assert len(found.losses) == NUM_VALLEYS


@pytest.mark.parametrize("kind", MapKind)
@pytest.mark.parametrize("name", PROBLEMS)
def test_slices_cover_each_cell_once(name: str, kind: MapKind) -> None:
    cells = layout(PROBLEMS[name], kind)
    places = [np.stack(jax.jit(cells.cells)(i), axis=1) for i in range(len(cells.offsets))]
    expected = [(column, row) for row in range(cells.rows) for column in range(cells.columns)]
    assert sorted(tuple(place) for part in places for place in part.tolist()) == sorted(expected)
    assert len({len(part) for part in places}) == 1


def is_chaotic(problem: Problem, optimizer: str, start: np.ndarray, num_steps: int, **settings: float) -> bool:
    """Whether a start that differs in its fifth digit ends elsewhere."""
    ends = [descent_by_hand(problem, optimizer, start + shift, num_steps, **settings) for shift in (0, 2e-5, -2e-5)]
    if len({diverges for _, _, diverges in ends}) > 1:
        return True
    return not ends[0][2] and np.ptp([losses[-1] for _, losses, _ in ends]) > 1e-3 * ends[0][1][-1]


def check_cell(problem: Problem, optimizer: str, start: np.ndarray, num_steps: int, cell: Any, **settings: float) -> None:
    params, losses, diverges = descent_by_hand(problem, optimizer, start, num_steps, **settings)
    loss, valley, arrival = cell
    assert (loss == -1) == diverges
    if diverges:
        assert valley == NEVER
        return
    assert loss == pytest.approx(losses[-1], rel=2e-2, abs=1e-5)
    found, width = valleys_of(problem), np.ptp(problem.domain, axis=1)
    nothing = NOTHING * np.var(problem.y)
    distances = np.where(np.isfinite(found.losses), np.sum(((found.params - params[:, None]) / width) ** 2, axis=2), np.inf)
    nearest, enough = distances.argmin(axis=1), CLOSE * found.losses[0] + nothing
    away = np.abs(losses - found.losses[nearest]) - (CLOSE - 1) * found.losses[nearest] - nothing
    if min(np.abs(away).min(), np.abs(losses - enough).min()) < 1e-4:
        return  # a step is at the very border
    is_at = (away <= 0) & (distances[np.arange(len(params)), nearest] <= 0.15**2)
    nearest_best = np.where(found.losses <= enough, distances, np.inf).argmin(axis=1)
    valley_at = np.where(losses <= enough, nearest_best, np.where(is_at, nearest, NEVER))
    assert found.losses[int(valley)] == pytest.approx(found.losses[valley_at[-1]]) if valley >= 0 else valley_at[-1] == NEVER
    if valley >= 0:
        assert arrival == num_steps - np.argmax(valley_at[::-1] != valley_at[-1]) + 1 or np.all(valley_at == valley_at[-1])


def some_cells(problem: Problem, kind: MapKind, seed: int, optimizer: str, num_steps: int, **settings: float) -> Any:
    """Column, row and what they hold, of random cells of a random slice."""
    draw, whole = np.random.RandomState(seed), layout(problem, kind)
    index = draw.randint(len(whole.offsets))
    found = slice_of(problem, kind, index, optimizer, num_steps, **settings)
    columns_of, rows_of = map(np.asarray, whole.cells(index))
    for i in draw.choice(len(rows_of), NUM_CELLS, replace=False):
        yield columns_of[i], rows_of[i], [field[i] for field in found]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", PLANAR)
def test_starts_end_where_numpy_says(name: str, optimizer: str) -> None:
    problem, settings = PROBLEMS[name], {"learning_rate": STABLE.get(optimizer, 0.05), **SLIDERS}
    low, high = np.array(problem.domain).T
    checked = 0
    for column, row, cell in some_cells(problem, MapKind.STARTS, KEYS.index(optimizer), optimizer, 40, **settings):
        start = low + (high - low) * (np.array([column, row]) + 0.5) / 128
        if is_chaotic(problem, optimizer, start, 40, **settings):
            continue
        checked += 1
        check_cell(problem, optimizer, start, 40, cell, **settings)
    assert checked > FEWEST


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", PLANAR)
def test_pairs_of_settings_come_to_what_numpy_says(name: str, optimizer: str) -> None:
    problem, axis = PROBLEMS[name], second_axes()[KEYS.index(optimizer)]
    present: dict[str, Any] = {"learning_rate": 0.1, **SLIDERS}
    start = problem.flat_starts[0]
    checked = 0
    for column, row, cell in some_cells(problem, MapKind.SETTINGS, KEYS.index(optimizer), optimizer, 30, **present):
        value = np.float32(axis.values()[row])
        settings = {**present, "learning_rate": np.float32(swept_rates()[column]), axis.slider: value}
        num_steps = int(value) if axis.place == NEVER else 30
        if is_chaotic(problem, optimizer, start, num_steps, **settings):
            continue
        checked += 1
        check_cell(problem, optimizer, start, num_steps, cell, **settings)
    assert checked > FEWEST


def test_the_starts_of_a_network_are_those_of_its_sweep() -> None:
    problem = PROBLEMS["Network"]
    for key in (1, 7):
        cells = slice_of(problem, MapKind.STARTS, key - 1, "momentum", 50, learning_rate=1.0, momentum=0.5)
        found = swept(problem, "momentum", learning_rate=1.0, momentum=0.5, num_steps=50, key=key)
        np.testing.assert_array_equal(cells.losses, np.where(found.diverged, -1, found.losses))
        assert len(cells.losses) == NUM_RATES


@pytest.mark.parametrize(
    ("predict", "share"),
    [
        (lambda params, x: params[0] * x, 1.0),  # a valley that is a line
        (lambda params, x: params[0] * params[1] * x, 0.9),  # and one that is a hyperbola
    ],
)
def test_a_valley_that_is_a_line_is_reached_anywhere(predict: Any, share: float) -> None:
    x = np.linspace(-1, 1, 20)
    problem = Problem("Own", predict, x, 0.5 * x, start=(1.0, 1.0))
    found = jax.jit(lambda x, y: valleys(problem, x, y))(problem.x, problem.y)
    assert not np.isfinite(found.losses).any()
    known = known_valley(jnp.float32(1e-9))
    present = Setting(jnp.asarray(row_of("momentum", {"learning_rate": 0.1}), jnp.float32), jnp.int32(100), jnp.zeros(2))
    kind, data = jnp.int32(MapKind.STARTS), (jnp.asarray(problem.x), jnp.asarray(problem.y))
    cells = jax.jit(lambda: map_slice(problem, kind, jnp.int32(0), present, data, known))()
    assert np.mean(np.asarray(cells.valleys) == 0) >= share


def test_a_diverging_descent_has_no_valley() -> None:
    cells = slice_of(PROBLEMS["Line"], MapKind.STARTS, 0, "gradient_descent", 200, learning_rate=5.0)
    assert np.all(cells.losses == -1)
    assert np.all(cells.valleys == NEVER)


def wave_by_hand(starts: np.ndarray, num_steps: int, learning_rate: float, momentum: float) -> np.ndarray:
    """Where all of these starts end, by Momentum, in float64."""
    params, memory = starts.astype(float), np.zeros(starts.shape)
    for _ in range(num_steps):
        angle = params[:, :1] * WAVE.x + params[:, 1:]
        slope = 2 * (np.sin(angle) - WAVE.y) * np.cos(angle)
        memory = np.stack([np.mean(slope * WAVE.x, axis=1), np.mean(slope, axis=1)], axis=1) + momentum * memory
        params = params - learning_rate * memory
    return params


def test_the_share_of_starts_that_reach_the_lowest_loss_is_counted() -> None:
    found, parts = valleys_of(WAVE), range(3)
    cells = [slice_of(WAVE, MapKind.STARTS, i, "momentum", 30, learning_rate=0.1, momentum=0.7) for i in parts]
    share = np.mean([(each.valleys >= 0) & (each.valleys < found.num_best) for each in cells])
    low, high = np.array(WAVE.domain).T
    places = np.concatenate([np.stack(layout(WAVE, MapKind.STARTS).cells(i), axis=1) for i in parts])
    starts = low + (high - low) * (places + 0.5) / 128
    ends = wave_by_hand(starts, 30, 0.1, 0.7)
    losses = np.mean((np.sin(ends[:, :1] * WAVE.x + ends[:, 1:]) - WAVE.y) ** 2, axis=1)
    assert share == pytest.approx(np.mean(losses <= 1.05 * found.losses[0]), abs=0.005)


# The point of the present settings, and the ring that sets them.


def point_of(optimizer: str, kind: MapKind, *, is_planar: bool = True, limit: float = 0.0, **changes: float) -> Any:
    values = {**SLIDERS, "learning_rate": 0.1, "num_steps": 30, "w": 0.5, "b": -2.0, "key": 4, "last_key": 10, **changes}
    typed = {name: jnp.asarray(value, jnp.int32 if isinstance(value, int) else jnp.float32) for name, value in values.items()}
    given = {"kind": jnp.int32(kind), "is_planar": jnp.bool_(is_planar), "optimizer": jnp.int32(KEYS.index(optimizer))}
    return jax.tree.map(np.asarray, point(**given, **typed, limit=jnp.float32(limit)))


@pytest.mark.parametrize("is_planar", [True, False])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_ring_sets_the_settings_where_it_stands(optimizer: str, is_planar: bool) -> None:
    axis = second_axes()[KEYS.index(optimizer)]
    rate, second = float(LEARNING_RATES[37]), 60 if axis.place == NEVER else 0.25
    changes = {("num_steps" if axis.place == NEVER else axis.slider): second}
    shares = point_of(optimizer, MapKind.SETTINGS, is_planar=is_planar, learning_rate=rate, **changes)["point"]
    names = tuple(dict.fromkeys(each.slider for each in second_axes()))
    given = (jnp.array([*shares, 1.0]), jnp.bool_(is_planar), jnp.int32(KEYS.index(optimizer)), jnp.int32(10))
    picked = picked_settings(*given, names=names)
    assert picked["learning_rate"] == pytest.approx(rate, rel=1e-4)
    set_to = {name: float(picked[name]) for name in (*names, "key") if np.isfinite(picked[name])}
    assert set_to == {(axis.slider if is_planar else "key"): pytest.approx(second if is_planar else 4, rel=1e-4)}


def test_settings_that_a_map_varies_do_not_change_what_it_is_computed_from() -> None:
    def varied(kind: MapKind, optimizer: str = "momentum", *, is_planar: bool = True, **changes: float) -> set[str]:
        before = point_of(optimizer, kind, is_planar=is_planar)
        after = point_of(optimizer, kind, is_planar=is_planar, **changes)
        return {name for name in ("row", "steps", "start") if not np.array_equal(before[name], after[name])}

    assert varied(MapKind.STARTS, w=1.0, b=1.0, key=2) == set()
    assert varied(MapKind.STARTS, momentum=0.5) == varied(MapKind.STARTS, learning_rate=0.5) == {"row"}
    assert varied(MapKind.SETTINGS, momentum=0.5, learning_rate=0.5) == set()
    assert varied(MapKind.SETTINGS, w=1.0) == {"start"}
    assert varied(MapKind.SETTINGS, "gradient_descent", num_steps=7) == set()
    assert varied(MapKind.SETTINGS, "momentum", num_steps=7) == {"steps"}
    assert varied(MapKind.SETTINGS, "adam", b2=0.5) == {"row"}
    assert varied(MapKind.SETTINGS, is_planar=False, key=2, learning_rate=0.5, w=1.0) == set()
    assert varied(MapKind.STARTS, is_planar=False, momentum=0.5) == {"row"}


@pytest.mark.parametrize("optimizer", [key for key, record in OPTIMIZERS.items() if record.stability])
def test_the_line_is_the_stability_law_for_each_value(optimizer: str) -> None:
    axis, law = second_axes()[KEYS.index(optimizer)], OPTIMIZERS[optimizer].stability
    assert law
    limits = point_of(optimizer, MapKind.SETTINGS, limit=0.2)["limits"]
    rates = 10 ** (-3 + 4 * limits)
    own = [{axis.slider: value} if axis.place != NEVER else {} for value in axis.values()]
    now = {} if axis.place == NEVER else {axis.slider: SLIDERS[axis.slider]}
    np.testing.assert_allclose(rates, [0.2 * float(law(**each)) / float(law(**now)) for each in own], rtol=1e-4)
    assert len(limits) == NUM_VALUES


@pytest.mark.parametrize(("optimizer", "limit"), [("adam", 0.2), ("momentum", 0.0)])
def test_without_a_law_there_is_no_line(optimizer: str, limit: float) -> None:
    assert np.all(point_of(optimizer, MapKind.SETTINGS, limit=limit)["limits"] == NEVER)


def test_a_problem_of_a_readers_own_has_maps() -> None:
    own = Problem("Own", wave, np.linspace(0, 3, 9), np.linspace(0, 1, 9), start=(0.1, 0.1))
    cells = slice_of(own, MapKind.STARTS, 3, "adam", 10, learning_rate=0.1)
    assert np.isfinite(cells.losses).all()
    assert columns()[0] == "learning_rate"
