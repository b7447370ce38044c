"""The error function and its inverse, as expressions."""

from gradient.wasm.ir import Expr, Op, apply, compare, f32, select
from gradient.wasm.math.exponential import exp, log1p
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


_ERFC_NEAR = (
    *(2.326819970068386e-2, -1.387039388740657e-1, 3.687424674597105e-1, -5.824733027278666e-1, 6.210004621745983e-1),
    *(-4.944515323274145e-1, 3.404879937665872e-1, -2.741127028184656e-1, 5.638259427386472e-1),
)
_ERFC_FAR = (
    *(-1.047766399936249e1, 1.297719955372516e1, -7.495518717768503, 2.921019019210786, -1.015265279202700),
    *(4.218463358204948e-1, -2.820767439740514e-1, 5.641895067754075e-1),
)
_ERF_CENTRE = (
    *(7.853861353153693e-5, -8.010193625184903e-4, 5.188327685732524e-3, -2.685381193529856e-2, 1.128358514861418e-1),
    *(-3.761262582423300e-1, 1.128379165726710),
)


def erfc(x: Expr) -> Expr:
    """1 - erf(x), after Cephes and as in XLA: accurate to the last number above 0, where 1 - erf(x) would long have been 0."""
    a = absolute(x)
    z = x * x
    y = 1.0 / z
    tail = exp(-z) / a * select(a < 2.0, polynomial(y, _ERFC_NEAR), polynomial(y, _ERFC_FAR))
    tail = select(z > 88.72283905206835, f32(0.0), tail)
    return select(a > 1.0, select(x < 0.0, 2.0 - tail, tail), 1.0 - x * polynomial(z, _ERF_CENTRE))


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
