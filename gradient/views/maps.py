"""The maps of descents over the field, and the switch between them and the loss."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import numpy as np
from ipywidgets import Widget, widget_serialization
from traitlets import Bool, Dict, Float, Instance, Int, List, Tuple, Unicode

from gradient.compare import SMALLEST
from gradient.link.modules import esm
from gradient.maps import MapKind, SecondAxis, layout
from gradient.optimizers import RATE_EXPONENTS
from gradient.problems import Problem
from gradient.valleys import NUM_VALLEYS
from gradient.views import style
from gradient.views.array import Array
from gradient.views.languages import LANGUAGES, Language
from gradient.views.overlay import theme_in as overlay_theme
from gradient.views.view import Trait, View, Worded

_HERE = pathlib.Path(__file__).parent
_CELLS = ("losses", "valleys", "arrivals")

# The maps by the words that stand for them in an address.
KINDS = {kind.name.lower(): int(kind) for kind in MapKind}


def theme_in(language: Language, seconds: Mapping[str, str]) -> dict[str, Any]:
    """How it draws and what it says; `seconds` has the names of what may be varied besides the learning rate, by control."""
    overlay, words = overlay_theme(language), language.words
    named = {name: (words.CONTROLS.get(name) or language.named(label)).lower() for name, label in seconds.items()}
    return {
        **overlay,
        "colourBar": {**overlay["colourBar"], "label": words.MAPS["colours"]},
        "diverged": style.DIVERGED,
        "bestValleys": list(style.BEST_VALLEYS),
        "otherValleys": list(style.OTHER_VALLEYS),
        "smallest": SMALLEST,
        "onItsWay": style.ON_ITS_WAY,
        "loss": int(MapKind.LOSS),
        "starts": int(MapKind.STARTS),
        "settings": int(MapKind.SETTINGS),
        "rates": list(RATE_EXPONENTS),
        "words": {**words.MAPS, "seconds": named, "field": words.TITLES["field"], "plane": words.PLANE_TITLE},
    }


class Maps(View, Worded, anywidget.AnyWidget):
    """Lies over the field, and shows what `gradient.maps` computes, slice by slice; it asks for the next one by itself.

    Attributes:
        kind: a `MapKind`; for `LOSS` it shows nothing but the switch.
        is_open: whether it is any other.
        domain, margins: those of the overlay.
        is_planar: whether the problem has two parameters; if not, starts are numbered.
        layouts: of the cells, for each kind: columns, rows, strides and offsets.
        second: the control that is varied besides the learning rate, its first and last value, and its step.
        index: the slice that is asked for.
        losses, valleys, arrivals: the cells of the slice `done` of the map `done_kind`, computed with `settings`; see
            `gradient.maps.Cells`.
        minima, minimum_losses, num_best: see `gradient.valleys.Valleys`.
        low, high: the losses at the two ends of the colours.
        num_steps: of the descents.
        point: [2], where the present settings are on the map's axes, as shares of these.
        limits: [48], for each value of what is varied the learning rate above which steps are unstable, as a share of its axis;
            -1 where no law holds.
        picked: (share of the horizontal axis, share of the vertical one, count): where the ring was dragged to last.
        row, steps, start: the settings that the map does not vary; zeros in the place of those that it does.
        share: it knows which controls a lesson hides. A map that varies one of them is not shown.
        theme: see `theme_in`.
    """

    _esm = esm(_HERE / "maps.js")

    kind = Int(int(MapKind.LOSS)).tag(sync=True, page_sets={"low": 0, "high": 2})
    is_open = Bool(False).tag(sync=True)
    domain = Tuple(Float(), Float(), Float(), Float(), default_value=(0.0, 1.0, 0.0, 1.0)).tag(sync=True)
    margins = Tuple(Float(), Float(), Float(), Float(), default_value=style.MARGINS).tag(sync=True)
    is_planar = Bool(True).tag(sync=True)
    layouts: List = List().tag(sync=True)
    second = Tuple(Unicode(), Float(), Float(), Float(), default_value=("", 0.0, 1.0, 0.1)).tag(sync=True)
    index = Int(0).tag(sync=True, page_sets={"low": 0})
    losses = Array(1)
    valleys = Array(1)
    arrivals = Array(1)
    done = Int(0).tag(sync=True)
    done_kind = Int(0).tag(sync=True)
    settings = Array(1)
    minima = Array(2)
    minimum_losses = Array(1)
    num_best = Int(0).tag(sync=True)
    low = Float(0.0).tag(sync=True)
    high = Float(1.0).tag(sync=True)
    num_steps = Int(1).tag(sync=True)
    point = Array(1)
    limits = Array(1)
    picked = Tuple(Float(), Float(), Int(), default_value=(0.0, 0.0, 0)).tag(sync=True, page_sets=True)
    row = Array(1)
    steps = Int(0).tag(sync=True)
    start = Array(1)
    share = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    theme = Dict().tag(sync=True)

    def __init__(self, row_length: int, seconds: Mapping[str, str]) -> None:
        """Takes the length of a row of settings, and the names of what may be varied besides the learning rate, by control."""
        self._seconds = dict(seconds)
        # The links' programs have inputs of fixed shapes.
        none = np.zeros((NUM_VALLEYS, 2), np.float32)
        super().__init__(minima=none, minimum_losses=np.full(NUM_VALLEYS, np.inf), row=np.zeros(row_length), start=np.zeros(2))
        self.theme = theme_in(LANGUAGES[0], seconds)
        self.add_class("techni-maps")

    def preset(self, problem: Problem, index: int) -> dict[Trait, Any]:
        """The cells of the maps of a problem, and their axes."""
        del index
        layouts = [layout(problem, kind)._asdict() for kind in MapKind]
        return {
            (self, "layouts"): layouts,
            (self, "is_planar"): problem.is_planar,
        }

    def optimizer_presets(self, axes: Sequence[SecondAxis]) -> dict[Trait, list[Any]]:
        """For each optimizer, what is varied besides the learning rate."""
        return {(self, "second"): [(axis.slider, float(axis.low), float(axis.high), float(axis.step)) for axis in axes]}

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "theme"): theme_in(language, self._seconds)}

    def kind_presets(self) -> dict[Trait, list[Any]]:
        """What each kind of map sets."""
        return {(self, "is_open"): [kind != MapKind.LOSS for kind in MapKind]}

    def outputs_of_cells(self) -> dict[str, list[Trait]]:
        """The fields of a slice's result that it shows."""
        return {name: [(self, name)] for name in (*_CELLS, "done", "done_kind", "settings", "low", "high", "num_steps")}
