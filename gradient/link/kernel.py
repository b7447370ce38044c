"""The kernel as the place where a linked function runs: `jax.jit`, pictures of its own, and failures that stop nothing."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import numpy as np

from gradient.link.events import Trait, assign, by_widget
from gradient.link.text import fill

_DRAWING = "The drawing"
_LOG = logging.getLogger(__name__)


class Output(NamedTuple):
    """Where a field of the result goes: as it is, or as text by a template."""

    target: Trait
    template: str | None = None


@dataclass(frozen=True)
class KernelRenderer:
    """A picture that the kernel draws, and only as fast as the page can show it; a page that computes draws its own.

    Attributes:
        render: `render(result, **static)`, called with the newest result only.
        shown: a trait that the page changes whenever it has shown a frame and is ready for the next one.
        visible: a boolean trait; nothing is drawn while it is false.
        clear: what takes the picture away again when the page computes.
        browser_renders: a boolean trait: whether the page draws.
        outputs: for fields of the result, the traits from which the page draws.
    """

    render: Callable[..., None]
    shown: Trait
    visible: Trait
    clear: Callable[[], None] | None = None
    browser_renders: Trait | None = None
    outputs: Mapping[str, Trait] = field(default_factory=dict)


@dataclass(frozen=True)
class Transition:
    """Lets pictures move to their new place over a moment when an input of the discrete kind changes, and only then.

    Attributes:
        triggers: names of inputs, static ones included.
        durations: traits that hold the length of a picture's transitions.
        milliseconds: how long the move takes.
    """

    triggers: Sequence[str]
    durations: Sequence[Trait]
    milliseconds: int = 150


class Kernel:
    """Runs a function here, sets its outputs, and draws."""

    def __init__(
        self,
        fun: Callable[..., Any],
        static: Sequence[str],
        outputs: Mapping[str, Sequence[Output]],
        renderer: KernelRenderer | None,
        transition: Transition | None,
        errors: Trait | None,
        *,
        sync_targets: bool = False,
    ) -> None:
        self.fun = jax.jit(fun, static_argnames=tuple(static))
        self._outputs, self._renderer, self._transition, self._errors = outputs, renderer, transition, errors
        self._sync_targets = sync_targets
        self._last: dict[str, Any] = {}
        self._undrawn: tuple[Any, dict[str, Any]] | None = None
        self._is_showing = True  # the page shows the last frame, and can take another
        self._failed: dict[str, str] = {}

    def compute(self, inputs: Mapping[str, np.ndarray], static: Mapping[str, Any]) -> Any:
        """The result as NumPy arrays and Python numbers."""
        return jax.tree.map(_as_python, jax.device_get(self.fun(**inputs, **static)))

    def run(self, inputs: Mapping[str, np.ndarray], static: Mapping[str, Any]) -> None:
        """Computes, sets the outputs and draws, unless the inputs are what they were."""
        seen = snapshot(inputs, static)
        if seen == self._last:
            return
        changed = {name for name, value in seen.items() if self._last and self._last[name] != value}
        self._last = seen
        self._failed = {what: why for what, why in self._failed.items() if what == _DRAWING}
        with self.guard("The computation"):
            result = self.compute(inputs, static)
            self._write(result, eased=bool(self._transition and changed.intersection(self._transition.triggers)))
            self._undrawn = (result, dict(static))
            self.draw()

    def rest(self) -> None:
        """Leaves the pictures to the page, and forgets what was shown here."""
        self._last, self._undrawn, self._failed = {}, None, {}
        if self._renderer and self._renderer.clear:
            with self.guard(_DRAWING):
                self._renderer.clear()

    def showed(self) -> None:
        """The page has shown the last frame."""
        self._is_showing = True

    def draw(self) -> None:
        """Draws the newest result, if there is one, somebody sees it, and the page has shown the one before."""
        if not (self._renderer and self._undrawn and self._is_showing and getattr(*self._renderer.visible)):
            return
        (result, static), self._undrawn = self._undrawn, None
        self._failed.pop(_DRAWING, None)
        with self.guard(_DRAWING):
            self._renderer.render(result, **static)
            self._is_showing = False

    @contextmanager
    def guard(self, what: str) -> Iterator[None]:
        """Keeps one failure from stopping the rest, and remembers it for the page and the log until the same succeeds."""
        try:
            yield
        except Exception as error:
            _LOG.exception("%s failed", what)
            self._failed[what] = f"{type(error).__name__}: {error}".splitlines()[0]
        else:
            self._failed.pop(what, None)

    def report(self) -> None:
        """Says on the page what failed."""
        if self._errors:
            sentences = (f"{what} failed and shows an older state ({why})." for what, why in self._failed.items())
            setattr(*self._errors, " ".join(sentences))

    def _write(self, result: Any, *, eased: bool) -> None:
        fields = result if isinstance(result, Mapping) else result._asdict()
        values = {
            output.target: fields[name] if output.template is None else fill(output.template, fields)
            for name, outputs in self._outputs.items()
            for output in outputs
        }
        if self._sync_targets:  # no control can stand at what is no number
            values = {target: value for target, value in values.items() if not isinstance(value, float) or math.isfinite(value)}
        self._set_durations(self._transition.milliseconds if self._transition and eased else None)
        for widget, traits in by_widget(values).items():
            with self.guard(f"{type(widget).__name__} ({', '.join(traits)})"):
                assign(widget, traits)
        self._set_durations(0 if eased else None)

    def _set_durations(self, milliseconds: int | None) -> None:
        if self._transition and milliseconds is not None:
            for widget, name in self._transition.durations:
                setattr(widget, name, milliseconds)


def snapshot(inputs: Mapping[str, np.ndarray], static: Mapping[str, Any]) -> dict[str, Any]:
    """All inputs in a form that can be compared."""
    return {name: (value.shape, value.dtype, value.tobytes()) for name, value in inputs.items()} | dict(static)


def as_array(value: Any) -> np.ndarray:
    """A trait's value in one of the three types that a compiled function takes, so that 1 and 1.0 are one program.

    A page can send any number: a whole one that is too large becomes the largest, and any other infinite, which is the
    function's to deal with.
    """
    limits = np.iinfo(np.int32)
    array = np.asarray(min(max(value, limits.min), limits.max) if type(value) is int else value)
    if array.dtype.kind in "iu":
        return array.clip(limits.min, limits.max).astype(np.int32)
    with np.errstate(over="ignore"):
        return array.astype({"b": np.bool_, "f": np.float32}[array.dtype.kind])


def _as_python(array: Any) -> Any:
    """A scalar as a Python number, which traits take; an array as it is.

    A float32 becomes the shortest decimal that means it, 0.1 and not 0.10000000149: a slider that stands at a tenth would
    otherwise be moved there by its browser, and that is one more event.
    """
    if np.ndim(array):
        return array
    return float(str(array)) if array.dtype == np.float32 else array.item()
