"""The operations of the IR: one enum, which gives for each the types it takes and the WebAssembly instructions it becomes."""

from enum import Enum
from typing import NamedTuple

from gradient.wasm.ir.types import BOOL, F32, F64, I32
from gradient.wasm.opcodes import Opcode


class Form(NamedTuple):
    """One signature of an operation.

    Attributes:
        operands, result: the types. A leaf has no operands.
        scalar: the instruction for one number. None: the emitter has a method that writes more than one instruction.
        simd: the instruction for four lanes. None: the same, or the scalar instruction is repeated for each lane. Of a F64,
            which only the routines have, a vector holds the first two lanes.
    """

    operands: tuple[str, ...]
    result: str
    scalar: Opcode | None = None
    simd: Opcode | None = None


def _leaf(*types: str) -> tuple[Form, ...]:
    return tuple(Form((), dtype) for dtype in types)


def _unary(*rows: tuple[str, Opcode, Opcode | None]) -> tuple[Form, ...]:
    return tuple(Form((dtype,), dtype, scalar, simd) for dtype, scalar, simd in rows)


def _binary(*rows: tuple[str, Opcode | None, Opcode | None]) -> tuple[Form, ...]:
    return tuple(Form((dtype, dtype), dtype, scalar, simd) for dtype, scalar, simd in rows)


def _comparison(*rows: tuple[str, Opcode, Opcode | None]) -> tuple[Form, ...]:
    return tuple(Form((dtype, dtype), BOOL, scalar, simd) for dtype, scalar, simd in rows)


def _bitwise(scalar: Opcode, simd: Opcode) -> tuple[Form, ...]:
    return _binary((I32, scalar, simd), (BOOL, scalar, simd))


