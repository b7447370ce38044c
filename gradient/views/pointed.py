"""What is under the pointer: over the field a model, over the loss curve a step."""

import pathlib
from typing import Any

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Bool, Dict, Float, Instance, Int, List, Tuple

from gradient.link.modules import esm
from gradient.run import NEVER
from gradient.views.array import Array
from gradient.views.fit import Fit
from gradient.views.languages import Language
from gradient.views.loss import Loss
from gradient.views.sentences import POINTED
from gradient.views.view import Trait, Worded

_HERE = pathlib.Path(__file__).parent


class Pointed(Worded, anywidget.AnyWidget):
    """Follows the pointer, and says beside it what the model there comes to. The kernel is not told where the pointer is.

    Attributes:
        overlay: the layer over the field, which knows its axes and the path.
        steps: the slider of the number of steps, as many as the loss curve's axis has.
        curve: the loss curve, on which it marks the step that it points at.
        sketched: what of the picture of the data it shows itself where that is out of view: the points, a visitor's own, the
            fitted curve and the model under the pointer.
        is_shown: whether the pointer is over the field or the loss curve.
        point: (w, b, count): what it points at, and how often it was asked for.
        step: the step that it points at; -1 if it points at the field.
        place: [4], w, b, the step and the loss there, once they are computed.
        words: what it says.
    """

    _esm = esm(_HERE / "pointed.js")

    overlay = Instance(Widget).tag(sync=True, **widget_serialization)
    steps = Instance(Widget).tag(sync=True, **widget_serialization)
    curve = Instance(Widget).tag(sync=True, **widget_serialization)
    sketched = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    is_shown = Bool(False).tag(sync=True, page_sets=True)
    point = Tuple(Float(), Float(), Int(), default_value=(0.0, 0.0, 0)).tag(sync=True, page_sets=True)
    step = Int(NEVER).tag(sync=True, page_sets={"low": NEVER})
    place = Array(1)
    words = Dict({**POINTED, "never": NEVER}).tag(sync=True)

    def __init__(self, overlay: Widget, steps: Widget, fit: Fit, loss: Loss) -> None:
        """Takes the layer over the field, the slider of the steps, and the other two pictures."""
        sketched = [fit.data, fit.own, fit.curve, fit.pointed]
        super().__init__(overlay=overlay, steps=steps, curve=loss.curve, sketched=sketched)
        self.add_class("techni-pointed")

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "words"): {**language.words.POINTED, "never": NEVER}}
