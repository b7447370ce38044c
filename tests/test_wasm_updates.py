"""Indexed updates write into the buffer that they update, in loops too, unless the old array is read again."""

from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from gradient.wasm import compile, ir, pipeline
from gradient.wasm.emit.statements import StatementEmitter
from gradient.wasm.ir import F32, I32, Buffer
from gradient.wasm.ir.effects import blocks
from gradient.wasm.ir.statements import Assign, Copy, Loop, Statement, Store
from gradient.wasm.opcodes import Opcode
from gradient.wasm.opt import forward_stores
from tests.wasm_parity import check, floats, integers

NUM_STEPS = 9


def loop(body: Callable) -> Callable:
    """A loop of nine steps, whose carry is all its arguments."""
    return lambda *carry: lax.fori_loop(0, NUM_STEPS, body, carry[0] if len(carry) == 1 else carry)


def while_loop(body: Callable) -> Callable:
    """The same with a number of steps that is not known when it is compiled."""
    return lambda *carry: lax.fori_loop(0, carry[0].astype(jnp.int32).ravel()[0] * 0 + NUM_STEPS, body, carry[0])


def swapped(c: Any, i: Any, j: Any) -> Any:
    return c.at[i].set(c[j]).at[j].set(c[i])


def knapsack(table: Any) -> Any:
    """A row of a table from the row before it."""
    return lax.fori_loop(1, table.shape[0], lambda i, t: t.at[i].set(jnp.maximum(t[i - 1], jnp.roll(t[i - 1], 3) + i)), table)


def bubble_sort(x: Any) -> Any:
    def compare(j: Any, c: Any) -> Any:
        low, high = jnp.minimum(c[j], c[j + 1]), jnp.maximum(c[j], c[j + 1])
        return c.at[j].set(low).at[j + 1].set(high)

    return lax.fori_loop(0, x.size - 1, lambda i, c: lax.fori_loop(0, x.size - 1 - i, compare, c), x)


def sifted(x: Any) -> Any:
    """An insertion sort: a while loop in a loop that swaps until the order is right."""

    def sift(i: Any, c: Any) -> Any:
        def is_wrong(s: Any) -> Any:
            return (s[0] > 0) & (s[1][s[0] - 1] > s[1][s[0]])

        return lax.while_loop(is_wrong, lambda s: (s[0] - 1, swapped(s[1], s[0], s[0] - 1)), (i, c))[1]

    return lax.fori_loop(1, x.size, sift, x)


def row_loop(m: Any) -> Any:
    """A loop over columns in a loop over rows."""
    return lax.fori_loop(0, 5, lambda i, c: lax.fori_loop(1, c.shape[1], lambda j, d: d.at[i, j].add(0.5 * d[i, j - 1]), c), m)


# Those whose steps write as little for a large array as for a small one. The function of a size gives the arguments.
def vector(n: int) -> tuple[np.ndarray]:
    return (floats(n),)


def after(step: Callable, fun: Callable) -> Callable:
    """A function of what a step gives."""
    return lambda x: fun(step(x))


def two(n: int) -> tuple[np.ndarray, np.ndarray]:
    return floats(n), floats(n, seed=1)


def rows(n: int) -> tuple[np.ndarray]:
    return (floats(n, 7),)


