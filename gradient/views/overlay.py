"""The transparent layer over the field: it takes pointers and touch, shows the start's handle and paces the drawing."""

import pathlib

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Bool, Float, Instance, Int, List, Tuple

_HERE = pathlib.Path(__file__).parent

# The axes' distance from the figure's edges: left, top, right, bottom, in CSS pixels.
MARGINS = (62.0, 28.0, 84.0, 46.0)


class Overlay(anywidget.AnyWidget):
    """Lies over one of several ipympl canvases, in the place that the page gives both, and keeps their sizes equal to its own.

    Attributes:
        canvases: the ipympl canvases, of which the one at `index` is under the layer.
        domain: (x_low, x_high, y_low, y_high) of that figure's axes.
        margins: the axes' distance from the figure's left, top, right and bottom edge, in CSS pixels.
        x, y: the sliders that hold the start, where the handle stands.
        draggable: whether the picture's points are starts.
        picked: (x, y, count): the last point that was clicked, or dragged to, in the axes' coordinates.
        shown: changes whenever the browser has shown a frame of the figure and is ready for the next.
        visible: whether the figure can be seen: on the screen, in a tab that is not hidden.
    """

    _esm = _HERE / "overlay.js"

    canvases = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    index = Int(0).tag(sync=True)
    domain = Tuple(Float(), Float(), Float(), Float(), default_value=(0.0, 1.0, 0.0, 1.0)).tag(sync=True)
    margins = Tuple(Float(), Float(), Float(), Float(), default_value=MARGINS).tag(sync=True)
    x = Instance(Widget).tag(sync=True, **widget_serialization)
    y = Instance(Widget).tag(sync=True, **widget_serialization)
    draggable = Bool(True).tag(sync=True)
    picked = Tuple(Float(), Float(), Int(), default_value=(0.0, 0.0, 0)).tag(sync=True)
    shown = Int(0).tag(sync=True)
    visible = Bool(True).tag(sync=True)
