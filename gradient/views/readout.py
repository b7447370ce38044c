"""The readout: the numbers at the current step, and in words how the descent went."""

import pathlib
from collections.abc import Callable
from typing import Any

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Dict, Float, Instance, Int, Unicode

from gradient.link.modules import esm
from gradient.link.template import Template
from gradient.problems import Problem
from gradient.verdict import Verdict
from gradient.views.sentences import READOUT, VERDICTS, VerdictWords
from gradient.views.strip import Strip
from gradient.views.view import Outputs, Trait, View

_HERE = pathlib.Path(__file__).parent
_NUMBERS = ("loss", "gradient_norm", "step", "last", "verdict", "diverged_step", "best_known", "times_best")


def _as_json(words: VerdictWords) -> dict[str, Any]:
    return words._asdict() | {"sentence": Template.of_sentence(words.sentence).as_json()}


class Readout(View, anywidget.AnyWidget):
    """Loss, gradient norm and step as numbers, a verdict as a sentence, and what failed, if anything did.

    Screen readers hear numbers and verdict once they have stopped changing, and the best learning rate when that is another.

    Attributes:
        loss, gradient_norm, step, last, verdict, diverged_step, best_known, times_best: the fields of `gradient.frame.Frame`
            with these names.
        known: the lowest loss that is known for these data, from which the verdict follows.
        rates: the strip of the learning rate, which knows the best.
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
    best_known = Float(0.0).tag(sync=True)
    times_best = Float(1.0).tag(sync=True)
    known = Float(0.0).tag(sync=True)
    rates = Instance(Widget).tag(sync=True, **widget_serialization)
    error = Unicode("").tag(sync=True)
    verdicts = Dict({str(int(verdict)): _as_json(words) for verdict, words in VERDICTS.items()}).tag(sync=True)
    words = Dict(READOUT).tag(sync=True)

    def __init__(self, lowest_loss: Callable[[Problem], float], rates: Strip) -> None:
        """Takes what says the lowest loss that is known for a problem, and the strip of the learning rate."""
        super().__init__(rates=rates)
        self._lowest_loss = lowest_loss

    def best_preset(self, problem: Problem) -> dict[Trait, float]:
        """What the choice of a problem sets: the lowest loss that is known before anything was run."""
        return {(self, "known"): self._lowest_loss(problem)}

    def inputs(self) -> dict[str, Trait]:
        """The lowest loss known."""
        return {"best_known": (self, "known")}

    def outputs(self) -> Outputs:
        """The numbers, and what the sentences say of them."""
        return {name: [(self, name)] for name in _NUMBERS}
