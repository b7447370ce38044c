"""The page around the pictures: its style sheet, and accessible names for the sliders."""

import pathlib

import anywidget

_HERE = pathlib.Path(__file__).parent


class Page(anywidget.AnyWidget):
    """Styles the app that it is a child of, and gives each slider's handle its label as accessible name."""

    _esm = _HERE / "page.js"
    _css = _HERE / "page.css"
