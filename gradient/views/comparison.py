"""The comparison: up to four runs in a table, of which one is that of the controls."""

import pathlib
from collections.abc import Sequence
from typing import Any

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Bool, Dict, Float, Instance, Int, List, Tuple

from gradient.compare import MAX_RUNS
from gradient.link.modules import esm
from gradient.run import NEVER
from gradient.views import sentences, style
from gradient.views.array import Array
from gradient.views.languages import Language, Words
from gradient.views.view import Trait, Worded

_HERE = pathlib.Path(__file__).parent
ROW_LENGTH = 18  # a rule of the server's has a fixed length; there is room for 16 sliders of hyperparameters
_EMPTY = (0.0,) * ROW_LENGTH
_TABLE = ("losses", "verdicts", "close_steps")


def _theme(words: Words) -> dict[str, Any]:
    """How it draws and what it says."""
    looks = zip(("path", "run-0", "run-1", "run-2"), (style.PRESENT, *style.OTHERS), strict=True)
    return {
        "looks": [{"colour": style.themed(name), "dashes": list(look.dashes), "shape": look.shape} for name, look in looks],
        "verdicts": {str(int(case)): verdict.word for case, verdict in words.VERDICTS.items()},
        "maxRuns": MAX_RUNS,
        "never": NEVER,
        "words": words.COMPARISON,
    }


class Comparison(Worded, anywidget.AnyWidget):
    """Keeps runs beside the present one: their settings, and what comes of them.

    A row of settings is the index of an optimizer, a learning rate and the values of all sliders of hyperparameters, as in
    `gradient.compare`, and zeros up to a fixed length.

    Attributes:
        optimizer, sliders: the controls that hold the present settings.
        own: for each optimizer, the places in a row of what it takes.
        defaults: [n], what the sliders are at first.
        runs: the rows of the three other runs, one after the other; zeros for each that is not there.
        is_open: whether there is one.
        order: of the runs in the table: 0 stands for the present one, 1 to 3 for the others in their places.
        setting, restores: a row to which the controls are to be set, and how many were.
        asks, answered: how often each run was to be given its best learning rate, and was.
        losses, verdicts, close_steps: see `gradient.compare.Comparison`.
        theme: see `_theme`.
    """

    _esm = esm(_HERE / "comparison.js")

    optimizer = Instance(Widget).tag(sync=True, **widget_serialization)
    sliders = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    own = List(List(Int())).tag(sync=True)
    defaults = List(Float()).tag(sync=True)
    runs = Tuple(*[Float()] * (ROW_LENGTH * (MAX_RUNS - 1)), default_value=_EMPTY * (MAX_RUNS - 1)).tag(
        sync=True, page_sets=True
    )
    is_open = Bool(False).tag(sync=True, page_sets=True)
    order = List(Int(), [0]).tag(sync=True, page_sets=True)
    setting = Tuple(*[Float()] * ROW_LENGTH, default_value=_EMPTY).tag(sync=True, page_sets=True)
    restores = Int(0).tag(sync=True, page_sets={"low": 0})
    asks = Int(0).tag(sync=True, page_sets={"low": 0})
    answered = Int(0).tag(sync=True, page_sets={"low": 0})
    losses = Array(1)
    verdicts = Array(1)
    close_steps = Array(1)
    theme = Dict(_theme(sentences)).tag(sync=True)

    def __init__(self, optimizer: Widget, sliders: Sequence[Widget], own: Sequence[Sequence[int]]) -> None:
        """Takes the choice of an optimizer, the sliders of the learning rate and of the hyperparameters, and `own`.

        Raises:
            ValueError: if there are too many sliders.
        """
        if 1 + len(sliders) > ROW_LENGTH:
            raise ValueError(f"There are {len(sliders)} sliders, and a run has room for {ROW_LENGTH - 1}. Remove an optimizer.")
        defaults = [slider.value for slider in sliders]
        super().__init__(optimizer=optimizer, sliders=list(sliders), own=list(map(list, own)), defaults=defaults)
        self.add_class("techni-comparison")

    def outputs(self) -> dict[str, list[Trait]]:
        """The fields of `gradient.compare.Comparison` that the table shows."""
        return {name: [(self, name)] for name in _TABLE}

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "theme"): _theme(language.words)}

    def state(self) -> list[Trait]:
        """What a visitor sets."""
        return [(self, name) for name in ("runs", "order", "is_open")]

    def add(self) -> None:
        """Keeps the present settings as a run of its own, as the button does.

        Raises:
            ValueError: if there are four runs.
        """
        rows = self._rows()
        free = next((place for place in range(1, MAX_RUNS) if place not in self.order), None)
        if free is None:
            raise ValueError(f"There are {MAX_RUNS} runs, and no picture has room for more. Remove one: comparison.clear().")
        rows[free - 1] = self._present()
        self._set(rows, [*self.order, free])

    def clear(self) -> None:
        """Removes all runs but the present one."""
        self._set([_EMPTY] * (MAX_RUNS - 1), [0])

    def _rows(self) -> list[Sequence[float]]:
        return [self.runs[start : start + ROW_LENGTH] for start in range(0, len(self.runs), ROW_LENGTH)]

    def _set(self, rows: Sequence[Sequence[float]], order: Sequence[int]) -> None:
        with self.hold_sync():
            self.runs, self.order = tuple(number for row in rows for number in row), list(order)
            self.is_open = len(order) > 1

    def _present(self) -> Sequence[float]:
        row = (float(self.optimizer.index), *(float(slider.value) for slider in self.sliders))
        return row + _EMPTY[len(row) :]
