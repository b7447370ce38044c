"""WebAssembly's binary format: numbers, constants, functions, sections, a module."""

import struct
from collections.abc import Iterable, Sequence

from gradient.wasm.ir import F32, F64, I32
from gradient.wasm.leb128 import signed, unsigned
from gradient.wasm.opcodes import Opcode

I32_TYPE, F32_TYPE, F64_TYPE, V128_TYPE = 0x7F, 0x7D, 0x7C, 0x7B
EMPTY_BLOCK = b"\x40"
PAGE = 65536


def constant(dtype: str, value: float) -> bytes:
    """The instruction that pushes a constant."""
    if dtype == F32:
        return Opcode.F32_CONST + struct.pack("<f", value)
    if dtype == F64:
        return Opcode.F64_CONST + struct.pack("<d", value)
    return Opcode.I32_CONST + signed(int(value))


def memarg(align: int, offset: int) -> bytes:
    """Alignment (as a power of two) and constant offset of a load or store."""
    return bytes([align]) + unsigned(offset)


def _vector(items: Iterable[bytes]) -> bytes:
    listed = list(items)
    return unsigned(len(listed)) + b"".join(listed)


def _section(number: int, content: bytes) -> bytes:
    return bytes([number]) + unsigned(len(content)) + content


def _name(text: str) -> bytes:
    return _vector(bytes([byte]) for byte in text.encode())


def function(locals_: Sequence[int], body: bytes) -> bytes:
    """A function's code and its locals, given by their types in order."""
    runs: list[list[int]] = []
    for kind in locals_:
        if runs and runs[-1][1] == kind:
            runs[-1][0] += 1
        else:
            runs.append([1, kind])
    code = _vector(unsigned(number) + bytes([kind]) for number, kind in runs) + body + Opcode.END
    return unsigned(len(code)) + code


def module(
    signatures: Sequence[tuple[Sequence[int], Sequence[int]]],
    functions: Sequence[bytes],
    memory_bytes: int,
    data: Sequence[tuple[int, bytes]] = (),
) -> bytes:
    """A module that exports its memory, and its first function as `run`.

    Args:
        signatures: parameter and result types of each function.
        functions: their code, as `function` returns it.
        data: what memory holds at the start, as pairs of an offset and bytes.
    """
    types = [b"\x60" + bytes([len(p), *p, len(r), *r]) for p, r in signatures]
    pages = unsigned(-(-memory_bytes // PAGE))
    parts = [
        b"\0asm\1\0\0\0",
        _section(1, _vector(types)),
        _section(3, _vector(unsigned(i) for i in range(len(functions)))),
        _section(5, _vector([b"\1" + pages + pages])),
        _section(7, _vector([_name("memory") + b"\2\0", _name("run") + b"\0\0"])),
        _section(10, _vector(functions)),
    ]
    if data:
        parts.append(_section(11, _vector(_segment(start, content) for start, content in data)))
    return b"".join(parts)


def _segment(start: int, content: bytes) -> bytes:
    """What memory holds from an offset on."""
    return b"\0" + constant(I32, start) + Opcode.END + unsigned(len(content)) + content
