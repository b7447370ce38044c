"""The data and the fitted curve, with the residuals on demand."""

import bqplot
import numpy as np

from gradient.problems import Problem
from gradient.views import style

_EMPTY = np.zeros(2)


class Fit(bqplot.Figure):
    """A bqplot figure of the data (`data`), the curve (`curve`) and the segments between them (`residuals`).

    Its axes are those of the problem: what leaves them is cut, not scaled.
    """

    def __init__(self) -> None:
        self.x_scale, self.y_scale = bqplot.LinearScale(), bqplot.LinearScale()
        scales = {"x": self.x_scale, "y": self.y_scale}
        self.residuals = bqplot.Lines(
            x=_EMPTY, y=_EMPTY, scales=scales, colors=[style.PATH], opacities=[0.45], stroke_width=1.2, visible=False
        )
        self.data = bqplot.Scatter(x=_EMPTY, y=_EMPTY, scales=scales, colors=[style.DATA], default_size=40, stroke="white")
        self.curve = bqplot.Lines(x=_EMPTY, y=_EMPTY, scales=scales, colors=[style.PATH], stroke_width=3)
        super().__init__(
            marks=[self.residuals, self.data, self.curve],
            axes=[style.axis(self.x_scale, "x", "bottom"), style.axis(self.y_scale, "y", "left")],
            **style.look(),
        )
        self.add_class("techni-fit")

    def row(self, problem: Problem) -> dict:
        """What a choice of `problem` sets: its data and its axes."""
        (x_low, x_high), (y_low, y_high) = (_padded(problem.x, 0.03), _padded(problem.y, 0.12))
        return {
            (self.x_scale, "min"): x_low,
            (self.x_scale, "max"): x_high,
            (self.y_scale, "min"): y_low,
            (self.y_scale, "max"): y_high,
            (self.data, "x"): problem.x,
            (self.data, "y"): problem.y,
        }


def _padded(values: np.ndarray, share: float) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    pad = share * ((high - low) or 1.0)
    return low - pad, high + pad
