"""The app: controls, pictures, and the links between them."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import ipywidgets as widgets
import jax
import jax.numpy as jnp

from gradient.frame import MAX_STEPS, Frame, frame
from gradient.link import Drawing, Ease, Trait, choose, event, jaxlink
from gradient.optimizers import OPTIMIZERS, Hyperparameter
from gradient.problems import NUM_KEYS, PROBLEMS, Problem
from gradient.views.field import Field
from gradient.views.fit import Fit
from gradient.views.loss import SCALES, Loss
from gradient.views.overlay import Overlay
from gradient.views.page import Page
from gradient.views.readout import Readout
from gradient.views.transport import Transport

_FIRST_PROBLEM, _FIRST_OPTIMIZER = "Wave", "momentum"


class App(widgets.Box):
    """Gradient descent on a page: controls on one side of a JAX function, pictures on the other.

    Every control can be set from Python too, and the page follows: `app.learning_rate.value = 0.2`. Opening an app closes
    the one before, so that running a notebook's cell again leaves nothing behind.

    Attributes:
        problems: what `problem` chooses from; see `add`.
        problem, optimizer, loss_scale: choices, by `value` (the label) or `index`.
        learning_rate, momentum, decay, b1, b2, steps, initial_w, initial_b, random_key: sliders.
        show_errors: whether the residuals are drawn.
        transport: which step is looked at, and its buttons; `transport.step` is 0..`transport.num_steps`.
        field, fit, loss, readout: the pictures, and the numbers.
    """

    _open: ClassVar["App | None"] = None
    _links: Sequence[Any] = ()

    def __init__(self) -> None:
        if App._open is not None:
            App._open.close()
        self.problems = list(PROBLEMS.values())
        self._make_choices()
        self._make_sliders()
        self._make_pictures()
        super().__init__([_named(widgets.Box(self._layout()), "grid")])
        self.add_class("techni-app")
        controls = self._link_controls()
        self._main = self._link_frame()
        self._links = [*controls, self._main]
        App._open = self

    def frame(self) -> Frame:
        """Everything the page shows, as NumPy arrays and numbers, for the present values of the controls."""
        return self._main()

    def add(self, problem: Problem) -> None:
        """Puts a reader's own problem into the running app, and chooses it.

        Raises:
            ValueError: if the loss of its model has no gradient; the app stays as it was.
        """
        _check_gradient(problem)
        self.field.append(problem)
        self.problems.append(problem)
        index = len(self.problems) - 1
        self._chosen.append(self._row(index))
        self._reset.append(self._reset_row(problem))
        with event():  # new options choose the first of them, for a moment
            self.problem.options = _labels(self.problems)
            self.problem.index = index

    def close(self) -> None:
        """Takes the app off the page and frees its figures, links and widgets."""
        if App._open is self:
            App._open = None
        links, self._links = self._links, ()
        for link in links:
            link.close()
        if links:
            self.field.close()
            for widget in list(_descendants(self)):
                widget.close()
        super().close()

    def _make_choices(self) -> None:
        labels = _labels(self.problems)
        names = [optimizer.label for optimizer in OPTIMIZERS.values()]
        first = list(OPTIMIZERS).index(_FIRST_OPTIMIZER)
        self.problem = widgets.Dropdown(description="Problem", options=labels, index=labels.index(_FIRST_PROBLEM))
        self.optimizer = widgets.Dropdown(description="Optimizer", options=names, index=first)
        self.loss_scale = widgets.Dropdown(description="Loss axis", options=SCALES, index=0)
        self.show_errors = widgets.Checkbox(description="Show errors", indent=False)

    def _make_sliders(self) -> None:
        self.learning_rate = widgets.FloatLogSlider(
            description="Learning rate", min=-3, max=1, step=0.02, value=0.1, readout_format=".3g"
        )
        self.hyperparameters = {name: _hyperparameter_slider(h) for name, h in _HYPERPARAMETERS.items()}
        self.momentum, self.decay, self.b1, self.b2 = self.hyperparameters.values()
        self.steps = widgets.IntSlider(description="Steps", min=1, max=MAX_STEPS, value=30)
        self.initial_w = widgets.FloatSlider(description="Initial w")
        self.initial_b = widgets.FloatSlider(description="Initial b")
        self.random_key = widgets.IntSlider(description="Random key", min=1, max=NUM_KEYS, value=1)
        self.transport = Transport()

    def _make_pictures(self) -> None:
        self.fit, self.loss, self.readout = Fit(), Loss(), Readout()
        self.overlay = Overlay(x=self.initial_w, y=self.initial_b)
        self.field = Field(self.problems, self.overlay)

    def _layout(self) -> list[widgets.Widget]:
        sliders = [self.learning_rate, *self.hyperparameters.values(), self.steps]
        return [
            Page(),
            _named(widgets.HTML("<h1>Gradient descent</h1>"), "title"),
            _named(widgets.Box([self.problem, self.optimizer, self.loss_scale, self.show_errors]), "choices"),
            _named(widgets.Box([*sliders, self.initial_w, self.initial_b, self.random_key]), "sliders"),
            self.field,
            _named(widgets.Box([self.fit]), "fit-place"),
            _named(widgets.Box([self.loss]), "loss-place"),
            self.transport,
            self.readout,
        ]

    def _link_controls(self) -> list[Any]:
        """Everything but the descent: what choices set, which control is shown, where a pointer puts the start."""
        problem = (self.problem, "index")
        self._chosen = choose(problem, _columns(self._row(index) for index in range(len(self.problems))))
        self._reset = choose(problem, _columns(map(self._reset_row, self.problems)), on=(self.transport, "resets"))
        return [
            self._chosen,
            self._reset,
            choose((self.steps, "value"), {(self.transport, "num_steps"): range(MAX_STEPS + 1), **self.loss.span(MAX_STEPS)}),
            choose((self.optimizer, "index"), self._shown_hyperparameters()),
            choose((self.loss_scale, "index"), self.loss.table),
            choose((self.show_errors, "value"), {(self.fit.residuals, "visible"): [False, True]}),
            self._link_pointer((self.overlay, "picked"), {"w": self.initial_w, "b": self.initial_b}),
        ]

    def _link_pointer(self, picked: Trait, sliders: dict[str, widgets.FloatSlider]) -> Any:
        """A point that is picked in the field moves the sliders of the start."""
        limits = {f"{name}_{limit}": (slider, limit) for name, slider in sliders.items() for limit in ("min", "max", "step")}
        outputs = {name: (slider, "value") for name, slider in sliders.items()}
        return jaxlink(_inside, inputs={"picked": picked, **limits}, outputs=outputs)

    def _link_frame(self) -> Any:
        """The page as a function of its controls."""

        def page(*, problem: int, optimizer: int, **inputs: jax.Array) -> Frame:
            return frame(self.problems[problem], list(OPTIMIZERS)[optimizer], **inputs)

        return jaxlink(
            page,
            inputs={
                "x": (self.fit.data, "x"),
                "y": (self.fit.data, "y"),
                "w": (self.initial_w, "value"),
                "b": (self.initial_b, "value"),
                "key": (self.random_key, "value"),
                "learning_rate": (self.learning_rate, "value"),
                "num_steps": (self.transport, "num_steps"),
                "step": (self.transport, "step"),
                **{name: (slider, "value") for name, slider in self.hyperparameters.items()},
            },
            static={"problem": (self.problem, "index"), "optimizer": (self.optimizer, "index")},
            outputs={
                "curve_x": (self.loss.curve, "x"),
                "curve_y": (self.loss.curve, "y"),
                "fit_x": (self.fit.curve, "x"),
                "fit_y": (self.fit.curve, "y"),
                "residual_x": (self.fit.residuals, "x"),
                "residual_y": (self.fit.residuals, "y"),
                **{name: (self.readout, name) for name in self.readout.numbers},
            },
            drawing=Drawing(self.field.draw, shown=(self.overlay, "shown"), visible=(self.overlay, "visible")),
            ease=Ease(
                on=["problem", "optimizer", "key"],
                durations=[(self.fit, "animation_duration"), (self.loss, "animation_duration")],
            ),
            errors=(self.readout, "error"),
        )

    def _row(self, index: int) -> dict[Trait, Any]:
        """What the choice of a problem sets: its data, its picture, which start controls there are, and its defaults."""
        problem = self.problems[index]
        return {
            **self.fit.row(problem),
            **self.field.row(index),
            **self._default_row(problem),
            **_range(self.initial_w, *problem.domain[0]),
            **_range(self.initial_b, *problem.domain[1]),
            (self.random_key, "max"): max(1, problem.num_keys),
            (self.initial_w.layout, "display"): _display(problem.is_planar),
            (self.initial_b.layout, "display"): _display(problem.is_planar),
            (self.random_key.layout, "display"): _display(problem.num_keys > 1),
        }

    def _default_row(self, problem: Problem) -> dict[Trait, Any]:
        """A problem's own learning rate, momentum, steps and start."""
        w, b = (float(str(value)) for value in problem.flat_starts[0]) if problem.is_planar else (0.0, 0.0)
        return {
            (self.learning_rate, "value"): problem.learning_rate,
            (self.momentum, "value"): problem.momentum,
            (self.steps, "value"): problem.num_steps,
            (self.transport, "num_steps"): problem.num_steps,
            (self.transport, "step"): problem.num_steps,
            (self.initial_w, "value"): w,
            (self.initial_b, "value"): b,
            (self.random_key, "value"): 1,
            (self.overlay, "picked"): (w, b, 0),
        }

    def _reset_row(self, problem: Problem) -> dict[Trait, Any]:
        """What `Reset` sets: the problem's defaults, and the optimizer's."""
        others = {(self.hyperparameters[name], "value"): h.default for name, h in _HYPERPARAMETERS.items()}
        return {**others, (self.optimizer, "index"): list(OPTIMIZERS).index(_FIRST_OPTIMIZER), **self._default_row(problem)}

    def _shown_hyperparameters(self) -> dict[Trait, list[str]]:
        return {
            (slider.layout, "display"): [_display(name in record.hyperparameters) for record in OPTIMIZERS.values()]
            for name, slider in self.hyperparameters.items()
        }


