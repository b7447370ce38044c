"""The controls: choices, sliders and the transport."""

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from gradient.adapters.ipywidgets import NamedDropdown
from gradient.datasets import DATASETS
from gradient.link import AddressPart, Trait
from gradient.link.traits import resolve
from gradient.models import MODELS
from gradient.optimizers import OPTIMIZERS, RATE_EXPONENTS, Hyperparameter, slider_name, sliders
from gradient.problems import NUM_KEYS, Problem
from gradient.run import MAX_STEPS
from gradient.sweep import swept_rates, swept_values
from gradient.views.app_address import START
from gradient.views.languages import Language
from gradient.views.sentences import CONTROLS, POINTS, SCALES
from gradient.views.strip import Strip
from gradient.views.transport import SPEEDS, Transport

_FIRST_PROBLEM = "Wave"
FIRST_OPTIMIZER = "momentum"


class Controls:
    """The part of `App` that a visitor sets. Python sets the same controls by the same names."""

    def make_controls(self, problems: Sequence[Problem]) -> None:
        """Makes all controls, to choose from these problems."""
        self._make_choices(labels_of(problems), own_models(problems))
        self._make_sliders()
        self.transport = Transport(end=self.steps)
        for name, control in self._of_own_data().items():
            control.add_class(f"techni-at-{name}")
        for name, part in self.addressed().items():
            place: Any = part.place or resolve(part.trait, name)[0]
            if place is not self.transport:  # whose parts have places of their own
                place.add_class(f"techni-at-{name}")

    def _make_choices(self, labels: Sequence[str], models: Sequence[str]) -> None:
        names = {key: optimizer.label for key, optimizer in OPTIMIZERS.items()}
        first = list(OPTIMIZERS).index(FIRST_OPTIMIZER)
        self.problem = NamedDropdown(description=CONTROLS["problem"], options=labels, index=labels.index(_FIRST_PROBLEM))
        # Which problem's model is fitted: that of `problem`, or a larger one that `model` chooses for a visitor's own data.
        self.fitted = widgets.Dropdown(options=labels, index=self.problem.index)
        self.optimizer = NamedDropdown(
            description=CONTROLS["optimizer"], options=list(names.values()), index=first, aliases=names
        )
        self.loss_scale = NamedDropdown(description=CONTROLS["scale"], options=SCALES, index=0)
        self.model = NamedDropdown(description=CONTROLS["model"], options=models, index=0)
        data = [*(data.name for data in DATASETS), POINTS["name"]]
        self.dataset = NamedDropdown(description=CONTROLS["data"], options=data, index=0)
        self.show_errors = widgets.Checkbox(description=CONTROLS["residuals"], indent=False)

    def _make_sliders(self) -> None:
        low, high, step = RATE_EXPONENTS
        self.learning_rate = widgets.FloatLogSlider(
            description=CONTROLS["rate"], min=low, max=high, step=step, value=0.1, readout_format=".3g"
        )
        self.hyperparameters = {name: _hyperparameter_slider(h) for name, h in sliders().items()}
        for name, slider in self.hyperparameters.items():
            setattr(self, name, slider)
        values = {name: swept_values(h) for name, h in sliders().items()}
        swept = {"learning_rate": self.learning_rate, **self.hyperparameters}
        self.strips = {name: Strip(slider, values.get(name, swept_rates())) for name, slider in swept.items()}
        self.swept = {name: widgets.Box([slider, self.strips[name]]) for name, slider in swept.items()}
        self.steps = widgets.IntSlider(description=CONTROLS["steps"], min=1, max=MAX_STEPS, value=30)
        self.initial_w = widgets.FloatSlider(description=CONTROLS["w"])
        self.initial_b = widgets.FloatSlider(description=CONTROLS["b"])
        self.random_key = widgets.IntSlider(description=CONTROLS["key"], min=1, max=NUM_KEYS, value=1)

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
        """Every trait that a page keeps when it is loaded again, choices first."""
        choices = [(choice, "index") for choice in (self.problem, self.optimizer, self.loss_scale)]
        # The limits of a start follow from a visitor's own data, which a page that is loaded again does not wait for.
        limited = [(slider, name) for slider in (self.initial_w, self.initial_b) for name in ("min", "max", "step", "value")]
        sliders = [self.learning_rate, *self.hyperparameters.values(), self.steps, self.random_key, self.show_errors]
        transport = [(self.transport, name) for name in ("step", "repeat", "speed")]
        return [*choices, *((slider, "value") for slider in sliders), *limited, *transport]

    def addressed(self) -> dict[str, AddressPart]:
        """What stands in the page's address for each control, choices first."""
        return {
            "problem": AddressPart((self.problem, "index")),
            "optimizer": AddressPart((self.optimizer, "index")),
            "rate": AddressPart(self.learning_rate, place=self.swept["learning_rate"]),
            **{name: AddressPart(slider, place=self.swept[name]) for name, slider in self.hyperparameters.items()},
            "steps": AddressPart(self.steps),
            "w": AddressPart(self.initial_w, kind=START, others=("min", "max")),
            "b": AddressPart(self.initial_b, kind=START, others=("min", "max")),
            "key": AddressPart(self.random_key),
            "step": AddressPart((self.transport, "step"), is_brief=True, is_quiet=True),
            "scale": AddressPart((self.loss_scale, "index"), is_brief=True),
            "residuals": AddressPart(self.show_errors, is_brief=True),
            "speed": AddressPart((self.transport, "speed"), words=_words(SPEEDS), is_brief=True, is_quiet=True),
            "repeat": AddressPart((self.transport, "repeat"), is_brief=True, is_quiet=True),
        }

    def hideable(self, language: Language) -> dict[str, str]:
        """What each control of the address is called on the page, by its name there."""
        own = {name: language.words.CONTROLS[name] for name in self._of_own_data()}
        return {
            **self._labels(language),
            **own,
            **{name: language.words.TRANSPORT[name] for name in ("step", "speed", "repeat")},
        }

    def _of_own_data(self) -> dict[str, Any]:
        """The choices for a visitor's own data, by their names in the address."""
        return {"data": self.dataset, "model": self.model}

    def _labels(self, language: Language) -> dict[str, str]:
        """What each control is called, by its name in the address."""
        own = {name: language.named(h.label) for name, h in sliders().items()}
        return {name: own.get(name) or language.words.CONTROLS[name] for name in self._labelled()}

    def _labelled(self) -> dict[str, Any]:
        """The controls that have a label of their own, by their names in the address."""
        controls = {name: resolve(part.trait, name)[0] for name, part in self.addressed().items()}
        return {name: control for name, control in controls.items() if control is not self.transport}

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What the controls and their options are called in a language."""
        controls = {**self._labelled(), **self._of_own_data()}
        labels = {**language.words.CONTROLS, **self._labels(language)}
        options = {choice: map(language.named, choice.names) for choice in (self.problem, self.optimizer, self.model)}
        data = [*map(language.named, self.dataset.names[:-1]), language.words.POINTS["name"]]
        options |= {self.loss_scale: language.words.SCALES, self.dataset: data}
        return {
            **{(control, "description"): labels[name] for name, control in controls.items()},
            **{choice.labels(): list(texts) for choice, texts in options.items()},
        }

    def shown_hyperparameters(self) -> dict[Trait, list[str]]:
        """Which hyperparameters' sliders are shown, for each optimizer."""
        own = [{slider_name(key, name) for name in record.hyperparameters} for key, record in OPTIMIZERS.items()]
        return {
            (self.swept[name].layout, "display"): [display_of(name in names) for names in own] for name in self.hyperparameters
        }


def _hyperparameter_slider(h: Hyperparameter) -> widgets.FloatSlider:
    return widgets.FloatSlider(description=h.label, min=0, max=h.maximum, step=h.step, value=h.default, readout_format=".3g")


def own_models(problems: Sequence[Problem]) -> list[str]:
    """The names of the models for a visitor's own data, those of two parameters first."""
    return [model.name for model in MODELS] + [problem.name for problem in problems if problem.fits_own]


def labels_of(problems: Sequence[Problem]) -> list[str]:
    """The problems' names; a repeated name gets a number."""
    names = [problem.name for problem in problems]
    counts = [names[: i + 1].count(name) for i, name in enumerate(names)]
    return [name if count == 1 else f"{name} ({count})" for name, count in zip(names, counts, strict=True)]


def display_of(is_shown: bool) -> str:
    """What `layout.display` of a control is."""
    return "flex" if is_shown else "none"


def _words(choices: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in an address for each of some choices."""
    return {label.lower(): value for label, value in choices.items()}
