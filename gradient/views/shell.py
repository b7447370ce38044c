"""The page around the pictures: its style sheet, and what screen readers and keyboards need."""

import pathlib

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Instance

_HERE = pathlib.Path(__file__).parent


class Page(anywidget.AnyWidget):
    """Styles the app that it is a child of; names its sliders and pictures, and lets the Tab key pass.

    Attributes:
        app: the app, which is shown where the page has given up looking for it.
    """

    _esm = _HERE / "page.js"
    _css = _HERE / "page.css"

    app = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
