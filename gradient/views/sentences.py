"""Every word and sentence that the page shows or speaks, in English; JavaScript gets these through the widgets' own traits.

`languages/` has the other languages, each a file with the same names. In a sentence
{name} stands for a number. What is in [brackets] is left out if its number is zero.
"""

from typing import NamedTuple

from gradient.landscape import PlaneCase
from gradient.link.address import REFUSED
from gradient.verdict import Verdict

CODE, OWN_NAME = "en", "English"
DECIMAL = "."  # the sign before a number's decimals

# What records are called in this language: problems, optimizers and their settings, models, data sets and their columns. A name
# that is not here stays as its record has it.
NAMES: dict[str, str] = {}


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
    Verdict.DIVERGED: VerdictWords("diverged", "Diverged", "The loss becomes too large, so the descent ends at step {step}."),
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
    "spoken_place": "At w {w}, b {b}",
    "spoken_best": "The best learning rate is {value}, with a loss of {loss}",
}


COMPARISON = {
    "add": "+ Compare",
    "add_hint": "Keep these settings as a run of its own, and change on",
    "to_table": "Table of the runs ↓",
    "best": "Each at its best rate",
    "best_hint": "Give every run the best of 64 learning rates",
    "label": "Runs from the same start, on the same data",
    "columns": [
        "Run",
        "Optimizer",
        "Settings",
        "Loss at this step",
        "Stays within 5 % of the lowest known",
        "Verdict",
        "Order",
    ],
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
    "random_starts": "{share} of these runs end near the lowest loss",
    "settings": "Loss at the end. Drag the ring to set both.",
    "setting_cell": "{loss} at rate {x}, {second} {y}",
    "diverging_start": "From here it diverges",
    "diverging_setting": "Diverges at rate {x}, {second} {y}",
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
    "unknown": "gradient norm |∇L|, white: no loss",
}

# An axis of a map whose numbers would be too long: {title} is its label, {power} a power of ten by which they are divided, and
# {offset} the distance from zero to where they are counted from.
AXIS = {
    "scaled": "{title} (× {power})",
    "above": "{title} − {offset}",
    "below": "{title} + {offset}",
}

CONTROLS = {
    "problem": "Problem",
    "optimizer": "Optimizer",
    "model": "Model",
    "data": "Data",
    "scale": "Loss axis",
    "residuals": "Show residuals",
    "rate": "Learning rate",
    "steps": "Steps",
    "w": "Initial w",
    "b": "Initial b",
    "key": "Random start",
}
SCALES = ["Logarithmic", "Linear"]
AXES = {"step": "Step", "loss": "Loss"}

TITLE = "Gradient descent"
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
    "ends": "The descent ends here.",
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
    "speeds": {"slow": "Slow", "normal": "Normal", "fast": "Fast"},
    "reset": "Reset",
    "reset_hint": "Restore this problem's defaults",
}

# What the pictures show, for those who hear it. {first} is the loss at the start, {end} that at the last step.
DESCRIPTIONS = {
    "map": "The path goes from w {start_w}, b {start_b} to w {w}, b {b}; the loss {course} from {first} to {end}.",
    "plane": "The path goes {last} steps over the plane; the loss {course} from {first} to {end}.",
    "exit": "It leaves the map at step {exit}.",
    "data": "{count} points, and the curve of the model at step {step}; its loss is {loss}.",
    "loss": "The loss {course} from {first} at the start to {loss} at step {step}; at the last step, {last}, it is {end}.",
    "courses": ["falls", "goes", "rises"],  # {course}, if the later loss is lower, the same, or higher
}

