"""The app: controls, pictures, and the links between them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import ipywidgets as widgets
import jax
import jax.numpy as jnp
import numpy as np

from gradient import optimizers, problems
from gradient.cache import DiskCache
from gradient.controls import Controls, labels_of
from gradient.frame import MAX_STEPS, Frame, frame
from gradient.link import KernelRenderer, Trait, Transition, choose, event, jaxlink, remember
from gradient.optimizers import OPTIMIZERS
from gradient.problems import PROBLEMS, Problem
from gradient.views.compute import Compute
from gradient.views.field import Field
from gradient.views.fit import Fit
from gradient.views.loss import Loss
from gradient.views.overlay import Overlay
from gradient.views.readout import Readout
from gradient.views.shell import Shell


class App(Controls, widgets.Box):
    """Gradient descent on a page: controls on one side of a JAX function, pictures on the other.

    Every control can be set from Python too, and the page follows: `app.learning_rate.value = 0.2`. Opening an app closes
    the one before, so that running a notebook's cell again leaves nothing behind.

    Attributes:
        problems: what `problem` chooses from; see `add`.
        problem, optimizer, loss_scale: choices, by `value` (the label) or `index`.
        learning_rate, momentum, decay, b1, b2, steps, initial_w, initial_b, random_key: sliders.
        show_errors: whether the residuals are drawn.
        transport: which step is looked at, and its buttons; a `transport.step` past the end means the end.
        field, fit, loss, readout: the pictures, and the numbers.
    """

    _open: ClassVar["App | None"] = None
    _built_ahead: ClassVar["App | None"] = None
    _links: Sequence[Any] = ()

    def __new__(cls) -> "App":
        """The app that was built ahead, once; else a new one."""
        ahead, App._built_ahead = App._built_ahead, None
        return ahead or super().__new__(cls)

    def __init__(self) -> None:
        if self._links:
            return  # it was built ahead
        if App._open is not None:
            App._open.close()
        self.problems = list(PROBLEMS.values())
        self._cache = DiskCache()
        self.make_controls(self.problems)
        self._make_pictures()
        controls = self._link_controls()
        self._main = self._link_frame()
        self._links = [*controls, self._main, remember([*self.settable(), (self._main, "where")], after=[self._chosen])]
        shell = Shell()
        super().__init__([_named(widgets.Box([shell, *self._layout()]), "grid")])
        shell.app = self
        self.add_class("techni-app")
        App._open = self

    @classmethod
    def build_ahead(cls) -> None:
        """Builds what the next `App()` is going to be: processes that are forked after that share its memory.

        It starts no JAX backend if all programs and fields are in the cache.
        """
        cls._built_ahead = cls()

    @classmethod
    def opened(cls) -> "App | None":
        """The app that is open, if there is one."""
        return App._open

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
        self._seen.append(self._seen_row(index))
        self._reset.append(self.reset_row(problem))
        with event():  # new options choose the first of them, for a moment
            self.problem.options = labels_of(self.problems)
            self.problem.index = index

    def compute_in(self, where: str) -> None:
        """Lets the "browser" or the "kernel" compute what the page shows, like the page's own switch."""
        self._main.where = where

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

    def _make_pictures(self) -> None:
        self.fit, self.loss, self.readout = Fit(), Loss(), Readout()
        self.overlay = Overlay(x=self.initial_w, y=self.initial_b, draws_path=True)
        self.field = Field(self.problems, self.overlay, self._grids)

    def _layout(self) -> list[widgets.Widget]:
        sliders = [self.learning_rate, *self.hyperparameters.values(), self.steps]
        return [
            _named(widgets.HTML("<h1>Gradient descent</h1>"), "title"),
            _named(widgets.Box([self.problem, self.optimizer, self.loss_scale, self.show_errors]), "choices"),
            _named(widgets.Box([*sliders, self.initial_w, self.initial_b, self.random_key]), "sliders"),
            self.field,
            _named(widgets.Box([self.fit]), "fit-place"),
            _named(widgets.Box([self.loss]), "loss-place"),
            self.transport,
            self.readout,
            Compute(link=self._main),
        ]

    def _link_controls(self) -> list[Any]:
        """Everything but the descent: what choices set, which control is shown, where a pointer puts the start."""
        problem = (self.problem, "index")
        self._chosen = choose(problem, _columns(self._row(index) for index in range(len(self.problems))))
        self._seen = choose(problem, _columns(self._seen_row(index) for index in range(len(self.problems))), sync_targets=False)
        self._pointer = self._link_pointer((self.overlay, "picked"), {"w": self.initial_w, "b": self.initial_b})
        self._reset = choose(problem, _columns(map(self.reset_row, self.problems)), trigger=(self.transport, "resets"))
        return [
            self._chosen,
            self._seen,
            self._reset,
            choose((self.steps, "value"), self.loss.step_presets(MAX_STEPS), sync_targets=False),
            choose((self.optimizer, "index"), self.shown_hyperparameters(), sync_targets=False),
            choose((self.loss_scale, "index"), self.loss.scale_presets(), sync_targets=False),
            choose((self.show_errors, "value"), {(self.fit.residuals, "visible"): [False, True]}, sync_targets=False),
            self._pointer,
        ]

    def _link_pointer(self, picked: Trait, sliders: dict[str, widgets.FloatSlider]) -> Any:
        """A point that is picked in the field moves the sliders of the start."""
        limits = {f"{name}_{limit}": (slider, limit) for name, slider in sliders.items() for limit in ("min", "max", "step")}
        outputs = {name: (slider, "value") for name, slider in sliders.items()}
        inputs = {"picked": picked, **limits}
        return jaxlink(
            _inside,
            inputs=inputs,
            outputs=outputs,
            triggers=["picked"],
            sync_targets=True,
            cache=self._cache,
            name=lambda: "pointer",
        )

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
                "num_steps": (self.steps, "value"),
                "step": (self.transport, "step"),
                **{name: (slider, "value") for name, slider in self.hyperparameters.items()},
            },
            static={"problem": (self.problem, "index"), "optimizer": (self.optimizer, "index")},
            outputs={**self.fit.outputs(), **self.loss.outputs(), **self.readout.outputs()},
            renderer=KernelRenderer(
                self.field.draw,
                shown=(self.overlay, "shown"),
                visible=(self.overlay, "visible"),
                clear=self.field.clear,
                browser_renders=(self.overlay, "draws_path"),
                outputs={name: targets[0] for name, targets in self.overlay.outputs().items()},
            ),
            transition=Transition(
                triggers=["problem", "optimizer", "key"],
                durations=[(self.fit, "animation_duration"), (self.loss, "animation_duration")],
            ),
            errors=(self.readout, "error"),
            shapes=lambda problem, optimizer: dict.fromkeys(("x", "y"), self.problems[problem].x.shape),
            cache=self._cache,
            name=self._program_name,
        )

    def _grids(self, field: Callable, problem: Problem, domain: tuple, shape: tuple[int, int]) -> Sequence[np.ndarray]:
        """A field of a problem's loss, from disk if it is one that everybody has."""

        def make() -> list[np.ndarray]:
            return [np.asarray(array) for array in field(problem.loss, domain, shape)]

        if not problems.is_shipped(problem):
            return make()
        return self._cache.arrays(f"{field.__name__} {problem.name} {domain} {shape}", make)

    def _program_name(self, problem: int, optimizer: int) -> str | None:
        """By what the program of a choice is kept on disk; a reader's own record is not, as its source is not known."""
        fitted, rule = self.problems[problem], list(OPTIMIZERS.values())[optimizer]
        if not (problems.is_shipped(fitted) and optimizers.is_shipped(rule)):
            return None
        return f"frame {fitted.name} {rule.label}"

    def _seen_row(self, index: int) -> dict[Trait, Any]:
        """What is seen of the choice of a problem: its picture, its axes, and which controls of the start there are."""
        problem = self.problems[index]
        return {**self.fit.preset(problem, index), **self.field.preset(problem, index), **self.displayed_row(problem)}

    def _row(self, index: int) -> dict[Trait, Any]:
        """What the choice of a problem sets: its data, the limits of the start, and its defaults."""
        problem = self.problems[index]
        return {**self.fit.data_preset(problem), **self.default_row(problem), **self.limits_row(problem)}


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


def _columns(rows: Any) -> dict[Trait, list[Any]]:
    """From a row of values for each choice to a column of them for each target."""
    rows = list(rows)
    return {target: [row[target] for row in rows] for target in rows[0]}


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