_HYPERPARAMETERS: dict[str, Hyperparameter] = {
    name: hyperparameter for record in OPTIMIZERS.values() for name, hyperparameter in record.hyperparameters.items()
}


def _hyperparameter_slider(h: Hyperparameter) -> widgets.FloatSlider:
    return widgets.FloatSlider(description=h.label, min=0, max=h.maximum, step=h.step, value=h.default, readout_format=".3g")


def _inside(picked: jax.Array, **limits: jax.Array) -> dict[str, jax.Array]:
    """The start that a pointer picked, at the nearest place where the sliders can stand.

    A slider in a browser moves a value that is not on its grid there by itself, and a start that moves twice is seen twice.
    """
    start = {}
    for name, value in zip(("w", "b"), jnp.nan_to_num(picked), strict=False):
        low, high, step = (limits[f"{name}_{limit}"] for limit in ("min", "max", "step"))
        nearest = low + jnp.round((value - low) / step) * step
        # What stands on the grid already stays what it is, to the last bit: it is no other start.
        start[name] = jnp.clip(jnp.where(jnp.abs(nearest - value) < 0.01 * step, value, nearest), low, high)
    return start


def _range(slider: widgets.FloatSlider, low: float, high: float) -> dict[Trait, Any]:
    """A slider's limits, and a grid between them: a power of ten that makes 200 to 2000 places, shown to that digit."""
    exponent = math.floor(math.log10((high - low) / 200))
    values = {"min": low, "max": high, "step": 10.0**exponent, "readout_format": f".{max(0, -exponent)}f"}
    return {(slider, name): value for name, value in values.items()}