THEMES = {"auto": "as your system", "light": "light", "dark": "dark"}
PRESENTED = {"map": "Map", "data": "Data", "loss": "Loss"}
DISPLAY = {
    "theme": "Theme: {theme}",
    "present": "Present to a class (P)",
    "choose": "Pictures on the screen",
    "leave": "Leave",
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

# What is said of a visitor's own points. {line} is the number of a line of a text, {text} a part of it; {name}, {source} and
# the labels are a data set's; everything else in braces is a number.
POINTS = {
    "name": "Your points",
    "label": "Your points. Arrow keys choose one, Enter grabs it, plus adds one, Delete removes it.",
    "hint": "Click adds a point, a drag moves it.",
    "key_hint": "Arrow keys choose a point, Enter grabs it, + adds one, Delete removes it.",
    "touch_hint": "Tap adds a point, a drag moves it, a long press removes it.",
    "grabbed": "Arrow keys move the point. Enter drops it, Escape puts it back.",
    "point": "Point {number} of {count}: x {x}, y {y}",
    "own": "{count} points of your own.",
    "undo": "Undo",
    "redo": "Redo",
    "paste": "Paste…",
    "paste_hint": "Paste two columns or open a file. A file can also be dropped on the picture.",
    "copy": "Copy points",
    "copied": "The points are on the clipboard, as two columns.",
    "noise": "Noise",
    "standardize": "Standardize x",
    "standardize_hint": "Subtract the mean of x from it, and divide it by its standard deviation",
    "standardize_both": "Standardize x and y",
    "standardize_both_hint": "The network gets x and y less their means, divided by their standard deviations. "
    "A level line then has a loss of 1.",
    "larger": "A network needs numbers near 0.",
    "scaled": "In the formulas x is (x − {offset}) / {scale}.",
    "condition": "κ {before} → {after}, rate up to {limitBefore} → {limitAfter}",
    "condition_hint": "κ is how much more sharply the loss bends across its valley than along it. "
    "First for x as given, then standardized.",
    "text": "Two columns, x and y",
    "placeholder": "x and y in each line, with a comma, a semicolon, a tab or a blank between them",
    "open": "Open a file…",
    "cancel": "Cancel",
    "use": "Use {count} points",
    "use_none": "Use",
    "few_points": "At least two points are needed: two lines with x and y.",
    "long": "This is more text than the page reads, about a million letters. Paste a part of it.",
    "thinned": "Of {count} points the page keeps {most}, spread evenly over x.",
    "columns": "Columns {one} and {other} of {count} are x and y. For others, name them x and y in the first line.",
    "fewest": "Keep at least {count} points.",
    "most": "There is room for {count} points. Remove one first.",
    "unread": {
        "number": "Line {line}: “{text}” is no number, so this line is left out.",
        "few": "Line {line} has one value, “{text}”, and needs x and y, so it is left out.",
        "none": "Line {line} has no x and y, so it is left out.",
        "size": "Line {line}: {text} is too large, so this line is left out. Divide the column.",
        "others": "Left out besides: {count}.",
    },
    "warnings": {
        "one_x": "All x are {number}, so no slope can be told. Move a point.",
        "one_y": "All y are {number}, so there is nothing to fit but a level.",
        "far_x": "x is far from 0, so the loss is a narrow valley. Standardize x.",
        "large_x": "x goes up to {number}, so only tiny learning rates work, if any. Standardize x.",
        "small_x": "x stays within {number}, so it hardly matters. Standardize x.",
        "large_y": "y goes up to {number}, so the losses are huge. Divide y by {scale}.",
        "steep_x": "Only rates below {limit} are stable here. Standardize x.",
        "steep_y": "Only rates below {limit} are stable here. Divide y by {scale}.",
        "small_y": "y stays within {number}, so the losses are tiny. Multiply y by {scale}.",
    },
    "about": "{name}: {x_label}, {y_label}. {source}, {year}.",
    "about_made": "{name}, with noise that you choose.",
}

# What a page says of a part of its address that it does not use; see `gradient.link.address.REFUSED`.
ADDRESS = {
    **REFUSED,
    "data": "{name} is “{text}”, which is no data set, and no points such as 1,2;3,4.5.",
    "count": "{name} has to have {fewest} to {most} points.",
    "runs": "{name} has room for {count} runs, each in a place of its own, such as adam,rate=0.1.",
}

SHARE = {
    "share": "Share",
    "share_hint": "Copy a link to the page as it is now",
    "language": "Language",
    "menu": "More",
    "menu_hint": "Language, lesson link, Python, pictures and numbers",
    "copied": "Link copied. Who opens it sees what you see.",
    "copied_part": "Copied. Add it to the end of this app's address.",
    "copy": "Copy this link:",
    "copy_part": "Copy this, and add it to the end of this app's address:",
    "close": "Close",
    "dismiss": "Hide this line",
    "lesson": "Make a lesson link",
    "title": "Name of the exercise",
    "plays": "Start playing at once",
    "hide": "Hide",
    "copy_lesson": "Copy lesson link",
    "lesson_copied": "Lesson link copied.",
    "python": "Copy as Python",
    "python_hint": "A script that prints the numbers on the page",
    "python_copied": "Script copied. It needs this package, gradient.",
    "copy_python": "Copy this script:",
    "python_points": "Script copied. It reads {file}: save the points below, and put both into one folder.",
    "python_own": "A problem of your own is in your notebook, so there is no script for it.",
    "pictures": "Save a picture",
    "numbers": "Save numbers",
    "as_png": "PNG",
    "as_svg": "SVG",
    "as_csv": "CSV",
    "as_json": "JSON",
    "map": "Map",
    "fit": "Data and model",
    "loss": "Loss over the steps",
    "steps": "Step, parameters, loss, gradient norm",
    "points": "Your points",
    "save_hint": "Save {what} as {format}",
    "failed": "This browser could not save it.",
}

# Controls without a name of their own that a lesson can do without, by their names in the address.
HIDEABLE = {"map": "Maps", "compare": "Compare"}
