"""The loss curve over the steps, with the current step marked."""

from decimal import Decimal

import bqplot
import numpy as np
from traitlets import Bool

from gradient.views import style

_EMPTY = np.ones((2, 2))

SCALES = ["Logarithmic", "Linear"]

# bqplot draws a tick for every digit of a decade, too close for as many numbers: these keep their line and lose their number.
_DIGITS = {digit * 10.0**exponent for exponent in range(-6, 0) for digit in (6, 8, 9)}
_UNNAMED = {format(Decimal(repr(value)), "f"): "" for value in _DIGITS}


class LogScale(bqplot.LogScale):
    """A scale that is only kept up to date while an axis of it is seen: to draw an axis takes a millisecond."""

    visible = Bool(True).tag(sync=True)


class LinearScale(bqplot.LinearScale):
    """As above."""

    visible = Bool(True).tag(sync=True)


class Loss(bqplot.Figure):
    """A bqplot figure of one mark, `curve`: row 0 is the loss, row 1 the current step's point (drawn as a dot by the style).

    The two are one mark so that a step forward is one message. The scales have limits of their own: an axis that stays is an
    axis on which two descents can be compared, and to draw one again takes longer than all the rest.
    """

    def __init__(self) -> None:
        self.x_scale = bqplot.LinearScale(min=0, max=30)
        self.log_scale, self.linear_scale = LogScale(min=0.1, max=1.0), LinearScale(min=0.0, max=1.0, visible=False)
        self._scales = [{"x": self.x_scale, "y": y} for y in (self.log_scale, self.linear_scale)]
        # One axis for each scale: an axis whose scale is exchanged keeps the old one's ticks.
        self._y_axes = [style.axis(scales["y"], "Loss", "left") for scales in self._scales]
        self._y_axes[0].tick_labels = _UNNAMED
        self.curve = bqplot.Lines(
            x=_EMPTY,
            y=_EMPTY,
            scales=self._scales[0],
            colors=[style.LOSS, style.PATH],
            stroke_width=2.5,
            apply_clip=False,
            preserve_domain={"x": True, "y": True},
        )
        self._x_axis = style.axis(self.x_scale, "Step", "bottom")
        super().__init__(marks=[self.curve], axes=[self._x_axis, *self._y_axes], **style.look() | {"padding_y": 0.05})
        self.add_class("techni-loss")

    @property
    def table(self) -> dict:
        """What a choice from `SCALES` sets."""
        logarithmic, linear = zip(self._y_axes, (self.log_scale, self.linear_scale), strict=True)
        return {
            **{(part, "visible"): [True, False] for part in logarithmic},
            **{(part, "visible"): [False, True] for part in linear},
            (self.curve, "scales"): self._scales,
        }

    def span(self, max_steps: int) -> dict:
        """What a choice of the number of steps, 0..max_steps, sets: where the axis ends, and its ticks at whole steps."""
        counts = range(max_steps + 1)
        return {(self.x_scale, "max"): counts, (self._x_axis, "tick_values"): [_whole_ticks(count) for count in counts]}


def _whole_ticks(count: int) -> np.ndarray:
    """At most eleven round numbers from 0 to `count`."""
    step = next(step for step in (1, 2, 5, 10, 20, 50) if count <= 10 * step)
    return np.arange(0, count + 1, step)
