"""How the page is shown: its theme, and the presenter's mode."""

import pathlib
from typing import Any

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Dict, Enum, Float, Instance, List

from gradient.link.modules import esm
from gradient.views import sentences
from gradient.views.languages import Language, Words
from gradient.views.style import TYPE_SIZE
from gradient.views.view import Trait, Worded

_HERE = pathlib.Path(__file__).parent


def _as_json(words: Words) -> dict[str, Any]:
    return {**words.DISPLAY, "themes": words.THEMES, "pictures": words.PRESENTED}


class Display(Worded, anywidget.AnyWidget):
    """A switch between the page's themes, and a button for the presenter's mode, in which pictures fill the screen.

    The kernel hears of the theme's choice alone. The address of a page can ask for both: `#theme=dark&present=1`.

    Attributes:
        theme: one of `sentences.THEMES`; "auto" is what the visitor's system or JupyterLab prefers.
        figures: those of bqplot, whose margins follow the size of type.
        type_size: the size of type on a common screen, in CSS pixels.
        words: what it shows; see `sentences.DISPLAY`.
    """

    _esm = esm(_HERE / "display.js")

    theme = Enum(list(sentences.THEMES), "auto").tag(sync=True, page_sets=True)
    figures = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    type_size = Float(TYPE_SIZE, read_only=True).tag(sync=True)
    words = Dict(_as_json(sentences)).tag(sync=True)

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "words"): _as_json(language.words)}
