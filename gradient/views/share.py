"""Sharing: a button that copies the page's address, a menu that makes links, scripts and files, and the name of an exercise."""

import pathlib
from typing import Any

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Bool, Dict, Instance, Int, List, Unicode

from gradient.link.modules import esm
from gradient.models import MODELS
from gradient.problems import SHIPPED
from gradient.views import sentences
from gradient.views.array import Array
from gradient.views.languages import Language, Words
from gradient.views.view import Trait, Worded

_HERE = pathlib.Path(__file__).parent
LONGEST_TITLE = 80  # letters

FEW_POINTS = 40  # that a script lists; it reads more from a file

# What `Copy as Python` copies. {names} stand for the page's settings.
SCRIPT: dict[str, Any] = {
    "shipped": """from gradient import PROBLEMS, descend

problem = PROBLEMS["{problem}"]
""",
    "own": {
        "imports": "from gradient import Problem, descend",
        "import_set": "from gradient.datasets import dataset",
        "import_model": "from gradient.models import {model}",
        "import_standardized": "from gradient.points import standardized",
        "set": '\ndata = dataset("{name}")\nx, y = data.x, data.y',
        "made": '\ndata = dataset("{name}")\nx, y = data.x, data.noisy({noise})',
        "few": "\nx = [{x}]\ny = [{y}]",
        "many": "\n# The menu saves {file}. Put it beside this script.\n"
        'x, y = np.loadtxt("{file}", delimiter=",", skiprows=1, unpack=True)',
        "standardized": "x = standardized(x)",
        "problem": 'problem = Problem("{problem}", {model}, x, y)\n',
        "larger_imports": "from gradient import PROBLEMS, descend",
        "larger_standardized": "x, y = standardized(x), standardized(y)",
        "larger_problem": 'problem = PROBLEMS["{model}"].on(x, y)\n',
    },
    "descent": """path = descend(
    problem.loss,
    {start},
    optimizer="{optimizer}",
    num_steps={num_steps},
{settings}
)
step = {step}
print(f"step {step}: loss {path.losses[step]:.3g}")
""",
    "setting": "    {name}={value},",
    "planar": 'w, b = path.params[step]\nprint(f"w {w:.3g}, b {b:.3g}")\n',
    "numpy": "import numpy as np\n",
    "planar_start": "np.array([{w}, {b}])",
    "start": "problem.start_at({key})",
}

# The columns of a table of steps.
COLUMNS = {
    "step": "step",
    "planar": ["w", "b"],
    "parameter": "p",  # with a number behind it
    "parameters": "parameters",
    "loss": "loss",
    "gradient_norm": "gradient_norm",
    "points": ["x", "y"],
}


def _theme(words: Words) -> dict[str, Any]:
    """What it says, and what it writes."""
    return {"words": words.SHARE, "script": SCRIPT, "columns": COLUMNS, "longest": LONGEST_TITLE, "few": FEW_POINTS}


class Share(Worded, anywidget.AnyWidget):
    """Copies and saves what the page shows. In its menu are the lesson link, the script, and the files.

    Attributes:
        address: the page's; see `gradient.link.address`.
        hidden: the names of the parts of the address whose controls are not shown, of those in `hideable`.
        hideable: by its name in the address, what each control is called on the page.
        title: the name of an exercise, or nothing.
        language: the choice of the page's language, which is in the menu.
        is_open: whether the menu is.
        is_wanted: whether somebody needs the iterates: the menu, or a page whose path the kernel draws. Each page has its own.
        params, losses, gradient_norms, last: while they are, the present descent; see `gradient.iterates.Iterates`.
        readout: it knows which step is shown.
        fit, loss: the figures that can be saved.
        overlay: what draws the path on the map.
        optimizers: in their order, the key of each, and by the keywords of its settings the names of these in the address.
        problems: those that a script finds in `PROBLEMS`.
        models: the names of the functions in `gradient.models`, in the order of its `MODELS`; models behind them are problems'.
        theme: see `_theme`.
    """

    _esm = esm(_HERE / "share.js")

    address = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    hidden = List(Unicode()).tag(sync=True, page_sets=True)
    hideable = Dict().tag(sync=True)
    title = Unicode("").tag(sync=True, page_sets={"max_length": LONGEST_TITLE})
    is_open = Bool(False).tag(sync=True, page_sets=True)
    is_wanted = Bool(False).tag(sync=True)
    language = Instance(Widget).tag(sync=True, **widget_serialization)
    params = Array(2)
    losses = Array(1)
    gradient_norms = Array(1)
    last = Int(0).tag(sync=True)
    readout = Instance(Widget).tag(sync=True, **widget_serialization)
    fit = Instance(Widget).tag(sync=True, **widget_serialization)
    loss = Instance(Widget).tag(sync=True, **widget_serialization)
    overlay = Instance(Widget).tag(sync=True, **widget_serialization)
    optimizers: List = List().tag(sync=True)
    problems = List(Unicode(), [problem.name for problem in SHIPPED if not problem.is_own]).tag(sync=True)
    models = List(Unicode(), [model.predict.__name__ for model in MODELS]).tag(sync=True)
    theme = Dict(_theme(sentences)).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.add_class("techni-sharing")

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "theme"): _theme(language.words)}
