"""WebAssembly's instructions that the compiler uses, by their names in the specification: their encoding and their types."""

from enum import Enum, unique

from gradient.wasm.leb128 import unsigned


def _numeric(number: int) -> bytes:
    return b"\xfc" + unsigned(number)


def _simd(number: int) -> bytes:
    return b"\xfd" + unsigned(number)


@unique
class Opcode(bytes, Enum):
    """An instruction without its immediate operands. `F32X4_SQRT` is the specification's `f32x4.sqrt`.

    Attributes:
        takes, gives: the types that it pops and pushes, the top of the stack last: i, f, d or v for i32, f32, f64 and v128.
        immediates: the kind of its immediate operands (`verify.module`), if it has any. For a load or store it says how many
            bytes may be aligned: those of a byte, a word of four or a vector of sixteen.
    """

    takes: str
    gives: str
    immediates: str

    def __new__(cls, code: bytes, takes: str, gives: str, immediates: str = "") -> "Opcode":
        """A member is equal to its encoding."""
        member = bytes.__new__(cls, code)
        member._value_ = code
        member.takes, member.gives, member.immediates = takes, gives, immediates
        return member

    # Control, locals, memory and constants. What control, locals, select and drop take depends on where they stand.
    BLOCK = b"\x02", "", "", "block"
    LOOP = b"\x03", "", "", "block"
    IF = b"\x04", "i", "", "block"
    ELSE = b"\x05", "", ""
    END = b"\x0b", "", ""
    BR = b"\x0c", "", "", "index"
    BR_IF = b"\x0d", "i", "", "index"
    CALL = b"\x10", "", "", "index"
    DROP = b"\x1a", "", ""
    SELECT = b"\x1b", "", ""
    LOCAL_GET = b"\x20", "", "", "index"
    LOCAL_SET = b"\x21", "", "", "index"
    LOCAL_TEE = b"\x22", "", "", "index"
    I32_LOAD = b"\x28", "i", "i", "word"
    F32_LOAD = b"\x2a", "i", "f", "word"
    I32_LOAD8_U = b"\x2d", "i", "i", "byte"
    I32_STORE = b"\x36", "ii", "", "word"
    F32_STORE = b"\x38", "if", "", "word"
    I32_STORE8 = b"\x3a", "ii", "", "byte"
    I32_CONST = b"\x41", "", "i", "i32"
    F32_CONST = b"\x43", "", "f", "f32"
    F64_CONST = b"\x44", "", "d", "f64"

    # Scalars: one number
    I32_EQZ = b"\x45", "i", "i"
    I32_EQ = b"\x46", "ii", "i"
    I32_NE = b"\x47", "ii", "i"
    I32_LT_S = b"\x48", "ii", "i"
    I32_GT_S = b"\x4a", "ii", "i"
    I32_LE_S = b"\x4c", "ii", "i"
    I32_GE_S = b"\x4e", "ii", "i"
    F32_EQ = b"\x5b", "ff", "i"
    F32_NE = b"\x5c", "ff", "i"
    F32_LT = b"\x5d", "ff", "i"
    F32_GT = b"\x5e", "ff", "i"
    F32_LE = b"\x5f", "ff", "i"
    F32_GE = b"\x60", "ff", "i"
    F64_EQ = b"\x61", "dd", "i"
    F64_NE = b"\x62", "dd", "i"
    F64_LT = b"\x63", "dd", "i"
    F64_GT = b"\x64", "dd", "i"
    F64_LE = b"\x65", "dd", "i"
    F64_GE = b"\x66", "dd", "i"
    I32_CLZ = b"\x67", "i", "i"
    I32_POPCNT = b"\x69", "i", "i"
    I32_ADD = b"\x6a", "ii", "i"
    I32_SUB = b"\x6b", "ii", "i"
    I32_MUL = b"\x6c", "ii", "i"
    I32_DIV_S = b"\x6d", "ii", "i"
    I32_DIV_U = b"\x6e", "ii", "i"
    I32_REM_S = b"\x6f", "ii", "i"
    I32_REM_U = b"\x70", "ii", "i"
    I32_AND = b"\x71", "ii", "i"
    I32_OR = b"\x72", "ii", "i"
    I32_XOR = b"\x73", "ii", "i"
    I32_SHL = b"\x74", "ii", "i"
    I32_SHR_S = b"\x75", "ii", "i"
    I32_SHR_U = b"\x76", "ii", "i"
    F32_ABS = b"\x8b", "f", "f"
    F32_NEG = b"\x8c", "f", "f"
    F32_CEIL = b"\x8d", "f", "f"
    F32_FLOOR = b"\x8e", "f", "f"
    F32_TRUNC = b"\x8f", "f", "f"
    F32_NEAREST = b"\x90", "f", "f"
    F32_SQRT = b"\x91", "f", "f"
    F32_ADD = b"\x92", "ff", "f"
    F32_SUB = b"\x93", "ff", "f"
    F32_MUL = b"\x94", "ff", "f"
    F32_DIV = b"\x95", "ff", "f"
    F32_MIN = b"\x96", "ff", "f"
    F32_MAX = b"\x97", "ff", "f"
    F64_NEG = b"\x9a", "d", "d"
    F64_TRUNC = b"\x9d", "d", "d"
    F64_NEAREST = b"\x9e", "d", "d"
    F64_ADD = b"\xa0", "dd", "d"
    F64_SUB = b"\xa1", "dd", "d"
    F64_MUL = b"\xa2", "dd", "d"
    F64_DIV = b"\xa3", "dd", "d"
    F64_MIN = b"\xa4", "dd", "d"
    F64_MAX = b"\xa5", "dd", "d"
    F32_CONVERT_I32_S = b"\xb2", "i", "f"
    F32_DEMOTE_F64 = b"\xb6", "d", "f"
    F64_CONVERT_I32_S = b"\xb7", "i", "d"
    F64_PROMOTE_F32 = b"\xbb", "f", "d"
    I32_REINTERPRET_F32 = b"\xbc", "f", "i"
    F32_REINTERPRET_I32 = b"\xbe", "i", "f"
    I32_TRUNC_SAT_F32_S = _numeric(0), "f", "i"
    I32_TRUNC_SAT_F64_S = _numeric(2), "d", "i"
    MEMORY_COPY = _numeric(10), "iii", "", "memories"

    # SIMD: four lanes in 128 bits
    V128_LOAD = _simd(0x00), "i", "v", "vector"
    V128_LOAD32_SPLAT = _simd(0x09), "i", "v", "word"
    V128_STORE = _simd(0x0B), "iv", "", "vector"
    V128_CONST = _simd(0x0C), "", "v", "v128"
    I32X4_SPLAT = _simd(0x11), "i", "v"
    F32X4_SPLAT = _simd(0x13), "f", "v"
    I32X4_EXTRACT_LANE = _simd(0x1B), "v", "i", "lane"
    I32X4_REPLACE_LANE = _simd(0x1C), "vi", "v", "lane"
    F32X4_EXTRACT_LANE = _simd(0x1F), "v", "f", "lane"
    F32X4_REPLACE_LANE = _simd(0x20), "vf", "v", "lane"
    I32X4_EQ = _simd(0x37), "vv", "v"
    I32X4_NE = _simd(0x38), "vv", "v"
    I32X4_LT_S = _simd(0x39), "vv", "v"
    I32X4_GT_S = _simd(0x3B), "vv", "v"
    I32X4_LE_S = _simd(0x3D), "vv", "v"
    I32X4_GE_S = _simd(0x3F), "vv", "v"
    F32X4_EQ = _simd(0x41), "vv", "v"
    F32X4_NE = _simd(0x42), "vv", "v"
    F32X4_LT = _simd(0x43), "vv", "v"
    F32X4_GT = _simd(0x44), "vv", "v"
    F32X4_LE = _simd(0x45), "vv", "v"
    F32X4_GE = _simd(0x46), "vv", "v"
    V128_NOT = _simd(0x4D), "v", "v"
    V128_AND = _simd(0x4E), "vv", "v"
    V128_OR = _simd(0x50), "vv", "v"
    V128_XOR = _simd(0x51), "vv", "v"
    V128_BITSELECT = _simd(0x52), "vvv", "v"
    V128_LOAD32_LANE = _simd(0x56), "iv", "v", "word lane"
    V128_STORE32_LANE = _simd(0x5A), "iv", "", "word lane"
    V128_LOAD32_ZERO = _simd(0x5C), "i", "v", "word"
    I8X16_NARROW_I16X8_S = _simd(0x65), "vv", "v"
    F32X4_CEIL = _simd(0x67), "v", "v"
    F32X4_FLOOR = _simd(0x68), "v", "v"
    F32X4_TRUNC = _simd(0x69), "v", "v"
    F32X4_NEAREST = _simd(0x6A), "v", "v"
    I16X8_NARROW_I32X4_S = _simd(0x85), "vv", "v"
    I16X8_EXTEND_LOW_I8X16_U = _simd(0x89), "v", "v"
    I32X4_NEG = _simd(0xA1), "v", "v"
    I32X4_EXTEND_LOW_I16X8_U = _simd(0xA9), "v", "v"
    I32X4_SHL = _simd(0xAB), "vi", "v"
    I32X4_SHR_S = _simd(0xAC), "vi", "v"
    I32X4_SHR_U = _simd(0xAD), "vi", "v"
    I32X4_ADD = _simd(0xAE), "vv", "v"
    I32X4_MUL = _simd(0xB5), "vv", "v"
    I32X4_MIN_S = _simd(0xB6), "vv", "v"
    I32X4_MAX_S = _simd(0xB8), "vv", "v"
    F32X4_ABS = _simd(0xE0), "v", "v"
    F32X4_NEG = _simd(0xE1), "v", "v"
    F32X4_SQRT = _simd(0xE3), "v", "v"
    F32X4_ADD = _simd(0xE4), "vv", "v"
    F32X4_SUB = _simd(0xE5), "vv", "v"
    F32X4_MUL = _simd(0xE6), "vv", "v"
    F32X4_DIV = _simd(0xE7), "vv", "v"
    F32X4_MIN = _simd(0xE8), "vv", "v"
    F32X4_MAX = _simd(0xE9), "vv", "v"
    F32X4_PMIN = _simd(0xEA), "vv", "v"
    F32X4_PMAX = _simd(0xEB), "vv", "v"
    I32X4_TRUNC_SAT_F32X4_S = _simd(0xF8), "v", "v"
    F32X4_CONVERT_I32X4_S = _simd(0xFA), "v", "v"
