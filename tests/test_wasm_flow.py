"""Loops, branches, calls and transformations; scan carries that alias; the interface and its errors."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import wasmtime
from jax import lax

from gradient.wasm import Program, UnsupportedPrimitive, compile, ir
from gradient.wasm.ir.statements import Assign, Statement, Store
from gradient.wasm.opt import forward_stores
from tests.wasm_parity import ENGINE, check, floats, load

S, X, M = floats(3), floats(37), floats(5, 9)
SIZES = [(), (3,), (3, 3), (34,), (5, 9)]


def scanned(step: Callable, length: int = 5) -> Callable:
    return lambda *carry: lax.scan(step, carry, jnp.arange(length, dtype=jnp.int32))


ALIASES: dict[str, Callable] = {
    "swap": scanned(lambda c, _: ((c[1], c[0]), c[0])),
    "rotation": scanned(lambda c, _: ((c[1], c[2], c[0]), None)),
    "previous value": scanned(lambda c, _: ((c[0] * 1.5 + c[1], c[0]), c[1])),
    "all the same": scanned(lambda c, _: ((c[0], c[0], c[0]), c[2])),
    "sum and difference": scanned(lambda c, _: ((c[0] + c[1], c[0] - c[1]), c)),
    "unchanged": scanned(lambda c, i: ((c[0], c[1] + i), c[0])),
    "reversed": scanned(lambda c, _: ((c[0][..., ::-1] if c[0].ndim else c[1], c[0]), c[0])),
    "transposed": scanned(lambda c, _: ((c[0].T * 2 if c[0].ndim and len(set(c[0].shape)) == 1 else c[0], c[0]), None)),
    "loop": lambda *c: lax.fori_loop(0, 3, lambda _, c: (c[1], c[0] + c[1]), c),
    "while": lambda *c: lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[2], c[1]), (jnp.int32(0), *c)),
}


@pytest.mark.parametrize("shape", SIZES, ids=str)
@pytest.mark.parametrize("name", ALIASES)
def test_carries_that_alias(name: str, shape: tuple[int, ...]) -> None:
    number = 3 if name in ("rotation", "all the same") else 2
    check(ALIASES[name], *(floats(*shape, seed=n) for n in range(number)))


@jax.custom_vjp
def _clipped(x: jax.Array) -> jax.Array:
    return jnp.sin(x)


_clipped.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (jnp.clip(jnp.cos(x), -0.5, 0.5) * g,))


FLOW: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("scan over rows", lambda m: lax.scan(lambda c, row: (c + row.sum(), row * c), 0.0, m), (M,)),
    ("scan backwards", lambda m: lax.scan(lambda c, row: (c + row.sum(), row * c), 0.0, m, reverse=True), (M,)),
    ("scan over columns", lambda m: lax.scan(lambda c, row: (c * 0.5 + row, c), jnp.zeros(5), m.T), (M,)),
    ("scan over a product", lambda m: lax.scan(lambda c, row: (row, c), m[0], jnp.tanh(m @ m.T @ m)), (M,)),
    ("scan of length 0", lambda x: lax.scan(lambda c, _: (c + 1, c), x, None, length=0), (X,)),
    ("scan of length 1", lambda x: lax.scan(lambda c, _: (c + 1, c), x, None, length=1), (X,)),
    (
        "scan in a scan",
        lambda x: lax.scan(lambda c, _: lax.scan(lambda d, v: (d * 0.9 + v, d), c, x), 0.0, None, length=4),
        (X,),
    ),
    ("scan with nothing in it", lambda x: lax.scan(lambda c, _: (c, None), x, None, length=3), (X,)),
    ("scan with booleans", lambda x: lax.scan(lambda c, v: (~c ^ (v > 0), c), x[0] > 0, x), (X,)),
    ("scan with many booleans", lambda x: lax.scan(lambda c, v: (c ^ (x > v), c), x > 0, x[:6]), (X,)),
    (
        "scan that counts",
        lambda x: lax.scan(lambda c, i: (c + i, x[i] * c), jnp.int32(0), jnp.arange(9, dtype=jnp.int32)),
        (X,),
    ),
    ("scan that writes", lambda x: lax.fori_loop(0, 9, lambda i, c: c.at[i].set(c[i] + i), x), (X,)),
    ("scan of an empty array", lambda z: lax.scan(lambda c, _: (c * 2, c), z, None, length=3), (floats(0),)),
    ("fori_loop to a value", lambda x, n: lax.fori_loop(0, n, lambda i, c: c + i * x[i], 0.0), (X, np.int32(7))),
    ("while", lambda x: lax.while_loop(lambda c: c.sum() < 90, lambda c: jnp.abs(c) * 2 + 1, x), (X,)),
    ("while that never runs", lambda x: lax.while_loop(lambda c: c[0] > 1e9, lambda c: c * 2, x), (X,)),
    ("while of a batch", jax.vmap(lambda v: lax.while_loop(lambda c: c < 10, lambda c: c * 2 + 1, jnp.abs(v))), (X,)),
    ("cond", lambda x, n: lax.cond(n > 2, lambda: x * 2, lambda: jnp.sin(x)), (X, np.int32(3))),
    ("cond of scalars", lambda x, n: lax.cond(n > 5, x.sum, x.prod), (X[:5], np.int32(3))),
    ("cond in a scan", lambda x: lax.scan(lambda c, v: lax.cond(v > 0, lambda: (c + v, c), lambda: (c * v, v)), 1.0, x), (X,)),
    ("switch", lambda x, n: lax.switch(n, [lambda: x, lambda: x + 1, lambda: x * x, lambda: -x]), (X, np.int32(2))),
    ("switch outside", lambda x, n: lax.switch(n, [lambda: x, lambda: x + 1]), (X, np.int32(9))),
    ("cond of a batch", jax.vmap(lambda v: lax.cond(v > 0, jnp.sin, lambda v: v * v, v)), (X,)),
    ("jit in jit", jax.jit(lambda y: jax.jit(jnp.tanh)(y) + y), (X,)),
    ("checkpoint", jax.grad(lambda x: jax.checkpoint(lambda y: jnp.sin(y) ** 2)(x).sum()), (X,)),
    ("custom_vjp", _clipped, (X,)),
    ("gradient of custom_vjp", jax.grad(lambda y: _clipped(y).sum()), (X,)),
    ("custom_jvp", lambda x: (jax.nn.silu(x), jax.nn.relu(x), jax.nn.elu(x)), (X,)),
    ("map", lambda m: lax.map(lambda row: jnp.sort(row)[:2], m), (M,)),
    ("associative scan", lambda x: lax.associative_scan(jnp.add, x), (X,)),
]


@pytest.mark.parametrize(("fun", "args"), [pytest.param(f, a, id=name) for name, f, a in FLOW])
def test_flow(fun: Callable, args: tuple[Any, ...]) -> None:
    check(fun, *args)


def _energy(x: jax.Array) -> jax.Array:
    return jnp.sum(jnp.tanh(x[:-1] * x[1:]) + 0.1 * x[:-1] ** 4)


def test_transformations() -> None:
    small, direction = floats(6), floats(6, seed=1)
    check(jax.grad(_energy), X)
    check(jax.hessian(_energy), small)
    check(lambda x, v: jax.jvp(jax.grad(_energy), (x,), (v,)), small, direction)
    check(jax.vmap(_energy), M)
    check(jax.jacfwd(lambda x: jnp.sin(x)[:2] * x.sum()), small)
    check(jax.vmap(jax.vmap(lambda a, b: jnp.sin(a) * b, (None, 0)), (0, None)), X, S)
    check(jax.grad(lambda x: lax.scan(lambda c, v: (jnp.sin(c) + v, c), 0.0, x)[0]), X)


def test_trees_and_types() -> None:
    tree = {"b": [X, np.int32(3)], "a": (np.array([True, False, True]), np.float32(2.0))}

    def fun(t: Any) -> Any:
        return {"sum": t["b"][0].sum() * t["a"][1], "rest": [~t["a"][0], t["b"][1] + 1, None]}

    program = check(fun, tree)
    assert [(s.shape, s.dtype) for s in program.inputs] == [((3,), "bool"), ((), "float32"), ((37,), "float32"), ((), "int32")]
    check(lambda x: x * 2, 1.5)
    check(lambda n: n + 1, 3)
    assert compile(lambda x: x, jax.ShapeDtypeStruct((2,), np.float32)).inputs[0].shape == (2,)


def test_a_module_exports_memory_and_run_and_imports_nothing() -> None:
    program = compile(lambda x, m, flag: (jnp.abs(x) ** x, m.T @ m, ~flag), X, M, True)
    module = wasmtime.Module(ENGINE, program.module)
    memory, run = module.exports
    assert (memory.name, run.name) == ("memory", "run")
    assert isinstance(memory.type, wasmtime.MemoryType)
    assert isinstance(run.type, wasmtime.FuncType)
    assert (run.type.params, run.type.results, module.imports) == ([], [], [])
    assert memory.type.limits.min * 2**16 >= program.memory_bytes
    ends = [0]
    for slot in sorted((*program.inputs, *program.outputs), key=lambda slot: slot.offset):
        assert slot.offset >= ends[-1]
        ends.append(slot.offset + slot.num_bytes)
    assert ends[-1] <= program.memory_bytes
    with pytest.raises(FrozenInstanceError):
        program.module = b""  # type: ignore[misc]


def test_a_program_runs_again_and_again() -> None:
    run = load(compile(lambda x, n: lax.fori_loop(0, n, lambda _, c: c * 0.5 + x, x), X, np.int32(1)))
    for n in (1, 5, 0, 2):
        expected = X.copy()
        for _ in range(n):
            expected = expected * np.float32(0.5) + X
        np.testing.assert_allclose(run(X, np.int32(n)), expected, rtol=1e-5)


def test_a_load_returns_the_last_stored_value() -> None:
    buffer, first, second = ir.Buffer(ir.F32, 1), ir.local(ir.F32), ir.local(ir.F32)
    loaded = ir.load(buffer, ir.i32(0))
    run: list[Statement] = [
        Store(buffer, ir.i32(0), ir.f32(1.0)),
        Assign((first,), (loaded + 5.0,)),
        Store(buffer, ir.i32(0), ir.f32(2.0)),
        Assign((second,), (loaded + 5.0,)),
    ]
    forward_stores(run)
    assert [s.values[0].args[0].value for s in run if isinstance(s, Assign)] == [1.0, 2.0]


def test_a_slice_of_a_slice_is_clamped_twice() -> None:
    def fun(m: Any, i: Any, j: Any) -> jax.Array:
        return lax.dynamic_slice_in_dim(lax.dynamic_slice_in_dim(m, i, 2), j, 1)

    args = (M, np.int32(1), np.int32(2))  # jax.jit merges the two slices and gives row 3; step by step JAX gives row 2
    np.testing.assert_array_equal(load(compile(fun, *args))(*args), M[2:3])
    np.testing.assert_array_equal(fun(*args), M[2:3])


def test_a_program_survives_saving_and_loading() -> None:
    program = compile(lambda t: {"y": t[0] @ t[1]}, (M, X[:9]))
    again = Program.from_bytes(program.to_bytes())
    assert again == program
    np.testing.assert_array_equal(load(again)((M, X[:9]))["y"], load(program)((M, X[:9]))["y"])


def test_compilation_is_deterministic() -> None:
    code = (
        "import hashlib, sys, jax, jax.numpy as jnp, numpy as np; from gradient.wasm import compile; "
        "x = np.ones((9, 7), np.float32); f = jax.grad(lambda x: jnp.tanh(x @ x.T[:, :3]).sum() + x[2:5, ::2].sum()); "
        "print(hashlib.sha256(compile(f, x).module).hexdigest())"
    )
    hashes = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(hashes) == 1


UNSUPPORTED: list[tuple[str, Callable, str]] = [
    ("random", lambda x: x + jax.random.normal(jax.random.key(0), x.shape), "argument"),
    ("eigh", lambda x: jnp.linalg.eigh(jnp.outer(x, x))[0], "power iteration"),
    ("cholesky", lambda x: jnp.linalg.cholesky(jnp.outer(x, x)), "closed form"),
    ("lgamma", lambda x: lax.lgamma(x + 1), "arithmetic"),
    ("uint8", lambda x: x.astype(jnp.uint8), "float32, int32"),
]


@pytest.mark.parametrize(("name", "fun", "advice"), UNSUPPORTED, ids=[row[0] for row in UNSUPPORTED])
def test_an_unsupported_function_is_explained(name: str, fun: Callable, advice: str) -> None:
    with pytest.raises(UnsupportedPrimitive) as caught:
        compile(fun, S)
    message = str(caught.value)
    assert name in message
    assert advice in message
    assert "test_wasm_flow.py" in message
    assert "kernel" in message


def test_a_function_without_source_is_named() -> None:
    with pytest.raises(UnsupportedPrimitive, match=r"digamma cannot be compiled .* it comes from digamma"):
        compile(lax.digamma, S)


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros(3, np.int8), np.complex64(1), "text"])
def test_arguments_of_another_type(bad: Any) -> None:
    with pytest.raises(TypeError, match="Convert it first"):
        compile(lambda x: x, bad)
