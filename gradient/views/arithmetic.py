"""The next step in numbers: a line with the optimizer's formula, and a table with the arithmetic of one data point."""

import pathlib
from typing import Any

import anywidget
from traitlets import Dict, Float, Int, List, Unicode

from gradient.link.modules import esm
from gradient.optimizers import OPTIMIZERS
from gradient.verdict import Verdict
from gradient.views.array import Array
from gradient.views.languages import Language
from gradient.views.sentences import ARITHMETIC
from gradient.views.view import Outputs, Trait, View, Worded

_HERE = pathlib.Path(__file__).parent
_ARRAYS = ("parameters", "gradient", "next_parameters", "memory", "settings", "example", "layer_norms")


class ArithmeticLine(View, Worded, anywidget.AnyWidget):
    """What the optimizer does next, in real numbers. Of a model with more than two parameters it shows norms only.

    Attributes:
        formula: of the optimizer.
        names: of the learning rate and the hyperparameters, as the formula has them.
        loss, verdict: at the current step.
        parameters, gradient, next_parameters, memory, settings, example, layer_norms: see `gradient.arithmetic.Arithmetic`.
        ending: the verdict of the last step of a descent that diverges.
        words: what it says; see `sentences.ARITHMETIC`.
    """

    _esm = esm(_HERE / "arithmetic.js")

    formula = Unicode("").tag(sync=True)
    names = List(Unicode()).tag(sync=True)
    loss = Float(0.0).tag(sync=True)
    verdict = Int(Verdict.SLOW).tag(sync=True)
    ending = Int(Verdict.DIVERGED).tag(sync=True)
    parameters, gradient, next_parameters = Array(1), Array(1), Array(1)
    memory = Array(2)
    settings, example, layer_norms = Array(1), Array(1), Array(1)
    words = Dict(ARITHMETIC).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.add_class("techni-arithmetic")

    def outputs(self) -> Outputs:
        """All its numbers."""
        return {name: [(self, name)] for name in (*_ARRAYS, "loss", "verdict")}

    def optimizer_presets(self) -> dict[Trait, list[Any]]:
        """What the choice of each optimizer changes in it."""
        records = OPTIMIZERS.values()
        return {
            (self, "formula"): [record.formula for record in records],
            (self, "names"): [["learning_rate", *record.hyperparameters] for record in records],
        }

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "words"): language.words.ARITHMETIC}
