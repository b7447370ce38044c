"""Every parameter of every primitive is read, implied or without effect, and operands may have different types."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from gradient.wasm import UnsupportedPrimitive, compile
from gradient.wasm.lower import RULES, Rule
from gradient.wasm.parameters import overlooked
from tests.test_wasm_flow import FLOW
from tests.test_wasm_primitives import ELEMENTWISE, MAKE, OTHERS
from tests.wasm_parity import booleans, check, floats, integers

X, Y, T = floats(3, 4), floats(3, 4, seed=1), floats(2, 3, 4)
N, K, B, C = integers(3, 4), integers(3, 4, seed=1), booleans(3, 4), booleans(3, 4, seed=1)
UNSIGNED = np.array([1, -2, 2, -(2**31)], np.int32)  # as uint32, two of these lie beyond any array
ROW_BY_ROW = (((1,), (1,)), ((), ()))


def _reshaped(t: jax.Array) -> Any:
    return lax.reshape(t, (4, 6), dimensions=(2, 0, 1)), lax.reshape(t, (24,), dimensions=(0, 2, 1)), t.ravel(order="F")


def _at(mode: str, x: jax.Array, n: jax.Array) -> Any:
    u = n.astype(jnp.uint32)
    where = x.at[0, u]
    return jnp.take(x, u, mode=mode), where.get(mode=mode), where.set(jnp.arange(4.0), mode=mode), where.add(1.0, mode=mode)


def _slices(x: jax.Array, n: jax.Array) -> Any:
    u = n.astype(jnp.uint32)
    return lax.dynamic_slice(x, (u[0], u[1]), (2, 2)), lax.dynamic_update_slice(x, x[:1, :2], (u[2], u[3]))


PARAMETERS: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("reshape with dimensions", _reshaped, (T,)),
    ("gradient of prod", jax.grad(lambda t: jnp.prod(t, axis=1).sum()), (T,)),
    ("hstack of an array", lambda t: (jnp.hstack(t), jnp.column_stack(t)), (T,)),
    ("weights of many dimensions", lambda t: jnp.average(t, axis=(2, 0, 1), weights=t * t), (T,)),
    ("unstack the last", lambda t: jnp.unstack(t, axis=-1), (T,)),
    ("precision", lambda x, y: jnp.matmul(x, y.T, precision="highest"), (X, Y)),
    ("an algorithm of float32", lambda x, y: lax.dot_general(x, y, ROW_BY_ROW, precision="F32_F32_F32"), (X, Y)),
    ("an unstable sort", lambda x: lax.sort(x, is_stable=False), (X,)),
    ("index_dtype", lambda x: lax.argmax(x, 1, jnp.uint32).astype(jnp.int32), (X,)),
    ("unsigned indices that clip", partial(_at, "clip"), (X, UNSIGNED)),
    ("unsigned indices that fill", partial(_at, "fill"), (X, UNSIGNED)),
    ("unsigned starts", _slices, (X, UNSIGNED)),
]

ROWS = [(f, [MAKE[kind](3) for kind in kinds]) for _, f, all_kinds in ELEMENTWISE for kinds in all_kinds]
ROWS += [(f, list(args)) for _, f, args in [*OTHERS, *FLOW, *PARAMETERS]]


def _equations(jaxpr: Any) -> Iterator[Any]:
    for equation in jaxpr.eqns:
        yield equation
        for value in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda v: hasattr(v, "eqns")):
            if hasattr(value, "eqns"):
                yield from _equations(value)


def _rules_of(primitive: str) -> list[Rule]:
    """The rule of a primitive, and the one for uint32."""
    return [rule for name, rule in RULES.items() if name.removesuffix(" of uint32") == primitive]


def test_every_parameter_is_accounted_for() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for f, args in [*ROWS, *((f, args) for _, f, args in PARAMETERS)]:
        for equation in _equations(jax.make_jaxpr(f)(*args).jaxpr):
            found[equation.primitive.name] |= set(equation.params)
            for rule in _rules_of(equation.primitive.name):
                assert not overlooked(equation.params, rule.reads | rule.implied), equation.primitive.name
    for primitive, parameters in found.items():
        for rule in _rules_of(primitive):
            missing = {name for name in rule.reads | rule.implied if name not in parameters}
            assert not missing, f"{primitive} has no {missing}"


class _Parameters(dict):
    """The parameters of an equation, which record their names as they are read."""

    def __init__(self, params: Mapping[str, Any], seen: set[str]) -> None:
        super().__init__(params)
        self._seen = seen

    def __getitem__(self, name: str) -> Any:
        self._seen.add(name)
        return super().__getitem__(name)


def _recording(equation: Any, seen: set[str]) -> Any:
    fields = {name: getattr(equation, name) for name in ("primitive", "invars", "outvars", "source_info")}
    return SimpleNamespace(**fields, params=_Parameters(equation.params, seen))


def test_a_rule_reads_what_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[int, set[str]] = defaultdict(set)
    apply = Rule.apply
    monkeypatch.setattr(
        Rule, "apply", lambda rule, lowering, e, args: apply(rule, lowering, _recording(e, seen[id(rule)]), args)
    )
    for f, args in ROWS:
        compile(f, *args)
    for name, rule in RULES.items():
        assert rule.reads <= seen[id(rule)], name


TYPES = {"float": (X, Y), "int": (N, K), "bool": (B, C)}


def _is_taken(fun: Callable, *args: Any) -> bool:
    """Whether JAX itself accepts operands of these types."""
    try:
        jax.jit(fun).lower(*args)
    except TypeError:
        return False
    return True


def _products(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[Callable, tuple[Any, ...]]]:
    """Products of two operands with results of all types."""
    for dtype in (None, float, int, bool):
        yield partial(lax.dot_general, dimension_numbers=ROW_BY_ROW, preferred_element_type=dtype), (x, y)
        yield partial(lax.mul, out_dtype=dtype), (x, y)
        convolve = partial(lax.conv_general_dilated, window_strides=(1,), padding="SAME", preferred_element_type=dtype)
        yield convolve, (x[None], y[None, :, :3])


MIXED: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("matmul", lambda n, x, b: (n @ x.T, x @ n.T, n @ x[0], b @ x.T, b @ n.T, b @ b.T, jnp.arange(3) @ x), (N, X, B)),
    ("einsum", lambda n, x: (jnp.einsum("ij,kj", n, x), jnp.vdot(n, x), jnp.tensordot(n, x, 2)), (N, X)),
    ("large integers", lambda n: lax.dot_general(n, n, ROW_BY_ROW, preferred_element_type=jnp.float32), (N * 100_000_001,)),
    (
        "a whole result of floats",
        partial(lax.dot_general, dimension_numbers=ROW_BY_ROW, preferred_element_type=int),
        (X * 9, Y),
    ),
    ("many terms", lambda n, x: (n @ x, x.T @ n.T), (integers(5, 70), floats(70, 9))),
    ("gradient", jax.grad(lambda x, n, b: (n * x + n @ x.T @ x + jnp.where(b, x, n)).sum()), (X, N, B)),
    ("gradient of a power", jax.grad(lambda x, n: (x**n).sum()), (jnp.abs(X) + 0.5, N)),
    ("stack and concatenate", lambda x, n, b: (jnp.stack([x, n]), jnp.concatenate([n, b]), jnp.stack([b, n])), (X, N, B)),
    ("cumulative", lambda b: (jnp.cumsum(b, 1), jnp.cumprod(b, 0), b.sum(0), b.prod(1), b.mean()), (B,)),
    ("convolve", lambda x, n, b: (jnp.convolve(x[0], n[1]), jnp.convolve(b[0], b[1]), jnp.convolve(n[0], b[0])), (X, N, B)),
    ("bool scatters", lambda b, n: (b.at[n[0] % 3].set(True), b.at[0].max(False), b.at[1].min(True)), (B, N)),
]


@pytest.mark.parametrize(("fun", "args"), [pytest.param(f, args, id=name) for name, f, args in [*PARAMETERS, *MIXED]])
def test_parameters_and_types(fun: Callable, args: tuple[Any, ...]) -> None:
    check(fun, *args)


@pytest.mark.parametrize(("left", "right"), [(left, right) for left in TYPES for right in TYPES])
def test_a_product_of_two_types(left: str, right: str) -> None:
    for fun, args in _products(TYPES[left][0], TYPES[right][1]):
        if _is_taken(fun, *args):
            check(fun, *args)


REFUSED: dict[str, Callable[[jax.Array], jax.Array]] = {
    "exp with accuracy=AccuracyMode.HIGHEST": lambda x: lax.exp(x, accuracy=lax.AccuracyMode.HIGHEST),
    "dot_general with precision=BF16_BF16_F32": lambda x: lax.dot_general(x, x, ROW_BY_ROW, precision="BF16_BF16_F32"),
    "mul of uint32 .*another type": lambda x: lax.mul(x.astype(int).astype(jnp.uint32), jnp.uint32(3), out_dtype=jnp.float32),
    "dot_general .*another type": lambda x: lax.dot_general(x, x, ROW_BY_ROW, preferred_element_type=jnp.uint32) * x[0, 0],
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_value_that_is_not_read_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedPrimitive, match=rf"{name}.*can still run in the kernel"):
        compile(REFUSED[name], X)


def test_a_parameter_that_jax_adds_is_refused() -> None:
    assert overlooked({"axes": (0,), "padding_mode": "same"}, frozenset({"axes"})) == "padding_mode=same"
