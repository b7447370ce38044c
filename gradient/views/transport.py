"""The transport bar: which step of the descent is looked at, and the buttons that play it."""

import pathlib

import anywidget
from traitlets import Bool, CInt, Enum, Int, validate

from gradient.frame import MAX_STEPS

_HERE = pathlib.Path(__file__).parent

SPEEDS = {"Slow": 4, "Normal": 12, "Fast": 40}  # steps per second


class Transport(anywidget.AnyWidget):
    """A slider `Step` with play, pause, first, previous, next, last, repeat and speed, and the button `Reset`.

    Playing happens in the browser. A click or a drag on the loss curve of the same app moves the step too.

    Attributes:
        step: 0..num_steps; it stays at the end when num_steps changes, if it was there.
        num_steps: 1..200.
        repeat: whether playing starts again at the end.
        speed: steps per second.
        resets: how often `Reset` was pressed.
    """

    _esm = _HERE / "transport.js"

    step = CInt(30).tag(sync=True)
    num_steps = CInt(30).tag(sync=True)
    repeat = Bool(False).tag(sync=True)
    speed = Enum(list(SPEEDS.values()), SPEEDS["Normal"]).tag(sync=True)
    resets = Int(0).tag(sync=True)

    # The end before a change of num_steps; held notifications validate only after the new value is in place.
    _end = 30

    @validate("step")
    def _clamp_step(self, proposal: dict) -> int:
        return min(max(proposal["value"], 0), max(self._end, self.num_steps))

    @validate("num_steps")
    def _carry_step(self, proposal: dict) -> int:
        num_steps = min(max(proposal["value"], 1), MAX_STEPS)
        was_at_end, self._end = self.step == self._end, num_steps
        if was_at_end or self.step > num_steps:
            self.step = num_steps
        return num_steps
