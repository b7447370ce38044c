"""The app: controls, views, and the links between them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import ipywidgets as widgets
import jax

from gradient.app_links import link_frame, link_start, link_strips, link_sweep
from gradient.cache import DiskCache
from gradient.compare import columns, own_places
from gradient.compare_links import link_best_rates, link_comparison, link_restored
from gradient.controls import Controls, labels_of
from gradient.frame import MAX_STEPS, NEVER, Frame
from gradient.link import Trait, choose, event, remember
from gradient.link.template import Template
from gradient.map_links import link_maps
from gradient.maps import MapKind, second_axes
from gradient.probe_links import link_pointed
from gradient.problems import PROBLEMS, Problem
from gradient.shipped import CachedGrids, cached_best
from gradient.sweep import Sweep
from gradient.verdict import Verdict
from gradient.views.advice import Advice
from gradient.views.arithmetic import ArithmeticLine
from gradient.views.comparison import Comparison
from gradient.views.compute import Compute
from gradient.views.field import Field
from gradient.views.fit import Fit
from gradient.views.formula import Formula
from gradient.views.loss import Loss
from gradient.views.maps import Maps
from gradient.views.overlay import Overlay
from gradient.views.pointed import Pointed
from gradient.views.readout import Readout
from gradient.views.sentences import PLANE_TAGLINE, TAGLINE, TITLES, VERDICTS
from gradient.views.shell import Shell
from gradient.views.tree import descendants
from gradient.views.view import View

_View = TypeVar("_View", bound=View)


class App(Controls, widgets.Box):
    """Gradient descent on a page: controls on one side of a JAX function, views on the other.

    Every control can be set from Python too, and the page follows: `app.learning_rate.value = 0.2`. Opening an app closes
    the one before, so that a notebook's cell can be run again and leaves nothing behind.

    Attributes:
        problems: what `problem` chooses from; see `add`.
        problem, optimizer, loss_scale: choices, by `value` (the label; an optimizer's key, too) or `index`.
        learning_rate, momentum, decay, b1, b2, steps, initial_w, initial_b, random_key: sliders.
        hyperparameters: those of the optimizers, by name.
        show_errors: whether the residuals are drawn.
        transport: which step is shown, and its buttons; a `transport.step` past the end means the end.
        field, fit, loss, readout, maps: the views; `maps.kind` is a `gradient.maps.MapKind`.
        comparison: the runs beside the present one; `comparison.add()` keeps the present settings, `comparison.clear()` removes
            them all.
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
        self._views: list[View] = []
        self.make_controls(self.problems)
        self._parts = self._make_parts()
        controls = self._link_controls()
        self._main: Any = link_frame(self.problems, self, self._views, self.field, (self.readout, "error"), self._cache)
        self._sweep: Any = link_sweep(self.problems, self, self._views, self.readout, self.advised, self._cache)
        shown = (self.comparison, self.loss, self.overlay, self.readout)
        self._compared: Any = link_comparison(self.problems, self, self._views, shown, self._cache)
        # It stays in the browser: a kernel would have to compile all optimizers when the server is chosen.
        best = link_best_rates(self.problems, self, self._views, self.comparison, self._cache)
        restored = link_restored(self, self.comparison, self._cache)
        maps = link_maps(self.problems, self, self._views, (self.maps, self.readout), self._cache)
        pointed = link_pointed(self.problems, self, self._views, (self.pointed, self.fit), self._cache)
        self._followers = [self._sweep, self._compared]
        places: list[Trait] = [(link, "where") for link in (self._main, *self._followers)]
        kept: list[Trait] = [*self.settable(), *self.comparison.state(), (self.maps, "kind"), *places]
        computed = [self._main, *self._followers, best, restored, *maps, pointed]
        self._links = [*controls, *computed, remember(kept, after=[self._chosen])]
        shell = Shell(curve=self.loss.curve, loss_axes=self.loss.loss_axes)
        super().__init__(
            [_named(widgets.Box([shell, *self._parts, Compute(link=self._main, followers=self._followers)]), "grid")]
        )
        shell.app = self
        self.add_class("techni-app")
        App._open = self

    @classmethod
    def build_ahead(cls) -> None:
        """Builds the app that the next `App()` returns, so that processes forked in between share its memory.

        It starts no JAX backend if all programs and grids are in the cache.
        """
        cls._built_ahead = cls()

    @classmethod
    def discard_ahead(cls) -> None:
        """Closes the app that was built ahead, if nobody has taken it."""
        ahead, App._built_ahead = App._built_ahead, None
        if ahead:
            ahead.close()

    @classmethod
    def opened(cls) -> "App | None":
        """The app that is open, if there is one."""
        return App._open

    def frame(self) -> Frame:
        """Everything the page shows, as NumPy arrays and numbers, for the present values of the controls."""
        return self._main()

    def sweep(self) -> Sweep:
        """What the present descent comes to for other learning rates, and other values of the optimizer's hyperparameters."""
        return self._sweep()["sweep"]

    def verdict(self) -> tuple[str, str]:
        """What the page says of the iterate in view: one or two words, and a sentence."""
        found = self.frame()
        words = VERDICTS[Verdict(int(found.verdict))]
        return words.word, Template.of_sentence(words.sentence).fill(found._asdict().__getitem__)

    def advice(self) -> dict[str, float]:
        """The name of a control, and its value with which the descent ends at least 1 % lower; empty if there is none.

        The descent has been run with it.
        """
        found = self._sweep()
        if found["advised_slider"] == NEVER:
            return {}
        name, strip = list(self.strips.items())[found["advised_slider"]]
        return {name: strip.values[found["advised_index"]]}

    def add(self, problem: Problem) -> None:
        """Adds a reader's own problem to the running app, and chooses it.

        Raises:
            ValueError: if the loss of its model has no gradient; the app stays as it was.
        """
        _check_gradient(problem)
        self.field.append(problem)
        self.problems.append(problem)
        index = len(self.problems) - 1
        self._chosen.append(self._control_preset(index))
        self._shown.append(self._view_preset(index))
        self._reset.append(self.reset_preset(problem))
        with event():  # setting new options chooses the first of them, for a moment
            self.problem.options = labels_of(self.problems)
            self.problem.index = index

    def compute_in(self, where: str) -> None:
        """Sets where the page's content is computed, "browser" or "kernel", like the page's own switch."""
        for link in (self._main, *self._followers):
            link.where = where

    def close(self) -> None:
        """Takes the app off the page and frees its figures, links and widgets."""
        if App._open is self:
            App._open = None
        links, self._links = self._links, ()
        for link in links:
            link.close()
        if links:
            self.field.close()
            for widget in list(descendants(self)):
                widget.close()
        super().close()

    def _make_parts(self) -> list[widgets.Widget]:
        """The parts of the page in the order in which the Tab key and a screen reader go through them.

        This is the one place that a new view needs. `shell.css` places each part by its class.
        """
        self.overlay = Overlay(x=self.initial_w, y=self.initial_b, draws_path=True)
        self.maps = self._linked(Maps(1 + len(columns())))
        self.field = self._linked(Field(self.problems, self.overlay, self.maps, CachedGrids(self._cache)))
        self.fit, self.loss, self.readout = (
            self._linked(Fit()),
            self._linked(Loss()),
            self._linked(Readout(cached_best(self._cache), self.strips["learning_rate"])),
        )
        self.formula, self.arithmetic = self._linked(Formula()), self._linked(ArithmeticLine())
        self.comparison = Comparison(self.optimizer, [self.learning_rate, *self.hyperparameters.values()], own_places())
        self.advised = Advice(list(self.strips.values()))
        self.pointed = Pointed(self.overlay, self.steps)
        rate, *others = (_named(place, "swept") for place in self.swept.values())
        start = [self.initial_w, self.initial_b, self.random_key]
        self.transport.reached = self.readout
        self._title = _named(widgets.HTML(), "title")
        return [
            self._title,
            _named(widgets.Box([self.problem, self.optimizer]), "choices"),
            _named(widgets.Box([rate, _named(widgets.Box(others), "hyperparameters"), self.steps, *start]), "sliders"),
            self.field,
            _named(widgets.Box([self.formula, self.fit, self.show_errors]), "fit-place"),
            _named(widgets.Box([_heading(TITLES["loss"]), self.loss, self.loss_scale]), "loss-place"),
            self.transport,
            self.readout,
            self.advised,
            self.arithmetic,
            self.comparison,
            self.pointed,
        ]

    def _linked(self, view: _View) -> _View:
        """Registers a view, whose outputs `link_frame` links to the fields of `Frame`."""
        self._views.append(view)
        return view

    def _link_controls(self) -> list[Any]:
        """Makes all links but the descent's: what choices set, which controls are shown, where a pointer puts the start."""
        problem, indices = (self.problem, "index"), range(len(self.problems))
        picked = link_strips(self)  # first, because a choice applies its table when it is made
        self._chosen = choose(problem, _columns(map(self._control_preset, indices)))
        self._shown = choose(problem, _columns(map(self._view_preset, indices)), sync_targets=False)
        self._pointer = link_start(self.overlay, self, self._cache)
        self._reset = choose(problem, _columns(map(self.reset_preset, self.problems)), trigger=(self.transport, "resets"))
        return [
            *picked,
            self._chosen,
            self._shown,
            self._reset,
            choose((self.steps, "value"), self.loss.step_presets(MAX_STEPS), sync_targets=False),
            choose((self.optimizer, "index"), self._optimizer_presets(), sync_targets=False),
            choose((self.loss_scale, "index"), self.loss.scale_presets(), sync_targets=False),
            choose((self.comparison, "is_open"), self.loss.comparison_presets(), sync_targets=False),
            choose((self.maps, "kind"), self._map_presets(), sync_targets=False),
            choose((self.pointed, "is_shown"), {(self.fit.pointed, "visible"): [False, True]}, sync_targets=False),
            choose((self.show_errors, "value"), {(self.fit.residuals, "visible"): [False, True]}, sync_targets=False),
            self._pointer,
        ]

    def _optimizer_presets(self) -> dict[Trait, list[Any]]:
        """What the choice of an optimizer changes on the page: which of its sliders are shown, and its formula."""
        axes = second_axes()
        labels = [self.second_slider(axis.slider).description.lower() for axis in axes]
        return {
            **self.shown_hyperparameters(),
            **self.arithmetic.optimizer_presets(),
            **self.maps.optimizer_presets(axes, labels),
        }

    def _map_presets(self) -> dict[Trait, list[Any]]:
        """What the choice of a map changes besides: the overlay leaves room for one that lies under the path."""
        return {**self.maps.kind_presets(), (self.overlay, "has_map"): [kind == MapKind.STARTS for kind in MapKind]}

    def _view_preset(self, index: int) -> dict[Trait, Any]:
        """What the choice of a problem changes on the page: its map, its axes, and which controls of the start there are."""
        problem = self.problems[index]
        views = {target: value for view in self._views for target, value in view.preset(problem, index).items()}
        title = f"<h1>Gradient descent</h1><p>{TAGLINE if problem.is_planar else PLANE_TAGLINE}</p>"
        return {**views, (self._title, "value"): title, **self.visibility_preset(problem)}

    def _control_preset(self, index: int) -> dict[Trait, Any]:
        """What the choice of a problem sets: its data, the limits of the start, and its defaults."""
        problem = self.problems[index]
        return {
            **self.fit.data_preset(problem),
            **self.readout.best_preset(problem),
            **self.default_preset(problem),
            **self.limits_preset(problem),
        }


def _columns(presets: Iterable[Mapping[Trait, Any]]) -> dict[Trait, list[Any]]:
    """The presets of all choices as a table for `choose`: for each target, its value for each choice."""
    presets = list(presets)
    return {target: [preset[target] for preset in presets] for target in presets[0]}


def _named(widget: widgets.Widget, name: str) -> widgets.Widget:
    widget.add_class(f"techni-{name}")
    return widget


def _heading(text: str) -> widgets.Widget:
    return _named(widgets.HTML(f"<h2>{text}</h2>"), "heading")


def _check_gradient(problem: Problem) -> None:
    try:
        jax.eval_shape(jax.grad(problem.loss), problem.start_at())
    except Exception as error:
        raise ValueError(
            f"The loss of {problem.name!r} has no gradient, so there is nothing to descend: {error}. "
            "Write its `predict` with jax.numpy, for floating-point parameters."
        ) from error
