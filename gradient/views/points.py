"""The editor of a visitor's own points: it holds them, and lets them be moved, pasted and chosen."""

import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

import anywidget
import bqplot
import numpy as np
from ipywidgets import Widget, widget_serialization
from traitlets import Bool, Dict, Float, Instance, Int, List, TraitError, validate

from gradient.datasets import DATASETS, NOISE, Dataset
from gradient.link.modules import esm
from gradient.models import MODELS
from gradient.optimizers import RATE_EXPONENTS
from gradient.points import CAPACITY, padded
from gradient.problems import OWN
from gradient.views.array import Array
from gradient.views.languages import LANGUAGES, Language
from gradient.views.own import ANALYSED_BEFORE, OwnState
from gradient.views.view import Trait, Worded

_HERE = pathlib.Path(__file__).parent
FEWEST, MOST = 2, 2000
LARGEST = 1e12  # no number is larger, so that its square is one of float32

LIMITS = {
    "capacity": CAPACITY,
    "fewest": FEWEST,
    "most": MOST,
    "largest": LARGEST,
    "letters": 1_000_000,  # of a text that the page reads
    "far": 4,  # standard deviations between 0 and the mean of x
    "large_x": 30,  # from about there on the lowest rate of the slider, 0.001, is too high for a line
    "small_x": 0.01,
    "large_y": 10_000,
    "small_y": 0.0001,
    "least_rate": 10 ** RATE_EXPONENTS[0],  # of the slider
}
_ARRAY = {"dtypes": ["float32"], "max_ndim": 1, "max_side": CAPACITY}
# A page is not told of what it has sent: it may have gone on since, and sends that only after a drag has ended.
_SENT_LATE = {"sync": True, "echo_update": False}


class Points(OwnState, Worded, anywidget.AnyWidget):
    """A visitor's own points, and the tools to change them.

    Its page changes the points within the frame, and sends them after a drag has ended. From Python, `set` puts points in.

    Attributes:
        x, y: the points in the order in which they were given, float32 of shape [2100], NaN behind the last one.
        dataset: the index of their data set in `gradient.datasets.DATASETS`; the number of these for points of one's own.
        noise: the standard deviation of the noise of a set that is made, in 0..1.
        model: the index of the model.
        standardized: whether x is standardized before the model is fitted.
        loads: how often whole data were put in: chosen, pasted, dropped or set. A change of single points does not count.
        is_shown: whether the editor is shown and takes pointers.
        x_scale, y_scale, mark: of the picture of the data; the mark shows the points.
        axes: of x and y in that picture, on which the page places the ticks while they are those of the points.
        itself: this widget, for its page.
        theme: words, limits, data sets, how many models have two parameters (those behind them take x and y standardized), and
            what addresses call the problem of a visitor's own data.
    """

    _esm = esm(_HERE / "points.js")

    x = Array(1).tag(**_SENT_LATE, page_sets=_ARRAY)
    y = Array(1).tag(**_SENT_LATE, page_sets=_ARRAY)
    dataset = Int(0, min=0, max=len(DATASETS)).tag(**_SENT_LATE, page_sets={"low": 0, "high": len(DATASETS)})
    noise = Float(NOISE, min=0, max=1).tag(**_SENT_LATE, page_sets={"low": 0, "high": 1})
    model = Int(0, min=0).tag(**_SENT_LATE, page_sets={"low": 0, "high": 100})
    standardized = Bool(False).tag(sync=True, page_sets=True)
    loads = Int(0, min=0).tag(**_SENT_LATE, page_sets={"low": 0})
    is_shown = Bool(False).tag(sync=True, page_sets=True)
    x_scale = Instance(Widget).tag(sync=True, **widget_serialization)
    y_scale = Instance(Widget).tag(sync=True, **widget_serialization)
    mark = Instance(Widget).tag(sync=True, **widget_serialization)
    axes = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    itself = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    theme = Dict().tag(sync=True)

    def __init__(self, axes: Sequence[bqplot.Axis], mark: bqplot.Scatter, models: Sequence[str]) -> None:
        """Takes the axes of x and y, the mark that shows the points, and the names of the models in their order."""
        first, (x_scale, y_scale) = DATASETS[0], (axis.scale for axis in axes)
        self._models = list(models)
        x, y = padded(first.x), padded(first.noisy())
        super().__init__(
            x=x,
            y=y,
            fitted_x=x,
            fitted_y=y,
            x_scale=x_scale,
            y_scale=y_scale,
            mark=mark,
            axes=list(axes),
            theme=self._theme(LANGUAGES[0]),
        )
        self.itself = self
        self.add_class("techni-points")

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "theme"): self._theme(language)}

    def _theme(self, language: Language) -> dict[str, Any]:
        sets = [_preset(data, self._models, language) for data in DATASETS]
        return {"words": language.words.POINTS, "limits": LIMITS, "planar": len(MODELS), "sets": sets, "known_as": OWN.name}

    def set(self, x: Any, y: Any = None) -> None:
        """Puts points in.

        Args:
            x, y: numbers of one length: sequences, arrays or Series. Or x alone: a table or DataFrame of two columns.
                Of more than 2,000 points, 2,000 are kept, spread evenly over x, with a warning.

        Raises:
            ValueError: if these are not points, with what is wrong and what to do; the points stay as they were.
        """
        xs, ys = _checked(x, y)
        if xs.size > MOST:
            warnings.warn(f"Of {xs.size} points the page keeps {MOST}, spread evenly over x.", stacklevel=2)
        kept = _even_places(xs)
        with self.hold_sync():
            self.x, self.y = padded(xs[kept]), padded(ys[kept])
            self.dataset, self.loads = len(DATASETS), self.loads + 1

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """The points, as two arrays of float32 of shape [n]."""
        is_there = ~(np.isnan(self.x) | np.isnan(self.y))
        return self.x[is_there], self.y[is_there]

    def state(self) -> list[Trait]:
        """What a visitor sets, in the order in which it can be restored."""
        own = ("dataset", "noise", "model", "standardized", "x", "y", "loads")
        return [(self, name) for name in (*own, *ANALYSED_BEFORE)]

    @validate("x", "y")
    def _check_points(self, proposal: dict) -> np.ndarray:
        values, name = proposal["value"], proposal["trait"].name
        count = int(np.argmax(np.isnan(values))) if np.isnan(values).any() else values.size
        is_padded = values.shape == (CAPACITY,) and count >= FEWEST and np.isnan(values[count:]).all()
        if not (is_padded and (np.abs(values[:count]) <= LARGEST).all()):
            raise TraitError(
                f"{name} must be {CAPACITY} numbers: at least {FEWEST} that are finite and at most {LARGEST:.0e}, "
                "and NaN behind them. Use points.set(x, y), which takes points as they are."
            )
        return values