def _labels(problems: list[Problem]) -> list[str]:
    """The problems' names, numbered where one comes again."""
    names = [problem.name for problem in problems]
    counts = [names[: i + 1].count(name) for i, name in enumerate(names)]
    return [name if count == 1 else f"{name} ({count})" for name, count in zip(names, counts, strict=True)]


def _columns(rows: Any) -> dict[Trait, list[Any]]:
    """From a row of values for each choice to a column of them for each target."""
    rows = list(rows)
    return {target: [row[target] for row in rows] for target in rows[0]}


def _display(is_shown: bool) -> str:
    return "flex" if is_shown else "none"


def _named(widget: widgets.Widget, name: str) -> widgets.Widget:
    widget.add_class(f"techni-{name}")
    return widget


def _check_gradient(problem: Problem) -> None:
    try:
        jax.eval_shape(jax.grad(problem.loss), problem.start_at())
    except Exception as error:
        raise ValueError(
            f"The loss of {problem.name!r} has no gradient, so there is nothing to descend: {error}. "
            "Write its predict with jax.numpy, of floating-point parameters."
        ) from error


def _descendants(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """Every widget that one holds in its traits, at any depth."""
    seen = {widget}
    open_ends = [widget]
    while open_ends:
        holder = open_ends.pop()
        for value in [getattr(holder, name) for name in holder.keys]:
            parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
            found = {part for part in parts if isinstance(part, widgets.Widget)} - seen
            seen |= found
            open_ends.extend(found)
            yield from found
