"""The readout: the numbers at the current step, and in words how the descent went."""

import pathlib

import anywidget
from traitlets import Dict, Float, Int, List, Unicode

from gradient.frame import BOUNCING, CONVERGED, DESCENDING, DIVERGED, RISING, SLOW, WANDERING
from gradient.link.modules import esm

_HERE = pathlib.Path(__file__).parent

# Short enough for the lines that the page keeps free for them: a longer one would move the pictures under a drag.
# In a sentence {name} is a number of the readout; what is in [brackets] is said only if its number is not zero.
SENTENCES = {
    CONVERGED: ("Converged", "At step {last} the gradient has all but vanished: this is a stationary point."),
    DIVERGED: (
        "Diverged",
        "At step {diverged_step} the loss left all bounds; the last finite state stays in view. "
        "Try a smaller learning rate[, below {advised_rate}].",
    ),
    BOUNCING: ("Bouncing", "The last steps hop between two points. Try a smaller learning rate[, below {advised_rate}]."),
    DESCENDING: (
        "Going down",
        "At step {last} the loss is still falling.[ There can be {steps_left} more steps.]"
        "[ A larger rate, below {larger_rate}, may be faster.]",
    ),
    RISING: (
        "Going up",
        "At step {last} the loss has risen over the last steps. Try a smaller learning rate[, below {advised_rate}].",
    ),
    WANDERING: (
        "Wandering",
        "Over the last steps the loss goes up and down. Try a smaller learning rate[, below {advised_rate}].",
    ),
    SLOW: ("Slow", "The last steps changed the loss by little. Try another learning rate, optimizer or start."),
}


class Readout(anywidget.AnyWidget):
    """Loss, gradient norm and step as numbers, a verdict as a sentence, and what failed, if anything did.

    Numbers and sentence are read out by screen readers when they have come to rest.
    """

    _esm = esm(_HERE / "readout.js")

    loss = Float(0.0).tag(sync=True)
    gradient_norm = Float(0.0).tag(sync=True)
    step = Int(0).tag(sync=True)
    last = Int(0).tag(sync=True)
    verdict = Int(SLOW).tag(sync=True)
    diverged_step = Int(0).tag(sync=True)
    advised_rate = Float(0.0).tag(sync=True)
    larger_rate = Float(0.0).tag(sync=True)
    steps_left = Int(0).tag(sync=True)
    error = Unicode("").tag(sync=True)
    sentences = Dict(value_trait=List(Unicode())).tag(sync=True)

    numbers = ("loss", "gradient_norm", "step", "last", "verdict", "diverged_step", "advised_rate", "larger_rate", "steps_left")

    def __init__(self, **traits: object) -> None:
        super().__init__(sentences={str(code): list(words) for code, words in SENTENCES.items()}, **traits)
