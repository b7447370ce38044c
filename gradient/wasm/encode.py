"""WebAssembly's binary format: numbers, instructions by name, sections, a module."""

import struct
from collections.abc import Iterable, Sequence

I32_TYPE, F32_TYPE, F64_TYPE, V128_TYPE = 0x7F, 0x7D, 0x7C, 0x7B
EMPTY_BLOCK = b"\x40"
PAGE = 65536


def unsigned(value: int) -> bytes:
    """LEB128 of a number >= 0."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed(value: int) -> bytes:
    """Signed LEB128."""
    out = bytearray()
    while not -64 <= value < 64:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value & 127)
    return bytes(out)


def _numbered(first: int, names: str) -> dict[str, bytes]:
    return {name: bytes([first + i]) for i, name in enumerate(names.split())}


def _prefixed(prefix: int, table: dict[int, str]) -> dict[str, bytes]:
    listed = ((first + i, name) for first, names in table.items() for i, name in enumerate(names.split()))
    return {name: bytes([prefix]) + unsigned(code) for code, name in listed if name != "_"}


_CONTROL = {
    "block": b"\x02",
    "loop": b"\x03",
    "if": b"\x04",
    "else": b"\x05",
    "end": b"\x0b",
    "br": b"\x0c",
    "br_if": b"\x0d",
    "call": b"\x10",
    "drop": b"\x1a",
    "select": b"\x1b",
    "local.get": b"\x20",
    "local.set": b"\x21",
    "local.tee": b"\x22",
    "i32.load": b"\x28",
    "f32.load": b"\x2a",
    "i32.load8_u": b"\x2d",
    "i32.store": b"\x36",
    "f32.store": b"\x38",
    "i32.store8": b"\x3a",
    "i32.const": b"\x41",
    "f32.const": b"\x43",
    "f64.const": b"\x44",
}
_SCALAR = {
    **_numbered(0x45, "i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u"),
    **_numbered(0x5B, "f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge"),
    **_numbered(0x67, "i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u"),
    **_numbered(0x71, "i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u"),
    **_numbered(0x8B, "f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt f32.add f32.sub f32.mul f32.div"),
    **_numbered(0x96, "f32.min f32.max f32.copysign f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt"),
    **_numbered(0xA0, "f64.add f64.sub f64.mul f64.div f64.min f64.max"),
    **_numbered(0xB2, "f32.convert_i32_s f32.convert_i32_u"),
    "f32.demote_f64": b"\xb6",
    "f64.convert_i32_s": b"\xb7",
    "f64.promote_f32": b"\xbb",
    "i32.reinterpret_f32": b"\xbc",
    "f32.reinterpret_i32": b"\xbe",
    **_prefixed(0xFC, {0: "i32.trunc_sat_f32_s", 2: "i32.trunc_sat_f64_s", 10: "memory.copy"}),
}
_SIMD = _prefixed(
    0xFD,
    {
        0: "v128.load",
        9: "v128.load32_splat",
        11: "v128.store v128.const",
        17: "i32x4.splat _ f32x4.splat",
        27: "i32x4.extract_lane i32x4.replace_lane _ _ f32x4.extract_lane f32x4.replace_lane",
        0x37: "i32x4.eq i32x4.ne i32x4.lt_s _ i32x4.gt_s _ i32x4.le_s _ i32x4.ge_s _",
        0x41: "f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge",
        0x4D: "v128.not v128.and v128.andnot v128.or v128.xor v128.bitselect",
        0x56: "v128.load32_lane",
        0x5A: "v128.store32_lane _ v128.load32_zero",
        0x65: "i8x16.narrow_i16x8_s _ f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest",
        0x85: "i16x8.narrow_i32x4_s _ _ _ i16x8.extend_low_i8x16_u",
        0xA0: "i32x4.abs i32x4.neg",
        0xA9: "i32x4.extend_low_i16x8_u _ i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add",
        0xB1: "i32x4.sub _ _ _ i32x4.mul i32x4.min_s _ i32x4.max_s",
        0xE0: "f32x4.abs f32x4.neg _ f32x4.sqrt f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max",
        0xEA: "f32x4.pmin f32x4.pmax",
        0xF8: "i32x4.trunc_sat_f32x4_s _ f32x4.convert_i32x4_s",
    },
)
OPCODES: dict[str, bytes] = {**_CONTROL, **_SCALAR, **_SIMD}


def constant(dtype: str, value: float) -> bytes:
    """The instruction that pushes a number."""
    if dtype == "f32":
        return OPCODES["f32.const"] + struct.pack("<f", value)
    if dtype == "f64":
        return OPCODES["f64.const"] + struct.pack("<d", value)
    return OPCODES["i32.const"] + signed(int(value))


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
    """A function's code with its locals, given by their types in order."""
    runs: list[list[int]] = []
    for kind in locals_:
        if runs and runs[-1][1] == kind:
            runs[-1][0] += 1
        else:
            runs.append([1, kind])
    code = _vector(unsigned(number) + bytes([kind]) for number, kind in runs) + body + OPCODES["end"]
    return unsigned(len(code)) + code


def module(
    signatures: Sequence[tuple[Sequence[int], Sequence[int]]],
    functions: Sequence[bytes],
    memory_bytes: int,
    data: Sequence[tuple[int, bytes]] = (),
) -> bytes:
    """A module that exports its memory, and its first function as `run`; `data` is what memory starts with."""
    kinds = [b"\x60" + _vector(bytes([t]) for t in takes) + _vector(bytes([t]) for t in gives) for takes, gives in signatures]
    pages = unsigned(-(-memory_bytes // PAGE))
    parts = [
        b"\0asm\1\0\0\0",
        _section(1, _vector(kinds)),
        _section(3, _vector(unsigned(i) for i in range(len(functions)))),
        _section(5, _vector([b"\1" + pages + pages])),
        _section(7, _vector([_name("memory") + b"\2\0", _name("run") + b"\0\0"])),
        _section(10, _vector(functions)),
    ]
    if data:
        pieces = (b"\0" + constant("i32", start) + OPCODES["end"] + unsigned(len(d)) + d for start, d in data)
        parts.append(_section(11, _vector(pieces)))
    return b"".join(parts)
