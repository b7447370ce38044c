"""The loss curve over the steps, with the current step marked."""

from typing import Any

import bqplot
import numpy as np
from traitlets import Bool, Float, HasTraits

from gradient.views import style
from gradient.views.languages import Language
from gradient.views.sentences import AXES
from gradient.views.view import Outputs, Trait, View, Worded

_EMPTY = np.ones((3, 2))
_COLOURS = [style.themed(name) for name in ("loss", "loss", "path")]


class LogScale(bqplot.LogScale):
    """A logarithmic scale that is set only while its axis is seen: drawing an axis takes a millisecond."""

    visible = Bool(True).tag(sync=True)


class LinearScale(bqplot.LinearScale):
    """A linear scale of the same kind."""

    visible = Bool(True).tag(sync=True)


class Loss(View, Worded, bqplot.Figure):
    """A bqplot figure of a mark, `curve`: the loss, paler after the current step, and that step's point (a dot by the style).

    They are one mark so that a step forward is one message. `others` are the curves of runs that it is compared with. The
    scales have limits of their own: descents can be compared on an axis that stays where it is, and drawing an axis again takes
    longer than everything else. The page places the ticks of `loss_axes`, a logarithmic and a linear one. `low` and `high` are
    the limits that `curve` alone needs.
    """

    low = Float(0.1).tag(sync=True)
    high = Float(1.0).tag(sync=True)

    def __init__(self) -> None:
        self.x_scale = bqplot.LinearScale(min=0, max=30)
        self.log_scale, self.linear_scale = LogScale(min=0.1, max=1.0), LinearScale(min=0.0, max=1.0, visible=False)
        self._scales = [{"x": self.x_scale, "y": y} for y in (self.log_scale, self.linear_scale)]
        # One axis for each scale: an axis that gets another scale keeps its old ticks.
        self.loss_axes = [style.axis(scales["y"], AXES["loss"], "left") for scales in self._scales]
        self.curve = self._line(x=_EMPTY, y=_EMPTY, colors=_COLOURS, opacities=[style.LATER, 1.0, 1.0])
        self.others = [
            self._line(x=_EMPTY[0], y=_EMPTY[0], colors=[style.themed(f"run-{i}")], line_style=look.line_style, visible=False)
            for i, look in enumerate(style.OTHERS)
        ]
        self._x_axis = style.axis(self.x_scale, AXES["step"], "bottom")
        super().__init__(
            marks=[self.curve, *self.others],
            axes=[self._x_axis, *self.loss_axes],
            **style.figure_options() | {"padding_y": 0.05},
        )
        self.add_class("techni-loss")

    def _line(self, **traits: Any) -> bqplot.Lines:
        """A mark that keeps the limits of its axes as they are."""
        scales, preserved = self._scales[0], {"x": True, "y": True}
        return bqplot.Lines(scales=scales, stroke_width=2.5, apply_clip=False, preserve_domain=preserved, **traits)

    def outputs(self) -> Outputs:
        """The curve, and the limits that its axis needs."""
        return {
            "round_low": [(self, "low")],
            "round_high": [(self, "high")],
            "curve_x": [(self.curve, "x")],
            "curve_y": [(self.curve, "y")],
        }

    def limits(self) -> Outputs:
        """The limits of the axis, which other curves may widen."""
        return {"low": [(self.log_scale, "min")], "high": [(self.log_scale, "max"), (self.linear_scale, "max")]}

    def durations(self) -> list[Trait]:
        """How long the curve takes to its new place."""
        return [(self, "animation_duration")]

    def scale_presets(self) -> dict[Trait, list[Any]]:
        """What each choice of a scale sets, the logarithmic one first."""
        logarithmic: list[HasTraits] = [self.loss_axes[0], self.log_scale]
        linear: list[HasTraits] = [self.loss_axes[1], self.linear_scale]
        return {
            **{(part, "visible"): [True, False] for part in logarithmic},
            **{(part, "visible"): [False, True] for part in linear},
            **{(mark, "scales"): self._scales for mark in (self.curve, *self.others)},
        }

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What its axes are called."""
        labels = language.words.AXES
        return {(self._x_axis, "label"): labels["step"], **{(axis, "label"): labels["loss"] for axis in self.loss_axes}}

    def comparison_presets(self) -> dict[Trait, list[Any]]:
        """What is set without runs to compare with, and with some: then the curve takes the path's colour, as all curves do."""
        return {(self.curve, "colors"): [_COLOURS, [style.themed("path")] * len(_COLOURS)]}

    def step_presets(self, max_steps: int) -> dict[Trait, Any]:
        """What each number of steps, 0..max_steps, sets: where the axis ends, and its ticks at whole steps."""
        counts = range(max_steps + 1)
        return {(self.x_scale, "max"): counts, (self._x_axis, "tick_values"): [_whole_ticks(count) for count in counts]}


def _whole_ticks(count: int) -> np.ndarray:
    """At most eleven round numbers from 0 to `count`."""
    step = next(step for step in (1, 2, 5, 10, 20, 50) if count <= 10 * step)
    return np.arange(0, count + 1, step)
