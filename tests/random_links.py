"""Random links between widgets: the same for the same numbers, whoever computes. All their values are exact in float32."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

import ipywidgets as widgets
import jax
import jax.numpy as jnp

from gradient.link import jaxlink

GRID = 8  # all numbers are multiples of an eighth

SOURCES: Sequence[tuple[Callable[[], widgets.Widget], Callable[[Random], Any]]] = [
    (lambda: widgets.FloatSlider(min=-9, max=9, step=0.125), lambda draw: draw.randint(-72, 72) / GRID),
    (lambda: widgets.IntSlider(min=-9, max=9), lambda draw: draw.randint(-9, 9)),
    (lambda: widgets.FloatText(1.0), lambda draw: draw.randint(-99, 99) / GRID),
    (lambda: widgets.BoundedIntText(2, min=-5, max=5), lambda draw: draw.randint(-5, 5)),
    (lambda: widgets.Checkbox(True), lambda draw: draw.random() < 0.5),
    (lambda: widgets.Dropdown(options=[("one", 1), ("more", 2.5), ("less", -3)], index=0), lambda draw: draw.randint(0, 2)),
    (lambda: widgets.SelectionSlider(options=[-1, 0, 4], index=1), lambda draw: draw.randint(0, 2)),
]
PAIRS: Sequence[tuple[Callable[[], widgets.Widget], Callable[[Random], Any]]] = [
    (lambda: widgets.FloatRangeSlider(min=-9, max=9, step=0.125, value=(1, 2)), lambda draw: _pair(draw, GRID)),
    (lambda: widgets.IntRangeSlider(min=-9, max=9, value=(1, 2)), lambda draw: _pair(draw, 1)),
    (lambda: widgets.FloatsInput(value=[1.0, 2.0]), lambda draw: _pair(draw, GRID)),
]
NUMBERS: Sequence[Callable[[], Any]] = [
    widgets.FloatText,
    widgets.IntText,
    widgets.Checkbox,
    lambda: widgets.BoundedFloatText(min=-2, max=3),
    lambda: widgets.IntProgress(min=-4, max=4),
    lambda: widgets.FloatProgress(min=-4, max=4),
    lambda: widgets.IntSlider(min=-20, max=20, step=3),
    lambda: widgets.FloatSlider(min=-20, max=20, step=0.75),
    lambda: widgets.FloatLogSlider(min=-2, max=2, step=0.5),
    lambda: widgets.Dropdown(options=[("a", 1), ("b", 2.5), ("c", -3)]),
    lambda: (widgets.HTML(), "value", "{number} of {pair[0]:.2f} to {pair[-1]:+.1e}, \\frac{a}{b} [{number:.1%}]"),
    lambda: (widgets.Button(), "disabled"),
]
PAIR_TARGETS: Sequence[Callable[[], Any]] = [
    widgets.FloatsInput,
    widgets.IntsInput,
    lambda: widgets.FloatRangeSlider(min=-20, max=20, step=0.5),
    lambda: widgets.IntRangeSlider(min=-20, max=20),
]


class Linked(NamedTuple):
    """A random link: the sources with the trait that a page sets, and everything that it shows."""

    sources: list[tuple[widgets.Widget, str]]
    targets: list[widgets.Widget]


def build(seed: int, where: str) -> Linked:
    """Makes the link of a seed."""
    draw = Random(seed)
    sources = [make() for make, _ in _sources(draw)]
    number, pair = draw.sample(list(NUMBERS), 3), draw.sample(list(PAIR_TARGETS), 2)
    outputs: dict[str, Any] = {"number": [make() for make in number], "pair": [make() for make in pair]}
    names = [f"x{i}" for i in range(len(sources))]
    jaxlink(_function(draw.randint(0, 2**30)), inputs=dict(zip(names, sources, strict=True)), outputs=outputs, where=where)
    shown = [target[0] if isinstance(target, tuple) else target for targets in outputs.values() for target in targets]
    return Linked([(source, "index" if hasattr(source, "index") else "value") for source in sources], shown)


def events(seed: int, count: int) -> list[tuple[int, Any]]:
    """What a visitor does with the sources of this seed: which one is set, and to what."""
    draw = Random(seed)
    values = [value for _, value in _sources(draw)]
    draw = Random(-seed - 1)
    chosen = [draw.randrange(len(values)) for _ in range(count)]
    return [(i, values[i](draw)) for i in chosen]


def _sources(draw: Random) -> list[tuple[Callable[[], widgets.Widget], Callable[[Random], Any]]]:
    return [*draw.sample(list(SOURCES), draw.randint(1, 3)), draw.choice(list(PAIRS))]


def _pair(draw: Random, grid: int) -> list[float]:
    return sorted(draw.randint(-9 * grid, 9 * grid) / grid for _ in range(2))


def _function(seed: int) -> Callable[..., dict[str, jax.Array]]:
    def fun(**inputs: jax.Array) -> dict[str, jax.Array]:
        draw = Random(seed)
        numbers = [part for value in inputs.values() for part in jnp.ravel(value).astype(jnp.float32)]
        for _ in range(4):
            numbers.append(_combined(draw, draw.choice(numbers), draw.choice(numbers)))
        ends = jnp.stack([numbers[-1], numbers[-2]])
        return {"number": jnp.clip(numbers[-1], -99, 99), "pair": jnp.sort(jnp.clip(ends, -99, 99))}

    return fun


def _combined(draw: Random, x: jax.Array, y: jax.Array) -> jax.Array:
    operations: list[Callable[[jax.Array, jax.Array], jax.Array]] = [
        jnp.add,
        jnp.subtract,
        jnp.maximum,
        jnp.minimum,
        lambda x, y: jnp.where(x > y, x, -y),
        lambda x, y: jnp.floor(x) + y,
        lambda x, y: jnp.abs(x) - 0.5 * jnp.round(y),
    ]
    return draw.choice(operations)(x, y)
