"""The data sets: numbers against what their sources say of them, and what every record holds."""

import numpy as np
import pytest

from gradient.datasets import DATASETS, Dataset
from gradient.views.points import LARGEST, MOST
from tests.points_page import MODELS

NAMED = {data.name: data for data in DATASETS}


@pytest.mark.parametrize("data", DATASETS, ids=lambda data: data.name)
def test_each_set_can_be_shown_and_says_where_it_comes_from(data: Dataset) -> None:
    assert data.x.shape == data.y.shape
    assert data.x.dtype == data.y.dtype == np.float32
    assert 2 <= data.x.size <= MOST
    assert np.isfinite([data.x, data.y]).all()
    assert np.abs([data.x, data.y]).max() <= LARGEST
    assert data.model in MODELS
    assert data.x_label
    assert data.y_label
    assert bool(data.source) == (1900 < data.year < 2100) == (data.deviation is None)


# Number of points, mean of x and of y, their standard deviations, and their correlation, as books and manuals print them, but
# for the units of Puromycin's rate and of the census.
STATISTICS = {
    "Anscombe I": (11, 9, 7.5009, 3.3166, 2.0316, 0.8164),
    "Anscombe IV": (11, 9, 7.5009, 3.3166, 2.0306, 0.8165),
    "Hubble 1929": (24, 0.9114, 373.125, 0.6455, 371.2547, 0.7896),
    "Puromycin": (12, 0.345, 1.415833, 0.3986, 0.529656, 0.8310),
    "Old Faithful": (272, 3.4878, 70.8971, 1.1414, 13.5950, 0.9008),
    "US census": (19, -2, 0.697695, 5.62731, 0.632070, 0.9604),
    "Cars": (32, 3.2172, 20.0906, 0.9785, 6.0269, -0.8677),
}


@pytest.mark.parametrize("name", STATISTICS)
def test_the_numbers_are_those_of_the_source(name: str) -> None:
    x, y = (np.asarray(values, np.float64) for values in (NAMED[name].x, NAMED[name].y))
    found = (x.size, x.mean(), y.mean(), x.std(ddof=1), y.std(ddof=1), np.corrcoef(x, y)[0, 1])
    np.testing.assert_allclose(found, STATISTICS[name], rtol=2e-4)


def test_planets_keep_keplers_third_law() -> None:
    planets = NAMED["Planets"]
    np.testing.assert_allclose((100 * planets.y) ** 2, (10 * planets.x) ** 3, rtol=2e-3)
    assert planets.x.size == 8


def test_carbon_dioxide_has_a_mean_for_each_year_and_rises() -> None:
    dioxide = NAMED["Mauna Loa CO₂"]
    np.testing.assert_array_equal(dioxide.x, np.arange(1959, 2026))
    assert (np.diff(dioxide.y) > 0).all()
    assert (dioxide.y[0], dioxide.y[-1]) == (np.float32(315.98), np.float32(427.35))


@pytest.mark.parametrize("name", ["Noisy line", "Noisy wave"])
def test_noise_is_added_to_a_made_set_as_it_is_asked_for(name: str) -> None:
    data = NAMED[name]
    assert data.deviation is not None
    np.testing.assert_array_equal(data.noisy(0), data.y)
    np.testing.assert_allclose(data.noisy(1) - data.y, data.deviation, atol=1e-6)
    assert 0.7 < np.std(data.deviation) < 1.3