def _preset(data: Dataset, models: Sequence[str], language: Language) -> dict[str, Any]:
    """What the page knows of a data set, with numbers as their shortest decimals."""
    numbers = {"x": data.x, "y": data.y, "deviation": data.deviation}
    words = language.words.POINTS["about" if data.source else "about_made"]
    labels = {name: language.named(getattr(data, name)) for name in ("x_label", "y_label")}
    fields = {"name": language.named(data.name), **labels}
    origin = {"source": data.source, "year": data.year}
    return {
        **{name: None if array is None else [float(str(value)) for value in array] for name, array in numbers.items()},
        "known_as": data.name,  # in addresses and scripts, in every language
        **labels,
        "model": models.index(data.model),
        "about": str(words).format(**fields, **origin),
    }


def _checked(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Points that can be shown, as two arrays [n]; ValueError if they are none."""
    if y is None:
        table = _as_floats("x", x)
        if table.ndim != 2 or table.shape[1] != 2:
            raise ValueError(f"x has the shape {table.shape}. Without y it must be a table of two columns, x and y.")
        x, y = table.T
    xs, ys = _as_floats("x", x), _as_floats("y", y)
    for name, values in (("x", xs), ("y", ys)):
        _check_values(name, values)
    if xs.size != ys.size:
        raise ValueError(f"x has {xs.size} numbers and y has {ys.size}: each y belongs to one x. Pass as many of both.")
    return xs, ys


def _check_values(name: str, values: np.ndarray) -> None:
    if values.ndim != 1:
        raise ValueError(f"{name} has the shape {values.shape}. Pass a sequence of numbers.")
    if values.size < FEWEST:
        raise ValueError(f"{name} has {values.size} numbers. A fit needs at least {FEWEST} points. Pass more.")
    if not np.isfinite(values).all():
        place = int(np.argmin(np.isfinite(values)))
        raise ValueError(f"{name}[{place}] is {values[place]}. Leave out the points that are not finite.")
    if (np.abs(values) > LARGEST).any():
        raise ValueError(f"{name} goes up to {np.abs(values).max():.3g}, and the page takes {LARGEST:.0e}. Divide {name}.")


def _as_floats(name: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is no sequence of numbers: {error}. Pass numbers only.") from error


def _even_places(x: np.ndarray) -> np.ndarray:
    """The places of at most 2,000 points, spread evenly over their ranks by x, in the order in which they were given.

    `evenPlaces` in paste.js finds the same.
    """
    if x.size <= MOST:
        return np.arange(x.size)
    ranks = np.arange(MOST) * (x.size - 1) // (MOST - 1)
    return np.sort(np.argsort(x, kind="stable")[ranks])
