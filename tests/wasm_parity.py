"""How the compiler's tests run a program, and when they accept its result."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import wasmtime

from gradient.adapters.jax import is_literal
from gradient.wasm import Program, compile, verify
from tests.jax_options import QUICK

verify.enable()  # every program of the tests obeys the rules of the IR, and wasmtime validates its module
ENGINE = wasmtime.Engine()
TINY = float(np.finfo(np.float32).tiny)
FACTOR, SHARE = 8.0, 1e-6


def load(program: Program) -> Callable[..., Any]:
    """The program as a function of NumPy arrays."""
    store = wasmtime.Store(ENGINE)
    exports = wasmtime.Instance(store, wasmtime.Module(ENGINE, program.module), []).exports(store)
    memory, run = exports["memory"], exports["run"]
    assert isinstance(memory, wasmtime.Memory)
    assert isinstance(run, wasmtime.Func)

    def call(*args: Any) -> Any:
        for slot, leaf in zip(program.inputs, jax.tree.leaves(args), strict=True):
            memory.write(store, np.ascontiguousarray(np.asarray(leaf, slot.dtype)).tobytes(), slot.offset)
        run(store)
        return jax.tree.unflatten(program.out_tree, [read(slot) for slot in program.outputs])

    def read(slot: Any) -> np.ndarray:
        data = bytes(memory.read(store, slot.offset, slot.offset + slot.num_bytes))
        return np.frombuffer(data, slot.dtype).reshape(slot.shape)

    return call


def instructions(fun: Callable, *args: np.ndarray) -> int:
    """How many instructions a compiled function executes: the fuel that it burns."""
    program = compile(fun, *args)
    config = wasmtime.Config()
    config.consume_fuel = True
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    store.set_fuel(2**62)
    exports = wasmtime.Instance(store, wasmtime.Module(engine, program.module), []).exports(store)
    memory, run = exports["memory"], exports["run"]
    assert isinstance(memory, wasmtime.Memory)
    assert isinstance(run, wasmtime.Func)
    for slot, value in zip(program.inputs, args, strict=True):
        memory.write(store, value.tobytes(), slot.offset)
    before = store.get_fuel()
    run(store)
    return before - store.get_fuel()


def _is_float(value: Any) -> bool:
    return bool(jnp.issubdtype(value.dtype, jnp.floating))


def _evaluate(jaxpr: Any, consts: Any, args: Any, intermediates: list[Any]) -> list[Any]:
    """The results of a jaxpr; `intermediates` gets every float, those inside calls included."""
    known = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *args], strict=True))

    def value(atom: Any) -> Any:
        return jnp.asarray(atom.val) if is_literal(atom) else known[atom]

    for equation in jaxpr.eqns:
        values = list(map(value, equation.invars))
        inner = next((equation.params[k] for k in ("jaxpr", "call_jaxpr") if k in equation.params), None)
        if inner is not None and equation.primitive.name in ("jit", "custom_jvp_call", "custom_vjp_call"):
            results = _evaluate(inner.jaxpr, inner.consts, values, intermediates)
        else:
            primitive = equation.primitive
            found = primitive.bind(*values, **primitive.get_bind_params(equation.params))
            results = found if primitive.multiple_results else [found]
        known.update(zip(equation.outvars, results, strict=True))
        intermediates.extend(filter(_is_float, results))
    return list(map(value, jaxpr.outvars))


def _largest_finite(value: Any) -> float:
    magnitudes = np.abs(np.asarray(value))
    return float(magnitudes.max(initial=0.0, where=np.isfinite(magnitudes)))


def exact(fun: Callable, args: Any) -> tuple[list[np.ndarray], float]:
    """The results in float64, and the largest finite intermediate value."""
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda a: np.asarray(a, np.float64) if np.asarray(a).dtype.kind == "f" else np.asarray(a), args)
        closed = jax.make_jaxpr(fun)(*wide)
        leaves = jax.tree.leaves(wide)

        def run(*values: Any) -> tuple[list[Any], list[Any]]:
            intermediates: list[Any] = []
            return _evaluate(closed.jaxpr, closed.consts, values, intermediates), intermediates

        results, intermediates = jax.jit(run, compiler_options=QUICK)(*leaves)
        floats = [*intermediates, *(leaf for leaf in leaves if leaf.dtype.kind == "f")]
        size = max(map(_largest_finite, floats), default=0.0)
        return [np.asarray(r) for r in results], min(size, float(np.finfo(np.float32).max))


def difference(got: Any, want: Any, true: Any, size: float) -> str:
    """What is wrong with a result, compared with JAX's and the exact one; empty if nothing is."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape or got.dtype != want.dtype:
        return f"{got.dtype}{got.shape} instead of {want.dtype}{want.shape}"
    if want.dtype.kind != "f":
        return "" if np.array_equal(got, want) else f"{got} instead of {want}"
    got, want, true = (np.asarray(a, np.float64) for a in (got, want, true))
    got, want, true = (np.where(np.abs(a) < TINY, 0.0, a) for a in (got, want, true))
    if not np.array_equal(np.isfinite(got), np.isfinite(want)):
        return f"other elements are finite: {got} instead of {want}"
    special = ~np.isfinite(want)
    if not np.array_equal(got[special], want[special], equal_nan=True):
        return f"{got[special]} instead of {want[special]}"
    both = np.isfinite(want) & np.isfinite(true)
    mine, theirs = np.abs(got[both] - true[both]), np.abs(want[both] - true[both])
    limit = FACTOR * float(theirs.max(initial=0.0)) + SHARE * size
    if (mine <= limit).all():
        return ""
    worst = int(np.argmax(mine))
    return f"{got[both][worst]} instead of {true[both][worst]} (JAX {want[both][worst]}), allowed {limit}"


