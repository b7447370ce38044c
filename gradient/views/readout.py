"""The readout: the numbers at the current step, and in words how the descent went."""

import pathlib

import anywidget
from traitlets import Dict, Float, Int, List, Unicode

from gradient.frame import BOUNCING, CONVERGED, DESCENDING, DIVERGED, RISING, SLOW

_HERE = pathlib.Path(__file__).parent

# In a sentence {name} is a number of the readout; what is in [brackets] is said only if its number is not zero.
SENTENCES = {
    CONVERGED: ("Converged", "After {last} steps the gradient has all but vanished: this is a stationary point."),
    DIVERGED: (
        "Diverged",
        "At step {diverged_step} the loss left all bounds; the last finite state stays in view. "
        "Try a smaller learning rate[, below {stability_limit}].",
    ),
    BOUNCING: ("Bouncing", "The last steps hop between two points. Try a smaller learning rate."),
    DESCENDING: ("Going down", "After {last} steps the loss is still falling. Try more steps, or a larger learning rate."),
    RISING: (
        "Going up",
        "After {last} steps the loss is higher than ten steps before. Try a smaller learning rate[, below {stability_limit}].",
    ),
    SLOW: (
        "Slow",
        "The last ten of {last} steps took less than 1 % off the loss. Try more momentum, or another learning rate or start.",
    ),
}


class Readout(anywidget.AnyWidget):
    """Loss, gradient norm and step as numbers, a verdict as a sentence, and what failed, if anything did.

    Numbers and sentence are read out by screen readers when they have come to rest.
    """

    _esm = _HERE / "readout.js"

    loss = Float(0.0).tag(sync=True)
    gradient_norm = Float(0.0).tag(sync=True)
    step = Int(0).tag(sync=True)
    last = Int(0).tag(sync=True)
    verdict = Int(SLOW).tag(sync=True)
    diverged_step = Int(0).tag(sync=True)
    stability_limit = Float(0.0).tag(sync=True)
    error = Unicode("").tag(sync=True)
    sentences = Dict(value_trait=List(Unicode())).tag(sync=True)

    numbers = ("loss", "gradient_norm", "step", "last", "verdict", "diverged_step", "stability_limit")

    def __init__(self, **traits: object) -> None:
        super().__init__(sentences={str(code): list(words) for code, words in SENTENCES.items()}, **traits)
