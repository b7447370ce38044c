"""The controls: choices, sliders and the transport, and what the choice of a problem sets in them."""

import math
from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from gradient.adapters.ipywidgets import NamedDropdown
from gradient.frame import MAX_STEPS
from gradient.link import Trait
from gradient.optimizers import OPTIMIZERS, RATE_EXPONENTS, Hyperparameter, slider_name, sliders
from gradient.problems import NUM_KEYS, Interval, Problem
from gradient.sweep import swept_rates, swept_values
from gradient.views.loss import SCALES
from gradient.views.strip import Strip
from gradient.views.transport import Transport

_LONGEST_READOUT = 7  # letters
_FIRST_PROBLEM, _FIRST_OPTIMIZER = "Wave", "momentum"


class Controls:
    """The part of `App` that a visitor sets. Python sets the same controls by the same names.

    A preset is what one choice sets, as `choose` takes it: a value for each trait.
    """

    def make_controls(self, problems: Sequence[Problem]) -> None:
        """Makes all controls, to choose from these problems."""
        self._make_choices(labels_of(problems))
        self._make_sliders()
        self.transport = Transport(end=self.steps)

    def _make_choices(self, labels: Sequence[str]) -> None:
        names = {key: optimizer.label for key, optimizer in OPTIMIZERS.items()}
        first = list(OPTIMIZERS).index(_FIRST_OPTIMIZER)
        self.problem = NamedDropdown(description="Problem", options=labels, index=labels.index(_FIRST_PROBLEM))
        self.optimizer = NamedDropdown(description="Optimizer", options=list(names.values()), index=first, aliases=names)
        self.loss_scale = NamedDropdown(description="Loss axis", options=SCALES, index=0)
        self.show_errors = widgets.Checkbox(description="Show residuals", indent=False)

    def _make_sliders(self) -> None:
        low, high, step = RATE_EXPONENTS
        self.learning_rate = widgets.FloatLogSlider(
            description="Learning rate", min=low, max=high, step=step, value=0.1, readout_format=".3g"
        )
        self.hyperparameters = {name: _hyperparameter_slider(h) for name, h in sliders().items()}
        for name, slider in self.hyperparameters.items():
            setattr(self, name, slider)
        values = {name: swept_values(h) for name, h in sliders().items()}
        swept = {"learning_rate": self.learning_rate, **self.hyperparameters}
        self.strips = {name: Strip(slider, values.get(name, swept_rates())) for name, slider in swept.items()}
        self.swept = {name: widgets.Box([slider, self.strips[name]]) for name, slider in swept.items()}
        self.steps = widgets.IntSlider(description="Steps", min=1, max=MAX_STEPS, value=30)
        self.initial_w = widgets.FloatSlider(description="Initial w")
        self.initial_b = widgets.FloatSlider(description="Initial b")
        self.random_key = widgets.IntSlider(description="Random start", min=1, max=NUM_KEYS, value=1)

    def second_slider(self, name: str) -> widgets.Widget:
        """The slider of a hyperparameter, or of the steps."""
        return self.hyperparameters.get(name, self.steps)

    def inputs(self) -> dict[str, Trait]:
        """For each argument of `gradient.frame.frame` that a visitor sets, the trait that holds it."""
        return {
            "w": (self.initial_w, "value"),
            "b": (self.initial_b, "value"),
            "key": (self.random_key, "value"),
            "learning_rate": (self.learning_rate, "value"),
            "num_steps": (self.steps, "value"),
            "step": (self.transport, "step"),
            **{name: (slider, "value") for name, slider in self.hyperparameters.items()},
        }

    def settable(self) -> list[Trait]:
        """Every trait that a visitor sets, choices first."""
        choices = [(choice, "index") for choice in (self.problem, self.optimizer, self.loss_scale)]
        start = [self.initial_w, self.initial_b, self.random_key]
        sliders = [self.learning_rate, *self.hyperparameters.values(), self.steps, *start]
        transport = [(self.transport, name) for name in ("step", "repeat", "speed")]
        return [*choices, *((w, "value") for w in (*sliders, self.show_errors)), *transport]

    def limits_preset(self, problem: Problem) -> dict[Trait, Any]:
        """The limits between which a start of a problem can be chosen."""
        return {
            **_range(self.initial_w, *problem.domain[0]),
            **_range(self.initial_b, *problem.domain[1]),
            (self.random_key, "max"): max(1, problem.num_keys),
        }

    def visibility_preset(self, problem: Problem) -> dict[Trait, Any]:
        """Whether each control of the start is shown."""
        return {
            (self.initial_w.layout, "display"): _display(problem.is_planar),
            (self.initial_b.layout, "display"): _display(problem.is_planar),
            (self.random_key.layout, "display"): _display(problem.num_keys > 1),
        }

    def default_preset(self, problem: Problem) -> dict[Trait, Any]:
        """A problem's own learning rate, momentum, steps and start: the nearest values at which the sliders can stand."""
        w, b = map(_nearest_start, problem.flat_starts[0], problem.domain) if problem.is_planar else (0.0, 0.0)
        rate, momentum = self.learning_rate, self.hyperparameters["momentum"]
        return {
            (rate, "value"): _nearest_power(problem.learning_rate, rate),
            (momentum, "value"): _nearest_stop(problem.momentum, momentum.min, momentum.max, momentum.step),
            (self.steps, "value"): problem.num_steps,
            (self.transport, "step"): MAX_STEPS,
            (self.initial_w, "value"): w,
            (self.initial_b, "value"): b,
            (self.random_key, "value"): 1,
        }

    def reset_preset(self, problem: Problem) -> dict[Trait, Any]:
        """What `Reset` sets: the first optimizer, the problem's defaults, and each other hyperparameter's own default."""
        others = {(self.hyperparameters[name], "value"): h.default for name, h in sliders().items()}
        return {**others, (self.optimizer, "index"): list(OPTIMIZERS).index(_FIRST_OPTIMIZER), **self.default_preset(problem)}

    def shown_hyperparameters(self) -> dict[Trait, list[str]]:
        """Which hyperparameters' sliders are shown, for each optimizer."""
        own = [{slider_name(key, name) for name in record.hyperparameters} for key, record in OPTIMIZERS.items()]
        return {
            (self.swept[name].layout, "display"): [_display(name in names) for names in own] for name in self.hyperparameters
        }


