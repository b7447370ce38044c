"""Arguments, constants and results of all kinds: compiled, or refused with an error that names them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.experimental import io_callback

from gradient.wasm import UnsupportedPrimitive, compile
from tests.wasm_parity import check, floats, load

X, EMPTY = floats(3), np.zeros((0, 3), np.float32)
KEY = jax.random.key(0)
REFERENCE = jax.new_ref(jnp.zeros(3))


def constant(dtype: Any, *values: Any) -> np.ndarray:
    return np.array(values, dtype)


CONSTANTS: list[tuple[str, Callable, tuple[Any, ...]]] = [
    ("int8", lambda x: x * constant(np.int8, 1, -2, 3), (X,)),
    ("uint8", lambda x: x + constant(np.uint8, 200, 1, 2), (X,)),
    ("float16", lambda x: x * constant(np.float16, 1, 0.1, 3), (X,)),
    ("large uint32", lambda x: x * constant(np.uint32, 2**32 - 1, 1, 2), (X,)),
    ("results without arguments", lambda x: (3, True, 1.5, None, constant(np.float32, 1, 2)), (X,)),
    ("no arguments", lambda: jnp.ones(3), ()),
    ("no results", lambda x: (), (X,)),
    ("None", lambda pair: pair[0] * 2, ((X, None),)),
    ("numbers of Python", lambda a, b, c: jnp.where(a, b * X, c), (True, 2.5, 3)),
    ("an array without elements", lambda z: (z.sum(0), z @ z.T, jnp.sort(z), jnp.cumsum(z), jnp.pad(z, 1), z.T @ z), (EMPTY,)),
    ("no dimensions", lambda s: (s.at[()].set(1.0), lax.pad(s, 0.0, ()), lax.dynamic_slice(s, (), ()), jnp.cumsum(s)), (X[0],)),
]


@pytest.mark.parametrize(("fun", "args"), [pytest.param(f, args, id=name) for name, f, args in CONSTANTS])
def test_constants_and_shapes(fun: Callable, args: tuple[Any, ...]) -> None:
    check(fun, *args)


@pytest.mark.parametrize(
    "fun",
    [
        lambda x, n: x * n + 1,
        lambda x, n: lax.fori_loop(0, 3, lambda i, c: c * 2, x) ** 2 + jnp.where(x > 0, x, 0.0) % n,
        lambda x, n: (jnp.sort(x), jnp.std(x), jax.nn.softmax(x), jnp.argmax(x), lax.cond(x[0] > 0, lambda: 1.0, lambda: 2.0)),
    ],
)
def test_strict_promotion(fun: Callable) -> None:
    """A number of Python has a weak type, so that it may be combined with any other."""
    with jax.numpy_dtype_promotion("strict"):
        got, want = load(compile(fun, X, 3))(X, 3), jax.jit(fun)(X, 3)
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-6), got, want)


def _wide(x: jax.Array) -> Any:
    with jax.enable_x64(True):
        return lax.dynamic_slice(x, (jnp.asarray(2**40),), (1,))


REFUSED: list[tuple[str, Callable]] = [
    (r"a random key \(key<fry>\)", lambda x: x + jax.random.normal(KEY, (3,))),
    (r"a random key \(key<fry>\)", lambda x: x + jax.random.key_data(KEY).sum()),
    (r"a result of type key<fry>", lambda x: (x, KEY)),
    ("a result of type int8", lambda x: (x, constant(np.int8, 1, 2, 3))),
    ("a result of type uint8", lambda x: (x, constant(np.uint8, 200, 2, 3))),
    ("a result of type float16", lambda x: (x, constant(np.float16, 1, 2, 3))),
    ("a result of type uint32", lambda x: (x, constant(np.uint32, 1, 2, 3))),
    ("a constant of type complex64", lambda x: x + jnp.real(constant(np.complex64, 1, 2, 3) + 0 * x.astype(int)[0])),
    ("a constant of type int64", _wide),
]


@pytest.mark.parametrize(("what", "fun"), REFUSED)
def test_another_type_is_refused_by_name(what: str, fun: Callable) -> None:
    with pytest.raises(UnsupportedPrimitive, match=rf"{what}.*can still run in the kernel"):
        compile(fun, X)


def _counted(x: jax.Array) -> jax.Array:
    io_callback(print, None, x)
    return x * 2


def _stored(x: jax.Array) -> jax.Array:
    REFERENCE[...] = x
    return x * 2


@pytest.mark.parametrize(
    ("what", "fun"),
    [
        ("io_callback", _counted),
        ("io_callback", lambda x: lax.scan(lambda c, _: (c, _counted(c)), x, None, length=3)[0]),
        ("a reference to a mutable array", _stored),
        ("new_ref", lambda x: jax.new_ref(x)[...]),
    ],
)
def test_an_effect_beside_the_results_is_refused(what: str, fun: Callable) -> None:
    with pytest.raises(UnsupportedPrimitive, match=rf"{what}.*can still run in the kernel"):
        compile(fun, X)


@pytest.mark.parametrize("bad", [KEY, np.zeros(3), object(), 1j], ids=["key", "float64", "object", "complex"])
def test_an_argument_of_another_type(bad: Any) -> None:
    with pytest.raises(TypeError, match=r"An argument has the type .* Convert it first"):
        compile(lambda x: x, bad)
