"""The links of the choice of a problem: what it sets in the controls, and what it changes on the page.

A preset is what one problem sets, as `choose` takes it: a value for each trait.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from gradient.analysis import LEAST_STEPS
from gradient.controls import FIRST_OPTIMIZER, Controls, display_of
from gradient.link import Choice, Trait, choose
from gradient.models import MODELS
from gradient.optimizers import OPTIMIZERS, sliders
from gradient.problems import Interval, Problem
from gradient.run import MAX_STEPS
from gradient.views.fit import Fit
from gradient.views.points import Points
from gradient.views.shell import LONGEST_NUMBER
from gradient.views.view import View


class ProblemLinks:
    """What follows from `problem`, and from `fitted`, the problem whose model is fitted; problems can be added.

    Attributes:
        all: the links.
        following: those whose targets an address or a reload may set to something else.
    """

    def __init__(
        self, problems: Sequence[Problem], controls: Controls, views: Sequence[View], fit: Fit, points: Points
    ) -> None:
        """Takes the problems, of which there may be more later, all controls and views, and the two views that show data."""
        self._problems, self._controls, self._views, self._fit, self._points = problems, controls, views, fit, points
        self._presets: list[tuple[Choice, Callable[[int], Mapping[Trait, Any]]]] = []
        problem, fitted = (controls.problem, "index"), (controls.fitted, "index")
        chosen = self._choose(problem, self._control_preset)
        self._choose(problem, self._data_preset, sync_targets=False)
        fits = self._choose([problem, (controls.model, "index")], self._fits_preset)
        taken = self._choose(fitted, self._fitted_preset)
        self._choose(fitted, self._view_preset, sync_targets=False)
        self._choose(fitted, self._reset_preset, trigger=(controls.transport, "resets"))
        self.all, self.following = [link for link, _ in self._presets], [chosen, fits, taken]

    def append(self) -> None:
        """Adds the last of the problems, which is new."""
        for link, preset in self._presets:
            link.append(preset(len(self._problems) - 1))

    def _choose(self, source: Any, preset: Callable[[int], Mapping[Trait, Any]], **options: Any) -> Choice:
        link = choose(source, table_of(map(preset, range(len(self._problems)))), **options)
        self._presets.append((link, preset))
        return link

    def _control_preset(self, index: int) -> dict[Trait, Any]:
        """What the choice of a problem sets: the limits of the start, and its defaults."""
        problem = self._problems[index]
        return {**default_preset(self._controls, problem), **_limits_preset(self._controls, problem)}

    def _data_preset(self, index: int) -> dict[Trait, Any]:
        """What the choice of a problem changes on the page: whose data are shown, their axes, and the choices of own data."""
        problem, controls = self._problems[index], self._controls
        own = {(self._points, "is_shown"): problem.is_own, (self._fit.own, "visible"): problem.is_own}
        choices = {(choice.layout, "display"): display_of(problem.is_own) for choice in (controls.model, controls.dataset)}
        return {**self._fit.axes_preset(problem), **own, **choices}

    def _fits_preset(self, index: int) -> dict[Trait, Any]:
        """Which problem is fitted if this one is chosen, for each model."""
        count, fitted = len(self._controls.model.options), (self._controls.fitted, "index")
        if not self._problems[index].is_own:
            return {fitted: [index] * count}
        larger = [i for i, problem in enumerate(self._problems) if problem.fits_own]
        return {fitted: [index] * len(MODELS) + larger[: count - len(MODELS)]}

    def _fitted_preset(self, index: int) -> dict[Trait, Any]:
        """What the fitted problem sets: its data, whose number selects the program, and its numbers of starts and of steps."""
        problem = self._problems[index]
        return {**self._fit.data_preset(problem), **fitted_preset(self._controls, problem)}

    def _view_preset(self, index: int) -> dict[Trait, Any]:
        """What the fitted problem changes on the page: its map, its formula, and which controls of the start there are."""
        problem, controls = self._problems[index], self._controls
        views = {target: value for view in self._views for target, value in view.preset(problem, index).items()}
        return {
            **views,
            (controls.initial_w.layout, "display"): display_of(problem.is_planar),
            (controls.initial_b.layout, "display"): display_of(problem.is_planar),
            (controls.random_key.layout, "display"): display_of(problem.num_keys > 1),
        }

    def _reset_preset(self, index: int) -> dict[Trait, Any]:
        """What `Reset` sets: the first optimizer, the problem's defaults, and each other hyperparameter's own default."""
        problem, controls = self._problems[index], self._controls
        others = {(controls.hyperparameters[name], "value"): h.default for name, h in sliders().items()}
        first = {(controls.optimizer, "index"): list(OPTIMIZERS).index(FIRST_OPTIMIZER)}
        return {**others, **first, **default_preset(controls, problem), (controls.steps, "value"): problem.num_steps}


def table_of(presets: Iterable[Mapping[Trait, Any]]) -> dict[Trait, list[Any]]:
    """The presets of all choices as a table for `choose`: for each target, its value for each choice."""
    presets = list(presets)
    return {target: [preset[target] for preset in presets] for target in presets[0]}


def default_preset(controls: Controls, problem: Problem) -> dict[Trait, Any]:
    """A problem's own learning rate, momentum and start: the nearest values at which the sliders can stand."""
    w, b = map(_nearest_start, problem.flat_starts[0], problem.domain) if problem.is_planar else (0.0, 0.0)
    rate, momentum = controls.learning_rate, controls.hyperparameters["momentum"]
    return {
        (rate, "value"): _nearest_power(problem.learning_rate, rate),
        (momentum, "value"): _nearest_stop(problem.momentum, momentum.min, momentum.max, momentum.step),
        (controls.transport, "step"): MAX_STEPS,
        (controls.initial_w, "value"): w,
        (controls.initial_b, "value"): b,
        (controls.random_key, "value"): 1,
    }


