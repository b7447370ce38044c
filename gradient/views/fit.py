"""The data and the fitted curve, with the residuals on demand."""

from typing import Any

import bqplot
import numpy as np
from traitlets import TraitError, validate

from gradient.adapters.ipywidgets import is_set_by_page
from gradient.frame import FIT_PAD, X_PAD
from gradient.problems import Problem
from gradient.views import style
from gradient.views.ticks import ticks
from gradient.views.view import Outputs, Trait, View

_EMPTY = np.zeros(2)
_OWN_FORMAT = ".5~g"


class Data(bqplot.Scatter):
    """The data points. Python can set any number of them, a page only as many as one of the problems has.

    Every other number needs another program, and a page that went through many would keep its kernel compiling.

    Attributes:
        lengths: the numbers of points that a page can set.
    """

    def __init__(self, **traits: Any) -> None:
        self.lengths: set[int] = set()
        super().__init__(**traits)

    @validate("x", "y")
    def _check_length(self, proposal: dict) -> Any:
        value, name = proposal["value"], proposal["trait"].name
        if is_set_by_page(self, name) and not self._is_fitting(value):
            raise TraitError(f"A page set {name} to {value!r:.80}. It must be as many numbers as one of the problems has.")
        return value

    def _is_fitting(self, value: Any) -> bool:
        lengths = {np.shape(value), np.shape(self.x), np.shape(self.y)}
        return np.asarray(value).dtype.kind == "f" and len(lengths) == 1 and lengths <= {(n,) for n in self.lengths}


class Fit(View, bqplot.Figure):
    """A bqplot figure of the data (`data`), the curve (`curve`), the segments between them (`residuals`), the curve of the
    model under the pointer (`pointed`), and a visitor's own points (`own`).

    Its axes are those of the problem: what leaves them is cut off.
    """

    def __init__(self) -> None:
        self.x_scale, self.y_scale = bqplot.LinearScale(), bqplot.LinearScale()
        # The scales have limits of their own, so the marks must not adapt them.
        common: dict = {"scales": {"x": self.x_scale, "y": self.y_scale}, "preserve_domain": {"x": True, "y": True}}
        self.residuals = bqplot.Lines(
            x=_EMPTY, y=_EMPTY, **common, colors=[style.themed("path")], opacities=[0.45], stroke_width=1.2, visible=False
        )
        points = {"colors": [style.themed("data")], "stroke": style.themed("paper")}
        self.data = Data(x=_EMPTY, y=_EMPTY, **common, **points, default_size=40)
        self.own = bqplot.Scatter(x=_EMPTY, y=_EMPTY, **common, **points, default_size=52, visible=False)
        self.curve = bqplot.Lines(x=_EMPTY, y=_EMPTY, **common, colors=[style.themed("path")], stroke_width=3)
        self.pointed = bqplot.Lines(
            x=_EMPTY, y=_EMPTY, **common, colors=[style.themed("ink")], stroke_width=2, line_style="dashed", visible=False
        )
        self._axes = {
            side: style.axis(scale, name, side)
            for side, scale, name in (("bottom", self.x_scale, "x"), ("left", self.y_scale, "y"))
        }
        for axis in self._axes.values():
            axis.tick_labels = {"0": "0"}  # with an exponent it would be 0e+0
        super().__init__(
            marks=[self.residuals, self.data, self.own, self.pointed, self.curve],
            axes=[*self._axes.values()],
            **style.figure_options(),
        )
        self.add_class("techni-fit")

    def inputs(self) -> dict[str, Trait]:
        """The data."""
        return {"x": (self.data, "x"), "y": (self.data, "y")}

    def outputs(self) -> Outputs:
        """The curve and the residuals."""
        return {
            "fit_x": [(self.curve, "x")],
            "fit_y": [(self.curve, "y")],
            "residual_x": [(self.residuals, "x")],
            "residual_y": [(self.residuals, "y")],
        }

    def durations(self) -> list[Trait]:
        """How long the curve takes to reach its new place."""
        return [(self, "animation_duration")]

    def data_preset(self, problem: Problem) -> dict[Trait, Any]:
        """The data of a problem, which from then on a page may set, too."""
        self.data.lengths.add(len(problem.x))
        return {(self.data, "x"): problem.x, (self.data, "y"): problem.y}

    def axes_preset(self, problem: Problem) -> dict[Trait, Any]:
        """The ticks for the problem's data, and whether these are shown."""
        x_low, x_high, y_low, y_high = self.view_of(problem)
        return {
            **self._axis_preset("bottom", x_low, x_high, is_own=problem.is_own),
            **self._axis_preset("left", y_low, y_high, is_own=problem.is_own),
            (self.data, "visible"): not problem.is_own,
        }

    def view_of(self, problem: Problem) -> tuple[float, float, float, float]:
        """The limits (x_low, x_high, y_low, y_high) of the picture of a problem's data."""
        return (*_padded(problem.x, X_PAD), *_padded(problem.y, FIT_PAD))

    def view_outputs(self) -> dict[str, Trait]:
        """The limits of the picture, by name."""
        scales = {"x": self.x_scale, "y": self.y_scale}
        ends = {"low": "min", "high": "max"}
        return {f"{name}_{end}": (scale, limit) for name, scale in scales.items() for end, limit in ends.items()}

    def _axis_preset(self, side: str, low: float, high: float, *, is_own: bool) -> dict[Trait, Any]:
        axis, places = self._axes[side], ticks(low, high, side)
        if is_own:  # bqplot places the ticks of axes that move
            return {
                (axis, "tick_format"): _OWN_FORMAT,
                (axis, "tick_values"): None,
            }
        # The format comes first: bqplot writes each number some time after it has placed it, in the format that was known then.
        return {
            (axis, "tick_format"): places.format,
            (axis, "tick_values"): np.array(places.values),
        }


def _padded(values: np.ndarray, share: float) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    pad = share * ((high - low) or 1.0)
    # The numbers as a program returns them, so that a link sets the very same ones.
    return float(str(np.float32(low - pad))), float(str(np.float32(high + pad)))
