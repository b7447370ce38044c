"""The strip under a slider: what the descent comes to for every other value of the slider."""

import pathlib
from typing import Any

import anywidget
import numpy as np
from ipywidgets import Widget, widget_serialization
from matplotlib.colors import to_hex
from traitlets import Dict, Float, Instance, Int, List

from gradient.compare import SMALLEST
from gradient.link.modules import esm
from gradient.run import NEVER
from gradient.views import style
from gradient.views.array import Array
from gradient.views.languages import Language
from gradient.views.sentences import STRIP
from gradient.views.view import Trait, Worded

_HERE = pathlib.Path(__file__).parent
_NUM_COLOURS = 24

# How the strip draws.
THEME = {
    "colours": [to_hex(style.LOSS_COLOURS(i / (_NUM_COLOURS - 1))) for i in range(_NUM_COLOURS)],
    "diverged": style.DIVERGED,
    "mark": style.INK,
    "never": NEVER,
    "smallest": SMALLEST,
}


class Strip(Worded, anywidget.AnyWidget):
    """Colours for the loss at the end of a descent, from the lowest known (light) to that of the start and beyond (dark).

    What diverges is hatched. One mark is at the best value, and one where steps become unstable, if a law says so; words name
    them while the slider is pointed at or has the focus. Pointing at the strip shows the loss; a click picks a value.

    Attributes:
        slider: whose track lies above the strip.
        values: [n], of the slider.
        losses: [n], for each of them; negative where the descent diverges. Empty: there is nothing to show.
        low, high: the losses at the two ends of the colours.
        best: the index of the lowest loss, -1 if there is none.
        limit: the value above which steps are unstable, 0 if there is none.
        picked, picks: the index that was clicked last, and how many were.
        theme: see `THEME`.
        words: what it says; see `sentences.STRIP`.
    """

    _esm = esm(_HERE / "strip.js")

    slider = Instance(Widget).tag(sync=True, **widget_serialization)
    values = List(Float()).tag(sync=True)
    losses = Array(1)
    low = Float(0.0).tag(sync=True)
    high = Float(1.0).tag(sync=True)
    best = Int(NEVER).tag(sync=True)
    limit = Float(0.0).tag(sync=True)
    picked = Int(0).tag(sync=True, page_sets={"low": 0})
    picks = Int(0).tag(sync=True, page_sets={"low": 0})
    theme = Dict(THEME).tag(sync=True)
    words = Dict(STRIP).tag(sync=True)

    def __init__(self, slider: Widget, values: np.ndarray) -> None:
        """Takes the slider, and the values that are swept."""
        super().__init__(slider=slider, values=values.tolist())
        self.add_class("techni-strip")

    def outputs(self, name: str) -> dict[str, Trait]:
        """The fields of `gradient.app_links.Strips` that the strip of a slider with this name shows."""
        own: dict[str, Trait] = {f"{name}_{field}": (self, field) for field in ("losses", "best", "limit")}
        return {**own, "low": (self, "low"), "high": (self, "high")}

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "words"): language.words.STRIP}

    def pick(self, index: int) -> None:
        """Sets the slider to a value, as a click on the strip does."""
        with self.hold_sync():
            self.picked = index
            self.picks += 1
