"""The advice: another setting that was run and ends lower, and a button that sets it."""

import pathlib
from collections.abc import Mapping
from typing import Any

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Dict, Float, Instance, Int, List, Unicode

from gradient.link.modules import esm
from gradient.link.template import Template
from gradient.run import NEVER
from gradient.views.languages import Language
from gradient.views.sentences import ADVICE
from gradient.views.strip import Strip
from gradient.views.view import Trait, Worded

_HERE = pathlib.Path(__file__).parent
_FIELDS = ("advised_slider", "advised_index", "advised_loss", "offset", "scale")


def _as_json(words: dict[str, str]) -> dict[str, Any]:
    return words | {"rescale": Template.of_sentence(words["rescale"]).as_json()}


class Advice(Worded, anywidget.AnyWidget):
    """A sentence that names one value of one slider, which was run, and a button that sets it.

    Attributes:
        strips: under the sliders; `names`: what these are called in the address.
        share: it knows which of them a lesson hides. Of a hidden control nothing is advised.
        points: a visitor's own. Of their scale these speak themselves.
        advised_slider: the index of the strip whose slider has a better value, -1 if none has.
        advised_index: of that value.
        advised_loss: what the descent comes to with it.
        offset, scale: what should be subtracted from x, and what it should be divided by then, because no learning rate works;
            else 0.
        words: what it says; see `sentences.ADVICE`.
    """

    _esm = esm(_HERE / "advice.js")

    strips = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    names = List(Unicode()).tag(sync=True)
    points = Instance(Widget).tag(sync=True, **widget_serialization)
    share = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    advised_slider = Int(NEVER).tag(sync=True)
    advised_index = Int(NEVER).tag(sync=True)
    advised_loss = Float(0.0).tag(sync=True)
    offset = Float(0.0).tag(sync=True)
    scale = Float(0.0).tag(sync=True)
    words = Dict(_as_json(ADVICE)).tag(sync=True)

    def __init__(self, strips: Mapping[str, Strip], points: Widget) -> None:
        """Takes the strips under the sliders, by the sliders' names in the address, and a visitor's own points."""
        super().__init__(strips=list(strips.values()), names=list(strips), points=points)
        self.add_class("techni-advice")

    def outputs(self) -> dict[str, Trait]:
        """The fields of a sweep that it shows."""
        return {name: (self, name) for name in _FIELDS}

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "words"): _as_json(language.words.ADVICE)}
