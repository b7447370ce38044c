"""Elementary functions as ordinary expressions, so that one definition serves scalar and SIMD code.

Polynomials and their coefficients are those of the Cephes library (single precision) unless said otherwise. All take and give
float32, within a few units in the last place, and follow IEEE at infinities and NaN.
"""

import math as python_math
from collections.abc import Sequence

from gradient.wasm.ir import F32, I32, Expr, bitcast, call, compare, convert, f32, i32, op, select

INF, NAN = float("inf"), float("nan")
_TINY = 2.0**-126
_LN2, _LN2_HIGH, _LN2_LOW = python_math.log(2), 0.693359375, -2.12194440e-4
_SIGN = -(2**31)
_ROUNDER, _ROUNDER_BITS = 12582912.0, 0x4B400000


def polynomial(x: Expr, coefficients: Sequence[float]) -> Expr:
    """Horner's rule, the highest power first."""
    total = f32(coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total


def absolute(x: Expr) -> Expr:
    """|x|."""
    return op("abs", x)


def with_sign(magnitude: Expr, sign: Expr) -> Expr:
    """A magnitude >= 0 with the sign of another float."""
    return bitcast(F32, bitcast(I32, magnitude) | (bitcast(I32, sign) & _SIGN))


def is_nan(x: Expr) -> Expr:
    """Whether x is not a number."""
    return compare("ne", x, x)


def clip(x: Expr, low: float, high: float) -> Expr:
    """x in [low, high]; NaN stays."""
    return op("pmax", op("pmin", x, f32(high)), f32(low))


def nearest(x: Expr) -> Expr:
    """The nearest whole number, ties to even."""
    return op("nearest", x)


def rounded(x: Expr) -> tuple[Expr, Expr]:
    """The nearest whole number as a float, and its lowest 22 bits as an i32 (plus `_ROUNDER_BITS`), for |x| < 2**22.

    Adding 1.5 * 2**23 pushes the fraction out of the mantissa; SIMD has no faster conversion.
    """
    shifted = x + _ROUNDER
    return shifted - _ROUNDER, bitcast(I32, shifted)


def power_of_two(k: Expr) -> Expr:
    """2**k for an i32 in -126..127."""
    return bitcast(F32, op("shl", k + 127, i32(23)))


def _scale(x: Expr, k: Expr) -> Expr:
    """x * 2**k in two steps, which reach infinity and zero."""
    half = op("shr_s", k, i32(1))
    return x * power_of_two(half) * power_of_two(k - half)


def _exp_parts(x: Expr) -> tuple[Expr, Expr]:
    """exp(r) - 1 and k with x = k ln 2 + r."""
    x = clip(x, -104.0, 89.0)
    k, bits = rounded(x * (1 / _LN2))
    r = x - k * _LN2_HIGH - k * _LN2_LOW
    p = polynomial(r, (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1))
    return p * r * r + r, bits - _ROUNDER_BITS


def exp(x: Expr) -> Expr:
    """e**x."""
    p, k = _exp_parts(x)
    return _scale(p + 1.0, k)


def expm1(x: Expr) -> Expr:
    """e**x - 1, accurate near 0."""
    p, k = _exp_parts(x)
    two = power_of_two(op("min", k, i32(127)))
    return select(compare("gt", absolute(x), f32(80.0)), exp(x) - 1.0, p * two + (two - 1.0))


def _log_parts(x: Expr) -> tuple[Expr, Expr]:
    """m in [sqrt(1/2), sqrt(2)) less 1, and e as a float, with x = m 2**e."""
    bits = bitcast(I32, x)
    shifted = bits - 0x3F3504F3
    exponent = op("shr_s", shifted, i32(23))
    mantissa = bitcast(F32, bits - op("shl", exponent, i32(23)))
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
    finite = select(compare("lt", x, f32(INF)), m + y + e * _LN2_HIGH, x)
    positive = select(compare("lt", absolute(x), f32(_TINY)), f32(-INF), finite)
    return select(compare("le", x, f32(-_TINY)), f32(NAN), positive)


def log1p(x: Expr) -> Expr:
    """log(1 + x), accurate near 0: the rounding error of 1 + x is put back (Kahan)."""
    u = x + 1.0
    correction = (x - (u - 1.0)) / u
    is_plain = (x > -1.0) & (x < 1e30)
    return select(compare("lt", absolute(x), f32(1e-4)), x - 0.5 * x * x, select(is_plain, log(u) + correction, log(u)))


def logistic(x: Expr) -> Expr:
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + exp(-x))


_TANH_ABOVE = (0.01731044240295887, 26.335878372192383, 4431.572265625, 169056.140625, 1262175.875)
_TANH_BELOW = (1.0, 417.90692138671875, 32735.47265625, 589781.25, 1262175.875)


def tanh(x: Expr) -> Expr:
    """Hyperbolic tangent: x P(x²) / Q(x²), fitted for the least relative error up to 8.8, cut where it first rounds to 1.

    Two short polynomials of one length can be computed side by side: what counts in a loop is the longest chain.
    """
    x = clip(x, -7.8147674, 7.8147674)
    z = x * x
    return x * polynomial(z, _TANH_ABOVE) / polynomial(z, _TANH_BELOW)


# pi/2 as 12 bits, the next 12 bits, and the rest: products with a 12-bit whole number are exact.
_HALF_PI = (1.5703125, 4.837512969970703125e-4, 7.549789948768648e-8)