class Op(Enum):
    """An operation on scalar values. `forms` maps operand types and result type to the form that has them."""

    # Leaves. The attribute of an expression (`Expr.attr`) says which constant, loop, local or parameter it is.
    CONST = _leaf(F32, I32, BOOL, F64)
    VARIABLE = _leaf(I32)
    LOCAL = _leaf(F32, I32, BOOL)
    PARAMETER = _leaf(F32)
    TAIL_MASK = _leaf(BOOL)  # which lanes of the last, overlapping iteration of a SIMD loop are new

    # Memory, lanes and calls. Attributes: a buffer; the operation that combines the lanes; a routine; a routine.
    LOAD = tuple(Form((I32,), dtype) for dtype in (F32, I32, BOOL))
    REDUCE_LANES = tuple(Form((dtype,), dtype) for dtype in (F32, I32, BOOL))
    CALL = (Form((F32, F32), F32),)
    CALL_WHERE = (Form((BOOL, F32, F32, F32), F32),)  # the routine of the last two where the first holds, else the second

    # Index arithmetic. Attributes: a constant and one factor per operand (any number of them); the divisor.
    LINEAR = (Form((I32,), I32),)
    QUOTIENT = (Form((I32,), I32, Opcode.I32_DIV_U),)
    REMAINDER = (Form((I32,), I32, Opcode.I32_REM_U),)

    # Choices and conversions.
    SELECT = tuple(Form((BOOL, dtype, dtype), dtype, Opcode.SELECT, Opcode.V128_BITSELECT) for dtype in (F32, I32, F64))
    CONVERT = (
        Form((I32,), F32, Opcode.F32_CONVERT_I32_S, Opcode.F32X4_CONVERT_I32X4_S),
        Form((BOOL,), F32, Opcode.F32_CONVERT_I32_S),
        Form((F32,), I32, Opcode.I32_TRUNC_SAT_F32_S, Opcode.I32X4_TRUNC_SAT_F32X4_S),
        Form((BOOL,), I32),
        Form((F32,), F64, Opcode.F64_PROMOTE_F32, Opcode.F64X2_PROMOTE_LOW_F32X4),
        Form((F64,), F32, Opcode.F32_DEMOTE_F64, Opcode.F32X4_DEMOTE_F64X2_ZERO),
        Form((I32,), F64, Opcode.F64_CONVERT_I32_S, Opcode.F64X2_CONVERT_LOW_I32X4_S),
    )
    BITCAST = (
        Form((F32,), I32, Opcode.I32_REINTERPRET_F32),
        Form((I32,), F32, Opcode.F32_REINTERPRET_I32),
    )

    # Arithmetic. Sums and differences of integers are LINEAR.
    ADD = _binary(
        (F32, Opcode.F32_ADD, Opcode.F32X4_ADD),
        (I32, Opcode.I32_ADD, Opcode.I32X4_ADD),
        (F64, Opcode.F64_ADD, Opcode.F64X2_ADD),
    )
    SUB = _binary((F32, Opcode.F32_SUB, Opcode.F32X4_SUB), (F64, Opcode.F64_SUB, Opcode.F64X2_SUB))
    MUL = _binary(
        (F32, Opcode.F32_MUL, Opcode.F32X4_MUL),
        (I32, Opcode.I32_MUL, Opcode.I32X4_MUL),
        (F64, Opcode.F64_MUL, Opcode.F64X2_MUL),
    )
    DIV = _binary(
        (F32, Opcode.F32_DIV, Opcode.F32X4_DIV), (I32, Opcode.I32_DIV_S, None), (F64, Opcode.F64_DIV, Opcode.F64X2_DIV)
    )
    REM = _binary((I32, Opcode.I32_REM_S, None))
    DIV_U = _binary((I32, Opcode.I32_DIV_U, None))
    REM_U = _binary((I32, Opcode.I32_REM_U, None))
    MIN = _binary((F32, Opcode.F32_MIN, Opcode.F32X4_MIN), (I32, None, Opcode.I32X4_MIN_S))
    MAX = _binary((F32, Opcode.F32_MAX, Opcode.F32X4_MAX), (I32, None, Opcode.I32X4_MAX_S))
    PMIN = _binary(
        (F32, Opcode.F32_MIN, Opcode.F32X4_PMIN), (F64, Opcode.F64_MIN, Opcode.F64X2_PMIN)
    )  # the faster minimum of SIMD; NaN and zeros may differ
    PMAX = _binary((F32, Opcode.F32_MAX, Opcode.F32X4_PMAX), (F64, Opcode.F64_MAX, Opcode.F64X2_PMAX))
    NEG = _unary((F32, Opcode.F32_NEG, Opcode.F32X4_NEG), (F64, Opcode.F64_NEG, Opcode.F64X2_NEG))
    ABS = _unary((F32, Opcode.F32_ABS, Opcode.F32X4_ABS))
    SQRT = _unary((F32, Opcode.F32_SQRT, Opcode.F32X4_SQRT))
    FLOOR = _unary((F32, Opcode.F32_FLOOR, Opcode.F32X4_FLOOR))
    CEIL = _unary((F32, Opcode.F32_CEIL, Opcode.F32X4_CEIL))
    TRUNC = _unary((F32, Opcode.F32_TRUNC, Opcode.F32X4_TRUNC), (F64, Opcode.F64_TRUNC, Opcode.F64X2_TRUNC))
    NEAREST = _unary((F32, Opcode.F32_NEAREST, Opcode.F32X4_NEAREST), (F64, Opcode.F64_NEAREST, Opcode.F64X2_NEAREST))

    # Bits.
    AND = _bitwise(Opcode.I32_AND, Opcode.V128_AND)
    OR = _bitwise(Opcode.I32_OR, Opcode.V128_OR)
    XOR = _bitwise(Opcode.I32_XOR, Opcode.V128_XOR)
    NOT = _unary((BOOL, Opcode.I32_EQZ, Opcode.V128_NOT))
    SHL = _binary((I32, Opcode.I32_SHL, Opcode.I32X4_SHL))
    SHR_S = _binary((I32, Opcode.I32_SHR_S, Opcode.I32X4_SHR_S))
    SHR_U = _binary((I32, Opcode.I32_SHR_U, Opcode.I32X4_SHR_U))
    POPCNT = _unary((I32, Opcode.I32_POPCNT, None))
    CLZ = _unary((I32, Opcode.I32_CLZ, None))

    # Comparisons.
    EQ = _comparison((F32, Opcode.F32_EQ, Opcode.F32X4_EQ), (I32, Opcode.I32_EQ, Opcode.I32X4_EQ), (F64, Opcode.F64_EQ, None))
    NE = _comparison((F32, Opcode.F32_NE, Opcode.F32X4_NE), (I32, Opcode.I32_NE, Opcode.I32X4_NE), (F64, Opcode.F64_NE, None))
    LT = _comparison(
        (F32, Opcode.F32_LT, Opcode.F32X4_LT), (I32, Opcode.I32_LT_S, Opcode.I32X4_LT_S), (F64, Opcode.F64_LT, None)
    )
    GT = _comparison(
        (F32, Opcode.F32_GT, Opcode.F32X4_GT), (I32, Opcode.I32_GT_S, Opcode.I32X4_GT_S), (F64, Opcode.F64_GT, None)
    )
    LE = _comparison(
        (F32, Opcode.F32_LE, Opcode.F32X4_LE), (I32, Opcode.I32_LE_S, Opcode.I32X4_LE_S), (F64, Opcode.F64_LE, None)
    )
    GE = _comparison(
        (F32, Opcode.F32_GE, Opcode.F32X4_GE), (I32, Opcode.I32_GE_S, Opcode.I32X4_GE_S), (F64, Opcode.F64_GE, None)
    )

    forms: dict[tuple[tuple[str, ...], str], Form]

    def __new__(cls, *forms: Form) -> "Op":
        """Numbers the members, so that two of the same signature are two."""
        member = object.__new__(cls)
        member._value_ = len(cls.__members__)
        member.forms = {(form.operands, form.result): form for form in forms}
        return member

    # By identity: Enum's own hash is a Python function, and every expression is looked up by its operation.
    __hash__ = object.__hash__


COMPARISONS = (Op.EQ, Op.NE, Op.LT, Op.GT, Op.LE, Op.GE)
SHIFTS = frozenset({Op.SHL, Op.SHR_S, Op.SHR_U})  # in SIMD, all lanes are shifted by the same number
LEAVES = frozenset({Op.CONST, Op.LOCAL, Op.PARAMETER})  # what costs nothing to evaluate again
COMBINERS = frozenset({Op.ADD, Op.MUL, Op.MIN, Op.MAX, Op.AND, Op.OR, Op.XOR})  # what a reduction may combine with


class Routine(Enum):
    """A function of two float32 numbers that is called, because its code is too long to repeat (`emit.routines`)."""

    POWER = "power"
    REMAINDER = "remainder"
    SINE = "sine"
