"""Functions of any depth and length compile, with the stack that Python has, and their code grows as they do."""

import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from gradient.wasm import compile, ir
from gradient.wasm.ir import F32, I32, Buffer, Op, Variable
from gradient.wasm.ir.statements import Assign, Branch, Loop, Statement, Store, While
from gradient.wasm.opt.depth import MAX_DEPTH, bound_depth
from tests.wasm_parity import floats, integers, load

X, N = floats(100), integers(100)  # more than are unrolled


def repeated(step: Callable, times: int) -> Callable:
    """A function that applies a step of the value so far, the argument and a number."""

    def fun(x: Any) -> Any:
        y = x
        for i in range(times):
            y = step(y, x, i)
        return y

    return fun


CHAINS: dict[str, tuple[Callable, np.ndarray]] = {
    "sines": (lambda y, x, i: jnp.sin(y) * 1.01, X),
    "sines of a number": (lambda y, x, i: jnp.sin(y) * 1.01, X[0]),
    "sums": (lambda y, x, i: y + x * (0.001 * i), X),
    "sums of integers": (lambda y, x, i: y + x * i, N),
    "where": (lambda y, x, i: jnp.where(y > 0.01 * i, y - 1, x), X),
    "where of integers": (lambda y, x, i: jnp.where(x > i % 7, y, y + 1), N),
    "extremes of integers": (lambda y, x, i: jnp.maximum(jnp.minimum(y, 9 - i % 7), -i % 5) + x, N),
    "reversals": (lambda y, x, i: y[::-1], X),
    "transpositions": (lambda y, x, i: y.reshape(4, 25).T.reshape(100), X),
    "bits": (lambda y, x, i: lax.bitcast_convert_type(y, (jnp.int32, jnp.float32)[i % 2]), X),
    "rolls": (lambda y, x, i: jnp.roll(y, 1) + x, X),
    "updates": (lambda y, x, i: jnp.asarray(y).at[i].add(1.0), X),
    "slices of concatenations": (lambda y, x, i: jnp.concatenate([y, x])[3:103], X),
    "cumulative sums": (lambda y, x, i: jnp.cumsum(y) * 0.1, X),
}


@pytest.mark.parametrize("name", CHAINS)
def test_long_chains(name: str) -> None:
    step, x = CHAINS[name]
    fun = repeated(step, 250)
    # Of what JAX computes operation by operation, so that XLA need not compile the chain.
    np.testing.assert_allclose(load(compile(fun, x))(x), np.asarray(fun(x)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", CHAINS)
def test_the_code_of_a_chain_grows_with_its_length(name: str) -> None:
    step, x = CHAINS[name]
    short, long = (len(compile(repeated(step, times), x).module) for times in (60, 240))
    assert long < 5 * short


def tree(x: Any, depth: int) -> Any:
    """A sum of 2 ** depth terms."""
    return x * depth if depth == 0 else tree(x * 1.01, depth - 1) + tree(x - 0.1, depth - 1)


def nested(depth: int) -> Callable:
    """Calls of jit in calls of jit."""
    fun: Callable = jnp.sin
    for number in range(depth):
        fun = jax.jit(lambda x, inner=fun, number=number: inner(x + number) * 0.5)
    return fun


def of_all(x: Any) -> Any:
    """A number that is the sum of all numbers, one after the other."""
    total = jnp.float32(0)
    for number in [*x] * 3:
        total = total + number
    return total


# A function, its arguments, and what JAX computes instead where it needs long.
SHAPES: dict[str, tuple[Any, ...]] = {
    "a tree": (lambda x: tree(x, 9), (X,)),
    "sum of numbers": (of_all, (X,)),
    "calls in calls": (nested(20), (X,)),
    "a switch with many branches": (
        lambda i, x: lax.switch(i, [lambda x, n=n: x * n for n in range(300)], x),
        (np.int32(217), X),
        lambda i, x: x * i,
    ),
    "a gradient of a chain": (jax.grad(lambda x: repeated(lambda y, x, i: jnp.sin(y) * 1.01, 80)(x).sum()), (X,)),
    "a chain in a scan": (lambda x: lax.scan(lambda c, _: (repeated(CHAINS["sines"][0], 80)(c), c[0]), x, length=3), (X,)),
    "a chain in a condition": (
        lambda x: lax.while_loop(lambda c: repeated(CHAINS["sines"][0], 80)(c)[0] < 0.9, lambda c: c * 1.1 + 0.01, jnp.abs(x)),
        (X,),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_deep_and_wide_programs(name: str) -> None:
    fun, args, *reference = SHAPES[name]
    got, want = load(compile(fun, *args))(*args), (*reference, fun)[0](*args)
    jax.tree.map(lambda g, w: np.testing.assert_allclose(g, np.asarray(w), rtol=1e-3, atol=1e-4), got, want)


def test_ten_thousand_operations() -> None:
    limit = sys.getrecursionlimit()
    assert len(compile(repeated(CHAINS["sums"][0], 10_000), X).module) < 1_000_000
    assert sys.getrecursionlimit() == limit


SOURCE, LANE, CARRY = Buffer(F32, 16), Variable("lane", 16), ir.local(F32)


def deep(x: Any, depth: int = 5 * MAX_DEPTH) -> Any:
    """An expression of a depth."""
    for _ in range(depth - x.depth):
        x = ir.apply(Op.ABS, x) if x.dtype == F32 else x ^ 3
    return x


def deepest(statements: list[Statement]) -> int:
    """The depth of the deepest expression in a block."""
    values = [
        x for s in statements if isinstance(s, Assign | Store) for x in (s.values if isinstance(s, Assign) else [s.value])
    ]
    return max(x.depth for x in values)


def test_a_deep_expression_is_cut_into_locals() -> None:
    block = bound_depth([Assign((CARRY,), (deep(CARRY),))])
    assert deepest(block) <= MAX_DEPTH
    assert 5 <= len(block) <= 7


def test_parts_are_shared_until_what_they_read_changes() -> None:
    first, second = ir.local(F32), ir.local(F32)
    shared = bound_depth([Assign((first,), (deep(CARRY),)), Assign((second,), (ir.apply(Op.NEG, deep(CARRY)),))])
    again = bound_depth([Assign((CARRY,), (deep(CARRY),)), Assign((second,), (deep(CARRY),))])
    assert len(shared) < len(again)
    assert again[-1].values != again[len(again) // 2 - 1].values  # type: ignore[union-attr]


def test_parts_in_loops_and_branches_have_their_lanes() -> None:
    value = deep(ir.load(SOURCE, ir.variable(LANE)))
    loop = Loop(LANE, [Store(SOURCE, ir.variable(LANE), value)], step=4, is_simd=True)
    (branch,) = bound_depth([Branch(ir.const(ir.BOOL, True), [loop], [])])
    assert isinstance(branch, Branch)
    assert deepest(loop.body) <= MAX_DEPTH
    assert all(s.locals[0].attr.lanes == LANE for s in loop.body if isinstance(s, Assign))


def test_the_condition_of_a_while_loop_is_cut_in_its_header() -> None:
    number = ir.local(I32)
    loop = While([], deep(number) < 3, [Assign((number,), (number + 1,))])
    assert bound_depth([loop]) == [loop]
    assert loop.condition.depth <= MAX_DEPTH
    assert loop.header
