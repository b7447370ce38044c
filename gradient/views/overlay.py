"""The transparent layer over the field: it takes pointers and touch, shows the start's handle, and can draw the path."""

import pathlib

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Bool, Dict, Float, Instance, Int, List, Tuple

from gradient.frame import NEVER
from gradient.landscape import THROUGH_PATH
from gradient.link.modules import esm
from gradient.views import plane, style
from gradient.views.array import Array

_HERE = pathlib.Path(__file__).parent

# The axes' distance from the figure's edges: left, top, right, bottom, in CSS pixels.
MARGINS = (62.0, 28.0, 84.0, 46.0)

# The look of what the layer draws, as the browser takes it.
LOOK = {
    "marks": {name: mark._asdict() for name, mark in style.MARKS.items()},
    "widths": {"path": style.PATH_WIDTH, "halo": style.HALO_WIDTH},
    "colours": {"path": style.PATH, "ink": style.INK, "muted": style.MUTED, "grid": style.GRID, "paper": style.PAPER},
    "pixelsPerPoint": style.PIXELS_PER_POINT,
    "bands": plane.band_colours(),
    "ticks": list(plane.TICKS),
    "colourLabel": plane.COLOUR_LABEL,
    "cases": {str(case): list(words) for case, words in plane.CASES.items()},
    "throughPath": THROUGH_PATH,
    "never": NEVER,
}


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
        drawing: whether the layer draws the path, and the plane under it. If not, it shows its handle only.
        path, point, last, exit_step, exit_point, exit_direction, plane, plane_range, plane_third, plane_corners, plane_case:
            what it draws, the fields of `gradient.frame.Frame` with these names.
        numbers: the names of these fields.
        look: how it draws them; see `LOOK`.
    """

    _esm = esm(_HERE / "overlay.js")

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

    drawing = Bool(False).tag(sync=True)
    path = Array(2)
    point = Array(1)
    last = Int(0).tag(sync=True)
    exit_step = Int(NEVER).tag(sync=True)
    exit_point = Array(1)
    exit_direction = Array(1)
    plane = Array(2)
    plane_range = Array(1)
    plane_third = Int(0).tag(sync=True)
    plane_corners = Array(1)
    plane_case = Int(THROUGH_PATH).tag(sync=True)
    look = Dict(LOOK).tag(sync=True)

    numbers = (
        *("path", "point", "last", "exit_step", "exit_point", "exit_direction"),
        *("plane", "plane_range", "plane_third", "plane_corners", "plane_case"),
    )
