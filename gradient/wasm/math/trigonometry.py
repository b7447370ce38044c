"""Trigonometric functions and their inverses, after the Cephes library (single precision); see `exponential`."""

import math

from gradient.wasm.ir import F32, I32, Expr, Op, Routine, apply, bitcast, call_where, compare, f32, i32, select
from gradient.wasm.math.floats import INF, absolute, is_nan, polynomial, rounded, with_sign

_LARGEST_ANGLE = 1e4  # its quadrant has 13 bits
# pi/2 as its first 8 bits, the next 11, and the remainder: a product of 11 bits and the quadrant is exact.
_HALF_PI = (1.5703125, 4.837512969970703125e-4, 7.549789948768648e-8)


def _quadrant(x: Expr) -> tuple[Expr, Expr]:
    """The angle less the nearest multiple of pi/2, and that multiple; accurate for |x| up to `_LARGEST_ANGLE`."""
    k, bits = rounded(x * (2 / math.pi))
    return x - k * _HALF_PI[0] - k * _HALF_PI[1] - k * _HALF_PI[2], bits


def _sine_and_cosine(x: Expr) -> tuple[Expr, Expr]:
    """Sine and cosine, but for the sign that the quadrant gives them."""
    r, quadrant = _quadrant(x)
    z = r * r
    sine = polynomial(z, (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)) * z * r + r
    cosine = polynomial(z, (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2, -0.5)) * z + 1.0
    is_odd = (quadrant & 1).same(1)
    return select(is_odd, cosine, sine), select(is_odd, sine, cosine)


def _flipped(value: Expr, quadrant: Expr) -> Expr:
    """The value with its sign changed in the third and fourth quadrant."""
    return bitcast(F32, bitcast(I32, value) ^ apply(Op.SHL, quadrant & 2, i32(30)))


def _for_any_angle(near: Expr, x: Expr, turns: float) -> Expr:
    """sin(x + 2 pi turns): what was computed for angles near 0, and the routine for the others."""
    return call_where(absolute(x) > _LARGEST_ANGLE, near, Routine.SINE, x, f32(turns))


def sin(x: Expr) -> Expr:
    """Sine."""
    return _for_any_angle(_flipped(_sine_and_cosine(x)[0], _quadrant(x)[1]), x, 0.0)


def cos(x: Expr) -> Expr:
    """Cosine."""
    return _for_any_angle(_flipped(_sine_and_cosine(x)[1], _quadrant(x)[1] + 1), x, 0.25)


def tan(x: Expr) -> Expr:
    """Tangent."""
    return sin(x) / cos(x)


def atan(x: Expr) -> Expr:
    """Arc tangent."""
    a = absolute(x)
    is_large, is_middle = a > 2.414213562, a > 0.4142135624
    t = select(is_large, -1.0 / a, select(is_middle, (a - 1.0) / (a + 1.0), a))
    start = select(is_large, f32(math.pi / 2), select(is_middle, f32(math.pi / 4), f32(0.0)))
    z = t * t
    p = polynomial(z, (8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1))
    return with_sign(start + (p * z * t + t), x)


def atan2(y: Expr, x: Expr) -> Expr:
    """The angle of the point (x, y)."""
    a, b = absolute(y), absolute(x)
    both_infinite = compare(Op.EQ, a, f32(INF)) & compare(Op.EQ, b, f32(INF))
    ratio = select(both_infinite, f32(1.0), select(compare(Op.EQ, a, f32(0.0)) & compare(Op.EQ, b, f32(0.0)), f32(0.0), a / b))
    angle = atan(ratio)
    is_left = compare(Op.LT, bitcast(I32, x), i32(0))
    result = with_sign(select(is_left, math.pi - angle, angle), y)
    return select(is_nan(x) | is_nan(y), x + y, result)


_ASIN = (4.2163199048e-2, 2.4181311049e-2, 4.5470025998e-2, 7.4953002686e-2, 1.6666752422e-1)


def _asin_parts(x: Expr) -> tuple[Expr, Expr]:
    """Whether |x| is above 1/2, and the arc sine of |x|, or half the arc cosine if it is."""
    a = absolute(x)
    is_large = a > 0.5
    z = select(is_large, 0.5 * (1.0 - a), a * a)
    s = select(is_large, apply(Op.SQRT, z), a)
    return is_large, polynomial(z, _ASIN) * z * s + s


def asin(x: Expr) -> Expr:
    """Arc sine."""
    is_large, p = _asin_parts(x)
    return with_sign(select(is_large, math.pi / 2 - 2.0 * p, p), x)


def acos(x: Expr) -> Expr:
    """Arc cosine."""
    is_large, p = _asin_parts(x)
    near = select(x > 0.0, 2.0 * p, math.pi - 2.0 * p)
    return select(is_large, near, math.pi / 2 - with_sign(p, x))
