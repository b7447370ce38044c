"""Functions that are called instead of expanded in place: long ones, which compute in double precision.

In SIMD, vectors of float64 hold two lanes. So what is computed for vectors has two parts: a core, which takes and returns
float32 but may compute in float64, is evaluated for each half of a vector; what finishes its result, for all four lanes.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from gradient.wasm.ir import F32, F64, I32, Expr, Op, Routine, apply, bitcast, compare, const, convert, f32, i32, select
from gradient.wasm.math import INF, NAN, absolute, is_nan, with_sign
from gradient.wasm.math.floats import ROUNDER_BITS, TINY, flushed, rounded

NUM_PARAMETERS = 2


class Vectorized(NamedTuple):
    """A way to compute a routine for all lanes of a vector.

    Attributes:
        core: a function of the parameters.
        finish: the result, from the parameters and the core.
        is_right: whether the result is right for these parameters; None if it always is.
    """

    core: Callable[[Expr, Expr], Expr]
    finish: Callable[[Expr, Expr, Expr], Expr]
    is_right: Callable[[Expr, Expr], Expr] | None = None


class Definition(NamedTuple):
    """What a routine computes, as expressions.

    Attributes:
        quick: the way that is tried first.
        slow: the result, lane by lane, where there is no other way or that is not right.
    """

    quick: Vectorized | None = None
    slow: Callable[[Expr, Expr], Expr] | None = None


def _series(x: Expr, coefficients: list[float]) -> Expr:
    """A polynomial, the lowest power first: even and odd powers apart, which a processor computes at the same time."""
    even, odd = (_horner(x * x, coefficients[start::2]) for start in (0, 1))
    return even + odd * x


def _horner(x: Expr, coefficients: list[float]) -> Expr:
    total = const(F64, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


def _log2(x: Expr) -> Expr:
    """log2 of a positive normal float32 m 2**e, in float64: 2 atanh((m - 1) / (m + 1)) / ln 2 + e."""
    bits = bitcast(I32, x)
    exponent = apply(Op.SHR_S, bits - 0x3F3504F3, i32(23))
    m = convert(F64, bitcast(F32, bits - apply(Op.SHL, exponent, i32(23))))
    s = (m - 1.0) / (m + 1.0)
    odd = _series(s * s, [2 / (k * math.log(2)) for k in range(1, 14, 2)])
    return odd * s + convert(F64, exponent)


def _exp2(t: Expr) -> Expr:
    """2**t as a float32, for any float64 but NaN."""
    t = apply(Op.PMAX, apply(Op.PMIN, t, const(F64, 200.0)), const(F64, -200.0))
    k = apply(Op.NEAREST, t)
    p = _series(t - k, [math.log(2) ** n / math.factorial(n) for n in range(9)])
    whole = rounded(convert(F32, k))[1] - ROUNDER_BITS
    half = apply(Op.SHR_S, whole, i32(1))
    scales = [bitcast(F32, apply(Op.SHL, part + 127, i32(23))) for part in (half, whole - half)]
    return convert(F32, p) * scales[0] * scales[1]


def _power_core(x: Expr, y: Expr) -> Expr:
    """|x| ** y for a positive, normal |x|."""
    return _exp2(_log2(absolute(x)) * convert(F64, y))


def _power(x: Expr, y: Expr, core: Expr) -> Expr:
    """x ** y with the special cases of IEEE 754."""
    a = absolute(x)
    is_zero, is_infinite = a < TINY, compare(Op.EQ, a, f32(INF))
    edge = select(is_zero ^ (y < 0.0), f32(0.0), f32(INF))
    size = select(compare(Op.EQ, a, f32(1.0)), f32(1.0), select(is_zero | is_infinite, edge, core))
    is_whole = compare(Op.EQ, apply(Op.FLOOR, y), y)
    is_odd = is_whole & compare(Op.NE, apply(Op.FLOOR, y * 0.5), y * 0.5)
    signed = select(is_odd, with_sign(size, x), size)
    real = select((x < 0.0) & apply(Op.NOT, is_whole | is_infinite | is_zero), f32(NAN), signed)
    is_one = compare(Op.EQ, y, f32(0.0)) | compare(Op.EQ, x, f32(1.0))
    return select(is_one, f32(1.0), select(is_nan(x) | is_nan(y), x + y, real))


_LARGEST_RATIO = 2.0**29  # a float32 times a whole number below is a float64


def _remainder_core(x: Expr, y: Expr) -> Expr:
    """|x| less the nearest smaller multiple of |y|, or the one after that if the quotient was rounded up."""
    left, divisor = convert(F64, absolute(x)), convert(F64, absolute(y))
    return convert(F32, left - apply(Op.TRUNC, left / divisor) * divisor)


def _remainder(x: Expr, y: Expr, core: Expr) -> Expr:
    """C's fmod."""
    return with_sign(flushed(select(core < 0.0, core + absolute(y), core)), x)


