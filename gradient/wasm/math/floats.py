"""Building blocks of the elementary functions, and functions that are a few instructions."""

from collections.abc import Sequence
from math import frexp

from gradient.wasm.ir import F32, I32, Expr, Op, Routine, apply, bitcast, call, compare, f32, i32, select

INF, NAN = float("inf"), float("nan")
TINY = 2.0**-126  # the smallest normal number
_SIGN_BIT = -(2**31)
_ROUNDER, ROUNDER_BITS = 12582912.0, 0x4B400000  # 1.5 * 2**23


def polynomial(x: Expr, coefficients: Sequence[float]) -> Expr:
    """Horner's rule, the highest power first."""
    total = f32(coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total


def absolute(x: Expr) -> Expr:
    """|x|."""
    return apply(Op.ABS, x)


def with_sign(magnitude: Expr, sign: Expr) -> Expr:
    """A magnitude >= 0 with the sign of another float."""
    return bitcast(F32, bitcast(I32, magnitude) | (bitcast(I32, sign) & _SIGN_BIT))


def is_nan(x: Expr) -> Expr:
    """Whether x is not a number."""
    return compare(Op.NE, x, x)


def clip(x: Expr, low: float, high: float) -> Expr:
    """x in [low, high]; NaN stays."""
    return apply(Op.PMAX, apply(Op.PMIN, x, f32(high)), f32(low))


def nearest(x: Expr) -> Expr:
    """The nearest whole number, ties to even."""
    return apply(Op.NEAREST, x)


def rounded(x: Expr) -> tuple[Expr, Expr]:
    """The nearest whole number as a float, and its lowest 22 bits as an i32 (plus `ROUNDER_BITS`), for |x| < 2**22.

    Adding 1.5 * 2**23 pushes the fraction out of the mantissa; SIMD has no faster conversion.
    """
    shifted = x + _ROUNDER
    return shifted - _ROUNDER, bitcast(I32, shifted)


def power_of_two(k: Expr) -> Expr:
    """2**k for an i32 in -126..127."""
    return bitcast(F32, apply(Op.SHL, k + 127, i32(23)))


def times_power_of_two(x: Expr, k: Expr) -> Expr:
    """x * 2**k, in two factors so that results may overflow to infinity and underflow to zero."""
    half = apply(Op.SHR_S, k, i32(1))
    return x * power_of_two(half) * power_of_two(k - half)


def flushed(x: Expr) -> Expr:
    """x, or 0 if it is subnormal."""
    return select(absolute(x) < TINY, f32(0.0), x)


def rsqrt(x: Expr) -> Expr:
    """1 / sqrt(x)."""
    return 1.0 / apply(Op.SQRT, x)


def sign(x: Expr) -> Expr:
    """-1, 0 or 1; NaN and zeros stay."""
    return select(compare(Op.GT, absolute(x), f32(0.0)), with_sign(f32(1.0), x), x)


def power(x: Expr, y: Expr) -> Expr:
    """x ** y, by the routine."""
    return call(Routine.POWER, x, y)


def integer_power(x: Expr, exponent: int) -> Expr:
    """x ** n by repeated squaring."""
    if exponent < 0:
        one = f32(1.0) if x.dtype == F32 else i32(1)
        return apply(Op.DIV, one, integer_power(x, -exponent))
    result = None
    while exponent:
        if exponent & 1:
            result = x if result is None else result * x
        exponent >>= 1
        x = x * x if exponent else x
    return result if result is not None else (f32(1.0) if x.dtype == F32 else i32(1))


def round_away(x: Expr) -> Expr:
    """The nearest whole number, ties away from zero."""
    truncated = apply(Op.TRUNC, x)
    is_half = absolute(x - truncated) >= 0.5
    return with_sign(select(is_half, absolute(truncated) + 1.0, absolute(truncated)), x)


def remainder(x: Expr, y: Expr) -> Expr:
    """C's fmod: the remainder of a division towards zero, with the sign of x."""
    if y.op is Op.CONST and abs(frexp(y.value)[0]) == 0.5 and 2.0**-60 <= abs(y.value) <= 2.0**60:
        return _remainder_of_power_of_two(x, abs(float(y.value)))
    return call(Routine.REMAINDER, x, y)


def _remainder_of_power_of_two(x: Expr, y: float) -> Expr:
    """Each step is exact. Numbers from 2**24 y on are multiples of y; x * 0 is NaN for infinity."""
    left = x - apply(Op.TRUNC, x * (1 / y)) * y
    return with_sign(absolute(flushed(select(absolute(x) < 2.0**24 * y, left, x * 0.0))), x)
