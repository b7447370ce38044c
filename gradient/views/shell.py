"""The shell around the views: the style sheet, and what screen readers and keyboards need."""

import pathlib

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Dict, Instance, List

from gradient.link.modules import esm
from gradient.views.sentences import PICTURES, SLIDER_READOUT
from gradient.views.style import css_colours

_HERE = pathlib.Path(__file__).parent


def style_sheet() -> str:
    """All styles of the app: its colours as CSS variables, then its rules, then those for the libraries' own elements."""
    return "\n".join([css_colours(), *((_HERE / name).read_text() for name in ("shell.css", "libraries.css"))])


class Shell(anywidget.AnyWidget):
    """Styles the app that it is a child of, names its sliders and pictures, places ticks, and lets the Tab key pass.

    Attributes:
        app: the app, which is shown where ipywidgets has given up looking for it.
        curve: the curve of the loss, whose arrays are padded.
        loss_axes: a logarithmic and a linear axis of bqplot, which would have more ticks than there is room for.
        words: the names; see `sentences.py`.
    """

    _esm = esm(_HERE / "shell.js")
    _css = style_sheet()

    app = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    curve = Instance(Widget).tag(sync=True, **widget_serialization)
    loss_axes = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    words = Dict({"slider_readout": SLIDER_READOUT, "pictures": PICTURES}).tag(sync=True)