def _is_quick_remainder(x: Expr, y: Expr) -> Expr:
    divisor = absolute(y)
    return (absolute(x) < divisor * _LARGEST_RATIO) & (divisor >= TINY) & (divisor < INF)


def _slow_remainder(x: Expr, y: Expr) -> Expr:
    """C's fmod. Each step subtracts, exactly, a multiple of y that 24 bits can hold; twelve steps cover all ratios."""
    left, divisor = convert(F64, absolute(x)), convert(F64, absolute(y))
    for _ in range(12):
        ratio = apply(Op.TRUNC, left / divisor)
        split = ratio * (2.0**29 + 1)
        left = left - (split - (split - ratio)) * divisor
    left = select(compare(Op.LT, left, const(F64, 0.0)), left + divisor, left)
    is_invalid = is_nan(y) | apply(Op.NOT, absolute(x) < INF) | (absolute(y) < TINY)
    is_smaller = (absolute(x) < absolute(y)) & (absolute(x) < INF)
    return select(is_invalid, f32(NAN), with_sign(flushed(select(is_smaller, absolute(x), convert(F32, left))), x))


# 1 / (2 pi) in parts. All but the last have 28 bits, so that a product with the 24 bits of a float32 is exact. For the largest
# float32, below 2**128, the product's error is 2**-65 turns.
_TURNS_PER_RADIAN = (
    0x28BE60D * 2.0**-28,
    0xB939105 * 2.0**-56,
    0x4A7F09D * 2.0**-84,
    0x5F47D4D * 2.0**-112,
    0x377036D * 2.0**-140,
    0x8A5664F10E4108 * 2.0**-196,
)


def _sine_of_turns(turns: Expr) -> Expr:
    """sin(2 pi t): the nearest whole turn is dropped, and what is left folded into a quarter."""
    t = turns - apply(Op.NEAREST, turns)
    folded = apply(Op.PMAX, apply(Op.PMIN, t, 0.5 - t), -0.5 - t)
    odd = [(-1) ** (k // 2) * math.tau**k / math.factorial(k) for k in range(1, 14, 2)]
    return _horner(folded * folded, odd) * folded


def _sine(x: Expr, turns: Expr) -> Expr:
    """sin(x + 2 pi turns) of any float32, for less than half a turn.

    Source: M. Payne and R. Hanek, "Radian reduction for trigonometric functions", ACM SIGNUM Newsletter 18 (1983): of the
    product with 1 / (2 pi), whole turns are dropped part by part, before they take the place of the bits that matter.
    """
    angle, total = convert(F64, x), convert(F64, turns)
    for part in _TURNS_PER_RADIAN:
        product = angle * part
        total = total + (product - apply(Op.TRUNC, product))
    return convert(F32, _sine_of_turns(total))


DEFINITIONS = {
    Routine.POWER: Definition(Vectorized(_power_core, _power)),
    Routine.REMAINDER: Definition(Vectorized(_remainder_core, _remainder, _is_quick_remainder), _slow_remainder),
    Routine.SINE: Definition(slow=_sine),
}
