"""The transport bar: which step of the descent is shown, and the buttons that play it."""

import pathlib
from typing import Any

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Bool, CInt, Dict, Enum, Instance, Int, List, validate

from gradient.link.modules import esm
from gradient.run import MAX_STEPS, NEVER
from gradient.views.languages import Language
from gradient.views.sentences import TRANSPORT
from gradient.views.view import Trait, Worded

_HERE = pathlib.Path(__file__).parent

SPEEDS = {"slow": 4, "normal": 12, "fast": 40}  # steps per second


class Transport(Worded, anywidget.AnyWidget):
    """A slider `Step` with play, pause, first, previous, next, last, repeat and speed, and the button `Reset`.

    Playing happens in the browser. A click or a drag on the loss curve of the same app moves the step too.

    Attributes:
        end: the slider that says how many steps there are.
        step: 0..200; anything past the end means the end, wherever that moves.
        repeat: whether playing starts again at the end.
        speed: steps per second.
        resets: how often `Reset` was pressed.
        starts_playing: whether a page plays as soon as it shows a descent.
        past: the step that means the end.
        reached: the readout, which knows where the descent ends. It is no output of the descent here, because a model that has
            outputs of a link is computed after its own changes have been sent.
        speeds: the speeds to choose from, each with its name in `words`.
        words: what it shows; see `sentences.TRANSPORT`.
    """

    _esm = esm(_HERE / "transport.js")

    end = Instance(Widget).tag(sync=True, **widget_serialization)
    step = CInt(MAX_STEPS).tag(sync=True, page_sets={"low": 0, "high": MAX_STEPS})
    repeat = Bool(False).tag(sync=True, page_sets=True)
    speed = Enum(list(SPEEDS.values()), SPEEDS["normal"]).tag(sync=True, page_sets=True)
    resets = Int(0).tag(sync=True, page_sets=True)
    starts_playing = Bool(False).tag(sync=True, page_sets=True)
    past = Int(MAX_STEPS, read_only=True).tag(sync=True)
    reached = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    never = Int(NEVER).tag(sync=True)
    speeds = List(default_value=[[*speed] for speed in SPEEDS.items()]).tag(sync=True)
    words = Dict(TRANSPORT).tag(sync=True)

    @validate("step")
    def _clamp_step(self, proposal: dict) -> int:
        return min(max(proposal["value"], 0), MAX_STEPS)

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "words"): language.words.TRANSPORT}
