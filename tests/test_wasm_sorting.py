"""Sorting, and what is built on it: the values of JAX, and work that grows as n log n."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tests.wasm_parity import booleans, check, floats, instructions, integers

SIZES = (1, 2, 15, 16, 17, 33, 257)


def special(n: int) -> np.ndarray:
    """Floats with several NaN, infinities and zeros of both signs among them."""
    x = floats(n)
    for start, value in enumerate((np.nan, 0.0, -0.0, np.inf, -np.inf)):
        x[start :: 6 + start] = value
    return x


@pytest.mark.parametrize("size", SIZES)
def test_rows_of_every_size(size: int) -> None:
    x, n, b = special(size), integers(size, high=0), booleans(size)
    check(lambda x, n, b: (jnp.sort(x), jnp.argsort(x), jnp.sort(n), jnp.sort(b), jnp.argsort(b), jnp.sort(-x)[::-1]), x, n, b)
    check(lambda n: jnp.argsort(n.astype(jnp.uint32)), n)
    check(lambda x, n, b: lax.sort((n % 3, x, b, n), num_keys=1), x, n, b)
    check(lambda x, n, b: lax.sort((b, n % 3, x, n), num_keys=3), x, n, b)


def test_the_signs_of_zeros_keep_their_order() -> None:
    x = np.array([0.0, -0.0, 1.0, -0.0, 0.0] * 9, np.float32)
    check(lambda x: jnp.signbit(jnp.sort(x)), x)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shape", [(3, 5, 4), (19, 3, 40)])
def test_every_axis(shape: tuple[int, ...], axis: int) -> None:
    check(lambda m: (jnp.sort(m, axis), jnp.argsort(m, axis), jnp.median(m, axis)), floats(*shape))
    check(lambda m: lax.sort((jnp.round(m), m * 2, m > 0), dimension=axis, num_keys=1), floats(*shape))


BUILT_ON_IT: list[tuple[str, Callable, tuple[Any, ...]]] = [
    ("median", lambda x: (jnp.median(x), jnp.percentile(x, 30.0), jnp.quantile(x, 0.9)), (floats(101),)),
    ("unique", lambda n: jnp.unique(n, size=30, return_index=True, return_inverse=True, return_counts=True), (integers(200),)),
    ("searchsorted", lambda x, v: jnp.searchsorted(jnp.sort(x), v, method="sort"), (floats(70), floats(40))),
    ("ranks", lambda x: jnp.argsort(jnp.argsort(x)), (floats(90),)),
    ("descending", lambda x, n: (jnp.sort(x, descending=True), jnp.argsort(n, descending=True)), (floats(60), integers(60))),
    ("lexsort", lambda x, n: jnp.lexsort((x, n)), (floats(80), integers(80))),
    ("batch", jax.vmap(lambda x: jnp.sort(x * 2)[::2]), (floats(6, 50),)),
    ("gradient", jax.grad(lambda x: jnp.sum(jnp.sort(x) * jnp.arange(50))), (floats(50),)),
    ("a step of a loop", lambda x: lax.fori_loop(0, 5, lambda i, c: jnp.sort(c).at[i].set(9.0), x), (floats(45),)),
    ("nothing", jnp.sort, (floats(0),)),
    ("rows of nothing", lambda x: (jnp.sort(x, 0), jnp.sort(x, 1)), (floats(0, 30),)),
]


@pytest.mark.parametrize(("name", "fun", "args"), BUILT_ON_IT, ids=[row[0] for row in BUILT_ON_IT])
def test_what_is_built_on_sorting(name: str, fun: Callable, args: tuple[Any, ...]) -> None:
    check(fun, *args)


GROWTH: dict[str, Callable] = {
    "sort": jnp.sort,
    "argsort": jnp.argsort,
    "median": jnp.median,
    "unique": lambda x: jnp.unique(x, size=20),
    "searchsorted": lambda x: jnp.searchsorted(x, -x, method="sort"),
}


@pytest.mark.parametrize("name", GROWTH)
def test_four_times_as_many_numbers_take_less_than_six_times_the_work(name: str) -> None:
    fun = GROWTH[name]
    assert instructions(fun, floats(4000)) < 6 * instructions(fun, floats(1000))
