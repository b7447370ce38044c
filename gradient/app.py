"""The app: controls, views, and the links between them."""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import ipywidgets as widgets
import jax
import numpy as np

from gradient.app_links import link_frame, link_start, link_strips, link_sweep
from gradient.cache import DiskCache
from gradient.compare import columns, own_places
from gradient.compare_links import link_best_rates, link_comparison, link_restored
from gradient.controls import Controls, labels_of, own_models
from gradient.datasets import DATASETS
from gradient.frame import Frame
from gradient.link import Trait, choose, event, remember
from gradient.link.template import Template
from gradient.link.text import localised, typeset_number
from gradient.map_links import link_maps
from gradient.maps import MapKind, second_axes
from gradient.own_links import OwnViews, link_analysis, link_controls, show_at_first
from gradient.probe_links import link_pointed
from gradient.problem_links import ProblemLinks, table_of
from gradient.problems import OWN, PROBLEMS, Problem
from gradient.run import MAX_STEPS, NEVER
from gradient.share_links import hideable_in, link_address, link_iterates, make_share
from gradient.shipped import CachedGrids, cached_best
from gradient.sweep import Sweep
from gradient.verdict import Verdict
from gradient.views.advice import Advice
from gradient.views.arithmetic import ArithmeticLine
from gradient.views.comparison import Comparison
from gradient.views.compute import Compute
from gradient.views.descriptions import Descriptions
from gradient.views.display import Display
from gradient.views.field import Field
from gradient.views.fit import Fit
from gradient.views.formula import Formula
from gradient.views.language import LanguageChoice
from gradient.views.languages import LANGUAGES, Language, language_at
from gradient.views.loss import Loss
from gradient.views.maps import Maps
from gradient.views.overlay import Overlay
from gradient.views.pointed import Pointed
from gradient.views.points import Points
from gradient.views.readout import Readout
from gradient.views.shell import Shell
from gradient.views.tree import descendants
from gradient.views.view import View, Worded

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
        dataset, model: for a visitor's own data, which set is in `points`, and which model is fitted to it; see `data`.
        fitted: by `index`, the problem whose model is fitted; it follows from `problem` and `model`.
        field, fit, loss, readout, maps: the views; `maps.kind` is a `gradient.maps.MapKind`.
        address: what stands in the page's address; see `gradient.link.address`.
        display: how the page is shown; `display.theme` is "auto", "light" or "dark".
        language: of the page; `language.index` counts `gradient.views.languages.LANGUAGES`.
        wording: the link that sets all words to those of the language.
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
        self.problems = [*PROBLEMS.values(), OWN]
        self._cache = DiskCache()
        self._views: list[View] = []
        self.make_controls(self.problems)
        self._make_pictures()
        self._make_panels()
        parts = self._make_parts()
        self._links = self._make_links()
        shell, compute = self._make_shell(), Compute(link=self._main, followers=self._followers)
        super().__init__([_named(widgets.Box([shell, *parts, compute]), "grid")])
        shell.app = self
        self.wording = choose((self.language, "index"), self._language_presets(), sync_targets=False)
        self._links = [*self._links, self.wording]
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

    @property
    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """The points of the problem `Yours`, x and y; set it to two sequences, arrays or Series to fit these.

        Raises:
            ValueError: if it is set to something that is not points; nothing changes then.
        """
        return self.points.points()

    @data.setter
    def data(self, values: Any) -> None:
        x, y = values if isinstance(values, tuple | list) and len(values) == 2 else (values, None)
        with event():
            self.points.set(x, y)
            self.problem.value = OWN.name

    def frame(self) -> Frame:
        """Everything the page shows, as NumPy arrays and numbers, for the present values of the controls."""
        return self._main()

    def sweep(self) -> Sweep:
        """How the present descent ends with other learning rates, and with other values of the optimizer's hyperparameters."""
        return self._sweep()["sweep"]

    def verdict(self) -> tuple[str, str]:
        """What the page says of the iterate in view: one or two words, and a sentence."""
        found = self.frame()
        language = language_at(self.language.index)
        words = language.words.VERDICTS[Verdict(int(found.verdict))]
        sentence = Template.of_sentence(words.sentence).fill(found._asdict().__getitem__, typeset_number)
        return words.word, localised(sentence, language.decimal)

    def advice(self) -> dict[str, float]:
        """The name of a control, and a value with which the descent ends at least 1 % lower; empty if there is none.

        The descent was run with that value.
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
        self.readout.lowest_known(problem)
        self.field.append(problem)
        self.problems.append(problem)
        self._problem_links.append()
        with event():  # setting new options chooses the first of them, for a moment
            self.fitted.options = self.problem.options = labels_of(self.problems)
            self.problem.index = len(self.problems) - 1
            self.wording.replace(*self._problem_names())

    def compute_in(self, where: str) -> None:
        """Sets where the page computes, "browser" or "kernel", as its own switch does."""
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
            for widget in [self.fitted, *descendants(self)]:
                widget.close()
        super().close()

    def _make_pictures(self) -> None:
        """Makes the views that show a descent."""
        self.overlay = Overlay(x=self.initial_w, y=self.initial_b, draws_path=True)
        seconds = {axis.slider: self.second_slider(axis.slider).description for axis in second_axes()}
        self.maps = self._linked(Maps(1 + len(columns()), seconds))
        self.field = self._linked(Field(self.problem, self.problems, self.overlay, self.maps, CachedGrids(self._cache)))
        self.fit = self._linked(Fit())
        self.loss = self._linked(Loss())
        self.readout = self._linked(Readout(cached_best(self._cache), self.strips["learning_rate"]))
        self.points = self._linked(Points(self.fit.axes, self.fit.own, own_models(self.problems)))
        self.formula, self.arithmetic = self._linked(Formula()), self._linked(ArithmeticLine())

    def _make_panels(self) -> None:
        """Makes the views around the pictures, and joins those that ask each other."""
        self.comparison = Comparison(self.optimizer, [self.learning_rate, *self.hyperparameters.values()], own_places())
        strips = dict(zip(["rate", *self.hyperparameters], self.strips.values(), strict=True))
        self.advised = Advice(strips, self.points)
        self.pointed = Pointed(self.overlay, self.steps, self.fit, self.loss)
        self.display = Display(figures=[self.fit, self.loss])
        self.language = LanguageChoice(self.field.set_language)
        self._described = Descriptions(overlay=self.overlay, curve=self.loss.curve, readout=self.readout, data=self.fit.data)
        self.readout.advice = self.advised
        self.transport.reached = self.readout
        hideable = {name: getattr(self, name) for name in ("readout", "fit", "loss", "overlay", "language")}
        self.share = self.advised.share = self.maps.share = make_share(self, hideable)
        self.overlay.share = self._described.share = self.share
        self.overlay.readout = self.readout

    def _make_parts(self) -> list[widgets.Widget]:
        """The parts of the page in the order in which the Tab key and a screen reader go through them.

        `shell.css` places each part by its class.
        """
        rate, *others = (_named(place, "swept") for place in self.swept.values())
        start = [self.initial_w, self.initial_b, self.random_key]
        self._title, self._loss_title = _named(widgets.HTML(), "title"), _named(widgets.HTML(), "heading")
        return [
            self._title,
            _named(widgets.Box([self.problem, self.optimizer]), "choices"),
            self.share,
            self.display,
            _named(widgets.Box([rate, _named(widgets.Box(others), "hyperparameters"), self.steps, *start]), "sliders"),
            self.field,
            _named(widgets.Box([self.dataset, self.model, self.formula, self.points, self.fit, self.show_errors]), "fit-place"),
            _named(widgets.Box([self._loss_title, self.loss, self.loss_scale]), "loss-place"),
            self.transport,
            self.readout,
            self.advised,
            self.arithmetic,
            self.comparison,
            self.pointed,
            self._described,
        ]

    def _linked(self, view: _View) -> _View:
        """Registers a view, whose outputs `link_frame` links to the fields of `Frame`."""
        self._views.append(view)
        return view

    def _make_links(self) -> list[Any]:
        """Makes all links but that of the words, in the order in which they run first."""
        controls = self._link_controls()
        self._own = self._link_own()
        computed = self._link_descent()
        following = self._problem_links.following
        addressed = (self.comparison, self.maps, self.share, self.points)
        self.address = self.share.address = link_address(self, addressed, following)
        return [*controls, *computed, self.address, remember(self._remembered(), after=[*following, self.address])]

    def _link_controls(self) -> list[Any]:
        """Makes all links but the descent's: what choices set, which controls are shown, where a pointer puts the start."""
        picked = link_strips(self)  # first, because a choice applies its table when it is made
        self._problem_links = ProblemLinks(self.problems, self, self._views, self.fit, self.points)
        self._pointer = link_start(self.overlay, self, self._cache)
        return [
            *picked,
            *self._problem_links.all,
            choose((self.steps, "value"), self.loss.step_presets(MAX_STEPS), sync_targets=False),
            choose((self.optimizer, "index"), self._optimizer_presets(), sync_targets=False),
            choose((self.loss_scale, "index"), self.loss.scale_presets(), sync_targets=False),
            choose((self.comparison, "is_open"), self.loss.comparison_presets(), sync_targets=False),
            choose((self.maps, "kind"), self._map_presets(), sync_targets=False),
            choose((self.pointed, "is_shown"), {(self.fit.pointed, "visible"): [False, True]}, sync_targets=False),
            choose((self.model, "index"), self.formula.model_presets(), sync_targets=False),
            *_joined((self.model, "index"), (self.points, "model"), len(self.model.options)),
            *_joined((self.dataset, "index"), (self.points, "dataset"), len(DATASETS) + 1),
            choose((self.show_errors, "value"), {(self.fit.residuals, "visible"): [False, True]}, sync_targets=False),
            self._pointer,
        ]

    def _link_own(self) -> list[Any]:
        """Links a visitor's own points: these links come before all that compute with what follows from the points."""
        views = OwnViews(self.points, self.fit, self.overlay, self.maps, self.readout)
        show_at_first(self.problems[self.problem.index], views)
        return [
            link_analysis(self.problems, self, views, self._cache),
            link_controls(self.problems, self, self.points, self._cache),
        ]

    def _link_descent(self) -> list[Any]:
        """Links the controls to the views by the functions of the core."""
        linked, cache = (self.problems, self, self._views), self._cache
        compared = (self.comparison, self.loss, self.overlay, self.readout)
        self._main: Any = link_frame(*linked, self.field, (self.readout, "error"), cache)
        self._sweep: Any = link_sweep(*linked, self.readout, self.advised, cache)
        self._compared: Any = link_comparison(*linked, compared, cache)
        self._followers = [*self._own, self._sweep, self._compared]
        # It stays in the browser: a kernel would have to compile all optimizers when the server is chosen.
        best = link_best_rates(*linked, self.comparison, cache)
        return [
            self._main,
            *self._followers,
            best,
            link_restored(self, self.comparison, cache),
            *link_maps(*linked, (self.maps, self.readout), cache),
            link_pointed(*linked, (self.pointed, self.fit), cache),
            link_iterates(*linked, self.share, cache),
        ]

    def _remembered(self) -> list[Trait]:
        """What a page keeps when it is loaded again."""
        kept = [*self.points.state(), *self.settable(), *self.comparison.state()]
        kept += [(self.maps, "kind"), (self.display, "theme"), (self.language, "index")]
        return [*kept, *((link, "where") for link in (self._main, *self._followers))]

    def _make_shell(self) -> Shell:
        return Shell(
            curves=[self.loss.curve, *self.loss.others, self.fit.curve],
            loss_axes=self.loss.loss_axes,
            axes=[*self.fit.axes, *self.loss.axes],
            sliders=[self.learning_rate, *self.hyperparameters.values(), self.initial_w, self.initial_b],
        )

    def _optimizer_presets(self) -> dict[Trait, list[Any]]:
        """What the choice of an optimizer changes on the page: which of its sliders are shown, and its formula."""
        return {
            **self.shown_hyperparameters(),
            **self.arithmetic.optimizer_presets(),
            **self.maps.optimizer_presets(second_axes()),
        }

    def _map_presets(self) -> dict[Trait, list[Any]]:
        """What the choice of a map changes besides: the overlay leaves room for one that lies under the path."""
        return {**self.maps.kind_presets(), (self.overlay, "has_map"): [kind == MapKind.STARTS for kind in MapKind]}

    def _language_presets(self) -> dict[Trait, list[Any]]:
        """What the choice of a language changes on the page: all words."""
        return table_of(map(self._words_in, LANGUAGES))

    def _problem_names(self) -> tuple[Trait, list[Any]]:
        names = self.problem.labels()
        return names, [self.worded(language)[names] for language in LANGUAGES]

    def _words_in(self, language: Language) -> dict[Trait, Any]:
        words, views = language.words, [widget for widget in descendants(self) if isinstance(widget, Worded)]
        taglines = {"map": words.TAGLINE, "plane": words.PLANE_TAGLINE}  # of which the style sheet shows one
        title = [f"<h1>{words.TITLE}</h1>", *(f'<p class="techni-of-{kind}">{text}</p>' for kind, text in taglines.items())]
        return {
            **self.worded(language),
            **{target: value for view in views for target, value in view.worded(language).items()},
            (self._title, "value"): "".join(title),
            (self._loss_title, "value"): f"<h2>{words.TITLES['loss']}</h2>",
            (self.share, "hideable"): hideable_in(language, self),
            (self.address, "words"): words.ADDRESS,
        }


def _joined(one: Trait, other: Trait, count: int) -> list[Any]:
    """Keeps two indices below `count` the same."""
    return [choose(source, {target: list(range(count))}) for source, target in ((one, other), (other, one))]


def _named(widget: widgets.Widget, name: str) -> widgets.Widget:
    widget.add_class(f"techni-{name}")
    return widget


def _check_gradient(problem: Problem) -> None:
    try:
        jax.eval_shape(jax.grad(problem.loss), problem.start_at())
    except Exception as error:
        raise ValueError(
            f"The loss of {problem.name!r} has no gradient, so there is nothing to descend: {error}. "
            "Write its `predict` with jax.numpy, for floating-point parameters."
        ) from error