IN_PLACE: dict[str, tuple[Callable, Callable]] = {
    "set": (loop(lambda i, c: c.at[i].set(c[i] * 2 + 1)), vector),
    "add": (loop(lambda i, c: c.at[i // 2].add(c[i])), vector),
    "multiply, min and max": (loop(lambda i, c: c.at[i].multiply(2.0).at[i + 1].min(c[i]).at[i + 2].max(0.3)), vector),
    "set in a while loop": (while_loop(lambda i, c: c.at[i].set(c[i] * 2 + 1)), vector),
    "scan": (lambda x: lax.scan(lambda c, i: (c.at[i].set(c[i + 1] + 1), c[i]), x, jnp.arange(9)), vector),
    "swap of two elements": (loop(lambda i, c: swapped(c, i, 20 - i)), vector),
    "swap in a jit": (loop(lambda i, c: jax.jit(swapped)(c, i, i + 3)), vector),
    "update in a cond": (loop(lambda i, c: lax.cond(c[i] > 0, lambda c: c.at[i].set(-1.0), lambda c: c, c)), vector),
    "swap in a cond": (loop(lambda i, c: lax.cond(c[i] > c[i + 1], lambda c: swapped(c, i, i + 1), lambda c: c, c)), vector),
    "cond with a sum": (
        lambda x: lax.fori_loop(
            0, 9, lambda i, s: (s[0] + s[1][i], lax.cond(s[1][i] > 0, lambda c: c.at[i].set(-1.0), lambda c: c, s[1])), (0.0, x)
        ),
        vector,
    ),
    "switch": (
        loop(lambda i, c: lax.switch(i % 3, [lambda c: c.at[i].set(1.0), lambda c: c, lambda c: c.at[0].add(c[i])], c)),
        vector,
    ),
    "outside": (loop(lambda i, c: c.at[i * 1000].set(5.0).at[-1 - i].add(1.0).at[i - 30000].set(3.0)), vector),
    "clipped": (loop(lambda i, c: c.at[i * 1000].set(c[i] + 1, mode="clip")), vector),
    "dynamic_update_slice": (
        loop(lambda i, c: lax.dynamic_update_slice(c, lax.dynamic_slice(c, (i * 2,), (6,)) * 2, (i,))),
        vector,
    ),
    "slice at an element": (
        loop(lambda i, c: lax.dynamic_update_slice(c, c[3:8], (c[i].astype(jnp.int32),))),
        vector,
    ),
    "two carries": (loop(lambda i, c: (c[0].at[i].set(c[1][i]), c[1].at[i].set(c[0][i] * 2))), two),
    "two carries in turn": (loop(lambda i, c: (c[0].at[i].set(c[1][i]), c[1].at[i + 1].set(c[0][i] * 2))), two),
    "rows": (loop(lambda i, c: c.at[i + 1].set(jnp.tanh(c[i]) + c[i + 1])), rows),
    "elements of rows": (loop(lambda i, c: c.at[i, 3].set(c[i, 2]).at[i, i % 7].add(1.0)), rows),
    "old value read before": (loop(lambda i, c: c.at[i].set(c[i + 1]).at[i + 1].set(c[i] + c[i + 1])), vector),
    "several indices": (loop(lambda i, c: c.at[jnp.array([1, 5, 1]) + i].add(c[jnp.array([2, 1, 0])])), vector),
    "insertion of sums": (
        loop(lambda i, c: lax.fori_loop(0, 4, lambda j, d: d.at[i + j].add(d[j]), c).at[i].multiply(0.5)),
        vector,
    ),
    "an update after another": (lambda x: x.at[3].set(1.0).at[5].add(x[4]).at[jnp.int32(x[0])].set(2.0), vector),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_updates_give_the_values_of_jax(name: str) -> None:
    fun, arguments = IN_PLACE[name]
    check(fun, *arguments(41))


OTHERS: list[tuple[str, Callable, tuple[Any, ...]]] = [
    ("old value read after", loop(lambda i, c: c.at[i].set(c.sum()) + c * 0.1), (floats(41),)),
    ("old value kept", loop(lambda i, c: (c[0].at[i].set(c[1][i] + 1), c[0])), (floats(41), floats(41, seed=1))),
    ("carries exchanged", loop(lambda i, c: (c[1].at[i].add(1.0), c[0].at[i].set(2.0))), (floats(41), floats(41, seed=1))),
    ("carries rotated", loop(lambda i, c: (c[1], c[2].at[i].set(c[0][i]), c[0])), (*[floats(41, seed=n) for n in range(3)],)),
    ("reversed and updated", loop(lambda i, c: c.at[i].set(3.0 + i)[::-1]), (floats(41),)),
    ("both values", after(jnp.sort, lambda y: (y.at[2].set(y[1]), y, y.at[3].set(9.0))), (floats(41),)),
    (
        "one start of two carries",
        lambda x: loop(lambda i, c: (c[0].at[i].set(1.0), c[1].at[i].add(c[0][i])))(x * 2, x * 2),
        (floats(41),),
    ),
    (
        "one array as two carries",
        after(jnp.sort, lambda y: loop(lambda i, c: (c[0].at[i].set(1.0), c[1].at[i].add(c[0][i])))(y, y)),
        (floats(41),),
    ),
    (
        "an array that the loop also reads",
        after(jnp.sort, lambda y: lax.fori_loop(0, 9, lambda i, c: c.at[i].set(y[i + 1] + c[i + 1]), y)),
        (floats(41),),
    ),
    (
        "an array that is needed after the loop",
        after(jnp.sort, lambda y: (lax.fori_loop(0, 9, lambda i, c: c.at[i].set(c[i + 1]), y), y * 2)),
        (floats(41),),
    ),
    (
        "rows that a scan reads",
        after(jnp.sort, lambda y: lax.scan(lambda c, v: (c.at[3].add(v), c[3]), y, y)),
        (floats(41),),
    ),
    (
        "a constant of an inner loop",
        loop(lambda i, c: lax.fori_loop(0, 3, lambda j, d: d + c.at[j].set(i * 1.0), c)),
        (floats(41),),
    ),
    (
        "an update in a condition",
        lambda x: lax.while_loop(
            lambda s: s[0].at[3].set(-1.0).sum() < 5, lambda s: (s[0].at[s[1]].add(2.0), s[1] + 1), (x, 0)
        ),
        (floats(41),),
    ),
    (
        "a batch of while loops",
        jax.vmap(
            lambda x: lax.while_loop(lambda s: s[0] < 4 + 3 * s[1][0], lambda s: (s[0] + 1, s[1].at[s[0]].add(1.0)), (0, x))
        ),
        (floats(5, 23),),
    ),
    ("a batch of loops", jax.vmap(loop(lambda i, c: swapped(c, i, 20 - i))), (floats(5, 23),)),
    ("a batch over columns", jax.vmap(loop(lambda i, c: swapped(c, i, 20 - i)), 1, 1), (floats(23, 5),)),
    ("a batch of conds", jax.vmap(IN_PLACE["swap in a cond"][0]), (floats(5, 23),)),
    (
        "operands of a cond that read each other",
        loop(lambda i, c: lax.cond(i > 3, lambda c, v: c.at[v].set(2.0) + c[v], lambda c, v: c * 2, c, c[i].astype(jnp.int32))),
        (floats(41),),
    ),
    (
        "branches of which one updates",
        loop(lambda i, c: lax.cond(c[i] > 0, lambda c: c.at[i].set(c[i + 1]), jnp.sort, c)),
        (floats(41),),
    ),
    (
        "a cond that also returns the old array",
        loop(lambda i, c: lax.cond(i % 2 == 0, lambda a, b: (a.at[i].set(b[i]), a), lambda a, b: (b, a), *c)),
        (floats(41), floats(41, seed=1)),
    ),
    (
        "gradient of an update",
        jax.grad(lambda x: jnp.sum(loop(lambda i, c: c.at[i].set(jnp.sin(c[i + 1])))(x) ** 2)),
        (floats(41),),
    ),
    ("booleans", loop(lambda i, c: c.at[i * 2].set(c[i]).at[i].set(~c[i + 1])), (floats(41) > 0,)),
    ("integers", loop(lambda i, c: c.at[c[i] % 41].add(c[i + 1])), (integers(41),)),
    ("an index that the update changes", loop(lambda i, c: c.at[c[0]].set(c[1] + i) % 41), (integers(41, low=0),)),
    ("small arrays", loop(lambda i, c: c.at[i % 4].set(c[(i + 1) % 4] + i)), (floats(4),)),
    ("knapsack", knapsack, (floats(8, 30),)),
    ("bubble sort", bubble_sort, (floats(23),)),
    ("insertion sort", sifted, (floats(23),)),
    ("loop over rows and columns", row_loop, (floats(8, 30),)),
]


@pytest.mark.parametrize(("name", "fun", "args"), OTHERS, ids=[row[0] for row in OTHERS])
def test_updates_and_reads_in_any_order(name: str, fun: Callable, args: tuple[Any, ...]) -> None:
    check(fun, *args)


def written_items(statements: Iterable[Statement]) -> int:
    """How many items the statements of a program store, if each while loop runs once and both branches do."""
    total = 0
    for s in statements:
        inner = sum(written_items(part) for part in blocks(s))
        repeats = -(-s.var.size // s.step) if isinstance(s, Loop) else 1
        total += repeats * inner + (s.target.size if isinstance(s, Copy) else isinstance(s, Store))
    return total


@pytest.fixture
def items_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """How many items a compiled function stores."""
    found: list[int] = []
    optimize = pipeline.optimize

    def counting(*args: Any) -> list[Statement]:
        statements = optimize(*args)
        found.append(written_items(statements))
        return statements

    monkeypatch.setattr(pipeline, "optimize", counting)

    def count(fun: Callable, *args: Any) -> int:
        compile(fun, *args)
        return found.pop()

    return count


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_step_writes_as_little_for_large_arrays(name: str, items_of: Callable[..., int]) -> None:
    fun, arguments = IN_PLACE[name]
    small, large = arguments(400), arguments(4000)
    grown = sum(a.size for a in large) - sum(a.size for a in small)
    assert items_of(fun, *large) - items_of(fun, *small) <= 2 * grown, (
        "more than the first and the last copy grow with the size"
    )


def test_the_steps_of_loops_in_loops_do_not_copy(items_of: Callable[..., int]) -> None:
    for fun, narrow, wide in ((knapsack, (9, 40), (99, 40)), (row_loop, (9, 40), (99, 40))):
        # 90 rows more: each is written by its step and copied before and after the loop, and no step writes all rows.
        assert items_of(fun, floats(*wide)) - items_of(fun, floats(*narrow)) <= 90 * 40 * 6


def test_what_was_stored_is_not_found_at_an_offset_that_has_changed() -> None:
    buffer, index, found = Buffer(F32, 8), ir.local(I32), ir.local(F32)
    loaded = ir.load(buffer, index)
    last = Assign((found,), (loaded,))
    forward_stores([Store(buffer, index, ir.f32(1.0)), Assign((index,), (ir.i32(3),)), last])
    assert last.values == (loaded,)


def test_what_a_store_has_read_and_changed_is_read_again() -> None:
    buffer, found = Buffer(F32, 8, offset=16), ir.local(F32)
    loaded = ir.load(buffer, ir.i32(0))
    emitter = StatementEmitter()
    emitter.block([Store(buffer, ir.i32(0), loaded * 2.0), Assign((found,), (loaded * 2.0,))])
    assert bytes(emitter.code).count(Opcode.F32_LOAD) == 2
