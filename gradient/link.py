"""Joins widgets through functions: `jaxlink` runs a JAX function between their traits, `choose` looks values up in a table.

A change of an input runs each function at most once, however many of its inputs one event changes, and the newest values
always win. Declare a `choose` before the `jaxlink` that reads what it sets: links run in the order of their declaration.

Callbacks come on the main thread in Voilà and on a subshell's thread in JupyterLab, so one lock serialises every event.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, cast

import jax
import numpy as np
from ipywidgets import Widget
from traitlets import HasTraits

Trait = tuple[HasTraits, str]
Targets = Trait | Sequence[Trait]

_DRAWING = "The drawing"
_LOG = logging.getLogger(__name__)
_LOCK = threading.RLock()
_PENDING: list["JaxLink"] = []
_RUNNING: list[bool] = []


@contextmanager
def event() -> Iterator[None]:
    """Makes all changes in its block one event: the links that they concern run once, when the outermost block ends."""
    with _LOCK:
        outermost = not _RUNNING
        _RUNNING.append(True)
        try:
            yield
            while outermost and _PENDING:
                _PENDING.pop(0).run()
        finally:
            _RUNNING.pop()


@contextmanager
def _held(widget: HasTraits) -> Iterator[None]:
    """Makes several assignments one message, and validates them together, so that their order does not matter."""
    with ExitStack() as stack:
        if isinstance(widget, Widget):
            stack.enter_context(widget.hold_sync())
        stack.enter_context(widget.hold_trait_notifications())
        yield


def _by_widget(values: Mapping[Trait, Any]) -> dict[HasTraits, dict[str, Any]]:
    grouped: dict[HasTraits, dict[str, Any]] = defaultdict(dict)
    for (widget, name), value in values.items():
        grouped[widget][name] = value
    return grouped


def _assign(widget: HasTraits, values: Mapping[str, Any]) -> None:
    for part in _stages(widget, values):
        with _held(widget):
            for name, value in part.items():
                setattr(widget, name, value)


def _stages(widget: Any, values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The assignments in the order that a browser can follow, each of which is one message.

    A slider in a browser takes a value before the limits that come with it, cuts it at the old ones, and says so. So limits
    that change together with the value are first as wide as the old and the new ones, then the value comes, then the rest.
    """
    if not {"min", "max", "value"} <= values.keys():
        return [values]
    wide = {"min": min(widget.min, values["min"]), "max": max(widget.max, values["max"])}
    return [wide, {"value": values["value"]}, values]


class Choice:
    """A table from the index of a choice to values of other traits; see `choose`."""

    def __init__(self, source: Trait, table: Mapping[Trait, Sequence[Any]], on: Trait | None = None) -> None:
        self.source = source
        self.table = {target: list(values) for target, values in table.items()}
        self._on = on or source
        self._on[0].observe(self._changed, self._on[1])
        self.apply()

    def append(self, row: Mapping[Trait, Any]) -> None:
        """Adds one choice: a value for every target of the table."""
        for target, values in self.table.items():
            values.append(row[target])

    def apply(self) -> None:
        """Sets every target to the value of the current choice, as one event."""
        with event():
            for widget, values in _by_widget({target: self._lookup(column) for target, column in self.table.items()}).items():
                _assign(widget, values)

    def _lookup(self, column: Sequence[Any]) -> Any:
        # A client can set any index, also one that the widget would not offer.
        return column[min(max(getattr(*self.source), 0), len(column) - 1)]

    def _changed(self, _: object) -> None:
        self.apply()

    def close(self) -> None:
        """Stops following the source."""
        self._on[0].unobserve(self._changed, self._on[1])


def choose(source: Trait, table: Mapping[Trait, Sequence[Any]], *, on: Trait | None = None) -> Choice:
    """Makes a choice set other traits.

    Args:
        source: a trait that holds an index.
        table: for each target, its value for each index.
        on: the trait whose change applies the table; `source` itself unless given.
    """
    return Choice(source, table, on)


@dataclass(frozen=True)
class Drawing:
    """A picture that only the kernel can draw, and only as fast as the page can show it.

    Attributes:
        draw: `draw(result, **static)`, called with the newest result only.
        shown: a trait that the page changes whenever it has shown a frame and is ready for the next one.
        visible: a boolean trait; nothing is drawn while it is false.
    """

    draw: Callable[..., None]
    shown: Trait
    visible: Trait


@dataclass(frozen=True)
class Ease:
    """Lets pictures move to their new place over a moment when an input of the discrete kind changes, and only then.

    Attributes:
        on: names of inputs, static ones included.
        durations: traits that hold the length of a picture's transitions.
        milliseconds: how long the move takes.
    """

    on: Sequence[str]
    durations: Sequence[Trait]
    milliseconds: int = 150


