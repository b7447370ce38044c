"""The transparent overlay on the maps: it takes pointers and touch, shows the start's handle, and can draw the path."""

import pathlib

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Bool, Dict, Float, Instance, Int, List, Tuple

from gradient.frame import NEVER
from gradient.landscape import PlaneCase
from gradient.link.modules import esm
from gradient.views import plane, style
from gradient.views.array import Array
from gradient.views.sentences import MAP, PLANE, PLANE_COLOURS, PLANE_LOSSES
from gradient.views.view import Outputs, View

_HERE = pathlib.Path(__file__).parent
_DRAWN = (
    *("path", "point", "step", "last", "exit_step", "exit_point", "exit_direction"),
    *("plane", "plane_range", "plane_third", "plane_corners", "plane_case"),
)

# How the overlay draws and what it says, in the browser's terms; lengths in points where the name does not say otherwise.
THEME = {
    "marks": {name: mark._asdict() for name, mark in style.MARKS.items()},
    "lineWidths": {"path": style.PATH_WIDTH, "halo": style.HALO_WIDTH, "axis": style.AXIS_WIDTH},
    "colours": {"path": style.PATH, "ink": style.INK, "muted": style.MUTED, "grid": style.GRID, "paper": style.PAPER},
    "fontSizes": {"small": style.SMALL_FONT, "label": style.LABEL_FONT},
    "pixelsPerPoint": style.PIXELS_PER_POINT,
    "label": MAP["label"],
    "handle": MAP["handle"],
    "exitNote": {"template": MAP["exit"], "offset": list(style.EXIT_NOTE_OFFSET), "pad": style.EXIT_NOTE_PAD},
    "never": NEVER,
    "later": style.LATER,
    "others": [{"colour": look.colour, "dashes": list(look.dashes), "shape": look.shape} for look in style.OTHERS],
    "bands": plane.band_colours(),
    "ticks": list(plane.TICKS),
    "colourBar": {
        "gap": style.BAR_GAP,
        "width": style.BAR_WIDTH,
        "labelAt": style.BAR_LABEL_AT,
        "ticks": style.NUM_BAR_TICKS,
        "label": PLANE_COLOURS,
    },
    "tickDigits": list(plane.TICK_DIGITS),
    "lossTemplates": PLANE_LOSSES,
    "planeWords": {str(int(case)): words._asdict() for case, words in PLANE.items()},
    "throughPath": int(PlaneCase.THROUGH_PATH),
}


class Overlay(View, anywidget.AnyWidget):
    """Lies over one of several ipympl canvases, in the same place on the page, and gives it its own size.

    Attributes:
        canvases: the ipympl canvases, of which the one at `index` is under the overlay.
        domain: (x_low, x_high, y_low, y_high) of that figure's axes.
        margins: the axes' distance from the figure's left, top, right and bottom edge, in CSS pixels.
        x, y: the sliders that hold the start, where the handle stands.
        draggable: whether the picture's points are starts.
        picked: (x, y, count): the last point that was clicked, or dragged to, in the axes' coordinates.
        shown: changes whenever the browser has shown an image of the figure and is ready for the next.
        visible: whether the figure can be seen: on the screen, in a tab that is not hidden.
        draws_path: whether the overlay draws the path, and the plane under it. If not, it shows its handle only.
        has_map: whether another map lies between the figure and the overlay.
        path, point, step, last, exit_step, exit_point, exit_direction, plane, plane_range, plane_third, plane_corners,
            plane_case: what it draws, the fields of `gradient.frame.Frame` with these names.
        others, other_points, other_steps, other_lasts: the runs that are compared, whoever draws the path: `paths`, `points`,
            `steps` and `lasts` of `gradient.compare.Comparison`.
        theme: how it draws them; see `THEME`.
    """

    _esm = esm(_HERE / "overlay.js")

    canvases = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    index = Int(0).tag(sync=True)
    domain = Tuple(Float(), Float(), Float(), Float(), default_value=(0.0, 1.0, 0.0, 1.0)).tag(sync=True)
    margins = Tuple(Float(), Float(), Float(), Float(), default_value=style.MARGINS).tag(sync=True)
    x = Instance(Widget).tag(sync=True, **widget_serialization)
    y = Instance(Widget).tag(sync=True, **widget_serialization)
    draggable = Bool(True).tag(sync=True)
    picked = Tuple(Float(), Float(), Int(), default_value=(0.0, 0.0, 0)).tag(sync=True, page_sets=True)
    shown = Int(0).tag(sync=True, page_sets=True)
    visible = Bool(True).tag(sync=True, page_sets=True)

    draws_path = Bool(False).tag(sync=True)
    has_map = Bool(False).tag(sync=True)
    path = Array(2)
    point = Array(1)
    step = Int(0).tag(sync=True)
    last = Int(0).tag(sync=True)
    exit_step = Int(NEVER).tag(sync=True)
    exit_point = Array(1)
    exit_direction = Array(1)
    plane = Array(2)
    plane_range = Array(1)
    plane_third = Int(0).tag(sync=True)
    plane_corners = Array(1)
    plane_case = Int(PlaneCase.THROUGH_PATH).tag(sync=True)
    others = Array(3)
    other_points = Array(2)
    other_steps = Array(1)
    other_lasts = Array(1)
    theme = Dict(THEME).tag(sync=True)

    def other_outputs(self) -> Outputs:
        """The fields of `gradient.compare.Comparison` that it draws."""
        fields = {"paths": "others", "points": "other_points", "steps": "other_steps", "lasts": "other_lasts"}
        return {field: [(self, name)] for field, name in fields.items()}

    def outputs(self) -> Outputs:
        """What it draws."""
        return {name: [(self, name)] for name in _DRAWN}
