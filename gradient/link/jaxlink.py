"""`jaxlink`: a JAX function between the traits of widgets, run by the browser or by the kernel."""

import itertools
import json
import logging
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from ipywidgets import Widget
from traitlets import Dict, Enum, HasTraits, Int, Unicode

from gradient.adapters.anywidget import ViewlessWidget
from gradient.link.events import LOCK, Trait, as_json, event, is_from_page, is_on_page, run_at_the_end
from gradient.link.kernel import Kernel, KernelRenderer, Output, Transition, as_array, snapshot
from gradient.link.modules import esm
from gradient.link.programs import Cache, cached, compiled, described
from gradient.link.text import names
from gradient.wasm import UnsupportedPrimitive

Target = Trait | tuple[HasTraits, str, str]
Targets = Target | Sequence[Target]

BROWSER, KERNEL = "browser", "kernel"
STOPPED = "The browser stopped the program"  # how a page's reason begins if it was a program's fault
_HERE = pathlib.Path(__file__).parent
_LOG = logging.getLogger(__name__)


class JaxLink(ViewlessWidget):
    """A JAX function between traits; see `jaxlink`.

    Attributes:
        where: "browser" or "kernel": where the function is to run.
        computing: where it runs now. That is the kernel too if the browser cannot.
        reason: why the kernel runs what the browser should, empty if it does not.
    """

    _esm = esm(_HERE / "jaxlink.js")

    where = Enum([BROWSER, KERNEL], BROWSER).tag(sync=True, page_sets=True)
    computing = Enum([BROWSER, KERNEL], BROWSER).tag(sync=True, page_sets=True)
    reason = Unicode("").tag(sync=True, page_sets=True)
    spec = Dict().tag(sync=True, to_json=as_json)
    programs = Dict().tag(sync=True)
    # Each side asks the other to compute by counting up: the kernel when Python has changed an input that the page computes
    # with, the page when a visitor has changed one that the kernel computes with. Why a page cannot compute, it says itself.
    asked_page = Int(0).tag(sync=True)
    asked_kernel = Int(0).tag(sync=True, page_sets={"low": 0})
    unable = Unicode("").tag(sync=True, page_sets=True)

    _observing: Sequence[tuple[Callable, Trait]] = ()
    _seen_by_page: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self,
        fun: Callable[..., Any],
        inputs: Mapping[str, Trait],
        outputs: Mapping[str, Targets],
        static: Mapping[str, Trait],
        where: str,
        *,
        renderer: KernelRenderer | None = None,
        transition: Transition | None = None,
        errors: Trait | None = None,
        sync_targets: bool = False,
        triggers: Sequence[str] | None = None,
        shapes: Callable[..., Mapping[str, tuple[int, ...]]] | None = None,
        cache: Cache | None = None,
        name: Callable[..., str | None] | None = None,
    ) -> None:
        self._fun, self._inputs, self._static = fun, dict(inputs), dict(static)
        self._outputs, self._renderer, self._transition, self._errors = _listed(outputs), renderer, transition, errors
        self._sync_targets, self._triggers = sync_targets, list(inputs) if triggers is None else list(triggers)
        self._shape_of, self._cache, self._name = shapes, cache, name
        self._kernel = Kernel(fun, tuple(static), self._outputs, renderer, transition, errors, sync_targets=sync_targets)
        self._unsupported: dict[tuple[str, str], str] = {}
        stranger = self._stranger()
        super().__init__(where=where, unable=stranger, computing=KERNEL if stranger else where)
        self.spec = {} if stranger else self._described()
        self._entered(self.computing)
        self._observing = self._observe()
        if sync_targets:
            self._compile_missing(*self._read())  # the controls stand where they stand until something moves them
        else:
            run_at_the_end(self)

    def __call__(self) -> Any:
        """The function's result for the present inputs, as NumPy arrays and Python numbers, whatever the page has shown."""
        with LOCK:
            return self._kernel.compute(*self._read())

    def page_sets(self) -> list[Trait]:
        """The traits that a page sets in the kernel besides this link's own; see `gradient.allowlist`."""
        targets = [output.target for outputs in self._outputs.values() for output in outputs]
        return targets if self._sync_targets else []

    def close(self) -> None:
        """Stops following the inputs, here and on every page."""
        observing, self._observing = self._observing, []
        for act, (widget, name) in observing:
            widget.unobserve(act, name)
        super().close()

    def run(self) -> None:
        """Answers the present inputs: here, or by asking the page to."""
        with self._kernel.guard("Reading the controls"):
            inputs, static = self._read()
            self._compile_missing(inputs, static)
            reason = self._why_not_the_browser(inputs, static)
            computing = KERNEL if self.where == KERNEL or reason else BROWSER
            self._set_place(computing, reason if self.where == BROWSER else "")
            if computing == KERNEL:
                self._kernel.run(inputs, static)
            else:
                self._ask_page(snapshot(inputs, static))
        self._kernel.report()

    def _ask_page(self, seen: dict[str, Any]) -> None:
        """Lets the page compute, unless it has been asked to with these very inputs."""
        if seen != self._seen_by_page:
            self._seen_by_page = seen
            self.asked_page += 1

    def _observe(self) -> list[tuple[Callable, Trait]]:
        gates = [(self._shown, self._renderer.shown), (self._seen, self._renderer.visible)] if self._renderer else []
        triggers = [*(self._inputs[name] for name in self._triggers), *self._static.values()]
        sources = [(self._changed, trait) for trait in triggers]
        own = [(self._place_changed, (self, name)) for name in ("where", "unable", "computing")]
        observing: list[tuple[Callable, Trait]] = [*sources, *gates, *own, (self._asked, (self, "asked_kernel"))]
        for act, (widget, name) in observing:
            widget.observe(act, name)
        return observing

    def _read(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        inputs = {name: as_array(getattr(*trait)) for name, trait in self._inputs.items()}
        return inputs, {name: getattr(*trait) for name, trait in self._static.items()}

    def _changed(self, change: Any) -> None:
        if is_from_page(change):
            self._seen_by_page = {}  # whatever that is: it is not what it was asked for
        else:
            run_at_the_end(self)

    def _asked(self, _: Any) -> None:
        run_at_the_end(self)

    def _place_changed(self, change: Any) -> None:
        if change.name == "computing" and is_from_page(change):
            self._entered(self.computing)
        elif change.name != "computing":
            run_at_the_end(self)

    def _shown(self, _: Any) -> None:
        with event():
            self._kernel.showed()
        self._seen(_)

    def _seen(self, _: Any) -> None:
        with event():
            self._kernel.draw()
            self._kernel.report()

    def _set_place(self, computing: str, reason: str) -> None:
        self.reason = reason
        if computing != self.computing:
            self.computing = computing
            self._entered(computing)

    def _entered(self, computing: str) -> None:
        with event():
            if self._renderer and self._renderer.browser_renders:
                setattr(*self._renderer.browser_renders, computing == BROWSER)
            if computing == BROWSER:
                self._kernel.rest()

    def _why_not_the_browser(self, inputs: Mapping[str, np.ndarray], static: Mapping[str, Any]) -> str:
        return self.unable or self._unsupported.get((_key(static), _shapes(inputs)), "")

    def _compile_missing(self, inputs: dict[str, np.ndarray], static: dict[str, Any]) -> None:
        """Compiles the programs that are not there yet, of all combinations of the static inputs that a visitor can choose."""
        if self.where == KERNEL or (self.unable and not self.unable.startswith(STOPPED)):
            return
        known = dict(self.programs)
        for combination in self._combinations(static):
            key, is_present = _key(combination), combination == static
            expected = inputs if is_present else self._expected(inputs, combination)
            is_certain = is_present or self._shape_of is not None  # that these are the shapes with which it will be run
            fits = key in known and (not is_certain or _fits(known[key], expected))
            if not fits and (key, _shapes(expected)) not in self._unsupported:
                known.pop(key, None)
                with self._noting(key, expected):
                    known[key] = self._program(expected, combination)
        if known.keys() != self.programs.keys() or any(known[key] is not self.programs[key] for key in known):
            self.programs = known
            if self.unable.startswith(STOPPED):
                self.unable = ""  # by a program that is another one now

    def _expected(self, inputs: dict[str, np.ndarray], static: dict[str, Any]) -> dict[str, np.ndarray]:
        """Inputs of the shapes that a combination has."""
        shapes = self._shape_of(**static) if self._shape_of else {}
        return {name: np.zeros(shapes[name], value.dtype) if name in shapes else value for name, value in inputs.items()}

    @contextmanager
    def _noting(self, key: str, inputs: dict[str, np.ndarray]) -> Iterator[None]:
        """Keeps one combination that cannot be compiled from stopping the others; the kernel runs it, and says what it is."""
        try:
            yield
        except Exception as error:
            if not isinstance(error, UnsupportedPrimitive):
                _LOG.warning("The program of the choice %s cannot be compiled, so the kernel runs it", key, exc_info=True)
            what = (
                "" if isinstance(error, UnsupportedPrimitive) else f"This choice cannot be compiled. {type(error).__name__}: "
            )
            self._unsupported[key, _shapes(inputs)] = f"{what}{error}".splitlines()[0]

    def _program(self, inputs: dict[str, np.ndarray], static: dict[str, Any]) -> dict:
        def fun(**arguments: Any) -> Any:
            return self._fun(**arguments, **static)

        fields = sorted({*self._outputs, *self._template_fields(), *self._page_outputs()})
        name = self._name(**static) if self._name else None
        parts = f"{name} {fields} {_shapes(inputs)}"
        program = cached(self._cache, name and parts, lambda: compiled(fun, inputs, fields))
        return described(program, list(inputs), fields)

    def _combinations(self, static: Mapping[str, Any]) -> list[dict[str, Any]]:
        ranges = [_values(trait, static[name]) for name, trait in self._static.items()]
        rest = [dict(zip(self._static, values, strict=True)) for values in itertools.product(*ranges)]
        return [dict(static), *(combination for combination in rest if combination != static)]

    def _template_fields(self) -> set[str]:
        return {name for outputs in self._outputs.values() for o in outputs if o.template for name in names(o.template)}

    def _page_outputs(self) -> dict[str, list[Output]]:
        return {name: [Output(target)] for name, target in self._renderer.outputs.items()} if self._renderer else {}

    def _stranger(self) -> str:
        """Why no page can run this, or nothing: it knows what widgets send it, and nothing else."""
        targets = [output.target for outputs in self._outputs.values() for output in outputs]
        for trait in (*self._inputs.values(), *self._static.values(), *targets):
            if not is_on_page(trait):
                return _unknown(*trait)
        return ""

    def _described(self) -> dict:
        outputs: dict[str, list] = {name: [] for name in [*self._outputs, *self._page_outputs()]}
        for name, found in [*self._outputs.items(), *self._page_outputs().items()]:
            outputs[name] += [[*output.target, output.template] for output in found]
        transition = self._transition
        return {
            "self": self,
            "inputs": self._inputs,
            "static": self._static,
            "outputs": outputs,
            "sync_targets": self._sync_targets,
            "triggers": self._triggers,
            "errors": self._errors,
            "browser_renders": self._renderer.browser_renders if self._renderer else None,
            "transition": transition
            and {
                "triggers": list(transition.triggers),
                "durations": list(transition.durations),
                "milliseconds": transition.milliseconds,
            },
        }


def _unknown(widget: HasTraits, name: str) -> str:
    """Why a page does not know a trait, and which one it knows instead."""
    named = f"{type(widget).__name__}.{name}"
    if not isinstance(widget, Widget):
        return f"{named} is no widget's trait, so the page does not know it."
    instead = ' Link its "index".' if "index" in widget.keys else ""
    return f"{named} is not among what this widget sends to the page, so the page does not know it.{instead}"


def _key(static: Mapping[str, Any]) -> str:
    """A combination's name, the same as JavaScript's JSON gives it."""
    return json.dumps(list(static.values()), separators=(",", ":"))


def _values(trait: Trait, present: Any) -> Sequence[Any]:
    """What a static input can be: every index of a widget's options, both of a boolean, else what it is."""
    options = getattr(trait[0], "options", None)
    if trait[1] == "index" and options is not None:
        return range(len(options))
    return [False, True] if isinstance(present, bool) else [present]


def _shapes(inputs: Mapping[str, np.ndarray]) -> str:
    return ",".join(f"{name}{list(value.shape)}{value.dtype}" for name, value in sorted(inputs.items()))


def _fits(program: Mapping[str, Any], inputs: Mapping[str, np.ndarray]) -> bool:
    return all(program["inputs"][name][1:] == [str(value.dtype), list(value.shape)] for name, value in inputs.items())


def _listed(outputs: Mapping[str, Targets]) -> dict[str, list[Output]]:
    """The same with a list for each field, also where one target was given."""
    return {
        name: [
            Output((target[0], target[1]), *target[2:])
            for target in cast(Sequence[Any], [targets] if isinstance(targets[0], HasTraits) else targets)
        ]
        for name, targets in outputs.items()
    }


def jaxlink(
    fun: Callable[..., Any],
    *,
    inputs: Mapping[str, Trait],
    outputs: Mapping[str, Targets],
    static: Mapping[str, Trait] | None = None,
    where: str = BROWSER,
    **options: Any,
) -> JaxLink:
    """Runs a JAX function between the traits of widgets, like `ipywidgets.jslink` with a function in the middle.

    Args:
        fun: `fun(**inputs, **static)` in jax.numpy, to a NamedTuple or a mapping of arrays.
        inputs: for each traced argument, the trait that holds it: numbers, booleans, arrays.
        outputs: for each field of the result that something shows, the trait or the traits to set. A third item is a template:
            `(label, "value", "after {steps} steps the loss is {loss}")` sets text, with any fields of the result in it.
        static: arguments that choose a program: traits that hold an index. One compilation per combination.
        where: "browser" or "kernel". A function with something in it that cannot be compiled to WebAssembly runs in the kernel
            all the same, and `reason` says why.
        options: any of the following.
            renderer: a `KernelRenderer`, for a picture that the kernel draws.
            transition: a `Transition`.
            errors: a string trait that receives what failed in the last run.
            sync_targets: True if the outputs are controls, whose values the page sends to the kernel.
            triggers: names of the inputs whose change runs the function; by default all of them.
            shapes: for inputs whose shape depends on a static input, `shapes(**static)` returns their shapes by name.
            cache: where compiled programs are kept.
            name: `name(**static)` names a program in the cache; None keeps it out.
    """
    return JaxLink(fun, inputs, outputs, static or {}, where, **options)
