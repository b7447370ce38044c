"""Functions that are called instead of expanded in place: long ones, of scalars, which compute in double precision."""

import math
from collections.abc import Callable

from gradient.wasm.ir import F32, F64, I32, Expr, Op, Routine, apply, bitcast, compare, const, convert, f32, i32, node, select
from gradient.wasm.math import INF, NAN, absolute, is_nan, with_sign

NUM_PARAMETERS = 2


def _series(x: Expr, coefficients: list[float]) -> Expr:
    total = const(F64, coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total


def _log2(x: Expr) -> Expr:
    """log2 of a positive normal float32 m 2**e, in float64: 2 atanh((m - 1) / (m + 1)) / ln 2 + e."""
    bits = bitcast(I32, x)
    exponent = apply(Op.SHR_S, bits - 0x3F3504F3, i32(23))
    m = convert(F64, bitcast(F32, bits - apply(Op.SHL, exponent, i32(23))))
    s = (m - 1.0) / (m + 1.0)
    odd = _series(s * s, [2 / (k * math.log(2)) for k in range(17, 0, -2)])
    return odd * s + convert(F64, exponent)


def _exp2(t: Expr) -> Expr:
    """2**t as a float32, for any float64 but NaN."""
    t = apply(Op.MAX, apply(Op.MIN, t, const(F64, 200.0)), const(F64, -200.0))
    k = apply(Op.NEAREST, t)
    p = _series((t - k) * math.log(2), [1 / math.factorial(n) for n in range(11, -1, -1)])
    whole = convert(I32, k)
    half = apply(Op.SHR_S, whole, i32(1))
    scales = [bitcast(F32, apply(Op.SHL, part + 127, i32(23))) for part in (half, whole - half)]
    return convert(F32, p) * scales[0] * scales[1]


def power(x: Expr, y: Expr) -> Expr:
    """x ** y with the special cases of IEEE 754."""
    a = absolute(x)
    is_zero, is_infinite = a < 2.0**-126, compare(Op.EQ, a, f32(INF))
    log2 = select(is_zero, const(F64, -INF), select(is_infinite, const(F64, INF), _log2(a)))
    size = select(compare(Op.EQ, a, f32(1.0)), f32(1.0), _exp2(log2 * convert(F64, y)))
    is_whole = compare(Op.EQ, apply(Op.FLOOR, y), y)
    is_odd = is_whole & compare(Op.NE, apply(Op.FLOOR, y * 0.5), y * 0.5)
    signed = select(is_odd, with_sign(size, x), size)
    real = select((x < 0.0) & apply(Op.NOT, is_whole) & apply(Op.NOT, is_infinite) & apply(Op.NOT, is_zero), f32(NAN), signed)
    return select(
        compare(Op.EQ, y, f32(0.0)) | compare(Op.EQ, x, f32(1.0)), f32(1.0), select(is_nan(x) | is_nan(y), x + y, real)
    )


def remainder(x: Expr, y: Expr) -> Expr:
    """C's fmod. Each step subtracts, exactly, a multiple of y that 24 bits can hold; twelve steps cover all ratios."""
    left, divisor = convert(F64, absolute(x)), convert(F64, absolute(y))
    for _ in range(12):
        ratio = apply(Op.TRUNC, left / divisor)
        split = ratio * (2.0**29 + 1)
        left = left - (split - (split - ratio)) * divisor
    left = select(compare(Op.LT, left, const(F64, 0.0)), left + divisor, left)
    plain = with_sign(convert(F32, left), x)
    is_trivial = (absolute(x) < absolute(y)) & (absolute(x) < INF)
    is_invalid = is_nan(y) | apply(Op.NOT, absolute(x) < INF) | compare(Op.EQ, y, f32(0.0))
    return select(is_invalid, f32(NAN), select(is_trivial, x, plain))


_BODIES: dict[Routine, Callable[[Expr, Expr], Expr]] = {Routine.POWER: power, Routine.REMAINDER: remainder}


def result(routine: Routine) -> Expr:
    """What a routine returns, as an expression of its parameters."""
    first, second = (node(Op.PARAMETER, F32, (), position) for position in range(NUM_PARAMETERS))
    return _BODIES[routine](first, second)