def differences(fun: Callable, args: Any, got: Any, want: Any) -> list[str]:
    """What is wrong with the results of a function, compared with JAX's.

    The exact ones are computed, which takes XLA a compilation, only if the results are not so close to JAX's that they pass
    whatever is exact.
    """
    pairs = list(zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True))
    size = max((_largest_finite(w) for _, w in pairs if _is_float(np.asarray(w))), default=0.0)
    if not any(difference(g, w, w, size) for g, w in pairs):
        return []
    true, size = exact(fun, args)
    problems = (difference(g, w, t, size) for (g, w), t in zip(pairs, true, strict=True))
    return [f"result {i}: {problem}" for i, problem in enumerate(problems) if problem]


def check(fun: Callable, *args: Any, reference: Callable | None = None) -> Program:
    """Asserts that a compiled function agrees with `jax.jit`, twice in the same memory.

    Args:
        fun: what is compiled.
        args: its arguments.
        reference: what JAX computes instead, where the same values come in a way that it compiles faster.
    """
    program = compile(fun, *args)
    run = load(program)
    want = jax.jit(reference or fun, compiler_options=QUICK)(*args)
    assert jax.tree.structure(want) == program.out_tree
    for got in (run(*args), run(*args)):
        assert differences(reference or fun, args, got, want) == []
    return program


def floats(*shape: int, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    """Normally distributed numbers."""
    return (scale * np.random.RandomState(seed + 7 * len(shape) + sum(shape)).normal(size=shape)).astype(np.float32)


def integers(*shape: int, seed: int = 0, low: int = -9, high: int = 10) -> np.ndarray:
    """Integers."""
    return np.random.RandomState(seed + sum(shape)).randint(low, high, shape).astype(np.int32)


def booleans(*shape: int, seed: int = 0) -> np.ndarray:
    """Booleans."""
    return np.random.RandomState(seed + sum(shape)).rand(*shape) < 0.5


__all__ = ["booleans", "check", "difference", "differences", "exact", "floats", "integers", "jnp", "load"]
