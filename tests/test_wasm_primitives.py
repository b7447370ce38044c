"""Every primitive, over shapes and types, against `jax.jit`. Each has a row here, or in `test_wasm_flow`."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.ad_checkpoint import checkpoint_name

from gradient.wasm.lower import RULES, is_unsigned, of_unsigned
from tests.test_wasm_flow import FLOW
from tests.wasm_parity import booleans, check, floats, integers

SHAPES: list[tuple[int, ...]] = [(), (1,), (16,), (37,), (0,), (3, 4), (7, 1), (5, 9)]
F, N, B = "float", "int", "bool"
MAKE: dict[str, Callable[..., np.ndarray]] = {F: floats, N: integers, B: booleans}

Row = tuple[str, Callable[..., Any], list[tuple[str, ...]]]


def positive(f: Callable) -> Callable:
    return lambda x: f(jnp.abs(x) + 0.1)


def unit(f: Callable) -> Callable:
    return lambda x: f(jnp.clip(x * 0.4, -0.99, 0.99))


ELEMENTWISE: list[Row] = [
    ("add", lax.add, [(F, F), (N, N)]),
    ("sub", lax.sub, [(F, F), (N, N)]),
    ("mul", lax.mul, [(F, F), (N, N)]),
    ("div", lax.div, [(F, F), (N, N)]),
    ("rem", lax.rem, [(F, F), (N, N)]),
    ("mod", jnp.mod, [(F, F), (N, N)]),
    ("max", lax.max, [(F, F), (N, N), (B, B)]),
    ("min", lax.min, [(F, F), (N, N), (B, B)]),
    ("pow", lambda x, y: jnp.power(jnp.abs(x), y), [(F, F)]),
    ("pow of an integer", lax.pow, [(F, N)]),
    ("atan2", lax.atan2, [(F, F)]),
    ("and", lax.bitwise_and, [(N, N), (B, B)]),
    ("or", lax.bitwise_or, [(N, N), (B, B)]),
    ("xor", lax.bitwise_xor, [(N, N), (B, B)]),
    ("shift_left", lambda x, y: lax.shift_left(x, jnp.abs(y)), [(N, N)]),
    ("shift_right", lambda x, y: lax.shift_right_arithmetic(x, jnp.abs(y)), [(N, N)]),
    ("shift_right_logical", lambda x, y: lax.shift_right_logical(x, jnp.abs(y)), [(N, N)]),
    ("eq", lax.eq, [(F, F), (N, N), (B, B)]),
    ("ne", lax.ne, [(F, F), (N, N), (B, B)]),
    ("lt", lax.lt, [(F, F), (N, N), (B, B)]),
    ("gt", lax.gt, [(F, F), (N, N)]),
    ("le", lax.le, [(F, F), (N, N)]),
    ("ge", lax.ge, [(F, F), (N, N)]),
    ("select", jnp.where, [(B, F, F), (B, N, N), (B, B, B)]),
    ("select of three", lambda n, x, y: lax.select_n(n % 3, x, y, x * y), [(N, F, F)]),
    ("clamp", lax.clamp, [(F, F, F), (N, N, N)]),
    ("neg", lax.neg, [(F,), (N,)]),
    ("abs", lax.abs, [(F,), (N,)]),
    ("sign", lax.sign, [(F,), (N,)]),
    ("not", lax.bitwise_not, [(N,), (B,)]),
    ("floor", lambda x: lax.floor(x * 4), [(F,)]),
    ("ceil", lambda x: lax.ceil(x * 4), [(F,)]),
    ("round", lambda x: lax.round(jnp.floor(x * 8) / 4), [(F,)]),
    ("is_finite", lambda x: lax.is_finite(x / jnp.floor(x)), [(F,)]),
    ("integer_pow", lambda x: (x**2, x**3, x**5, x**-2, x**7), [(F,)]),
    ("integer_pow of integers", lambda x: (x**2, x**3), [(N,)]),
    ("square", lax.square, [(F,), (N,)]),
    ("sqrt", positive(lax.sqrt), [(F,)]),
    ("rsqrt", positive(lax.rsqrt), [(F,)]),
    ("cbrt", lax.cbrt, [(F,)]),
    ("exp", lax.exp, [(F,)]),
    ("exp2", lax.exp2, [(F,)]),
    ("expm1", lax.expm1, [(F,)]),
    ("log", positive(lax.log), [(F,)]),
    ("log1p", positive(lax.log1p), [(F,)]),
    ("sin", lax.sin, [(F,)]),
    ("cos", lax.cos, [(F,)]),
    ("tan", lax.tan, [(F,)]),
    ("asin", unit(lax.asin), [(F,)]),
    ("acos", unit(lax.acos), [(F,)]),
    ("atan", lax.atan, [(F,)]),
    ("sinh", lax.sinh, [(F,)]),
    ("cosh", lax.cosh, [(F,)]),
    ("tanh", lax.tanh, [(F,)]),
    ("asinh", lax.asinh, [(F,)]),
    ("acosh", lambda x: lax.acosh(1 + jnp.abs(x)), [(F,)]),
    ("atanh", unit(lax.atanh), [(F,)]),
    ("logistic", lax.logistic, [(F,)]),
    ("erf", lax.erf, [(F,)]),
    ("erfc", lax.erfc, [(F,)]),
    ("erf_inv", unit(lax.erf_inv), [(F,)]),
    ("population_count", lax.population_count, [(N,)]),
    ("clz", lax.clz, [(N,)]),
    ("to float", lambda x: x.astype(jnp.float32), [(N,), (B,)]),
    ("to int", lambda x: (x * 3).astype(jnp.int32), [(F,)]),
    ("to bool", lambda x: x.astype(bool), [(F,), (N,)]),
    ("bool to int", lambda x: x.astype(jnp.int32), [(B,)]),
    ("bits of a float", lambda x: lax.bitcast_convert_type(x, jnp.int32), [(F,)]),
    ("stop_gradient", lambda x: lax.stop_gradient(x) + x, [(F,)]),
]
CASES = [pytest.param(f, kinds, id=f"{name}-{'-'.join(kinds)}") for name, f, all_kinds in ELEMENTWISE for kinds in all_kinds]


@pytest.mark.parametrize(("fun", "kinds"), CASES)
def test_elementwise(fun: Callable, kinds: tuple[str, ...]) -> None:
    rows = [tuple(MAKE[kind](*shape, seed=n) for n, kind in enumerate(kinds)) for shape in SHAPES]
    check(lambda rows: [fun(*row) for row in rows], rows, reference=partial(_in_one_vector, fun))


def _in_one_vector(fun: Callable, rows: list[tuple[jax.Array, ...]]) -> list[Any]:
    """An elementwise function of arguments of many shapes, computed once."""
    found = fun(*(jnp.concatenate([jnp.ravel(argument) for argument in column]) for column in zip(*rows, strict=True)))
    ends = np.cumsum([row[0].size for row in rows])
    return [
        jax.tree.map(
            lambda values, end=end, like=row[0]: values[end - like.size : end].reshape(*like.shape, *values.shape[1:]), found
        )
        for row, end in zip(rows, ends, strict=True)
    ]


X, M, T, S = floats(37), floats(5, 9), floats(2, 3, 5), floats(3)
WHOLE, K, Z = integers(37), integers(5, 9), floats(0, 4)
PAIRS = floats(50, 2)

UNSIGNED: list[Callable[[jax.Array, jax.Array], jax.Array]] = [
    *(lambda u, x: u, lambda u, x: u // 7, lambda u, x: u % 9, lambda u, x: u // (u % 5), lambda u, x: u % (u % 3)),
    *(lambda u, x: u < u[::-1], lambda u, x: u >= u[0], lambda u, x: u > u[0], lambda u, x: u <= u[0], lambda u, x: u != 0),
    *(
        lambda u, x: jnp.maximum(u, u[::-1]),
        lambda u, x: jnp.minimum(u, 9),
        lambda u, x: u == u[3],
        lambda u, x: u.astype(bool),
    ),
    *(
        lambda u, x: u >> 3,
        lambda u, x: u << 3,
        lambda u, x: u & 12,
        lambda u, x: u | 5,
        lambda u, x: ~u ^ 7,
        lambda u, x: u - 9,
    ),
    *(lambda u, x: lax.population_count(u), lambda u, x: lax.clz(u), lambda u, x: x[u], lambda u, x: u[:, None].T.copy()),
    *(lambda u, x: u.sum(), lambda u, x: jnp.cumsum(u), lambda u, x: jnp.where(x > 0, u, 2 * u + 1)),
    lambda u, x: lax.bitcast_convert_type(u, jnp.int32),
    *(lambda u, x: jnp.concatenate([u, u[2:5]]), lambda u, x: jnp.stack([u, u + 1]), lambda u, x: jnp.pad(u, 2), jnp.add),
    *(
        lambda u, x: u[:36].reshape(6, 6),
        lambda u, x: lax.dynamic_slice(u, (jnp.argmax(x),), (5,)),
        lambda u, x: u[jnp.argmax(x)],
    ),
    *(lambda u, x: u.at[jnp.argmax(x)].set(u[0]), lambda u, x: u.at[jnp.argsort(x) % 5].add(u)),
    *(lambda u, x: lax.dynamic_update_slice(u, u[:3], (jnp.argmax(x),)), lambda u, x: lax.sort((x, u), num_keys=1)[1]),
    *(
        lambda u, x: lax.cond(x[0] > 0, lambda: u, lambda: u + 1),
        lambda u, x: lax.scan(lambda c, v: (c * 3 + v, c), u[0], u)[1],
    ),
    *(
        lambda u, x: lax.while_loop(lambda c: c[0] < 10**9, lambda c: c * 2 + 1, u[1:2]),
        lambda u, x: jax.jit(lambda v: v * v)(u),
    ),
]

OTHERS: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("broadcast_in_dim", lambda x, m: (x[:, None] + jnp.zeros((37, 5)), m + jnp.ones((3, 1, 1))), (X, M)),
    ("broadcast of sizes 1", lambda x, y: x[:, None] * y[None, :], (X, S)),
    (
        "reshape",
        lambda m, t: (m.reshape(9, 5), m.reshape(-1), t.reshape(5, 6), t.reshape(1, 30, 1), m.reshape(3, 3, 5)),
        (M, T),
    ),
    ("transpose", lambda m, t: (m.T, t.transpose(2, 0, 1), t.transpose(1, 2, 0)), (M, T)),
    ("squeeze", lambda m: jnp.squeeze(m[:1]), (M,)),
    ("slice", lambda x, m: (x[3:11], x[1:30:7], m[1:4, 2:8:3], x[5:5]), (X, M)),
    ("rev", lambda x, m: (x[::-1], m[::-1, ::-1], m[:, ::-1]), (X, M)),
    ("pad", lambda x, m: (jnp.pad(x, (2, 70)), jnp.pad(m, ((1, 0), (2, 3))), jnp.pad(m, 9)), (X, M)),
    ("pad with gaps", lambda x: lax.pad(x, 1.5, ((1, 2, 2),)), (S,)),
    ("pad that cuts", lambda x, m: (lax.pad(x, 0.0, ((-2, -3, 0),)), lax.pad(m, 0.0, ((-1, 2, 0), (3, -2, 1)))), (X, M)),
    ("concatenate", lambda x, s: (jnp.concatenate([x, s, x]), jnp.concatenate([s, s[:1]])), (X, S)),
    ("concatenate of matrices", lambda m, z: (jnp.concatenate([m, m * 2], 1), jnp.concatenate([z, z], 0)), (M, Z)),
    ("unstack", lambda m, t: (jnp.unstack(m), jnp.unstack(t, axis=1), jnp.unstack(t[:, :, 0])), (M, T)),
    ("stack", lambda x, m: (jnp.stack([x, x + 1]), jnp.stack([m, m * 2], 1), jnp.stack([m, m], 2)), (X, M)),
    ("split", lambda m: jnp.split(m, 3, axis=1), (M,)),
    ("iota", lambda x: (jnp.arange(5) + x[0], lax.broadcasted_iota(jnp.int32, (3, 7), 1), jnp.arange(40.0)), (X,)),
    ("eye", lambda x: jnp.eye(3) * x[0] + jnp.eye(3, k=1), (X,)),
    ("linspace", lambda x: jnp.linspace(x.min(), x.max(), 121), (X,)),
    ("diagonal", lambda m: (jnp.diagonal(m), jax.grad(lambda m: (jnp.diagonal(m) ** 2).sum())(m)), (M[:, :5],)),
    ("tile", lambda s: jnp.tile(s, 5), (S,)),
    ("repeat", lambda s: jnp.repeat(s, 4), (S,)),
    ("roll", lambda x: jnp.roll(x, 5), (X,)),
    ("tri", lambda m: (jnp.tril(m), jnp.triu(m, 2)), (M,)),
    ("meshgrid", jnp.meshgrid, (X, S)),
    ("reduce_sum", lambda x, m, t: (x.sum(), m.sum(), m.sum(0), m.sum(1), t.sum((0, 2)), t.sum(1)), (X, M, T)),
    ("reduce_sum of integers", lambda n, k: (n.sum(), k.sum(0), k.sum(1)), (WHOLE, K)),
    ("reduce_sum of small dimensions", lambda t: (t.sum((2, 3)), t.max((1, 2)), t.min((0, 3))), (floats(4, 4, 2, 3),)),
    ("reduce_sum of nothing", lambda z: (z.sum(), z.sum(0), z.sum(1), z.prod(0)), (Z,)),
    ("reduce_prod", lambda x, m: (x[:9].prod(), m.prod(0), m.prod(1)), (X, M)),
    ("reduce_max", lambda x, m, n: (x.max(), m.max(0), m.max(1), n.max()), (X, M, WHOLE)),
    ("reduce_min", lambda x, m, n: (x.min(), m.min(0), m.min(1), n.min()), (X, M, WHOLE)),
    ("reduce_and", lambda m: ((m > -3).all(), (m > -1).all(0), (m > -1).all(1)), (M,)),
    ("reduce_or", lambda m: ((m > 9).any(), (m > 1).any(0), (m > 1).any(1)), (M,)),
    ("reduce_xor", lambda n: (lax.reduce_xor(n, (0,)), lax.reduce_xor(n > 0, (0,))), (WHOLE,)),
    ("mean and variance", lambda x, m: (x.mean(), m.var(0), m.std(1)), (X, M)),
    ("argmax", lambda x, m: (jnp.argmax(x), jnp.argmax(m, 0), jnp.argmax(m, 1), jnp.argmax(x > 0)), (X, M)),
    ("argmin", lambda x, m: (jnp.argmin(x), jnp.argmin(m, 0), jnp.argmin(m, 1), jnp.argmin(x > 0)), (X, M)),
    ("cumsum", lambda x, m: (jnp.cumsum(x), jnp.cumsum(m, 0), lax.cumsum(m, 1, reverse=True)), (X, M)),
    ("cumprod", lambda x, m: (jnp.cumprod(x[:6]), jnp.cumprod(m, 1)), (X, M)),
    ("cummax", lambda x, m: (lax.cummax(x), lax.cummax(m, 1), lax.cummin(m, 0), lax.cummin(x, reverse=True)), (X, M)),
    ("logsumexp", lambda x, m: (jax.nn.logsumexp(x), jax.nn.softmax(m, axis=1)), (X, M)),
    ("sort", lambda x, m, n: (jnp.sort(x), jnp.sort(m, 0), jnp.sort(m, 1), jnp.sort(n)), (X, M, WHOLE)),
    ("argsort", lambda x, n: (jnp.argsort(x), jnp.argsort(n), jnp.argsort(-x)), (X, WHOLE)),
    ("sort of pairs", lambda n, x: lax.sort((n, x), num_keys=2), (WHOLE, X)),
    ("dot of vectors", lambda x, s: (x @ x, s @ s, jnp.outer(s, x)), (X, S)),
    ("dot of a matrix and a vector", lambda m, x: (m @ x[:9], x[:5] @ m), (M, X)),
    ("dot of matrices", lambda m: (m @ m.T, m.T @ m, m[:2, :3] @ m[:3, :2]), (M,)),
    ("dot of long matrices", lambda p: (p @ p[:2], p.T @ p, p @ p.T), (PAIRS,)),
    ("dot of empty matrices", lambda z: (z.T @ z, z @ z.T), (Z,)),
    ("dot with batches", lambda t: (jnp.einsum("bij,bkj->bik", t, t), jnp.einsum("ijk,ljk->il", t, t)), (T,)),
    ("dot of integers", lambda k: k @ k.T, (K,)),
    ("dot of odd sizes", lambda a, b: a @ b, (floats(13, 11), floats(11, 7))),
    ("dot of square matrices", lambda a, b: (a @ b, a.T @ b, a @ b.T), (floats(33, 33), floats(33, 33, seed=1))),
    (
        "dynamic_slice",
        lambda x, m, i: (lax.dynamic_slice(x, (i,), (5,)), lax.dynamic_slice(m, (i, i), (2, 3))),
        (X, M, np.int32(3)),
    ),
    ("dynamic_slice outside", lambda x, i: lax.dynamic_slice(x, (i,), (5,)), (X, np.int32(99))),
    ("dynamic_slice of little", lambda s, i: (s[i], lax.dynamic_slice(s, (i,), (2,))), (S, np.int32(1))),
    ("dynamic_update_slice", lambda x, s, i: lax.dynamic_update_slice(x, s, (i,)), (X, S, np.int32(30))),
    ("dynamic_update_slice of a row", lambda m, s, i: lax.dynamic_update_slice(m, s[None] * 2, (i, i)), (M, S, np.int32(2))),
    ("index by a value", lambda x, m, i: (x[i], m[i], m[:, i], m[i, i + 1], x[-i]), (X, M, np.int32(4))),
    ("index that wraps", lambda x, i: (x[i], x[i - 40]), (X, np.int32(-2))),
    ("index by an array", lambda x, m, k: (x[k[0]], m[k[0] % 5], m[:, k[1] % 9], jnp.take(x, k)), (X, M, K)),
    ("take along an axis", lambda m: jnp.take_along_axis(m, jnp.argsort(m, axis=1), axis=1), (M,)),
    ("gather that clips", lambda x, n: x.at[n].get(mode="clip"), (X, WHOLE * 7)),
    ("gather that fills", lambda x, n: x.at[n].get(mode="fill", fill_value=7.0), (X, WHOLE * 7)),
    ("set by a value", lambda x, m, i: (x.at[i].set(9.0), m.at[i].set(1.0), m.at[:, i].set(2.0)), (X, M, np.int32(3))),
    ("add by an array", lambda x, n: x.at[n].add(jnp.arange(37.0)), (X, WHOLE)),
    ("other scatters", lambda x, n: (x.at[n].multiply(2.0), x.at[n].max(0.3), x.at[n].min(0.3)), (X, WHOLE)),
    ("scatter-sub", lambda x, n: x.at[n].subtract(0.5), (X, WHOLE)),
    ("scatter of a function", lambda x, n: (x.at[n].apply(jnp.sin), x.at[3:7].apply(lambda v: v * v + 1)), (X, WHOLE)),
    ("scatter outside", lambda x, n: (x.at[n].add(1.0), x.at[n].set(1.0, mode="clip")), (X, WHOLE * 7)),
    ("segment_sum", lambda x, n: jax.ops.segment_sum(x, n % 5, num_segments=5), (X, WHOLE)),
    ("uint32", lambda n, x: [f(n.astype(jnp.uint32) * 12345, x).astype(jnp.float32) for f in UNSIGNED], (WHOLE, X)),
    ("searchsorted", lambda x, s: (jnp.searchsorted(jnp.sort(x), s), jnp.searchsorted(s, jnp.log(x), side="right")), (X, S)),
    ("one_hot", lambda n: jax.nn.one_hot(n % 5, 5), (WHOLE,)),
    ("conv_general_dilated", lambda x, s: (jnp.convolve(x, s), jnp.correlate(x, s, mode="same")), (X, S)),
    (
        "reduce_window",
        lambda m: (
            lax.reduce_window(m, 0.0, lax.add, (2, 3), (1, 2), "SAME"),
            lax.reduce_window(m, -jnp.inf, lax.max, (2, 2), (1, 2), "SAME"),
            lax.reduce_window(m, jnp.inf, lax.min, (2, 2), (1, 2), "VALID"),
        ),
        (M,),
    ),
    ("where of sizes", lambda m, s: jnp.where(m > 0, m, s[0]), (M, S)),
    ("add_any", jax.grad(lambda x: (x[:9] * x[2:11]).sum()), (X,)),
    ("copy", lambda x: (jnp.copy(x), jax.device_put(x), *lax.optimization_barrier((x, x + 1)), checkpoint_name(x, "x")), (X,)),
    ("empty", lambda x: lax.empty((37,), x.dtype) * 0 + x, (X,)),
    ("constants of a closure", lambda x: x * np.arange(37, dtype=np.float32) + np.eye(37, dtype=np.float32)[3], (X,)),
    ("results that are arguments", lambda x, m: (x, m, m, 3.0, jnp.zeros((2, 3)), x), (X, M)),
]


@pytest.mark.parametrize(("fun", "args"), [pytest.param(f, args, id=name) for name, f, args in OTHERS])
def test_arrays(fun: Callable, args: tuple[Any, ...]) -> None:
    check(fun, *args)


def _primitives(jaxpr: Any) -> Iterator[str]:
    """The names of all equations, those in loops, branches and calls included."""
    for equation in jaxpr.eqns:
        is_of_unsigned = any(is_unsigned(v.aval) for v in equation.invars)
        yield of_unsigned(equation.primitive.name) if is_of_unsigned else equation.primitive.name
        for value in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda v: hasattr(v, "eqns")):
            if hasattr(value, "eqns"):
                yield from _primitives(value)


def test_every_rule_has_a_row() -> None:
    rows = [(f, [MAKE[kind](3) for kind in kinds]) for _, f, all_kinds in ELEMENTWISE for kinds in all_kinds]
    rows += [(f, list(args)) for _, f, args in [*OTHERS, *FLOW]]
    found = {name for f, args in rows for name in _primitives(jax.make_jaxpr(f)(*args))}
    assert set(RULES) <= found