class JaxLink:
    """A JAX function between traits; see `jaxlink`."""

    def __init__(
        self,
        fun: Callable[..., Any],
        inputs: Mapping[str, Trait],
        outputs: Mapping[str, Targets],
        static: Mapping[str, Trait],
        drawing: Drawing | None,
        ease: Ease | None,
        errors: Trait | None,
    ) -> None:
        self._fun = jax.jit(fun, static_argnames=tuple(static))
        self._inputs, self._static, self._outputs = dict(inputs), dict(static), _listed(outputs)
        self._drawing, self._ease, self._errors = drawing, ease, errors
        self._last: dict[str, Any] = {}
        self._undrawn: tuple[Any, dict[str, int]] | None = None
        self._is_showing = True  # the page shows the last frame, and can take another
        self._failed: dict[str, str] = {}
        self._sources = [*inputs.values(), *static.values()]
        self._gates = [drawing.shown, drawing.visible] if drawing else []
        for widget, name in self._sources:
            widget.observe(self._changed, name)
        for widget, name in self._gates:
            widget.observe(self._gate_changed, name)
        with event():
            _PENDING.append(self)

    def __call__(self) -> Any:
        """The function's result for the present inputs, as NumPy arrays and Python numbers, whatever the page has shown."""
        with _LOCK:
            return self._compute(*self._read())

    def close(self) -> None:
        """Stops following the inputs."""
        for widget, name in self._sources:
            widget.unobserve(self._changed, name)
        for widget, name in self._gates:
            widget.unobserve(self._gate_changed, name)

    def run(self) -> None:
        """Computes and sets the outputs, unless the inputs are what they were."""
        with self._guard("Reading the controls"):
            self._run()
        self._report()

    def _run(self) -> None:
        inputs, static = self._read()
        seen = {name: (value.shape, value.dtype, value.tobytes()) for name, value in inputs.items()} | static
        if seen == self._last:
            return
        changed = {name for name, value in seen.items() if self._last and self._last[name] != value}
        self._last = seen
        self._failed = {what: why for what, why in self._failed.items() if what == _DRAWING}
        with self._guard("The computation"):
            result = self._compute(inputs, static)
            self._write(result, eased=bool(self._ease and changed.intersection(self._ease.on)))
            self._undrawn = (result, static)
            self._draw()

    def _read(self) -> tuple[dict[str, np.ndarray], dict[str, int]]:
        inputs = {name: _as_array(getattr(*trait)) for name, trait in self._inputs.items()}
        return inputs, {name: getattr(*trait) for name, trait in self._static.items()}

    def _compute(self, inputs: dict[str, np.ndarray], static: dict[str, int]) -> Any:
        return jax.tree.map(_as_python, jax.device_get(self._fun(**inputs, **static)))

    def _changed(self, _: object) -> None:
        with event():
            if self not in _PENDING:
                _PENDING.append(self)

    def _gate_changed(self, change: Any) -> None:
        with event():
            assert self._drawing
            if (change.owner, change.name) == self._drawing.shown:
                self._is_showing = True
            self._draw()
            self._report()

    def _write(self, result: Any, *, eased: bool) -> None:
        fields = result if isinstance(result, Mapping) else result._asdict()
        values = {target: fields[name] for name, targets in self._outputs.items() for target in targets}
        self._set_durations(self._ease.milliseconds if self._ease and eased else None)
        for widget, traits in _by_widget(values).items():
            with self._guard(f"{type(widget).__name__} ({', '.join(traits)})"):
                _assign(widget, traits)
        self._set_durations(0 if eased else None)

    def _set_durations(self, milliseconds: int | None) -> None:
        if self._ease and milliseconds is not None:
            for widget, name in self._ease.durations:
                setattr(widget, name, milliseconds)

    def _draw(self) -> None:
        if not (self._drawing and self._undrawn and self._is_showing and getattr(*self._drawing.visible)):
            return
        (result, static), self._undrawn = self._undrawn, None
        self._failed.pop(_DRAWING, None)
        with self._guard(_DRAWING):
            self._drawing.draw(result, **static)
            self._is_showing = False

    @contextmanager
    def _guard(self, what: str) -> Iterator[None]:
        """Keeps one failure from stopping the rest, and remembers it for the page and the log."""
        try:
            yield
        except Exception as error:
            _LOG.exception("%s failed", what)
            self._failed[what] = f"{type(error).__name__}: {error}".splitlines()[0]

    def _report(self) -> None:
        if self._errors:
            sentences = (f"{what} failed and shows an older state ({why})." for what, why in self._failed.items())
            setattr(*self._errors, " ".join(sentences))


def _listed(outputs: Mapping[str, Targets]) -> dict[str, list[Trait]]:
    """The same with a list for each field, also where one trait was given."""
    return {
        name: [(targets[0], str(targets[1]))] if isinstance(targets[0], HasTraits) else list(cast(Sequence[Trait], targets))
        for name, targets in outputs.items()
    }


def _as_array(value: Any) -> np.ndarray:
    """A trait's value in one of the three types that a compiled function takes, so that 1 and 1.0 are one program."""
    array = np.asarray(value)
    kinds = {"b": np.bool_, "i": np.int32, "u": np.int32, "f": np.float32}
    with np.errstate(over="ignore"):  # what is too large for float32 is infinite, and the function's to deal with
        return array.astype(kinds[array.dtype.kind])


def _as_python(array: Any) -> Any:
    """A scalar as a Python number, which traits take; an array as it is.

    A float32 becomes the shortest decimal that means it, 0.1 and not 0.10000000149: a slider that stands at a tenth would
    otherwise be moved there by its browser, and that is one more event.
    """
    if np.ndim(array):
        return array
    return float(str(array)) if array.dtype == np.float32 else array.item()


def jaxlink(
    fun: Callable[..., Any],
    *,
    inputs: Mapping[str, Trait],
    outputs: Mapping[str, Targets],
    static: Mapping[str, Trait] | None = None,
    drawing: Drawing | None = None,
    ease: Ease | None = None,
    errors: Trait | None = None,
) -> JaxLink:
    """Runs a JAX function between the traits of widgets, like `ipywidgets.jslink` with a function in the middle.

    Args:
        fun: `fun(**inputs, **static)` in jax.numpy, to a NamedTuple or a mapping of arrays.
        inputs: traced arguments: traits that hold numbers, booleans or arrays.
        outputs: for each field of the result that something shows, the trait or the traits to set.
        static: arguments that choose a program: traits that hold an index. One compilation per combination.
        drawing: a picture that the kernel draws from the whole result.
        ease: which changes make the pictures move instead of jump.
        errors: a string trait that says what failed in the last run, empty if nothing did.
    """
    return JaxLink(fun, inputs, outputs, static or {}, drawing, ease, errors)
