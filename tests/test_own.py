"""A visitor's own data: what follows from the points, beside NumPy; and the app with them."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gradient import App, descend
from gradient.analysis import ARROWS, FIELD_SIZE, Analysis, analyse
from gradient.models import MODELS
from gradient.points import padded
from gradient.problems import NETWORK, OWN

NOTHING = np.full(4, np.nan, np.float32)
NAMES = [model.name for model in MODELS]
ANALYSED = jax.jit(analyse, static_argnames="problem")
X = np.linspace(0.5, 4, 40)
# For each model, data that it fits exactly.
TRUE = {
    "Line": ((0.8, -0.4), 0.8 * X - 0.4),
    "Wave": ((0.8, -0.4), np.sin(0.8 * X - 0.4)),
    "Decay": ((1.5, 0.8), 1.5 * np.exp(-0.8 * X)),
    "Power law": ((1.5, 1.5), 1.5 * X**1.5),
    "Logistic": ((2.0, 1.2), 2 / (1 + np.exp(-1.2 * X))),
    "Michaelis–Menten": ((2.0, 0.7), 2 * X / (0.7 + X)),
    "Gaussian peak": ((1.5, 2.0), 1.5 * np.exp(-((X - 2) ** 2))),
}
ODD = {
    "years": (np.arange(1960, 2020), np.linspace(315, 410, 60)),
    "billions": (np.linspace(1e9, 2e9, 20), np.linspace(0, 1, 20)),
    "nanometres": (np.linspace(4e-7, 7e-7, 20), np.linspace(0, 1, 20)),
    "one x": (np.full(5, 3.0), np.arange(5)),
    "one y": (np.arange(5), np.full(5, 3.0)),
    "two points": (np.array([0, 1]), np.array([5, -5])),
    "all zero": (np.zeros(3), np.zeros(3)),
}


def analysed(x: np.ndarray, y: np.ndarray, name: str, *, standardized: bool = False) -> Analysis:
    points = padded(x), padded(y)
    found = ANALYSED(OWN, points, NAMES.index(name), np.bool_(standardized), (NOTHING, NOTHING))
    return jax.tree.map(np.asarray, found)


@pytest.mark.parametrize("name", NAMES)
def test_the_map_shows_the_minimum_and_the_lowest_loss_is_known(name: str) -> None:
    (w, b), y = TRUE[name]
    found = analysed(X, y, name)
    w_low, w_high, b_low, b_high = found.domain
    assert found.known < 1e-4 * np.var(y)
    if name != "Wave":  # which has more than one
        assert w_low < w < w_high
        assert b_low < b < b_high
    assert w_low <= found.start[0] <= w_high
    assert b_low <= found.start[1] <= b_high


@pytest.mark.parametrize("standardized", [False, True])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("data", ODD)
def test_every_scale_gives_a_map_with_finite_numbers_and_sliders_with_room(data: str, name: str, *, standardized: bool) -> None:
    found = analysed(*ODD[data], name, standardized=standardized)
    assert all(np.isfinite(value).all() for field, value in found._asdict().items() if field not in ("x", "y"))
    for low, high, step in zip(found.domain[::2], found.domain[1::2], found.step, strict=True):
        assert 100 <= (float(high) - float(low)) / float(step) <= 3000
    assert 0.001 <= found.rate <= 10
    assert found.losses.shape == (FIELD_SIZE, FIELD_SIZE)


@pytest.mark.parametrize("name", NAMES)
def test_the_field_has_the_losses_and_gradients_of_numpy(name: str) -> None:
    (_, y) = TRUE[name]
    found = analysed(X, y, name)
    low, high = found.domain[::2].astype(float), found.domain[1::2].astype(float)
    predict = MODELS[NAMES.index(name)].predict

    def loss(params: Any) -> float:
        values = np.asarray(predict(jnp.asarray(params, jnp.float32), jnp.asarray(X, jnp.float32)))
        return float(np.mean((values.astype(float) - y) ** 2))

    for row, column in ((0, 0), (7, 31), (40, 12)):
        at = low + (high - low) * np.array([column, row]) / (FIELD_SIZE - 1)
        np.testing.assert_allclose(found.losses[row, column], loss(at), rtol=1e-3, atol=1e-6)
    row, column = 5, 11
    at = low + (high - low) * (np.array([column, row]) + 0.5) / ARROWS
    step = 1e-3 * (high - low)
    slopes = [(loss(at + d) - loss(at - d)) / (2 * d.sum()) for d in np.diag(step)]
    np.testing.assert_allclose(found.gradients[row, column], slopes, rtol=0.05, atol=1e-3 * np.abs(slopes).max())


def test_standardizing_x_brings_the_condition_of_a_line_to_1() -> None:
    x = np.linspace(4, 8, 50)
    found = analysed(x, 0.5 * x, "Line", standardized=True)
    matrix = np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])
    values = np.linalg.eigvalsh(2 * matrix)
    np.testing.assert_allclose(found.condition, [values[1] / values[0], 1.0, 2 / values[1], 1.0], rtol=0.01)
    assert abs(np.nanmean(found.x)) < 1e-5
    np.testing.assert_allclose(np.nanstd(found.x), 1.0, rtol=1e-4)
    np.testing.assert_allclose(found.scaling, [x.mean(), x.std(), 0, 1], rtol=1e-5)


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    app = App()
    app.compute_in("kernel")
    app.problem.value = OWN.name
    yield app
    app.close()


def test_the_choice_of_a_model_sets_map_sliders_and_start(app: App) -> None:
    for index in (2, 0):
        app.points.model = index
        found = analysed(OWN.x, OWN.y, NAMES[index])
        assert app.readout.error == ""
        np.testing.assert_allclose(app.overlay.domain, found.domain)
        np.testing.assert_allclose([app.initial_w.min, app.initial_w.max, app.initial_b.min, app.initial_b.max], found.domain)
        np.testing.assert_allclose([app.initial_w.value, app.initial_b.value], found.start, atol=1e-6)
        np.testing.assert_allclose(app.overlay.field_losses, found.losses)
        assert app.learning_rate.value == pytest.approx(float(found.rate))


def test_an_edited_point_moves_the_descent_and_not_the_map(app: App) -> None:
    before, start, path = app.overlay.domain, app.initial_w.value, app.frame().path
    y = np.array(app.points.y)
    y[0] += 0.5
    app.points.y = y
    assert app.overlay.domain == before
    assert app.initial_w.value == start
    assert not np.array_equal(app.frame().path, path)
    app.points.y = padded(OWN.y)


def test_another_problem_and_back_shows_each_ones_own(app: App) -> None:
    domain = app.overlay.domain
    app.problem.value = "Line"
    assert app.overlay.domain == (-2.0, 3.0, -3.0, 3.0)
    assert (app.initial_w.min, app.initial_w.max) == (-2.0, 3.0)
    app.problem.value = OWN.name
    assert app.overlay.domain == domain
    assert (app.initial_w.min, app.initial_w.max) == pytest.approx(domain[:2])


def test_compare_sweep_and_maps_take_the_visitors_data(app: App) -> None:
    app.comparison.add()
    assert app.readout.error == ""
    assert app.comparison.losses[0] == pytest.approx(app.readout.loss)
    assert app.sweep().present_loss == pytest.approx(float(app.frame().curve_y[0][-1]), rel=1e-5)
    app.comparison.clear()


def test_python_puts_points_in(app: App) -> None:
    app.data = ([1, 2, 4], [2.0, 4.5, 8.0])
    assert [values.tolist() for values in app.data] == [[1, 2, 4], [2.0, 4.5, 8.0]]
    assert app.problem.value == OWN.name
    assert app.readout.error == ""
    slope = np.polyfit([1, 2, 4], [2.0, 4.5, 8.0], 1)[0]
    assert app.overlay.domain[0] < slope < app.overlay.domain[1]
    before = app.frame().path
    with pytest.raises(ValueError, match="as many of both"):
        app.data = ([1, 2, 3], [1, 2])
    assert np.array_equal(app.frame().path, before)
    app.data = (OWN.x, OWN.y)


DOZEN = np.array([1990, 1991, 1993, 1994, 1996, 1999, 2000, 2003, 2004, 2007, 2009, 2010])
VALUES = np.array([31.0, 35, 44, 41, 30, 12, 9, 14, 22, 45, 51, 48])


def test_the_network_is_fitted_to_standardized_points_as_optax_fits_it(app: App) -> None:
    app.data = (DOZEN, VALUES)
    app.model.value = NETWORK.name
    app.random_key.value = 3
    x, y = ((values - values.mean()) / values.std() for values in (DOZEN, VALUES))
    start, steps, rate = NETWORK.start_at(3), NETWORK.num_steps, app.learning_rate.value
    path = descend(NETWORK.on(x, y).loss, start, optimizer="momentum", num_steps=steps, learning_rate=rate, momentum=0.7)
    found = app.frame()
    assert (app.readout.error, app.steps.value) == ("", steps)
    np.testing.assert_allclose(found.curve_y[0][: steps + 1], path.losses, rtol=0.01)
    params = jax.tree.map(lambda leaf: leaf[-1], path.params)
    fitted = NETWORK.predict(params, jnp.asarray((found.fit_x - DOZEN.mean()) / DOZEN.std(), jnp.float32))
    np.testing.assert_allclose(found.fit_y, VALUES.mean() + VALUES.std() * np.asarray(fitted), rtol=0.01, atol=0.1)
    np.testing.assert_allclose(found.residual_y[: DOZEN.size, 0], VALUES, rtol=1e-5)
    assert 0 < app.readout.known < 1
    assert app.sweep().present_loss == pytest.approx(float(path.losses[-1]), rel=0.01)


def test_another_model_brings_its_own_controls(app: App) -> None:
    sliders = app.initial_w, app.initial_b, app.random_key
    app.model.value = NETWORK.name
    assert [slider.layout.display for slider in sliders] == ["none", "none", "flex"]
    assert (app.fitted.index, app.random_key.max, app.steps.value) == (2, NETWORK.num_keys, 200)
    app.model.value = "Line"
    assert [slider.layout.display for slider in sliders] == ["flex", "flex", "none"]
    assert (app.initial_w.min, app.initial_w.max) == pytest.approx(app.overlay.domain[:2])
    assert (app.fitted.index, app.random_key.max, app.steps.value) == (app.problem.index, 1, 30)


def test_the_problem_of_the_network_has_its_own_data_again(app: App) -> None:
    app.model.value, before = NETWORK.name, app.problem.index
    own = app.readout.loss
    app.problem.value = NETWORK.name
    expected = NETWORK.loss(NETWORK.start_at(1))
    assert float(app.frame().curve_y[0][0]) == pytest.approx(float(expected), rel=1e-4)
    app.problem.index = before
    assert app.readout.loss == pytest.approx(own)
    app.model.value = "Line"
