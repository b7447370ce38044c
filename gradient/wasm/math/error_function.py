"""The error function and its inverse, as expressions."""

from gradient.wasm.ir import Expr, Op, apply, compare, f32, select
from gradient.wasm.math.exponential import log1p
from gradient.wasm.math.floats import INF, absolute, clip, polynomial

_ERF_NUMERATOR = (
    *(-2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05),
    *(-7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02),
)
_ERF_DENOMINATOR = (
    -1.45660718464996e-05,
    -2.13374055278905e-04,
    -1.68282697438203e-03,
    -7.37332916720468e-03,
    -1.42647390514189e-02,
)


def erf(x: Expr) -> Expr:
    """Error function, the rational approximation of Eigen and XLA."""
    x = clip(x, -4.0, 4.0)
    z = x * x
    return clip(x * polynomial(z, _ERF_NUMERATOR) / polynomial(z, _ERF_DENOMINATOR), -1.0, 1.0)


def erfc(x: Expr) -> Expr:
    """1 - erf(x)."""
    return 1.0 - erf(x)


_ERF_INV_CENTRE = (
    *(2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087),
    *(-0.00125372503, -0.00417768164, 0.246640727, 1.50140941),
)
_ERF_INV_TAIL = (
    *(-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773),
    *(-0.0076224613, 0.00943887047, 1.00167406, 2.83297682),
)


def erf_inv(x: Expr) -> Expr:
    """Inverse error function, after M. Giles."""
    w = -log1p(-x * x)
    centre = polynomial(w - 2.5, _ERF_INV_CENTRE)
    tail = polynomial(apply(Op.SQRT, w) - 3.0, _ERF_INV_TAIL)
    edge = compare(Op.EQ, absolute(x), f32(1.0))
    return select(edge, x * INF, select(w < 5.0, centre, tail) * x)
