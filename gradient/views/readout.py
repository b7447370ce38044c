"""The readout: the numbers at the current step, and in words how the descent went."""

import pathlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Dict, Float, Instance, Int, Unicode

from gradient.link.modules import esm
from gradient.link.template import Template
from gradient.problems import Problem
from gradient.verdict import Verdict
from gradient.views.array import Array
from gradient.views.languages import Language
from gradient.views.sentences import READOUT, VERDICTS, VerdictWords
from gradient.views.strip import Strip
from gradient.views.view import Outputs, Trait, View, Worded

_HERE = pathlib.Path(__file__).parent
_NUMBERS = ("loss", "gradient_norm", "step", "last", "verdict", "diverged_step", "best_known", "times_best", "parameters")


def _as_json(verdicts: Mapping[Verdict, VerdictWords]) -> dict[str, Any]:
    return {
        str(int(verdict)): words._asdict() | {"sentence": Template.of_sentence(words.sentence).as_json()}
        for verdict, words in verdicts.items()
    }


class Readout(View, Worded, anywidget.AnyWidget):
    """Loss, gradient norm and step as numbers, a verdict as a sentence, and what failed, if anything did.

    Screen readers hear numbers and verdict once they have stopped changing; the best learning rate and the advice, only when
    these have changed.

    Attributes:
        loss, gradient_norm, step, last, verdict, diverged_step, best_known, times_best: the fields of `gradient.frame.Frame`
            with these names.
        parameters: (w, b) at the current step, empty for a larger model.
        known: the lowest loss that is known for these data, from which the verdict follows.
        rates: the strip of the learning rate, which knows the best.
        advice: what is advised, which is spoken, too.
        error: what failed, or nothing.
        verdicts: for each verdict its style, word and sentence; see `sentences.VERDICTS`.
        lowest_known: the lowest loss that is known for a problem before anything was run, computed once; not while JAX traces.
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
    parameters = Array(1)
    known = Float(0.0).tag(sync=True)
    rates = Instance(Widget).tag(sync=True, **widget_serialization)
    advice = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    error = Unicode("").tag(sync=True)
    verdicts = Dict(_as_json(VERDICTS)).tag(sync=True)
    words = Dict(READOUT).tag(sync=True)

    def __init__(self, lowest_loss: Callable[[Problem], float], rates: Strip) -> None:
        """Takes what says the lowest loss that is known for a problem, and the strip of the learning rate."""
        super().__init__(rates=rates)
        self.lowest_known = cache(lowest_loss)

    def inputs(self) -> dict[str, Trait]:
        """The lowest loss known."""
        return {"best_known": (self, "known")}

    def outputs(self) -> Outputs:
        """The numbers, and what the sentences say of them."""
        return {name: [(self, name)] for name in _NUMBERS}

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "words"): language.words.READOUT, (self, "verdicts"): _as_json(language.words.VERDICTS)}
