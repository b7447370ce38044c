"""Sums of many terms: as accurate as `jax.jit`, whatever the shape, the axes and the data."""

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from gradient.wasm import compile
from tests.wasm_parity import FACTOR, load

UNITS = 5e-7  # what the last roundings may add, as a share of the sum of the magnitudes

DATA: dict[str, Callable[[int], np.ndarray]] = {
    "constant": lambda n: np.full(n, 0.1),
    "uniform": lambda n: np.random.RandomState(0).uniform(0, 1, n),
    "normal": lambda n: np.random.RandomState(1).normal(size=n),
    "ascending": lambda n: np.linspace(0, 1, n),
    "alternating": lambda n: np.where(np.arange(n) % 2, -1, 1) * (1 + np.random.RandomState(2).uniform(0, 1, n)),
    "growing": lambda n: 10 ** np.linspace(-6, 3, n),
    "falling": lambda n: 10 ** np.linspace(3, -6, n),
}
SUMS: dict[str, Callable[[Any], Any]] = {
    "all": jnp.sum,
    "mean": jnp.mean,
    "first axis": lambda x: x.sum(0),
    "last axis": lambda x: x.sum(-1),
    "two axes": lambda x: x.sum((0, -1)) if x.ndim > 1 else x.sum(),
    "every other": lambda x: x[::2].sum(),
    "backwards": lambda x: x[..., ::-1].sum(-1),
    "product": lambda x: jnp.vdot(x, x),
    "cumulative": lambda x: lax.cumsum(x, x.ndim - 1),
    "cumulative from the end": lambda x: lax.cumsum(x, 0, reverse=True),
    "expensive terms": lambda x: jnp.sum(jnp.exp(x * 1e-3)),
    "called for each lane": lambda x: jnp.sum(lax.rem(x, jnp.full_like(x, 7.0))),
}
SHAPES = [
    (513,),
    (515,),
    (1000,),
    (4099,),
    (600, 3),
    (3, 700),
    (1031, 9),
    (9, 1031),
    (30, 17, 40),
    (4, 4, 200),
    (20, 2, 600),
    (90, 65),
]


@cache
def all_sums(shape: tuple[int, ...]) -> tuple[Callable, Callable, Callable]:
    """All sums of an array of a shape, by this compiler, by `jax.jit`, and in float64."""

    def fun(x: Any) -> dict[str, Any]:
        return {name: f(x) for name, f in SUMS.items()}

    jitted = jax.jit(fun)

    def exact(x: Any) -> Any:
        with jax.enable_x64(True):
            return jax.tree.map(np.asarray, jitted(np.asarray(x, np.float64)))

    return load(compile(fun, np.zeros(shape, np.float32))), jitted, exact


def check(got: Any, want: Any, true: Any, size: Any) -> None:
    """Asserts that sums are as accurate as JAX's; `size` are the sums of the magnitudes."""
    mine, theirs = (np.max(np.abs(np.asarray(a, np.float64) - true) / size) for a in (got, want))
    assert mine <= FACTOR * theirs + UNITS


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums_are_accurate(shape: tuple[int, ...], data: str) -> None:
    ours, jitted, exact = all_sums(shape)
    x = DATA[data](int(np.prod(shape))).astype(np.float32).reshape(shape)
    got, want = ours(x), jitted(x)
    true, size = exact(x), exact(np.abs(x))
    for name in SUMS:
        magnitudes = np.maximum(np.max(size[name]) if name.startswith("cumulative") else size[name], 1e-30)
        check(got[name], want[name], true[name], magnitudes)


def test_a_million_terms() -> None:
    def fun(x: Any) -> list[Any]:
        return [jnp.mean(x), x.sum(), jnp.vdot(x, x), jnp.var(x) + 1, jnp.cumsum(x)[-1], jax.nn.logsumexp(x)]

    for n in (1_000_000, 1_000_003):
        x = np.full(n, 0.1, np.float32)
        value = np.float64(x[0])
        true = [value, n * value, n * value**2, 1.0, n * value, np.log(n) + value]
        for g, w, t in zip(load(compile(fun, x))(x), jax.jit(fun)(x), true, strict=True):
            check(g, w, t, t)


@pytest.mark.parametrize("kind", ["constant", "uniform", "normal"])
@pytest.mark.parametrize("sizes", [(8, 700, 32), (1, 5000, 3), (5, 1030, 1), (13, 513, 17)], ids=str)
def test_products_with_long_rows_are_accurate(sizes: tuple[int, int, int], kind: str) -> None:
    m, k, n = sizes
    a, b = (DATA[kind](rows * columns).astype(np.float32).reshape(rows, columns) for rows, columns in ((m, k), (k, n)))
    true, size = (p.astype(np.float64) @ q.astype(np.float64) for p, q in ((a, b), (np.abs(a), np.abs(b))))
    check(load(compile(jnp.matmul, a, b))(a, b), jax.jit(jnp.matmul)(a, b), true, size)


def test_long_windows_are_accurate() -> None:
    def fun(x: Any) -> list[Any]:
        ones = jnp.ones((1, 1, 700), x.dtype)
        window = lax.reduce_window(x, x.dtype.type(0), lax.add, (700,), (100,), "VALID")
        return [window, lax.conv_general_dilated(x[None, None], ones, (100,), "VALID")[0, 0]]

    for data in ("constant", "uniform"):
        x = DATA[data](3000).astype(np.float32)
        true = np.array([x[start : start + 700].sum(dtype=np.float64) for start in range(0, 2301, 100)])
        for got, want in zip(load(compile(fun, x))(x), jax.jit(fun)(x), strict=True):
            check(got, want, true, true)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 3e38, -3e38])
def test_long_sums_of_special_values(value: float) -> None:
    ours, jitted, _ = all_sums((1000,))
    for where in ([5], [999], [5, 700], [5, 6]):
        x = np.ones(1000, np.float32)
        x[where] = value
        got, want = ours(x), jitted(x)
        for name in ("all", "mean", "last axis", "cumulative"):
            np.testing.assert_allclose(got[name], want[name], rtol=1e-6)
    x[[5, 700]] = np.inf, -np.inf
    assert np.isnan(ours(x)["all"])
    assert np.isnan(ours(x)["cumulative"][-1])
