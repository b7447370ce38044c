"""Exponentials, logarithms and hyperbolic functions.

Formulas and coefficients are those of the Cephes library (single precision) unless a docstring says otherwise, and accurate to
a few units in the last place. All take and return float32, and follow IEEE 754 at infinities and NaN.
"""

import math

from gradient.wasm.ir import F32, I32, Expr, Op, apply, bitcast, compare, convert, f32, i32, select
from gradient.wasm.math.floats import (
    INF,
    NAN,
    ROUNDER_BITS,
    TINY,
    absolute,
    clip,
    polynomial,
    power_of_two,
    rounded,
    times_power_of_two,
    with_sign,
)

_LN2, _LN2_HIGH, _LN2_LOW = math.log(2), 0.693359375, -2.12194440e-4


def _exp_minus_one(r: Expr) -> Expr:
    """exp(r) - 1 for |r| <= ln 2 / 2."""
    p = polynomial(r, (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1))
    return p * r * r + r


def _exp_parts(x: Expr) -> tuple[Expr, Expr]:
    """exp(r) - 1 and k with x = k ln 2 + r."""
    x = clip(x, -104.0, 89.0)
    k, bits = rounded(x * (1 / _LN2))
    return _exp_minus_one(x - k * _LN2_HIGH - k * _LN2_LOW), bits - ROUNDER_BITS


def exp(x: Expr) -> Expr:
    """e**x."""
    p, k = _exp_parts(x)
    return times_power_of_two(p + 1.0, k)


def exp2(x: Expr) -> Expr:
    """2**x, which is exact for whole numbers."""
    x = clip(x, -150.0, 129.0)
    k, bits = rounded(x)
    return times_power_of_two(_exp_minus_one((x - k) * _LN2) + 1.0, bits - ROUNDER_BITS)


def expm1(x: Expr) -> Expr:
    """e**x - 1, accurate near 0."""
    p, k = _exp_parts(x)
    two = power_of_two(apply(Op.MIN, k, i32(127)))
    return select(compare(Op.GT, absolute(x), f32(80.0)), exp(x) - 1.0, p * two + (two - 1.0))


def _log_parts(x: Expr) -> tuple[Expr, Expr]:
    """m - 1 and e as a float, with x = m 2**e and m in [sqrt(1/2), sqrt(2))."""
    bits = bitcast(I32, x)
    shifted = bits - 0x3F3504F3
    exponent = apply(Op.SHR_S, shifted, i32(23))
    mantissa = bitcast(F32, bits - apply(Op.SHL, exponent, i32(23)))
    return mantissa - 1.0, convert(F32, exponent)


_LOG = (
    *(7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1),
    *(-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1),
)


def log(x: Expr) -> Expr:
    """Natural logarithm; subnormal numbers count as 0."""
    m, e = _log_parts(x)
    z = m * m
    y = m * z * polynomial(m, _LOG) + e * _LN2_LOW - z * 0.5
    finite = select(compare(Op.LT, x, f32(INF)), m + y + e * _LN2_HIGH, x)
    positive = select(compare(Op.LT, absolute(x), f32(TINY)), f32(-INF), finite)
    return select(compare(Op.LE, x, f32(-TINY)), f32(NAN), positive)


def log1p(x: Expr) -> Expr:
    """log(1 + x), accurate near 0: the rounding error of 1 + x is corrected (Kahan)."""
    u = x + 1.0
    correction = (x - (u - 1.0)) / u
    is_plain = (x > -1.0) & (x < 1e30)
    return select(compare(Op.LT, absolute(x), f32(1e-4)), x - 0.5 * x * x, select(is_plain, log(u) + correction, log(u)))


def logistic(x: Expr) -> Expr:
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + exp(-x))


_TANH_NUMERATOR = (0.01731044240295887, 26.335878372192383, 4431.572265625, 169056.140625, 1262175.875)
_TANH_DENOMINATOR = (1.0, 417.90692138671875, 32735.47265625, 589781.25, 1262175.875)


def tanh(x: Expr) -> Expr:
    """Hyperbolic tangent: x P(x²) / Q(x²), fitted for the least relative error up to 8.8, clipped where it first rounds to 1.

    Two polynomials of equal length are evaluated in parallel: a loop is as slow as its longest chain of dependencies.
    """
    x = clip(x, -7.8147674, 7.8147674)
    z = x * x
    return x * polynomial(z, _TANH_NUMERATOR) / polynomial(z, _TANH_DENOMINATOR)


def sinh(x: Expr) -> Expr:
    """Hyperbolic sine."""
    a = absolute(x)
    e = exp(a - _LN2)
    z = x * x
    small = polynomial(z, (2.03721912945e-4, 8.33028376239e-3, 1.66667160211e-1)) * z * x + x
    return select(a < 1.0, small, with_sign(e - 0.25 / e, x))


def cosh(x: Expr) -> Expr:
    """Hyperbolic cosine."""
    e = exp(absolute(x) - _LN2)
    return e + 0.25 / e


def asinh(x: Expr) -> Expr:
    """Inverse hyperbolic sine."""
    a = absolute(x)
    small = log1p(a + a * a / (1.0 + apply(Op.SQRT, a * a + 1.0)))
    return with_sign(select(a < 1e9, small, log(a) + _LN2), x)


def acosh(x: Expr) -> Expr:
    """Inverse hyperbolic cosine."""
    t = x - 1.0
    large = select(x > 1e9, log(x) + _LN2, log1p(t + apply(Op.SQRT, t * t + 2.0 * t)))
    return select(x < 1.0, f32(NAN), large)


def atanh(x: Expr) -> Expr:
    """Inverse hyperbolic tangent."""
    a = absolute(x)
    return with_sign(0.5 * log1p(2.0 * a / (1.0 - a)), x)


def cbrt(x: Expr) -> Expr:
    """Cube root, with one step of Newton's method."""
    a = absolute(x)
    guess = exp(log(a) * (1 / 3))
    better = guess - (guess - a / (guess * guess)) * (1 / 3)
    is_plain = (a > TINY) & (a < INF)
    return with_sign(select(is_plain, better, a), x)
