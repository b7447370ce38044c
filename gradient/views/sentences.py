"""Every word and sentence that the views show or speak; their JavaScript gets these through the widgets' own traits.

In a sentence {name} stands for a number. What is in [brackets] is left out if its number is zero.
"""

from typing import NamedTuple

from gradient.landscape import PlaneCase
from gradient.verdict import Verdict


class VerdictWords(NamedTuple):
    """How the readout shows a verdict: the style sheet's name for it, one or two words, and a sentence."""

    style: str
    word: str
    sentence: str


# At most 140 characters, so that no sentence moves the pictures during a drag.
VERDICTS = {
    Verdict.START: VerdictWords("slow", "Start", "Here the descent begins. Press Play, or move Step, to follow it."),
    Verdict.CONVERGED: VerdictWords(
        "converged", "Converged", "The gradient is almost zero, and the loss is close to the lowest known, {best_known}."
    ),
    Verdict.SETTLED: VerdictWords(
        "wandering",
        "Settled higher",
        "The gradient is almost zero, so it hardly moves[, at {times_best} times the lowest loss known].",
    ),
    Verdict.BEST: VerdictWords(
        "converged", "Nearly best", "The loss still moves, but hardly above the lowest known, {best_known}."
    ),
    Verdict.CLOSE: VerdictWords("converged", "Close", "At this step the loss is close to the lowest known, {best_known}."),
    Verdict.BOUNCING: VerdictWords("bouncing", "Bouncing", "The last steps hop to and fro between two points."),
    Verdict.DESCENDING: VerdictWords(
        "descending", "Going down", "The loss is falling.[ It is {times_best} times the lowest known.]"
    ),
    Verdict.RISING: VerdictWords("rising", "Going up", "The loss has risen over the last steps."),
    Verdict.WANDERING: VerdictWords("wandering", "Wandering", "The loss went up and down over the last steps."),
    Verdict.SLOW: VerdictWords(
        "slow", "Slow", "The loss hardly changed over the last steps.[ It is {times_best} times the lowest known.]"
    ),
    Verdict.DIVERGED: VerdictWords(
        "diverged", "Diverged", "At step {diverged_step} the loss is out of bounds, so the descent ends there."
    ),
}

STRIP = {
    "cell": "{value}: loss {loss}",
    "diverged": "{value}: diverges",
    "best": "▴ best {value}",
    "limit": "| unstable above {value}",
}

ADVICE = {
    "sentence": "{label} {value} ends lower, at {loss}.",
    "rescale": "x is too large for any learning rate.[ Subtract {offset} from it.][ Divide it by {scale}.]",
    "button": "Try it",
}

READOUT = {
    "loss": "Loss",
    "gradient_norm": "Gradient norm",
    "step": "Step",
    "best_known": "Lowest known",
    "spoken": "Step {step}, loss {loss}, {verdict}",
    "spoken_best": "The best learning rate is {value}, with a loss of {loss}",
}


COMPARISON = {
    "add": "+ Compare",
    "add_hint": "Keep these settings as a run of its own, and change on",
    "best": "Each at its best rate",
    "best_hint": "Give every run the best of 64 learning rates",
    "label": "Runs from the same start, on the same data",
    "columns": ["Run", "Optimizer", "Settings", "Loss at this step", "Stays within 5 % of the lowest known", "Verdict", ""],
    "choose": "Set the sliders to run {run}",
    "never": "not reached",
    "at": "from step {step} on",
    "up": "Move run {run} up",
    "down": "Move run {run} down",
    "remove": "Remove run {run}",
}


# {share} is a percentage, and {second} the name of what is varied besides the learning rate.
MAPS = {
    "label": "What the map shows",
    "kinds": ["Loss", "Where starts end", "Rate × {second}"],
    "network_kinds": ["Loss", "Which starts arrive", "Rate × start"],
    "random_start": "random start",
    "starts": "{share} of all starts reach the lowest loss",
    "start_cell": "From here the loss ends at {loss}",
    "keys": "{share} of these runs end near the lowest loss",
    "settings": "Loss at the end. Drag the ring to set both.",
    "setting_cell": "Rate {x}, {second} {y}: ends at {loss}",
    "diverging_start": "From here it diverges",
    "diverging_setting": "Rate {x}, {second} {y}: diverges",
    "not_there": "no valley",
    "higher": "higher",
    "diverges": "diverges",
    "limit": "unstable",
    "arrivals": "steps until there",
    "colours": "loss at the end",
    "rate": "learning rate",
    "handle": "Learning rate {x}, {second} {y}. Drag it, or use the arrow keys.",
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
    "exit": "leaves the map at step {step}",
}

# What is under the pointer. {w}, {b}, {loss} and {step} are numbers.
POINTED = {
    "point": "loss {loss} at w {w}, b {b}",
    "plane": "loss {loss} here",
    "step": "step {step}: loss {loss} at w {w}, b {b}",
    "network_step": "step {step}: loss {loss}",
}

PARAMETER_MAP = {
    "colours": "gradient norm |∇L|",
}

TAGLINE = "Every point of the map is a model. Drag the ring to choose where the descent starts."
PLANE_TAGLINE = "Every point of the plane is a network. Random start chooses where the descent starts."
TITLES = {
    "field": "Loss of every model; arrows point downhill",
    "fit": "Data and model",
    "loss": "Loss over the steps",
    "outside": "The curve is outside this picture.",
}
PLANE_TITLE = "Loss on a plane through the path"

ARITHMETIC = {
    "next": "Next step:",
    "here": "This step:",
    "parameters": "(w, b)",
    "layers": "gradient norm by layer, from the input to the output:",
    "summary": "arithmetic",
    "columns": ["x", "y", "model f", "error f − y", "(f − y)²", "derivative by w", "derivative by b"],
    "point": "first data point",
    "mean": "mean of all points",
    "note": "The mean of the squares is the loss.",
    "gradient_note": "The means of their derivatives by w and by b are the gradient g.",
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
    "here": "in your browser {duration}",
    "away": "last round trip {duration}",
    "under": "under {duration}",
    "waits": "The server is computing. A first time takes it some seconds.",
    "offline": "The server cannot be reached. This page keeps working in your browser.",
    "still_offline": "The server still cannot be reached. This page keeps working in your browser.",
    "reconnect": "Reconnect",
}