def fitted_preset(controls: Controls, problem: Problem) -> dict[Trait, Any]:
    """How many random starts and steps a problem has."""
    return {(controls.random_key, "max"): max(1, problem.num_keys), (controls.steps, "value"): problem.num_steps}


def _limits_preset(controls: Controls, problem: Problem) -> dict[Trait, Any]:
    """The limits between which a start of a problem can be chosen."""
    return {**_range(controls.initial_w, *problem.domain[0]), **_range(controls.initial_b, *problem.domain[1])}


def _range(slider: widgets.FloatSlider, low: float, high: float) -> dict[Trait, Any]:
    """A slider's limits, its step, and a readout with the step's digits."""
    exponent = _exponent(low, high)
    # The format comes first: otherwise a number would be written in the old one.
    values = {"readout_format": _readout_format(low, high, exponent), "min": low, "max": high, "step": 10.0**exponent}
    return {(slider, name): value for name, value in values.items()}


def _readout_format(low: float, high: float, exponent: int) -> str:
    """A format with the digits of a step of this exponent, or three if that would be cut."""
    plain = f".{max(0, -exponent)}f"
    return plain if max(len(f"{limit:{plain}}") for limit in (low, high)) <= LONGEST_NUMBER else ".2e"


def _exponent(low: float, high: float) -> int:
    """The exponent of a step, a power of ten, that divides a range into `LEAST_STEPS` to ten times as many steps."""
    return math.floor(math.log10((high - low) / LEAST_STEPS))


def _nearest_start(value: float, domain: Interval) -> float:
    return _nearest_stop(float(str(value)), *domain, 10.0 ** _exponent(*domain))


def _nearest_power(value: float, slider: widgets.FloatLogSlider) -> float:
    exponent = math.log(value, slider.base)
    nearest = _nearest_stop(exponent, slider.min, slider.max, slider.step)
    return value if nearest == exponent else slider.base**nearest


def _nearest_stop(value: float, low: float, high: float, step: float) -> float:
    """The nearest value at which a slider can stand: a browser would move it there, and run a second descent."""
    nearest = min(low + round((value - low) / step) * step, high)
    return value if abs(nearest - value) < 0.01 * step else nearest  # to the last bit as the problem has it
