"""Functions that are called instead of expanded in place: long ones, in double precision, of one number at a time."""

import math as python_math
from collections.abc import Callable

from gradient.wasm.ir import F32, F64, I32, Expr, bitcast, compare, const, convert, f32, i32, node, op, select
from gradient.wasm.math import INF, NAN, absolute, is_nan, with_sign


def parameters(number: int) -> list[Expr]:
    """The float32 parameters of a called function."""
    return [node("parameter", F32, (), i) for i in range(number)]


def _series(x: Expr, coefficients: list[float]) -> Expr:
    total = const(F64, coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total


def _log2(x: Expr) -> Expr:
    """log2 of a positive normal float32, in float64: 2 atanh((m - 1) / (m + 1)) + e ln 2."""
    bits = bitcast(I32, x)
    exponent = op("shr_s", bits - 0x3F3504F3, i32(23))
    m = convert(F64, bitcast(F32, bits - op("shl", exponent, i32(23))))
    s = (m - 1.0) / (m + 1.0)
    odd = _series(s * s, [2 / (k * python_math.log(2)) for k in range(17, 0, -2)])
    return odd * s + convert(F64, exponent)


def _exp2(t: Expr) -> Expr:
    """2**t as a float32, for any float64 but NaN."""
    t = op("max", op("min", t, const(F64, 200.0)), const(F64, -200.0))
    k = op("nearest", t)
    p = _series((t - k) * python_math.log(2), [1 / python_math.factorial(n) for n in range(11, -1, -1)])
    whole = convert(I32, k)
    half = op("shr_s", whole, i32(1))
    scales = [bitcast(F32, op("shl", part + 127, i32(23))) for part in (half, whole - half)]
    return convert(F32, p) * scales[0] * scales[1]


def power(x: Expr, y: Expr) -> Expr:
    """x ** y with the special cases of IEEE 754."""
    a = absolute(x)
    is_zero, is_infinite = a < 2.0**-126, compare("eq", a, f32(INF))
    log2 = select(is_zero, const(F64, -INF), select(is_infinite, const(F64, INF), _log2(a)))
    size = select(compare("eq", a, f32(1.0)), f32(1.0), _exp2(log2 * convert(F64, y)))
    is_whole = compare("eq", op("floor", y), y)
    is_odd = is_whole & compare("ne", op("floor", y * 0.5), y * 0.5)
    signed = select(is_odd, with_sign(size, x), size)
    real = select((x < 0.0) & op("not", is_whole) & op("not", is_infinite) & op("not", is_zero), f32(NAN), signed)
    return select(compare("eq", y, f32(0.0)) | compare("eq", x, f32(1.0)), f32(1.0), select(is_nan(x) | is_nan(y), x + y, real))


def remainder(x: Expr, y: Expr) -> Expr:
    """C's fmod. Each step takes off a multiple of y that 24 bits can hold, exactly; twelve cover all ratios."""
    rest, divisor = convert(F64, absolute(x)), convert(F64, absolute(y))
    for _ in range(12):
        ratio = op("trunc", rest / divisor)
        split = ratio * (2.0**29 + 1)
        rest = rest - (split - (split - ratio)) * divisor
    rest = select(compare("lt", rest, const(F64, 0.0)), rest + divisor, rest)
    plain = with_sign(convert(F32, rest), x)
    is_trivial = (absolute(x) < absolute(y)) & (absolute(x) < INF)
    is_invalid = is_nan(y) | op("not", absolute(x) < INF) | compare("eq", y, f32(0.0))
    return select(is_invalid, f32(NAN), select(is_trivial, x, plain))


FUNCTIONS: dict[str, tuple[int, Callable[..., Expr]]] = {"power": (2, power), "remainder": (2, remainder)}
