"""Elementary functions as ordinary expressions, so that one definition serves scalar and SIMD code and nothing is imported."""

# ruff: noqa: F401 - what the package exports

from gradient.wasm.math.error_function import erf, erf_inv, erfc
from gradient.wasm.math.exponential import acosh, asinh, atanh, cbrt, cosh, exp, exp2, expm1, log, log1p, logistic, sinh, tanh
from gradient.wasm.math.floats import (
    INF,
    NAN,
    absolute,
    integer_power,
    is_nan,
    nearest,
    power,
    remainder,
    round_away,
    rsqrt,
    sign,
    with_sign,
)
from gradient.wasm.math.trigonometry import acos, asin, atan, atan2, cos, sin, tan
