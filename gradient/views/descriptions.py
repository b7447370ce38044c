"""What the pictures show, in sentences for those who do not see them."""

import pathlib
from typing import Any

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Dict, Instance, Int

from gradient.link.modules import esm
from gradient.run import NEVER
from gradient.views.languages import Language
from gradient.views.sentences import DESCRIPTIONS
from gradient.views.view import Trait, Worded

_HERE = pathlib.Path(__file__).parent


class Descriptions(Worded, anywidget.AnyWidget):
    """Describes each picture with its numbers, once the controls rest. A screen reader reads it with the picture's name.

    Attributes:
        overlay: the layer over the field, which has the path.
        curve: the curve of the loss.
        readout: which has the numbers at the current step.
        data: the data points.
        share: it has the path that the kernel draws.
        words: what it says; see `sentences.DESCRIPTIONS`.
        never: the step that means "never".
    """

    _esm = esm(_HERE / "descriptions.js")

    overlay = Instance(Widget).tag(sync=True, **widget_serialization)
    curve = Instance(Widget).tag(sync=True, **widget_serialization)
    readout = Instance(Widget).tag(sync=True, **widget_serialization)
    data = Instance(Widget).tag(sync=True, **widget_serialization)
    share = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    words = Dict(DESCRIPTIONS).tag(sync=True)
    never = Int(NEVER).tag(sync=True)

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "words"): language.words.DESCRIPTIONS}
