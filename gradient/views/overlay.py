"""The transparent overlay on the maps: it takes pointers and touch, shows the start's handle, and can draw the path."""

import pathlib
from typing import Any

import anywidget
import numpy as np
from ipywidgets import Widget, widget_serialization
from matplotlib.colors import to_hex
from traitlets import Bool, Bunch, Dict, Float, Instance, Int, List, TraitError, Tuple, Unicode, validate

from gradient.analysis import ARROWS, FIELD_SIZE
from gradient.landscape import PlaneCase
from gradient.link.modules import esm
from gradient.run import NEVER
from gradient.views import levels, map_ticks, plane, style
from gradient.views.array import Array
from gradient.views.languages import LANGUAGES, Language
from gradient.views.picture import NARROW, Domain
from gradient.views.view import Outputs, Trait, View, Worded

_HERE = pathlib.Path(__file__).parent
_DRAWN = (
    *("path", "point", "step", "last", "exit_step", "exit_point", "exit_direction"),
    *("plane", "plane_range", "plane_third", "plane_corners", "plane_case"),
)


# A page is not told of what it has sent: it may have gone on since.
_SENT_AT_REST = {"sync": True, "echo_update": False}
LARGEST_END, NARROWEST = float(np.finfo(np.float32).max), 1e-9  # of a domain: an end, and the width as a share of it


def _page_array(ndim: int, side: int) -> dict[str, Any]:
    return {"dtypes": ["float32"], "max_ndim": ndim, "max_side": side}


def _is_interval(low: float, high: float) -> bool:
    """Whether an axis can go from `low` to `high`."""
    farthest = max(abs(low), abs(high))
    return high - low > NARROWEST * farthest and farthest <= LARGEST_END


def theme_in(language: Language) -> dict[str, Any]:
    """How it draws and what it says, in the browser's terms; lengths in points where the name does not say otherwise."""
    return {
        "pixelsPerPoint": style.PIXELS_PER_POINT,
        "never": NEVER,
        **_path_theme(language),
        **_plane_theme(language),
        "field": _field_theme(language),
    }


def _path_theme(language: Language) -> dict[str, Any]:
    words = language.words.MAP
    return {
        "marks": {name: mark._asdict() for name, mark in style.MARKS.items()},
        "lineWidths": {"path": style.PATH_WIDTH, "halo": style.HALO_WIDTH, "axis": style.AXIS_WIDTH},
        "colours": {"path": style.PATH, "ink": style.INK, "muted": style.MUTED, "grid": style.GRID, "paper": style.PAPER},
        "fontSizes": {"small": style.SMALL_FONT, "label": style.LABEL_FONT},
        "label": words["label"],
        "handle": words["handle"],
        "exitNote": {"template": words["exit"], "offset": list(style.EXIT_NOTE_OFFSET), "pad": style.EXIT_NOTE_PAD},
        "later": style.LATER,
        "others": [{"colour": look.colour, "dashes": list(look.dashes), "shape": look.shape} for look in style.OTHERS],
    }


def _plane_theme(language: Language) -> dict[str, Any]:
    words = language.words
    return {
        "bands": plane.band_colours(),
        "ticks": list(plane.TICKS),
        "colourBar": {
            "gap": style.BAR_GAP,
            "width": style.BAR_WIDTH,
            "labelAt": style.BAR_LABEL_AT,
            "ticks": style.NUM_BAR_TICKS,
            "label": words.PLANE_COLOURS,
        },
        "tickDigits": list(plane.TICK_DIGITS),
        "lossTemplates": words.PLANE_LOSSES,
        "planeWords": {str(int(case)): each._asdict() for case, each in words.PLANE.items()},
        "throughPath": int(PlaneCase.THROUGH_PATH),
    }


