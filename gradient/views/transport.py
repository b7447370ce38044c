"""The transport bar: which step of the descent is shown, and the buttons that play it."""

import pathlib

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Bool, CInt, Dict, Enum, Instance, Int, List, validate

from gradient.frame import MAX_STEPS, NEVER
from gradient.link.modules import esm
from gradient.views.sentences import TRANSPORT

_HERE = pathlib.Path(__file__).parent

SPEEDS = {"Slow": 4, "Normal": 12, "Fast": 40}  # steps per second


class Transport(anywidget.AnyWidget):
    """A slider `Step` with play, pause, first, previous, next, last, repeat and speed, and the button `Reset`.

    Playing happens in the browser. A click or a drag on the loss curve of the same app moves the step too.

    Attributes:
        end: the slider that says how many steps there are.
        step: 0..200; anything past the end means the end, wherever that moves.
        repeat: whether playing starts again at the end.
        speed: steps per second.
        resets: how often `Reset` was pressed.
        past: the step that means the end.
        reached: the readout, which knows where the descent ends. It is no output of the descent here, because a model that has
            outputs of a link is computed after its own changes have been sent.
        speeds: the speeds to choose from, each with its label.
        words: what it shows; see `sentences.TRANSPORT`.
    """

    _esm = esm(_HERE / "transport.js")

    end = Instance(Widget).tag(sync=True, **widget_serialization)
    step = CInt(MAX_STEPS).tag(sync=True, page_sets=True)
    repeat = Bool(False).tag(sync=True, page_sets=True)
    speed = Enum(list(SPEEDS.values()), SPEEDS["Normal"]).tag(sync=True, page_sets=True)
    resets = Int(0).tag(sync=True, page_sets=True)
    past = Int(MAX_STEPS, read_only=True).tag(sync=True)
    reached = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    never = Int(NEVER).tag(sync=True)
    speeds = List(default_value=[[*speed] for speed in SPEEDS.items()]).tag(sync=True)
    words = Dict(TRANSPORT).tag(sync=True)

    @validate("step")
    def _clamp_step(self, proposal: dict) -> int:
        return min(max(proposal["value"], 0), MAX_STEPS)