def _hyperparameter_slider(h: Hyperparameter) -> widgets.FloatSlider:
    return widgets.FloatSlider(description=h.label, min=0, max=h.maximum, step=h.step, value=h.default, readout_format=".3g")


def _range(slider: widgets.FloatSlider, low: float, high: float) -> dict[Trait, Any]:
    """A slider's limits, its step, and a readout with the step's digits."""
    exponent = _exponent(low, high)
    # The format comes first, so that no number is written in the one before.
    values = {"readout_format": _readout_format(low, high, exponent), "min": low, "max": high, "step": 10.0**exponent}
    return {(slider, name): value for name, value in values.items()}


def _readout_format(low: float, high: float, exponent: int) -> str:
    """A format with the digits of a step of this exponent, or three if that would be cut."""
    plain = f".{max(0, -exponent)}f"
    return plain if max(len(f"{limit:{plain}}") for limit in (low, high)) <= _LONGEST_READOUT else ".2e"


def _exponent(low: float, high: float) -> int:
    """Of the power of ten that makes 200 to 2000 steps."""
    return math.floor(math.log10((high - low) / 200))


def _nearest_start(value: float, domain: Interval) -> float:
    return _nearest_stop(float(str(value)), *domain, 10.0 ** _exponent(*domain))


def _nearest_power(value: float, slider: widgets.FloatLogSlider) -> float:
    exponent = math.log(value, slider.base)
    nearest = _nearest_stop(exponent, slider.min, slider.max, slider.step)
    return value if nearest == exponent else slider.base**nearest


def _nearest_stop(value: float, low: float, high: float, step: float) -> float:
    """The value at which a slider can stand: a browser moves any other there and says so, which would be a second descent."""
    nearest = min(low + round((value - low) / step) * step, high)
    return value if abs(nearest - value) < 0.01 * step else nearest  # to the last bit as the problem has it


def labels_of(problems: Sequence[Problem]) -> list[str]:
    """The problems' names; a repeated name gets a number."""
    names = [problem.name for problem in problems]
    counts = [names[: i + 1].count(name) for i, name in enumerate(names)]
    return [name if count == 1 else f"{name} ({count})" for name, count in zip(names, counts, strict=True)]


def _display(is_shown: bool) -> str:
    return "flex" if is_shown else "none"
