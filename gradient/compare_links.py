"""The links of a comparison: `compare` as a function of the controls and of the runs that are kept."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from gradient.app_links import inputs_of, merged
from gradient.cache import DiskCache
from gradient.compare import MAX_RUNS, best_rates, columns, compare
from gradient.compare import Comparison as Compared
from gradient.controls import Controls
from gradient.link import JaxLink, Trait, jaxlink
from gradient.own import on_own_data
from gradient.problems import Problem
from gradient.run import NEVER
from gradient.shipped import program_of_all
from gradient.views.comparison import Comparison
from gradient.views.loss import Loss
from gradient.views.overlay import Overlay
from gradient.views.readout import Readout
from gradient.views.view import Outputs, View

NUM_OTHERS = MAX_RUNS - 1


def link_comparison(
    problems: Sequence[Problem],
    controls: Controls,
    views: Sequence[View],
    shown: tuple[Comparison, Loss, Overlay, Readout],
    cache: DiskCache,
) -> JaxLink:
    """Links the controls, and the runs that are compared with the present one, through `compare` to the views that show them.

    Without other runs it passes on the limits that the loss axis needs for the present one.
    """
    comparison, loss, overlay, readout = shown

    def compared(*, problem: int, is_open: bool, low: jax.Array, high: jax.Array, **inputs: jax.Array) -> dict[str, Any]:
        if not is_open:
            return _without_others(inputs["best_known"], low, high)
        found = compare(*_ordered(problems[problem], inputs))
        # The views' arrays hold float32.
        numbers = {name: value.astype(jnp.float32) for name, value in found._asdict().items()}
        return {**numbers, **_curves(found.curve_x, found.curve_y, found.lasts != NEVER)}

    return jaxlink(
        compared,
        inputs={
            **inputs_of(controls, views),
            **_runs(controls, comparison),
            **{name: (loss, name) for name in ("low", "high")},
        },
        static={"problem": (controls.fitted, "index"), "is_open": (comparison, "is_open")},
        outputs=_outputs(comparison, loss, overlay, readout),
        shapes=lambda problem, is_open: dict.fromkeys(("x", "y"), problems[problem].x.shape),
        cache=cache,
        name=lambda problem, is_open: program_of_all("comparison" if is_open else "no comparison", problems[problem]),
    )


def _outputs(comparison: Comparison, loss: Loss, overlay: Overlay, readout: Readout) -> Outputs:
    """What shows the runs: the curves are marks of their own."""
    lines = ({f"{name}_{i}": [(line, name)] for name in ("x", "y", "visible")} for i, line in enumerate(loss.others))
    known: Outputs = {"best_known": [(readout, "known")]}
    return merged([comparison.outputs(), overlay.other_outputs(), loss.limits(), known, *lines])


def _without_others(best_known: jax.Array, low: jax.Array, high: jax.Array) -> dict[str, Any]:
    none = jnp.zeros(0)
    empty = Compared(
        curve_x=none,
        curve_y=none,
        paths=jnp.zeros((0, 0, 0)),
        points=jnp.zeros((0, 0)),
        steps=none,
        lasts=none,
        losses=none,
        verdicts=none,
        close_steps=none,
        best_known=best_known,
        low=low,
        high=high,
    )
    places = jnp.ones((NUM_OTHERS, 2))  # a place that a logarithmic axis has, too
    return {**empty._asdict(), **_curves(places, places, jnp.zeros(NUM_OTHERS, bool))}


def _curves(x: jax.Array, y: jax.Array, is_there: jax.Array) -> dict[str, jax.Array]:
    """The curves [3, n] one by one, because each is a mark of its own."""
    fields = {"x": x, "y": y, "visible": is_there}
    return {f"{name}_{i}": field[i] for name, field in fields.items() for i in range(NUM_OTHERS)}


def link_best_rates(
    problems: Sequence[Problem], controls: Controls, views: Sequence[View], comparison: Comparison, cache: DiskCache
) -> JaxLink:
    """Gives each run the best of 64 learning rates when the comparison asks for it."""

    def best(*, problem: int, **inputs: jax.Array) -> dict[str, jax.Array]:
        return _with_best_rates(problems[problem], inputs)

    return jaxlink(
        best,
        inputs={
            **{name: trait for name, trait in inputs_of(controls, views).items() if name not in ("step", "best_known")},
            **_runs(controls, comparison),
            **{name: (comparison, name) for name in ("asks", "answered")},
        },
        static={"problem": (controls.fitted, "index")},
        outputs={
            **{name: (comparison, name) for name in ("answered", "runs")},
            "learning_rate": (controls.learning_rate, "value"),
        },
        triggers=["asks"],
        sync_targets=True,
        shapes=lambda problem: dict.fromkeys(("x", "y"), problems[problem].x.shape),
        cache=cache,
        name=lambda problem: program_of_all("best rates", problems[problem]),
    )


def _with_best_rates(problem: Problem, inputs: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
    # Choosing a problem runs this, too, and must change nothing.
    is_asked, rows = inputs["asks"] > inputs["answered"], _rows(inputs)
    rates = jax.lax.cond(is_asked, lambda: best_rates(*_ordered(problem, inputs)), lambda: rows[:, 1])
    runs = inputs["runs"].reshape(NUM_OTHERS, -1).at[:, 1].set(rates[1:])
    # A control is not set to NaN.
    return {"answered": inputs["asks"], "runs": runs.ravel(), "learning_rate": jnp.where(is_asked, rates[0], jnp.nan)}


def link_restored(controls: Controls, comparison: Comparison, cache: DiskCache) -> JaxLink:
    """Sets the controls to the settings of a run that is chosen."""
    names = columns()

    def restored(setting: jax.Array, restores: jax.Array) -> dict[str, Any]:
        del restores
        return {"optimizer": setting[0].astype(jnp.int32), **{name: setting[1 + i] for i, name in enumerate(names)}}

    sliders = {"learning_rate": controls.learning_rate, **controls.hyperparameters}
    return jaxlink(
        restored,
        inputs={name: (comparison, name) for name in ("setting", "restores")},
        outputs={"optimizer": (controls.optimizer, "index"), **{name: (sliders[name], "value") for name in names}},
        triggers=["restores"],
        sync_targets=True,
        cache=cache,
        name=lambda: program_of_all("restored"),
    )


def _runs(controls: Controls, comparison: Comparison) -> dict[str, Trait]:
    """The inputs that `_rows` takes besides the sliders."""
    return {"optimizer": (controls.optimizer, "index"), "runs": (comparison, "runs")}


def _ordered(problem: Problem, inputs: Mapping[str, jax.Array]) -> tuple[Problem, jax.Array, dict[str, jax.Array]]:
    """What `compare` and `best_rates` take."""
    chosen, taken = on_own_data(problem, inputs)
    return chosen, _rows(inputs), taken


def _rows(inputs: Mapping[str, jax.Array]) -> jax.Array:
    """The rows of `compare`."""
    present = jnp.stack([inputs[name].astype(jnp.float32) for name in ("optimizer", *columns())])
    return jnp.concatenate([present[None], inputs["runs"].reshape(NUM_OTHERS, -1)[:, : len(present)]])
