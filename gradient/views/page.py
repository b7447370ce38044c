"""The page around the pictures: its style sheet, and what screen readers and keyboards need."""

import pathlib

import anywidget

_HERE = pathlib.Path(__file__).parent


class Page(anywidget.AnyWidget):
    """Styles the app that it is a child of; names its sliders and pictures, and lets the Tab key pass."""

    _esm = _HERE / "page.js"
    _css = _HERE / "page.css"
