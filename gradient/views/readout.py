"""The readout: the numbers at the current step, and in words how the descent went."""

import pathlib

import anywidget
from traitlets import Dict, Float, Int, Unicode

from gradient.frame import Verdict
from gradient.link.modules import esm
from gradient.views.sentences import READOUT, VERDICTS
from gradient.views.view import Outputs, View

_HERE = pathlib.Path(__file__).parent
_NUMBERS = (
    *("loss", "gradient_norm", "step", "last", "verdict", "diverged_step"),
    *("advised_rate", "larger_rate", "steps_left"),
)


class Readout(View, anywidget.AnyWidget):
    """Loss, gradient norm and step as numbers, a verdict as a sentence, and what failed, if anything did.

    Screen readers hear numbers and verdict once they have stopped changing.

    Attributes:
        loss, gradient_norm, step, last, verdict, diverged_step, advised_rate, larger_rate, steps_left: the fields of
            `gradient.frame.Frame` with these names.
        error: what failed, or nothing.
        verdicts: for each verdict its style, word and sentence; see `sentences.VERDICTS`.
        words: the numbers' names, and what is spoken; see `sentences.READOUT`.
    """

    _esm = esm(_HERE / "readout.js")

    loss = Float(0.0).tag(sync=True)
    gradient_norm = Float(0.0).tag(sync=True)
    step = Int(0).tag(sync=True)
    last = Int(0).tag(sync=True)
    verdict = Int(Verdict.SLOW).tag(sync=True)
    diverged_step = Int(0).tag(sync=True)
    advised_rate = Float(0.0).tag(sync=True)
    larger_rate = Float(0.0).tag(sync=True)
    steps_left = Int(0).tag(sync=True)
    error = Unicode("").tag(sync=True)
    verdicts = Dict({str(int(code)): words._asdict() for code, words in VERDICTS.items()}).tag(sync=True)
    words = Dict(READOUT).tag(sync=True)

    def outputs(self) -> Outputs:
        """The numbers, and what the sentences say of them."""
        return {name: [(self, name)] for name in _NUMBERS}
