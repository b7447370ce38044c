"""The links of the maps: their slices, the valleys, and the point of the present settings, which can be dragged."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from gradient.app_links import SWEEP_DELAY, inputs_of
from gradient.cache import DiskCache
from gradient.compare import columns, own_places
from gradient.controls import Controls
from gradient.link import JaxLink, Trait, jaxlink
from gradient.maps import NUM_VALUES, Cells, MapKind, SecondAxis, Setting, known_valley, map_slice, num_slices, second_axes
from gradient.optimizers import OPTIMIZERS, RATE_EXPONENTS, Optimizer
from gradient.own import on_own_data
from gradient.points import mean, variance
from gradient.problems import Problem
from gradient.run import NEVER, finite
from gradient.shipped import program_of_all
from gradient.valleys import Valleys, valleys
from gradient.views.maps import Maps
from gradient.views.readout import Readout
from gradient.views.view import View


def link_maps(
    problems: Sequence[Problem], controls: Controls, views: Sequence[View], shown: tuple[Maps, Readout], cache: DiskCache
) -> list[JaxLink]:
    """Links the controls to the maps, and the maps to the controls.

    All of it stays in the browser, in a worker: a kernel would have to answer for each of the slices.
    """
    maps, readout = shown
    data = {name: trait for name, trait in inputs_of(controls, views).items() if name in ("x", "y") or name.startswith("own_")}
    return [
        _link_point(controls, maps, cache),
        _link_picked(controls, maps, cache),
        _link_valleys(problems, controls, data, maps, cache),
        _link_slices(problems, controls, data, (maps, readout), cache),
    ]


def _link_valleys(
    problems: Sequence[Problem], controls: Controls, data: Mapping[str, Trait], maps: Maps, cache: DiskCache
) -> JaxLink:
    """Finds the valleys of the problem's loss when a map is opened, and whenever the data change from then on."""

    def found(*, problem: int, is_open: bool, **inputs: jax.Array) -> dict[str, jax.Array]:
        chosen, taken = on_own_data(problems[problem], inputs)
        has_valleys = is_open and chosen.is_planar
        all_of_them = valleys(chosen, taken["x"], taken["y"]) if has_valleys else known_valley(jnp.asarray(jnp.inf))
        return dict(zip(("minima", "minimum_losses", "num_best"), all_of_them, strict=True))

    return jaxlink(
        found,
        inputs=data,
        static={"problem": (controls.fitted, "index"), "is_open": (maps, "is_open")},
        outputs={name: (maps, name) for name in ("minima", "minimum_losses", "num_best")},
        shapes=_shapes(problems),
        cache=cache,
        name=lambda problem, is_open: program_of_all("valleys" if is_open else "no valleys", problems[problem]),
        delay=SWEEP_DELAY,
    )


def _link_slices(
    problems: Sequence[Problem],
    controls: Controls,
    data: Mapping[str, Trait],
    shown: tuple[Maps, Readout],
    cache: DiskCache,
) -> JaxLink:
    """Computes a slice of the map that is shown, whenever the map asks for one, and whenever a control changes the map."""
    maps, readout = shown
    own = ("kind", "index", "row", "steps", "start", "minima", "minimum_losses")

    def sliced(*, problem: int, is_open: bool, **inputs: jax.Array) -> dict[str, jax.Array]:
        return _slice(*on_own_data(problems[problem], inputs)) if is_open else _no_slice()

    inputs: dict[str, Trait] = {**data, **{name: (maps, name) for name in own}, "best_known": (readout, "known")}
    return jaxlink(
        sliced,
        inputs=inputs,
        static={"problem": (controls.fitted, "index"), "is_open": (maps, "is_open")},
        outputs=maps.outputs_of_cells(),
        triggers=[name for name in inputs if name != "best_known"],
        shapes=_shapes(problems),
        cache=cache,
        name=lambda problem, is_open: program_of_all("map" if is_open else "no map", problems[problem]),
        delay=SWEEP_DELAY,
    )