def _quadrant(x: Expr) -> tuple[Expr, Expr]:
    """The angle less the nearest multiple of pi/2, and that multiple; accurate for |x| up to several millions."""
    k, bits = rounded(x * (2 / python_math.pi))
    high = nearest(k * 2.0**-10) * 2.0**10
    low = k - high
    r = x - high * _HALF_PI[0] - low * _HALF_PI[0] - high * _HALF_PI[1] - low * _HALF_PI[1] - k * _HALF_PI[2]
    return clip(r, -0.9, 0.9), bits


def _sine_and_cosine(x: Expr) -> tuple[Expr, Expr]:
    """Both, without the signs of the quadrants, and the quadrant."""
    r, quadrant = _quadrant(x)
    z = r * r
    sine = polynomial(z, (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)) * z * r + r
    cosine = polynomial(z, (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)) * z * z - 0.5 * z + 1.0
    is_odd = (quadrant & 1).same(1)
    return select(is_odd, cosine, sine), select(is_odd, sine, cosine)


def _flipped(value: Expr, quadrant: Expr) -> Expr:
    """The value with its sign changed in the third and fourth quadrant."""
    return bitcast(F32, bitcast(I32, value) ^ op("shl", quadrant & 2, i32(30)))


def sin(x: Expr) -> Expr:
    """Sine."""
    return _flipped(_sine_and_cosine(x)[0], _quadrant(x)[1])


def cos(x: Expr) -> Expr:
    """Cosine."""
    return _flipped(_sine_and_cosine(x)[1], _quadrant(x)[1] + 1)


def tan(x: Expr) -> Expr:
    """Tangent."""
    return sin(x) / cos(x)


def atan(x: Expr) -> Expr:
    """Arc tangent."""
    a = absolute(x)
    is_large, is_middle = a > 2.414213562, a > 0.4142135624
    t = select(is_large, -1.0 / a, select(is_middle, (a - 1.0) / (a + 1.0), a))
    start = select(is_large, f32(python_math.pi / 2), select(is_middle, f32(python_math.pi / 4), f32(0.0)))
    z = t * t
    p = polynomial(z, (8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1))
    return with_sign(start + (p * z * t + t), x)


def atan2(y: Expr, x: Expr) -> Expr:
    """The angle of the point (x, y)."""
    a, b = absolute(y), absolute(x)
    both_infinite = compare("eq", a, f32(INF)) & compare("eq", b, f32(INF))
    ratio = select(both_infinite, f32(1.0), select(compare("eq", a, f32(0.0)) & compare("eq", b, f32(0.0)), f32(0.0), a / b))
    angle = atan(ratio)
    is_left = compare("lt", bitcast(I32, x), i32(0))
    result = with_sign(select(is_left, python_math.pi - angle, angle), y)
    return select(is_nan(x) | is_nan(y), x + y, result)


_ASIN = (4.2163199048e-2, 2.4181311049e-2, 4.5470025998e-2, 7.4953002686e-2, 1.6666752422e-1)


def _asin_parts(x: Expr) -> tuple[Expr, Expr, Expr]:
    a = absolute(x)
    is_large = a > 0.5
    z = select(is_large, 0.5 * (1.0 - a), a * a)
    s = select(is_large, op("sqrt", z), a)
    return is_large, polynomial(z, _ASIN) * z * s + s, x


def asin(x: Expr) -> Expr:
    """Arc sine."""
    is_large, p, _ = _asin_parts(x)
    return with_sign(select(is_large, python_math.pi / 2 - 2.0 * p, p), x)


def acos(x: Expr) -> Expr:
    """Arc cosine."""
    is_large, p, _ = _asin_parts(x)
    near = select(x > 0.0, 2.0 * p, python_math.pi - 2.0 * p)
    return select(is_large, near, python_math.pi / 2 - with_sign(p, x))


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
    small = log1p(a + a * a / (1.0 + op("sqrt", a * a + 1.0)))
    return with_sign(select(a < 1e9, small, log(a) + _LN2), x)


def acosh(x: Expr) -> Expr:
    """Inverse hyperbolic cosine."""
    t = x - 1.0
    large = select(x > 1e9, log(x) + _LN2, log1p(t + op("sqrt", t * t + 2.0 * t)))
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
    is_plain = (a > _TINY) & (a < INF)
    return with_sign(select(is_plain, better, a), x)


def rsqrt(x: Expr) -> Expr:
    """1 / sqrt(x)."""
    return 1.0 / op("sqrt", x)


def sign(x: Expr) -> Expr:
    """-1, 0 or 1; NaN and zeros stay."""
    return select(compare("gt", absolute(x), f32(0.0)), with_sign(f32(1.0), x), x)


def power(x: Expr, y: Expr) -> Expr:
    """x ** y."""
    return call("power", x, y)


def integer_power(x: Expr, exponent: int) -> Expr:
    """x ** n by repeated squaring."""
    if exponent < 0:
        one = f32(1.0) if x.dtype == F32 else i32(1)
        return op("div", one, integer_power(x, -exponent))
    result = None
    while exponent:
        if exponent & 1:
            result = x if result is None else result * x
        exponent >>= 1
        x = x * x if exponent else x
    return result if result is not None else (f32(1.0) if x.dtype == F32 else i32(1))


def round_away(x: Expr) -> Expr:
    """The nearest whole number, ties away from zero."""
    truncated = op("trunc", x)
    is_half = absolute(x - truncated) >= 0.5
    return with_sign(select(is_half, absolute(truncated) + 1.0, absolute(truncated)), x)


def remainder(x: Expr, y: Expr) -> Expr:
    """C's fmod: the remainder of a division towards zero, with the sign of x."""
    return call("remainder", x, y)
