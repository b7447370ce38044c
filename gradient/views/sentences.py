"""Every word and sentence that the views show or speak; their JavaScript gets these through the widgets' own traits.

In a sentence {name} stands for a number. What is in [brackets] is left out if its number is zero.
"""

from typing import NamedTuple

from gradient.frame import Verdict
from gradient.landscape import PlaneCase


class VerdictWords(NamedTuple):
    """How the readout shows a verdict: the style sheet's name for it, one or two words, and a sentence."""

    style: str
    word: str
    sentence: str


# Each fits the two lines that the page reserves for it: a third one would move the pictures during a drag.
VERDICTS = {
    Verdict.CONVERGED: VerdictWords(
        "converged", "Converged", "At step {last} the gradient is almost zero: this is a stationary point."
    ),
    Verdict.DIVERGED: VerdictWords(
        "diverged",
        "Diverged",
        "At step {diverged_step} the loss went out of bounds; the last finite state stays in view. "
        "Try a smaller learning rate[, below {advised_rate}].",
    ),
    Verdict.BOUNCING: VerdictWords(
        "bouncing",
        "Bouncing",
        "The last steps hop between two points. Try a smaller learning rate[, below {advised_rate}].",
    ),
    Verdict.DESCENDING: VerdictWords(
        "descending",
        "Going down",
        "At step {last} the loss is still falling.[ You can add up to {steps_left} steps.]"
        "[ A larger rate, below {larger_rate}, may be faster.]",
    ),
    Verdict.RISING: VerdictWords(
        "rising",
        "Going up",
        "The loss rose over the steps up to {last}. Try a smaller learning rate[, below {advised_rate}].",
    ),
    Verdict.WANDERING: VerdictWords(
        "wandering",
        "Wandering",
        "The loss went up and down over the last steps. Try a smaller learning rate[, below {advised_rate}].",
    ),
    Verdict.SLOW: VerdictWords(
        "slow", "Slow", "The loss barely changed over the last steps. Try another learning rate, optimizer or start."
    ),
}

READOUT = {
    "loss": "Loss",
    "gradient_norm": "Gradient norm",
    "step": "Step",
    "spoken": "Step {step}, loss {loss}, {verdict}",
}


class PlaneWords(NamedTuple):
    """What the plane of a larger model says in one of its cases: two axis labels, and a remark or nothing."""

    x_label: str
    y_label: str
    remark: str


PLANE = {
    PlaneCase.THROUGH_PATH: PlaneWords("from the start (0) to the end (1)", "away from that line (◇ at 1)", ""),
    PlaneCase.STRAIGHT: PlaneWords(
        "from the start (0) to the end (1)",
        "an arbitrary direction, same length",
        "straight path: the second axis is arbitrary",
    ),
    PlaneCase.DIVERGENT: PlaneWords(
        "downhill from the start, length 1",
        "an arbitrary direction, length 1",
        "diverged: the end is too far away to show",
    ),
}
PLANE_COLOURS = "loss on the plane"
# The true losses of three points of the path, because a plane shows little of a path in many dimensions.
PLANE_LOSSES = {
    "start": "true loss: {loss} at the start",
    "third": "{loss} at ◇ (step {step})",
    "end": "{loss} at step {step}",
}

MAP = {
    "label": "Map of the loss over the parameters, with the path of the descent",
    "handle": "Start at w {x}, b {y}. Drag it, or use the arrow keys.",
    "exit": "leaves at step {step}",
}

PARAMETER_MAP = {
    "title": "arrows point downhill, along −∇L",
    "colours": "gradient norm |∇L|",
}

PICTURES = {"fit": "The data and the fitted curve", "loss": "The loss over the steps"}
SLIDER_READOUT = "{label} as a number"

TRANSPORT = {
    "first": "First",
    "previous": "Previous",
    "play": "Play",
    "pause": "Pause",
    "next": "Next",
    "last": "Last",
    "repeat": "Repeat",
    "step": "Step",
    "speed": "Speed",
    "reset": "Reset",
    "reset_hint": "Restore this problem's defaults",
}

COMPUTE = {
    "legend": "Compute in",
    "browser": "browser",
    "kernel": "server",
    "here": "in your browser: {duration}",
    "away": "last round trip to the server: {duration}",
    "under": "under {duration}",
    "waits": "The server is computing. The first time with a problem and an optimizer takes it some seconds.",
    "offline": "The server cannot be reached. This page keeps working in your browser.",
    "still_offline": "The server still cannot be reached. This page keeps working in your browser.",
    "reconnect": "Reconnect",
}