def _slice(problem: Problem, inputs: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
    x, y, best_known = inputs["x"], inputs["y"], inputs["best_known"]
    found = Valleys(inputs["minima"], inputs["minimum_losses"], jnp.int32(0))
    start = inputs["start"] if problem.is_planar else jnp.zeros(problem.flat_starts.shape[1])
    present = Setting(inputs["row"], inputs["steps"], start)
    has_valleys = problem.is_planar & jnp.isfinite(found.losses[0])
    known = jax.tree.map(lambda own, other: jnp.where(has_valleys, own, other), found, known_valley(best_known))
    cells = map_slice(problem, inputs["kind"], inputs["index"], present, (x, y), known)
    is_taken = jnp.isfinite(found.losses)
    numbers = [
        *(mean(values).reshape(1) for values in (x, y, x * y)),
        *(jnp.sum(values).reshape(1) for values in (jnp.where(is_taken, found.losses, 0.0), is_taken)),
        *(inputs[name].reshape(1) for name in ("kind", "steps")),
    ]
    return {
        **{name: value.astype(jnp.float32) for name, value in cells._asdict().items()},
        "done": jnp.clip(inputs["index"], 0, num_slices(problem, inputs["kind"]) - 1),
        "done_kind": inputs["kind"],
        # NaN would differ from itself, and the map begin anew for ever.
        "settings": finite(jnp.concatenate([*(each.astype(jnp.float32) for each in numbers), inputs["row"], inputs["start"]])),
        "low": best_known,
        "high": _highest_start(problem, inputs["start"], x, y),
        "num_steps": inputs["steps"],
    }


def _no_slice() -> dict[str, jax.Array]:
    none = {name: jnp.zeros(0) for name in (*Cells._fields, "settings")}
    return {
        **none,
        "done": jnp.int32(NEVER),
        "done_kind": jnp.int32(0),
        "low": jnp.zeros(()),
        "high": jnp.ones(()),
        "num_steps": jnp.int32(1),
    }


def _highest_start(problem: Problem, start: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
    """The loss at the start, or the highest at any of the starts of a larger model; the variance of y if none is finite."""
    starts = start[None] if problem.is_planar else jnp.asarray(problem.flat_starts)
    losses = jax.lax.map(lambda flat: problem.loss(problem.unravel(flat), x, y), starts)
    highest = jnp.where(jnp.isfinite(losses), losses, -1.0).max()
    return jnp.where(highest < 0, variance(y), highest)


def _shapes(problems: Sequence[Problem]) -> Any:
    return lambda problem, is_open: dict.fromkeys(("x", "y"), problems[problem].x.shape)


def _link_point(controls: Controls, maps: Maps, cache: DiskCache) -> JaxLink:
    """Shows the present settings on the map, and tells the map those that it does not vary: only these begin it anew."""
    start = {"w": controls.initial_w, "b": controls.initial_b, "key": controls.random_key}
    rate = controls.learning_rate
    sliders: dict[str, Any] = {"learning_rate": rate, **controls.hyperparameters, "num_steps": controls.steps, **start}
    return jaxlink(
        point,
        inputs={
            **{name: (slider, "value") for name, slider in sliders.items()},
            **{name: (maps, name) for name in ("kind", "is_planar")},
            "optimizer": (controls.optimizer, "index"),
            "last_key": (controls.random_key, "max"),
            "limit": (controls.strips["learning_rate"], "limit"),
        },
        outputs={name: (maps, name) for name in ("point", "limits", "row", "steps", "start")},
        cache=cache,
        name=lambda: program_of_all("map point"),
    )


def point(*, kind: jax.Array, is_planar: jax.Array, optimizer: jax.Array, **values: jax.Array) -> dict[str, jax.Array]:
    """Where the present settings are on a map, the stability law's curve over it, and the settings that it does not vary.

    Args:
        kind: a `MapKind`.
        is_planar: whether the problem has two parameters.
        optimizer: the index of the optimizer.
        values: of the sliders, by the names of `gradient.compare.columns`, and "num_steps", "w", "b" and "key"; "last_key", and
            "limit", the largest stable learning rate for these settings.
    """
    row = jnp.stack([value.astype(jnp.float32) for value in (optimizer, *(values[name] for name in columns()))])
    axis = _chosen_axis(optimizer)
    second = jnp.where(axis.place == NEVER, values["num_steps"], row[axis.place])
    key = (values["key"] - 1) / jnp.maximum(values["last_key"] - 1, 1)
    height = jnp.where(is_planar, (second - axis.low) / (axis.high - axis.low), key)
    is_starts = is_planar & (kind == MapKind.STARTS)
    is_varied = (jnp.arange(row.size) == 1) | ((jnp.arange(row.size) == axis.place) & is_planar)
    has_start = is_planar & (kind == MapKind.SETTINGS)
    are_steps_varied = has_start & (axis.place == NEVER)
    return {
        "point": jnp.stack([_share_of_rate(row[1]), height]),
        "limits": jnp.where(is_planar, _limits(row, values["limit"]), NEVER),
        "row": jnp.where(is_varied & ~is_starts, 0.0, row),
        "steps": jnp.where(are_steps_varied, 0, values["num_steps"]),
        "start": jnp.where(has_start, jnp.stack([values["w"], values["b"]]), 0.0),
    }


def _chosen_axis(optimizer: jax.Array) -> SecondAxis:
    """The second axis of an optimizer, with arrays in the place of numbers, and without a name."""
    _, *columns_of_numbers = zip(*second_axes(), strict=True)
    chosen: list[Any] = [jnp.asarray(numbers)[optimizer] for numbers in columns_of_numbers]
    return SecondAxis("", *chosen)


def _share_of_rate(rate: jax.Array) -> jax.Array:
    low, high, _ = RATE_EXPONENTS
    return (jnp.log10(jnp.maximum(rate, 1e-30)) - low) / (high - low)


def _limits(row: jax.Array, limit: jax.Array) -> jax.Array:
    """The largest stable learning rates [48] as shares of their axis, by the law from the one that is known; -1 for none."""
    laws = [_law(*each, row) for each in zip(OPTIMIZERS.values(), own_places(), second_axes(), strict=True)]
    values, now = (jnp.stack([law[i] for law in laws])[row[0].astype(jnp.int32)] for i in (0, 1))
    shares = _share_of_rate(limit * values / jnp.maximum(now, 1e-30))
    return jnp.where((limit > 0) & (now > 0), shares, NEVER)


def _law(record: Optimizer, places: Sequence[int], axis: SecondAxis, row: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The law for each value of the second axis [48], and for the present one; zeros where there is none."""
    if record.stability is None:
        return jnp.zeros(NUM_VALUES), jnp.zeros(())
    own = {name: row[place] for name, place in zip(record.hyperparameters, places[1:], strict=True)}
    varied = dict(zip(list(own)[:1], [jnp.asarray(axis.values(), jnp.float32)], strict=False))
    now = jnp.asarray(record.stability(**own), jnp.float32)
    return jnp.broadcast_to(record.stability(**{**own, **varied}), NUM_VALUES).astype(jnp.float32), now


def _link_picked(controls: Controls, maps: Maps, cache: DiskCache) -> JaxLink:
    """Sets the sliders to where the point on the map is dragged."""
    sliders = {axis.slider: controls.second_slider(axis.slider) for axis in second_axes()}
    return jaxlink(
        partial(picked_settings, names=tuple(sliders)),
        inputs={
            **{name: (maps, name) for name in ("picked", "is_planar")},
            "optimizer": (controls.optimizer, "index"),
            "last_key": (controls.random_key, "max"),
        },
        outputs={
            **{name: (slider, "value") for name, slider in sliders.items()},
            "learning_rate": (controls.learning_rate, "value"),
            "key": (controls.random_key, "value"),
        },
        triggers=["picked"],
        sync_targets=True,
        cache=cache,
        name=lambda: program_of_all("map picked"),
    )


def picked_settings(
    picked: jax.Array, is_planar: jax.Array, optimizer: jax.Array, last_key: jax.Array, *, names: Sequence[str]
) -> dict[str, jax.Array]:
    """The values of the sliders at a place of a map; NaN for those that it does not set, which leaves them as they are.

    Args:
        picked: (share of the horizontal axis, share of the vertical one, ...).
        is_planar, optimizer, last_key: as for `point`.
        names: of the sliders that are varied besides the learning rate.
    """
    low, high, _ = RATE_EXPONENTS
    axis = _chosen_axis(optimizer)
    across, up = jnp.clip(picked[0], 0.0, 1.0), jnp.clip(picked[1], 0.0, 1.0)
    second = axis.low + up * (axis.high - axis.low)
    own = jnp.asarray([names.index(each.slider) for each in second_axes()])[optimizer]
    return {
        **{name: jnp.where(is_planar & (own == i), second, jnp.nan) for i, name in enumerate(names)},
        "learning_rate": 10.0 ** (low + across * (high - low)),
        "key": jnp.where(is_planar, jnp.nan, 1 + up * (last_key - 1)),
    }
