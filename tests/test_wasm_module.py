"""The validation of emitted modules: the verdict is that of wasmtime, and an invalid module is an error of `compile`."""

import random
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import wasmtime
from jax import lax

from gradient.wasm import CompilerFault, UnsupportedPrimitive, compile, pipeline, verify
from gradient.wasm.emit.encode import F32_TYPE, function, module
from gradient.wasm.emit.statements import StatementEmitter
from gradient.wasm.ir import F64, I32
from gradient.wasm.opcodes import Opcode
from gradient.wasm.verify.module import _INSTRUCTION
from tests.wasm_parity import ENGINE, booleans, floats, integers

Functions = list[tuple[list[int], bytes]]  # the types of the locals and the code of each function


def _everything(x: jax.Array, n: jax.Array, b: jax.Array, i: jax.Array) -> Any:
    """A function whose module has loops, branches, calls, SIMD, strided and scattered accesses, and data."""
    c = lax.while_loop(lambda c: c[0] < 9, lambda c: c * 1.5 + 1, jnp.abs(x[:3]))
    d = lax.cond(i > 2, lambda: jnp.sin(x), lambda: x * 2)
    e = x.at[n % 37].add(1.0) + jnp.arange(37.0) ** x + jnp.flip(x)[::1] % 0.3
    return c, d, e, b & (x > 0), n // 3 + jnp.cumsum(n), x.reshape(37, 1) * x[:7], x[::2] @ x[1::2].T[:1].repeat(19)


ARGUMENTS = (floats(37), integers(37), booleans(37), np.int32(2))


def _emitted(monkeypatch: pytest.MonkeyPatch) -> tuple[Functions, Callable[[Functions], bytes]]:
    """The functions of `_everything`, and what makes a module of functions like these."""
    parts: list[tuple[list[int], bytes]] = []
    rest: list[Any] = []

    def keep(locals_: list[int], body: bytes) -> bytes:
        parts.append((list(locals_), body))
        return function(locals_, body)

    def encode(signatures: Any, functions: Any, *others: Any) -> bytes:
        rest.extend([signatures, *others])
        return module(signatures, functions, *others)

    monkeypatch.setattr(pipeline, "function", keep)
    monkeypatch.setattr(pipeline, "module", encode)
    compile(_everything, *ARGUMENTS)
    return parts, lambda changed: module(rest[0], [function(*part) for part in changed], *rest[1:])


def _is_valid_for_wasmtime(code: bytes) -> bool:
    try:
        wasmtime.Module.validate(ENGINE, code)
    except wasmtime.WasmtimeError:
        return False
    return True


def _is_valid(code: bytes) -> bool:
    try:
        verify.check_module(code)
    except verify.InvalidProgram:
        return False
    return True


def _changed(tokens: list[bytes], draw: random.Random) -> list[bytes]:
    """Instructions of which one is missing, doubled, moved, or another one."""
    at, other = draw.randrange(len(tokens)), draw.randrange(len(tokens))
    before, this, after = tokens[:at], tokens[at], tokens[at + 1 :]
    op = next(op for op in Opcode if this.startswith(bytes(op)))
    alike = [o for o in Opcode if o.immediates == op.immediates]
    another = bytes(draw.choice(alike)) + this[len(op) :]
    index = bytes(op) + bytes([draw.randrange(128)]) if op.immediates == "index" else this
    choices: tuple[list[bytes], ...] = (
        [],
        [this, this],
        [tokens[other]],
        [another],
        [tokens[other], this],
        [this, bytes(Opcode.DROP)],
        [index],
    )
    return [*before, *draw.choice(choices), *after]


def test_the_verdict_is_that_of_wasmtime(monkeypatch: pytest.MonkeyPatch) -> None:
    parts, encode = _emitted(monkeypatch)
    assert _is_valid(encode(parts))
    draw, verdicts = random.Random(0), []
    for number in range(600):
        which = draw.randrange(len(parts))
        tokens = _changed(_INSTRUCTION.findall(parts[which][1]), draw)
        code = encode([(types, b"".join(tokens) if n == which else body) for n, (types, body) in enumerate(parts)])
        verdicts.append(_is_valid(code))
        assert verdicts[-1] == _is_valid_for_wasmtime(code), number
    assert 50 < sum(verdicts) < 550


def _of(*code: bytes, gives: bool = False) -> bytes:
    """A module of one function of no parameters, two locals i32 and f32, and perhaps a result f32."""
    result = [F32_TYPE] if gives else []
    return module([([], result)], [function([0x7F, F32_TYPE], b"".join(code))], 100)


