"""The title of the picture of the data: the model's formula with its present numbers."""

import pathlib
from typing import Any

import anywidget
from traitlets import Bool, Dict, Unicode

from gradient.link.modules import esm
from gradient.problems import Problem
from gradient.views.array import Array
from gradient.views.sentences import TITLES
from gradient.views.view import Outputs, Trait, View

_HERE = pathlib.Path(__file__).parent


class Formula(View, anywidget.AnyWidget):
    """A heading with the model's formula, whose parameters are those at the current step.

    Attributes:
        formula: of the model; {w} and {b} stand for its parameters.
        parameters: [2], or empty for a model of more.
        fit_outside: whether the curve is outside the picture.
        words: what the picture is called.
    """

    _esm = esm(_HERE / "formula.js")

    formula = Unicode("").tag(sync=True)
    parameters = Array(1)
    fit_outside = Bool(False).tag(sync=True)
    words = Dict(TITLES).tag(sync=True)

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
