"""How the compiler's programs grow with what they work on, compared with `jax.jit`, as a Markdown table.

    python -m benchmarks.growth [--save]

Sorting, a loop that updates one element in each of its 100 steps, and a chain of operations. Both run in this process, the
program in wasmtime. Times are the least of twelve, in milliseconds. A second table says how long compiling takes as functions
grow: the processor's time, without that of JAX's tracing.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import wasmtime
from jax import lax

from benchmarks.results import Column, add_save_option, reporting
from gradient.wasm import Program, compile

COLUMNS = [
    Column("program", ""),
    Column("size", "n", "d"),
    Column("jax", "jax", ".3f"),
    Column("wasm", "wasm", ".3f"),
    Column("ratio", "JAX ÷", ".2f"),
    Column("bytes", "bytes", "d"),
]

COMPILED_COLUMNS = [
    Column("program", ""),
    Column("size", "n", "d"),
    Column("seconds", "compile (s)", ".2f"),
    Column("each", "ms / n", ".2f"),
    Column("bytes", "bytes", "d"),
]


def _numbers(n: int) -> np.ndarray:
    return np.random.RandomState(0).normal(size=n).astype(np.float32)


def _updated(x: jax.Array) -> jax.Array:
    return lax.fori_loop(0, 100, lambda i, c: c.at[i].set(c[i] * 2 + 1), x)


def _chain(length: int) -> Callable:
    def fun(x: jax.Array) -> jax.Array:
        for number in range(length):
            x = x + x * x * (0.001 / (1 + number))
        return x

    return fun


def _sines(length: int) -> Callable:
    def fun(x: jax.Array) -> jax.Array:
        for _ in range(length):
            x = jnp.sin(x)
        return x

    return fun


def _updates(length: int) -> Callable:
    return lambda x: sum(x.at[number % 100].set(x[number % 100] * number) for number in range(length))


CASES: list[tuple[str, int, Callable, np.ndarray]] = [
    *(("sort of n numbers", n, jnp.sort, _numbers(n)) for n in (100, 1000, 10_000, 100_000)),
    *(("100 updates of n numbers", n, _updated, _numbers(n)) for n in (1000, 10_000, 100_000)),
    *(("3 n operations on 100 numbers", n, _chain(n), _numbers(100)) for n in (10, 100, 300)),
]

COMPILED: list[tuple[str, Callable[[int], Callable], int]] = [
    ("n sines of 100 numbers, each of the one before", _sines, 100),
    ("sums of n arrays of 100 numbers", lambda n: lambda x: [jnp.sum(jnp.sin(x * number)) for number in range(n)], 100),
    ("n sines of 3 numbers in one array", lambda n: lambda x: jnp.stack([jnp.sin(x * number) for number in range(n)]), 3),
    ("n updates of one array of 100 numbers", _updates, 100),
]


def milliseconds(action: Callable[[], Any]) -> float:
    """The least time of twelve calls."""

    def once() -> float:
        start = time.perf_counter()
        action()
        return time.perf_counter() - start

    return 1000 * min(once() for _ in range(12))


def runner(program: Program, x: np.ndarray) -> Callable[[], Any]:
    """A call of a program, whose argument is in its memory."""
    store = wasmtime.Store()
    exports = wasmtime.Instance(store, wasmtime.Module(store.engine, program.module), []).exports(store)
    memory, run = exports["memory"], exports["run"]
    assert isinstance(memory, wasmtime.Memory)
    assert isinstance(run, wasmtime.Func)
    memory.write(store, x.tobytes(), program.inputs[0].offset)
    return lambda: run(store)


def measured(fun: Callable, x: np.ndarray) -> tuple[float, float, float, int]:
    """The times of JAX and of the program, their ratio, and the bytes of the module."""
    jitted, there = jax.jit(fun), jnp.asarray(x)
    theirs = milliseconds(lambda: jax.block_until_ready(jitted(there)))
    program = compile(fun, x)
    ours = milliseconds(runner(program, x))
    return theirs, ours, theirs / ours, len(program.module)


def compiled(fun: Callable, x: np.ndarray) -> tuple[float, int]:
    """The processor's seconds that compiling takes after tracing, and the bytes of the module."""
    start = time.process_time()
    jax.make_jaxpr(fun)(x)
    jax.clear_caches()
    traced = time.process_time()
    program = compile(fun, x)
    return (time.process_time() - traced) - (traced - start), len(program.module)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_save_option(parser)
    is_saved = parser.parse_args().save
    with reporting(COLUMNS, "growth" if is_saved else None) as table:
        for name, size, fun, x in CASES:
            table.add(name, size, *measured(fun, x))
    print()
    with reporting(COMPILED_COLUMNS, "compiling" if is_saved else None) as table:
        for name, make, count in COMPILED:
            for size in (200, 1000, 2000):
                seconds, num_bytes = compiled(make(size), _numbers(count))
                table.add(name, size, seconds, 1000 * seconds / size, num_bytes)


if __name__ == "__main__":
    main()