def _field_theme(language: Language) -> dict[str, Any]:
    words = language.words
    return {
        "shades": style.MAP_SHADES,
        "arrowColours": [to_hex(style.ARROW_COLOURS(i)) for i in range(style.ARROW_COLOURS.N)],
        "contourWidth": style.CONTOUR_WIDTH,
        "arrow": style.ARROW._asdict(),
        "arrowGap": style.ARROW_GAP,
        "narrow": NARROW,
        "levels": levels.RULES,
        "ticks": {**map_ticks.RULES, "words": words.AXIS},
        "words": words.PARAMETER_MAP,
    }


class Overlay(View, Worded, anywidget.AnyWidget):
    """Lies over one of several ipympl canvases, in the same place on the page, and gives it its own size.

    Attributes:
        canvases: the ipympl canvases, of which the one at `index` is under the overlay.
        figures: the stack of their places, which the page has show that one.
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
        draws_field: whether it also draws the field under the path, as `parameter_picture.ParameterPicture` does, while it
            draws the path.
        field_losses: [n, n], losses on a grid over the domain, rows upwards; `levels.UNKNOWN` where one is not finite.
        field_gradients: [m, m, 2], gradients at the middles of m x m equal cells of the domain. While the page computes, it
            sends domain, losses and gradients at rest.
        fields: by `index`, from what it draws the field on a page without a kernel: see `stored_field.stored`; or nothing.
        axis_labels: what the field says along its axes.
        theme: how it draws them; see `theme_in`.
        share: it has the path that lies under a map while the kernel draws it; `readout` has the step.
        itself: this widget, for its page.
    """

    _esm = esm(_HERE / "overlay.js")

    canvases = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    figures = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    index = Int(0).tag(sync=True)
    domain = Tuple(Float(), Float(), Float(), Float(), default_value=(0.0, 1.0, 0.0, 1.0)).tag(**_SENT_AT_REST, page_sets=True)
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
    draws_field = Bool(False).tag(sync=True)
    field_losses = Array(2).tag(**_SENT_AT_REST, page_sets=_page_array(2, FIELD_SIZE))
    field_gradients = Array(3).tag(**_SENT_AT_REST, page_sets=_page_array(3, ARROWS))
    fields = List(Dict()).tag(sync=True)
    axis_labels = Tuple(Unicode(), Unicode(), default_value=("", "")).tag(sync=True)
    theme = Dict(theme_in(LANGUAGES[0])).tag(sync=True)
    share = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    readout = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    itself = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.itself = self

    def field_outputs(self) -> Outputs:
        """The fields of `gradient.analysis.Analysis` from which it draws the field."""
        return {"losses": [(self, "field_losses")], "gradients": [(self, "field_gradients")]}

    def field(self) -> tuple[np.ndarray, np.ndarray, Domain]:
        """The field that it draws: losses, gradients and their domain."""
        return self.field_losses, self.field_gradients, self.domain

    def rested(self) -> list[Trait]:
        """What its page sends at rest."""
        return [(self, name) for name in ("domain", "field_losses", "field_gradients")]

    def other_outputs(self) -> Outputs:
        """The fields of `gradient.compare.Comparison` that it draws."""
        fields = {"paths": "others", "points": "other_points", "steps": "other_steps", "lasts": "other_lasts"}
        return {field: [(self, name)] for field, name in fields.items()}

    def outputs(self) -> Outputs:
        """What it draws."""
        return {name: [(self, name)] for name in _DRAWN}

    @validate("domain")
    def _check_domain(self, proposal: Bunch) -> Domain:
        if not all(map(_is_interval, proposal.value[::2], proposal.value[1::2])):
            raise TraitError(f"domain must be two intervals that can be drawn, but it is {proposal.value}. Pass low < high.")
        return proposal.value

    @validate("field_losses", "field_gradients")
    def _check_field(self, proposal: Bunch) -> np.ndarray:
        name, shape = proposal.trait.name, proposal.value.shape
        most = FIELD_SIZE if name == "field_losses" else ARROWS
        is_square = shape[0] == shape[1] <= most and shape[2:] in ((), (2,))
        if proposal.value.size and not is_square:
            raise TraitError(f"{name} must be a square of at most {most} points a side, but its shape is {shape}.")
        return proposal.value

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "theme"): theme_in(language)}
