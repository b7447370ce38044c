"""The links of the app: the page as a function of its controls, and a start that is picked with a pointer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from gradient.cache import DiskCache
from gradient.controls import Controls
from gradient.frame import Frame, frame
from gradient.link import JaxLink, KernelRenderer, Trait, Transition, jaxlink
from gradient.optimizers import OPTIMIZERS, slider_name
from gradient.problems import Problem
from gradient.shipped import program_name
from gradient.views.field import Field
from gradient.views.overlay import Overlay
from gradient.views.view import View


def link_frame(
    problems: Sequence[Problem], controls: Controls, views: Sequence[View], field: Field, errors: Trait, cache: DiskCache
) -> JaxLink:
    """Links the controls through `frame` to the views.

    Args:
        problems: what the control `problem` chooses from; may grow later.
        controls: what a visitor sets.
        views: each says which fields of `Frame` it shows.
        field: the picture that the kernel draws if it computes; if the browser does, the overlay draws the same.
        errors: the trait that shows the visitor what failed.
        cache: where the compiled programs are kept.
    """
    keys = list(OPTIMIZERS)

    def shown(*, problem: int, optimizer: int, **inputs: jax.Array) -> Frame:
        key = keys[optimizer]
        own = {name: inputs[slider_name(key, name)] for name in OPTIMIZERS[key].hyperparameters}
        return frame(problems[problem], key, **{**inputs, **own})

    return jaxlink(
        shown,
        inputs={**controls.inputs(), **{name: trait for view in views for name, trait in view.inputs().items()}},
        static={"problem": (controls.problem, "index"), "optimizer": (controls.optimizer, "index")},
        outputs=_merged(view.outputs() for view in views),
        renderer=_renderer(field),
        transition=Transition(
            triggers=["problem", "optimizer", "key"], durations=[trait for view in views for trait in view.durations()]
        ),
        errors=errors,
        shapes=lambda problem, optimizer: dict.fromkeys(("x", "y"), problems[problem].x.shape),
        cache=cache,
        name=lambda problem, optimizer: program_name(problems[problem], OPTIMIZERS[keys[optimizer]]),
    )


def _merged(tables: Iterable[Mapping[str, Sequence[Trait]]]) -> dict[str, list[Trait]]:
    """One table of outputs: several views may show the same field."""
    merged: dict[str, list[Trait]] = {}
    for table in tables:
        for name, targets in table.items():
            merged.setdefault(name, []).extend(targets)
    return merged


def _renderer(field: Field) -> KernelRenderer:
    overlay = field.overlay
    return KernelRenderer(
        field.draw,
        shown=(overlay, "shown"),
        visible=(overlay, "visible"),
        clear=field.clear,
        browser_renders=(overlay, "draws_path"),
        outputs={name: target for name, (target,) in overlay.outputs().items()},
    )


def link_start(overlay: Overlay, controls: Controls, cache: DiskCache) -> JaxLink:
    """Links a point that is picked on the field to the sliders of the start."""
    sliders = {"w": controls.initial_w, "b": controls.initial_b}
    limits = {f"{name}_{limit}": (slider, limit) for name, slider in sliders.items() for limit in ("min", "max", "step")}
    return jaxlink(
        nearest_start,
        inputs={"picked": (overlay, "picked"), **limits},
        outputs={name: (slider, "value") for name, slider in sliders.items()},
        triggers=["picked"],
        sync_targets=True,
        cache=cache,
        name=lambda: "pointer",
    )


def nearest_start(picked: jax.Array, **limits: jax.Array) -> dict[str, Any]:
    """The start nearest to a picked point (w, b, ...) at which the sliders can stand, by their `min`, `max` and `step`.

    A browser's slider rounds a value that is not one of its steps, and the start would visibly move twice.
    """
    start = {}
    for name, value in zip(("w", "b"), jnp.nan_to_num(picked), strict=False):
        low, high, step = (limits[f"{name}_{limit}"] for limit in ("min", "max", "step"))
        nearest = low + jnp.round((value - low) / step) * step
        # A value that is one of the slider's steps stays as it is to the last bit: it is the same start.
        start[name] = jnp.clip(jnp.where(jnp.abs(nearest - value) < 0.01 * step, value, nearest), low, high)
    return start
