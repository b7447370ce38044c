"""WebAssembly's instructions that the compiler uses, by their names in the specification, with their encoding."""

from enum import Enum, unique

from gradient.wasm.leb128 import unsigned


def _numeric(number: int) -> bytes:
    return b"\xfc" + unsigned(number)


def _simd(number: int) -> bytes:
    return b"\xfd" + unsigned(number)


@unique
class Opcode(bytes, Enum):
    """An instruction without its immediate operands. `F32X4_SQRT` is the specification's `f32x4.sqrt`."""

    # Control, locals, memory and constants
    BLOCK = b"\x02"
    LOOP = b"\x03"
    IF = b"\x04"
    ELSE = b"\x05"
    END = b"\x0b"
    BR = b"\x0c"
    BR_IF = b"\x0d"
    CALL = b"\x10"
    DROP = b"\x1a"
    SELECT = b"\x1b"
    LOCAL_GET = b"\x20"
    LOCAL_SET = b"\x21"
    LOCAL_TEE = b"\x22"
    I32_LOAD = b"\x28"
    F32_LOAD = b"\x2a"
    I32_LOAD8_U = b"\x2d"
    I32_STORE = b"\x36"
    F32_STORE = b"\x38"
    I32_STORE8 = b"\x3a"
    I32_CONST = b"\x41"
    F32_CONST = b"\x43"
    F64_CONST = b"\x44"

    # Scalars: one number
    I32_EQZ = b"\x45"
    I32_EQ = b"\x46"
    I32_NE = b"\x47"
    I32_LT_S = b"\x48"
    I32_GT_S = b"\x4a"
    I32_LE_S = b"\x4c"
    I32_GE_S = b"\x4e"
    F32_EQ = b"\x5b"
    F32_NE = b"\x5c"
    F32_LT = b"\x5d"
    F32_GT = b"\x5e"
    F32_LE = b"\x5f"
    F32_GE = b"\x60"
    F64_EQ = b"\x61"
    F64_NE = b"\x62"
    F64_LT = b"\x63"
    F64_GT = b"\x64"
    F64_LE = b"\x65"
    F64_GE = b"\x66"
    I32_CLZ = b"\x67"
    I32_POPCNT = b"\x69"
    I32_ADD = b"\x6a"
    I32_SUB = b"\x6b"
    I32_MUL = b"\x6c"
    I32_DIV_S = b"\x6d"
    I32_DIV_U = b"\x6e"
    I32_REM_S = b"\x6f"
    I32_REM_U = b"\x70"
    I32_AND = b"\x71"
    I32_OR = b"\x72"
    I32_XOR = b"\x73"
    I32_SHL = b"\x74"
    I32_SHR_S = b"\x75"
    I32_SHR_U = b"\x76"
    F32_ABS = b"\x8b"
    F32_NEG = b"\x8c"
    F32_CEIL = b"\x8d"
    F32_FLOOR = b"\x8e"
    F32_TRUNC = b"\x8f"
    F32_NEAREST = b"\x90"
    F32_SQRT = b"\x91"
    F32_ADD = b"\x92"
    F32_SUB = b"\x93"
    F32_MUL = b"\x94"
    F32_DIV = b"\x95"
    F32_MIN = b"\x96"
    F32_MAX = b"\x97"
    F64_NEG = b"\x9a"
    F64_TRUNC = b"\x9d"
    F64_NEAREST = b"\x9e"
    F64_ADD = b"\xa0"
    F64_SUB = b"\xa1"
    F64_MUL = b"\xa2"
    F64_DIV = b"\xa3"
    F64_MIN = b"\xa4"
    F64_MAX = b"\xa5"
    F32_CONVERT_I32_S = b"\xb2"
    F32_DEMOTE_F64 = b"\xb6"
    F64_CONVERT_I32_S = b"\xb7"
    F64_PROMOTE_F32 = b"\xbb"
    I32_REINTERPRET_F32 = b"\xbc"
    F32_REINTERPRET_I32 = b"\xbe"
    I32_TRUNC_SAT_F32_S = _numeric(0)
    I32_TRUNC_SAT_F64_S = _numeric(2)
    MEMORY_COPY = _numeric(10)

    # SIMD: four lanes in 128 bits
    V128_LOAD = _simd(0x00)
    V128_LOAD32_SPLAT = _simd(0x09)
    V128_STORE = _simd(0x0B)
    V128_CONST = _simd(0x0C)
    I32X4_SPLAT = _simd(0x11)
    F32X4_SPLAT = _simd(0x13)
    I32X4_EXTRACT_LANE = _simd(0x1B)
    I32X4_REPLACE_LANE = _simd(0x1C)
    F32X4_EXTRACT_LANE = _simd(0x1F)
    F32X4_REPLACE_LANE = _simd(0x20)
    I32X4_EQ = _simd(0x37)
    I32X4_NE = _simd(0x38)
    I32X4_LT_S = _simd(0x39)
    I32X4_GT_S = _simd(0x3B)
    I32X4_LE_S = _simd(0x3D)
    I32X4_GE_S = _simd(0x3F)
    F32X4_EQ = _simd(0x41)
    F32X4_NE = _simd(0x42)
    F32X4_LT = _simd(0x43)
    F32X4_GT = _simd(0x44)
    F32X4_LE = _simd(0x45)
    F32X4_GE = _simd(0x46)
    V128_NOT = _simd(0x4D)
    V128_AND = _simd(0x4E)
    V128_OR = _simd(0x50)
    V128_XOR = _simd(0x51)
    V128_BITSELECT = _simd(0x52)
    V128_LOAD32_LANE = _simd(0x56)
    V128_STORE32_LANE = _simd(0x5A)
    V128_LOAD32_ZERO = _simd(0x5C)
    I8X16_NARROW_I16X8_S = _simd(0x65)
    F32X4_CEIL = _simd(0x67)
    F32X4_FLOOR = _simd(0x68)
    F32X4_TRUNC = _simd(0x69)
    F32X4_NEAREST = _simd(0x6A)
    I16X8_NARROW_I32X4_S = _simd(0x85)
    I16X8_EXTEND_LOW_I8X16_U = _simd(0x89)
    I32X4_NEG = _simd(0xA1)
    I32X4_EXTEND_LOW_I16X8_U = _simd(0xA9)
    I32X4_SHL = _simd(0xAB)
    I32X4_SHR_S = _simd(0xAC)
    I32X4_SHR_U = _simd(0xAD)
    I32X4_ADD = _simd(0xAE)
    I32X4_MUL = _simd(0xB5)
    I32X4_MIN_S = _simd(0xB6)
    I32X4_MAX_S = _simd(0xB8)
    F32X4_ABS = _simd(0xE0)
    F32X4_NEG = _simd(0xE1)
    F32X4_SQRT = _simd(0xE3)
    F32X4_ADD = _simd(0xE4)
    F32X4_SUB = _simd(0xE5)
    F32X4_MUL = _simd(0xE6)
    F32X4_DIV = _simd(0xE7)
    F32X4_MIN = _simd(0xE8)
    F32X4_MAX = _simd(0xE9)
    F32X4_PMIN = _simd(0xEA)
    F32X4_PMAX = _simd(0xEB)
    I32X4_TRUNC_SAT_F32X4_S = _simd(0xF8)
    F32X4_CONVERT_I32X4_S = _simd(0xFA)
