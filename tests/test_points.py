"""Points from Python: what is taken, what is refused and why, and what a page may set."""

import re
from typing import Any

import bqplot
import numpy as np
import pytest
from traitlets import TraitError

from gradient.allowlist.traits import rules_of
from gradient.datasets import DATASETS
from gradient.server.rules import any_of
from gradient.views.languages import LANGUAGES
from gradient.views.points import CAPACITY, MOST, Points
from tests.points_page import MODELS


@pytest.fixture
def points() -> Points:
    scales = bqplot.LinearScale(), bqplot.LinearScale()
    axes = [bqplot.Axis(scale=scale) for scale in scales]
    return Points(axes, bqplot.Scatter(x=[0.0], y=[0.0], scales=dict(zip("xy", scales, strict=True))), MODELS)


class Frame:
    """A table that is no array, as a DataFrame is."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray([[1, 2], [3, 4]], dtype)


@pytest.mark.parametrize(
    "given",
    [
        ([1, 3], [2, 4]),
        (np.array([1, 3]), (2.0, 4.0)),
        (range(1, 4, 2), np.asarray([2, 4], np.float32)),
        (Frame(),),
        ([[1, 2], [3, 4]],),
    ],
    ids=lambda given: type(given[0]).__name__,
)
def test_points_come_from_any_two_columns(points: Points, given: tuple) -> None:
    points.set(*given)
    np.testing.assert_array_equal(points.points(), [[1, 3], [2, 4]])
    assert (points.dataset, points.loads) == (len(DATASETS), 1)
    assert points.x.shape == points.y.shape == (CAPACITY,)


REFUSED = [
    (([1, 2, 3], [1, 2]), "x has 3 numbers and y has 2: each y belongs to one x. Pass as many of both."),
    (([1], [1]), "x has 1 numbers. A fit needs at least 2 points. Pass more."),
    (([1, np.nan], [1, 2]), "x[1] is nan. Leave out the points that are not finite."),
    (([1, 2], [1, np.inf]), "y[1] is inf. Leave out the points that are not finite."),
    (([1, 1e30], [1, 2]), "x goes up to 1e+30, and the page takes 1e+12. Divide x."),
    ((["a", "b"], [1, 2]), "x is no sequence of numbers: could not convert string to float: 'a'. Pass numbers only."),
    (([1, 2],), "x has the shape (2,). Without y it must be a table of two columns, x and y."),
    (([[1, 2]], [[1, 2]]), "x has the shape (1, 2). Pass a sequence of numbers."),
]


@pytest.mark.parametrize(("given", "words"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_no_points_is_refused_and_leaves_them(points: Points, given: tuple, words: str) -> None:
    before = points.points()
    with pytest.raises(ValueError, match=re.escape(words)):
        points.set(*given)
    np.testing.assert_array_equal(points.points(), before)
    assert points.loads == 0


def test_too_many_points_are_thinned_evenly_over_x(points: Points) -> None:
    x = np.random.default_rng(0).permutation(5000)
    with pytest.warns(UserWarning, match="Of 5000 points the page keeps 2000"):
        points.set(x, 2 * x)
    kept, doubled = points.points()
    assert kept.size == MOST
    np.testing.assert_array_equal(doubled, 2 * kept)
    assert {0, 4999} <= set(kept)
    assert set(np.diff(np.sort(kept))) <= {2, 3}
    np.testing.assert_array_equal(kept, x[np.isin(x, kept)])  # in the order in which they were given


def padded(*values: float, capacity: int = CAPACITY) -> np.ndarray:
    array = np.full(capacity, np.nan, np.float32)
    array[: len(values)] = values
    return array


@pytest.mark.parametrize(
    "values",
    [
        padded(),
        padded(1),
        padded(1, np.nan, 2),
        padded(1, np.inf),
        padded(1, 1e30),
        padded(1, 2, capacity=100),
        np.ones((2, 1024)),
    ],
    ids=["none", "one", "a hole", "infinite", "too large", "too short", "a table"],
)
def test_no_page_sets_what_is_no_points(points: Points, values: np.ndarray) -> None:
    with pytest.raises(TraitError):
        points.x = values
    assert points.points()[0].size == DATASETS[0].x.size


def test_a_page_may_set_full_arrays_of_points_and_nothing_larger() -> None:
    trait = Points.class_traits()["x"]
    allows = any_of(rules_of(trait, trait.metadata["page_sets"]), "x")
    message = {"dtype": "float32", "shape": [CAPACITY], "type": None}
    assert allows((message, bytes(4 * CAPACITY)))
    assert not allows((message | {"shape": [CAPACITY + 1]}, bytes(4 * CAPACITY + 4)))
    assert not allows((message | {"dtype": "float64"}, bytes(8 * CAPACITY)))


def test_every_data_set_says_what_it_is(points: Points) -> None:
    about = {preset["about"] for preset in points.theme["sets"]}
    assert "Hubble 1929: distance in megaparsecs, velocity in km/s. E. Hubble, 1929." in about
    assert len(about) == len(DATASETS)


def test_data_sets_have_one_name_in_addresses_and_scripts_whatever_the_language(points: Points) -> None:
    for language in LANGUAGES:
        (theme,) = points.worded(language).values()
        assert [preset["known_as"] for preset in theme["sets"]] == [data.name for data in DATASETS]
