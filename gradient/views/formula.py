"""The title of the picture of the data: the model's formula with its present numbers."""

import pathlib
from typing import Any

import anywidget
from traitlets import Bool, Dict, Unicode

from gradient.link.modules import esm
from gradient.models import MODELS
from gradient.problems import SHIPPED, Problem
from gradient.views.array import Array
from gradient.views.languages import Language
from gradient.views.sentences import TITLES
from gradient.views.view import Outputs, Trait, View, Worded

_HERE = pathlib.Path(__file__).parent


class Formula(View, Worded, anywidget.AnyWidget):
    """A heading with the model's formula, whose parameters are those at the current step.

    Attributes:
        formula: of the problem's model; {w} and {b} stand for its parameters. Empty for a visitor's own problem.
        own_formula: of the model that a visitor has chosen for their own problem.
        parameters: [2], or empty for a model of more.
        fit_outside: whether the curve is outside the picture.
        words: what the picture is called, and what formulas that have words are in its language.
    """

    _esm = esm(_HERE / "formula.js")

    formula = Unicode("").tag(sync=True)
    own_formula = Unicode("").tag(sync=True)
    parameters = Array(1)
    fit_outside = Bool(False).tag(sync=True)
    words = Dict({**TITLES, "formulas": {}}).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.add_class("techni-heading")

    def outputs(self) -> Outputs:
        """The parameters at the current step, and whether their curve can be seen."""
        return {name: [(self, name)] for name in ("parameters", "fit_outside")}

    def preset(self, problem: Problem, index: int) -> dict[Trait, Any]:
        """The model's formula."""
        del index
        return {(self, "formula"): problem.formula}

    def model_presets(self) -> dict[Trait, list[str]]:
        """For each of `MODELS`, its formula."""
        return {(self, "own_formula"): [model.formula for model in MODELS]}

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        formulas = {problem.formula: language.named(problem.formula) for problem in SHIPPED}
        return {(self, "words"): {**language.words.TITLES, "formulas": formulas}}
