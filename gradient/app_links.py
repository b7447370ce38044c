"""The links of the app: frame and sweep as functions of its controls, and values that are picked with a pointer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from gradient.cache import DiskCache
from gradient.controls import Controls
from gradient.frame import Frame, frame
from gradient.link import JaxLink, KernelRenderer, Trait, Transition, choose, jaxlink
from gradient.optimizers import OPTIMIZERS, slider_name
from gradient.own import on_own_data
from gradient.problems import Problem
from gradient.run import NEVER
from gradient.shipped import program_name
from gradient.sweep import Outcomes, Sweep, sweep
from gradient.views.advice import Advice
from gradient.views.field import Field
from gradient.views.overlay import Overlay
from gradient.views.readout import Readout
from gradient.views.view import View

SWEEP_DELAY = 0.05  # seconds for which the controls must rest before a computing kernel runs a sweep


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
        chosen, taken = on_own_data(problems[problem], inputs)
        return frame(chosen, keys[optimizer], **_with_own(keys[optimizer], taken))

    return jaxlink(
        shown,
        inputs=inputs_of(controls, views),
        static=_static(controls),
        outputs=merged(view.outputs() for view in views),
        renderer=_renderer(field),
        transition=Transition(
            triggers=["problem", "optimizer", "key"], durations=[trait for view in views for trait in view.durations()]
        ),
        errors=errors,
        shapes=lambda problem, optimizer: dict.fromkeys(("x", "y"), problems[problem].x.shape),
        cache=cache,
        name=lambda problem, optimizer: program_name("frame", problems[problem], OPTIMIZERS[keys[optimizer]]),
    )


def link_sweep(
    problems: Sequence[Problem], controls: Controls, views: Sequence[View], readout: Readout, advice: Advice, cache: DiskCache
) -> JaxLink:
    """Links the controls through `sweep` to the strips, the advice, and the lowest loss that is known.

    Args:
        problems, controls, views, cache: as for `link_frame`.
        readout: holds the lowest loss that is known.
        advice: shows a setting that ends lower.
    """
    keys = list(OPTIMIZERS)

    def swept(*, problem: int, optimizer: int, **inputs: jax.Array) -> dict[str, Any]:
        chosen, taken = on_own_data(problems[problem], inputs)
        found = sweep(chosen, keys[optimizer], _with_own(keys[optimizer], taken))
        return {"sweep": found, **strips(keys[optimizer], list(controls.strips), found, inputs["best_known"])}

    inputs = {name: trait for name, trait in inputs_of(controls, views).items() if name != "step"}
    outputs: dict[str, list[Trait]] = {"best_known": [(readout, "known")]}
    for name, strip in controls.strips.items():
        for field, target in strip.outputs(name).items():
            outputs.setdefault(field, []).append(target)
    return jaxlink(
        swept,
        inputs=inputs,
        static=_static(controls),
        outputs={**outputs, **advice.outputs()},
        triggers=[name for name in inputs if name != "best_known"],
        shapes=lambda problem, optimizer: dict.fromkeys(("x", "y"), problems[problem].x.shape),
        cache=cache,
        name=lambda problem, optimizer: program_name("sweep", problems[problem], OPTIMIZERS[keys[optimizer]]),
        delay=SWEEP_DELAY,
    )


def strips(optimizer: str, sliders: Sequence[str], found: Sweep, best_known: jax.Array) -> dict[str, jax.Array]:
    """What the strips and the advice show of a sweep: for each slider its losses, empty if the optimizer does not use it.

    Args:
        optimizer: its key.
        sliders: the names of all swept sliders, "learning_rate" first.
        found: the sweep.
        best_known: the lowest loss known so far; a new one has to be lower by a thousandth, so that it seldom changes.
    """
    rates = Outcomes(found.rates, found.losses, found.diverged, found.best)
    own = {slider_name(optimizer, name): outcomes for name, outcomes in found.hyperparameters.items()}
    outcomes = {"learning_rate": rates, **own}
    places = jnp.asarray([sliders.index(name) for name in outcomes])
    best_losses = jnp.stack([each.losses[jnp.maximum(each.best, 0)] for each in outcomes.values()])
    advised = jnp.maximum(found.advised, 0)
    low = jnp.where(found.lowest < 0.999 * best_known, found.lowest, best_known)
    return {
        **{field: value for name in sliders for field, value in _strip(name, outcomes.get(name)).items()},
        "learning_rate_limit": found.stability_limit,
        "low": low,
        "high": found.start_loss,
        "best_known": low,
        "advised_slider": jnp.where(found.advised == NEVER, NEVER, places[advised]),
        "advised_index": found.advised_index,
        "advised_loss": best_losses[advised],
        "offset": found.offset,
        "scale": found.scale,
    }


def _strip(name: str, found: Outcomes | None) -> dict[str, jax.Array]:
    losses = jnp.where(found.diverged, -1.0, found.losses) if found else jnp.zeros(0)
    best = found.best if found else jnp.asarray(NEVER, jnp.int32)
    return {f"{name}_losses": losses, f"{name}_best": best, f"{name}_limit": jnp.zeros(())}


def link_strips(controls: Controls) -> list[Any]:
    """Lets a click on each strip set the slider above it."""
    return [
        choose((strip, "picked"), {(strip.slider, "value"): strip.values}, trigger=(strip, "picks"))
        for strip in controls.strips.values()
    ]


def inputs_of(controls: Controls, views: Sequence[View]) -> dict[str, Trait]:
    """For each argument of `gradient.frame.frame`, the trait that holds it."""
    return {**controls.inputs(), **{name: trait for view in views for name, trait in view.inputs().items()}}


def _static(controls: Controls) -> dict[str, Trait]:
    return {"problem": (controls.fitted, "index"), "optimizer": (controls.optimizer, "index")}


def _with_own(optimizer: str, inputs: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
    """The inputs, with those of the optimizer's own sliders under the names of its hyperparameters."""
    return {**inputs, **{name: inputs[slider_name(optimizer, name)] for name in OPTIMIZERS[optimizer].hyperparameters}}


def merged(tables: Iterable[Mapping[str, Sequence[Trait]]]) -> dict[str, list[Trait]]:
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
        rested=overlay.rested(),
        render_rested=field.follow,
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
