"""Runs a linked function in the kernel with `jax.jit`, writes its outputs, and draws."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import jax
import numpy as np

from gradient.link.constants import CONTRADICTION, MAX_ROUNDS
from gradient.link.errors import described
from gradient.link.events import Cause, Trait, assign, by_widget, writing
from gradient.link.results import fields_of
from gradient.link.traits import page_trait
from gradient.link.values import LIMITS, as_output, is_close, is_no_index, snapshot
from gradient.link.wiring import Wiring

_DRAWING, _CIRCLE = "The drawing", "The circle"
_LOG = logging.getLogger(__name__)


class KernelExecutor:
    """Runs a function in the kernel. A failure of one output, or of the drawing, leaves all others working."""

    def __init__(self, fun: Callable[..., Any], wiring: Wiring) -> None:
        self.fun = jax.jit(fun, static_argnames=tuple(wiring.static))
        self._wiring = wiring
        self._renderer, self._transition = wiring.renderer, wiring.transition
        self._last_snapshot: dict[str, Any] = {}
        self._to_render: Callable[[], Any] | None = None
        self._is_page_ready = True  # it has shown the last frame
        self._failures: dict[str, str] = {}  # sentences, by what failed

    def compute(self, inputs: Mapping[str, np.ndarray], static: Mapping[str, Any]) -> Any:
        """Returns the result as NumPy arrays and Python numbers."""
        return jax.tree.map(as_output, jax.device_get(self.fun(**inputs, **static)))

    def run(self, inputs: Mapping[str, np.ndarray], static: Mapping[str, Any], cause: Cause, own: Trait) -> None:
        """Computes, writes the outputs and draws, unless the inputs are those of the last run.

        Args:
            inputs, static: the arguments.
            cause: what the run follows from.
            own: what stands for this run in the cause of what follows from it.
        """
        new = snapshot(inputs, static)
        if new == self._last_snapshot:
            return
        is_animated = self._is_trigger_changed(new)
        self._last_snapshot = new
        self._failures = {what: why for what, why in self._failures.items() if what == _DRAWING}
        with self.guard("The computation"):
            result = self.compute(inputs, static)
            self._write(result, cause, own, is_animated=is_animated)
            if self._renderer:
                self._to_render = partial(self._renderer.render, result, **static)
            self.render()

    def reset(self) -> None:
        """Clears the picture and forgets the last run, because the page computes from now on."""
        self._last_snapshot, self._to_render, self._failures = {}, None, {}
        if self._renderer and self._renderer.clear:
            with self.guard(_DRAWING):
                self._renderer.clear()

    def forget(self) -> None:
        """Forgets the last run, so that the next one sets all outputs anew."""
        self._last_snapshot = {}

    def frame_shown(self) -> None:
        """Notes that the page has shown the last frame and can take another."""
        self._is_page_ready = True

    def rested(self) -> None:
        """Draws what a page that computes has sent at rest, when it may draw."""
        if self._renderer:
            self._to_render = self._renderer.render_rested
        self.render()

    def render(self) -> None:
        """Draws what is new if it is not drawn yet, the picture is visible, and the page has shown the last frame."""
        if not (self._renderer and self._to_render and self._is_page_ready and getattr(*self._renderer.visible)):
            return
        draw, self._to_render = self._to_render, None
        self._failures.pop(_DRAWING, None)
        with self.guard(_DRAWING):
            self._is_page_ready = draw() is False  # then no frame is under way

    @contextmanager
    def guard(self, what: str) -> Iterator[None]:
        """Logs an exception and keeps it for `show_errors`, until `what` succeeds."""
        try:
            yield
        except Exception as error:
            _LOG.exception("%s failed", what)
            self._failures[what] = f"{what} failed ({described(error)}). The page shows the last result."
        else:
            self._failures.pop(what, None)

    def failure(self) -> str:
        """What failed, or nothing."""
        return " ".join(self._failures.values())

    def show_errors(self) -> None:
        """Tells the page what failed."""
        if self._wiring.errors:
            setattr(*self._wiring.errors, self.failure())

    def _is_trigger_changed(self, new: Mapping[str, Any]) -> bool:
        triggers = self._transition.triggers if self._transition else ()
        return any(name in self._last_snapshot and self._last_snapshot[name] != new[name] for name in triggers)

    def _write(self, result: Any, cause: Cause, own: Trait, *, is_animated: bool) -> None:
        self._set_durations(self._transition.milliseconds if self._transition and is_animated else None)
        values, cause = self._without_contradictions(*self._target_values(result, cause), own)
        for widget, traits in by_widget(values).items():
            with self.guard(f"{type(widget).__name__} ({', '.join(traits)})"), writing(cause):
                assign(widget, traits)
        self._set_durations(0 if is_animated else None)

    def _without_contradictions(self, values: dict[Trait, Any], cause: Cause, own: Trait) -> tuple[dict[Trait, Any], Cause]:
        """What to set of these values, and the cause of that: a circle of links that has no fixed point is stopped.

        Links of ipywidgets or traitlets can be in the circle, too. They do not tell which trait they have followed.
        """
        again = [target for target in values if {own, page_trait(target)} & cause.traits]
        if again and cause.rounds == MAX_ROUNDS:
            if not self._wiring.errors:
                _LOG.warning(CONTRADICTION)
            self._failures[_CIRCLE] = CONTRADICTION
            values = {target: value for target, value in values.items() if target not in again}
        return values, cause._replace(rounds=cause.rounds + bool(again), traits=cause.traits | {own})

    def _target_values(self, result: Any, cause: Cause) -> tuple[dict[Trait, Any], Cause]:
        """What to set, and its cause, which says whether a control has rounded any of the values on the way."""
        names = list(self._wiring.outputs)
        fields = fields_of(result, only=names[0] if len(names) == 1 else None)
        # Limits first: they hold for the values that are set with them.
        found = sorted(
            ((output, name) for name in names for output in self._wiring.outputs[name]),
            key=lambda each: each[0].target[1] not in LIMITS,
        )
        values: dict[Trait, Any] = {}
        is_rounded = cause.is_rounded
        for output, name in found:
            value = output.value(fields, name, values)
            is_rounded |= output.is_rounded(fields, name, value)
            if self._may_set(output.target, value, cause):
                values[output.target] = value
        return values, cause._replace(is_rounded=is_rounded)

    def _may_set(self, target: Trait, value: Any, cause: Cause) -> bool:
        """Whether a target can take a value and does not have it already, up to rounding in a circle of links."""
        if value is None or (self._wiring.sync_targets and isinstance(value, float) and not math.isfinite(value)):
            return False
        if is_no_index(target, value):
            return False
        return not (page_trait(target) in cause.traits and (cause.is_rounded or is_close(value, getattr(*target))))

    def _set_durations(self, milliseconds: int | None) -> None:
        if self._transition and milliseconds is not None:
            for widget, name in self._transition.durations:
                setattr(widget, name, milliseconds)