ZERO, ONE, LOOP = b"\x41\0", b"\x43\0\0\x80\x3f", bytes(Opcode.LOOP) + b"\x40"
IF, ELSE, END, BR, BR_IF, SELECT, DROP = (
    bytes(op) for op in (Opcode.IF, Opcode.ELSE, Opcode.END, Opcode.BR, Opcode.BR_IF, Opcode.SELECT, Opcode.DROP)
)
MODULES: dict[str, bytes] = {
    "nothing": _of(),
    "a result": _of(ONE, gives=True),
    "no result": _of(gives=True),
    "a result too many": _of(ONE),
    "another result": _of(ZERO, gives=True),
    "both branches": _of(ZERO, IF, b"\x40", ELSE, END),
    "ELSE of a loop": _of(LOOP, ELSE, END),
    "two ELSE": _of(ZERO, IF, b"\x40", ELSE, ELSE, END),
    "code after the end": _of(END, ZERO, DROP),
    "a block without an end": _of(LOOP),
    "a block that leaves a number": _of(LOOP, ZERO, END, DROP),
    "a block that takes from outside": _of(ZERO, LOOP, DROP, END),
    "a branch out of the function": _of(BR, b"\0"),
    "a branch too far": _of(LOOP, BR, b"\2", END),
    "a branch with a result": _of(LOOP, ONE, BR, b"\1", END, gives=True),
    "a branch without a result": _of(ONE, LOOP, ZERO, BR_IF, b"\1", END, gives=True),
    "anything after a branch": _of(LOOP, BR, b"\0", bytes(Opcode.F32_ADD), SELECT, DROP, END),
    "a number of another type after a branch": _of(LOOP, BR, b"\0", ZERO, bytes(Opcode.F32_NEG), DROP, END),
    "a number left after a branch": _of(LOOP, BR, b"\0", ZERO, END),
    "a choice of two types": _of(ONE, ZERO, ZERO, SELECT, DROP),
    "a choice of vectors": _of(*[bytes(Opcode.V128_CONST) + bytes(16)] * 2, ZERO, SELECT, DROP),
    "a local that is not there": _of(bytes(Opcode.LOCAL_GET), b"\2", DROP),
    "a local of another type": _of(ZERO, bytes(Opcode.LOCAL_SET), b"\1"),
    "an alignment too large": _of(ZERO, bytes(Opcode.I32_LOAD), b"\3\0", DROP),
    "an offset of 33 bits": _of(ZERO, bytes(Opcode.I32_LOAD), b"\2\x80\x80\x80\x80\x10", DROP),
    "a number of 33 bits": _of(b"\x41\x80\x80\x80\x80\x08", DROP),
    "the smallest number": _of(b"\x41\x80\x80\x80\x80\x78", DROP),
    "a lane too far": _of(bytes(Opcode.V128_CONST) + bytes(16), bytes(Opcode.F32X4_EXTRACT_LANE), b"\4", DROP),
    "no instruction": _of(b"\xff"),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_small_module(name: str) -> None:
    assert _is_valid(MODULES[name]) == _is_valid_for_wasmtime(MODULES[name])


def test_data_beyond_the_memory() -> None:
    with pytest.raises(verify.InvalidProgram, match="data beyond the memory"):
        verify.check_module(module([([], [])], [function([], b"")], 100, [(65530, b"1234567")]))


def test_an_invalid_module_is_an_error_of_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StatementEmitter, "block", lambda self, *_: self.push(1, I32) or self.push(1, F64))
    with pytest.raises(CompilerFault, match=r"leaves id.*fault of the compiler.*can run in the kernel, with jax.jit"):
        compile(lambda x: x + 1, floats(3))


def test_a_failure_of_the_compiler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a type")

    monkeypatch.setattr(pipeline, "optimize", fail)
    with pytest.raises(CompilerFault, match=r"KeyError: 'a type'.*can run in the kernel, with jax.jit"):
        compile(lambda x: x + 1, floats(3))


LARGE = jax.ShapeDtypeStruct((2**15, 2**15), np.float32)


def test_a_program_too_large_is_refused() -> None:
    with pytest.raises(UnsupportedPrimitive, match=r"needs 8\.0 GiB of memory.*can still run in the kernel"):
        compile(lambda x: x + 1, LARGE)


@pytest.mark.parametrize(("limit", "what"), [("MAX_FUNCTION_BYTES", "bytes"), ("MAX_LOCALS", "variables")])
def test_code_too_long_is_refused(limit: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, limit, 5)
    with pytest.raises(UnsupportedPrimitive, match=rf"of \d+ {what}, more than the 5 .*lax.scan"):
        compile(jnp.sin, floats(3))
