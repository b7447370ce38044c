"""Rules for what works on one element at a time."""

from collections.abc import Callable
from typing import Any

from jax.lax import RoundingMethod

from gradient.wasm import ir, math, special
from gradient.wasm.arrays import Array, Index, dtype_name
from gradient.wasm.index import maximum, minimum
from gradient.wasm.ir import BOOL, F32, I32, Expr, compare, op, select
from gradient.wasm.lower import Lowering, out_shape, rule


def aligned(array: Array, index: Index) -> Expr:
    """The element of an operand: scalars and dimensions of size 1 serve all indices."""
    return array.at(index if array.shape else ())


def mapped(equation: Any, cost: int, function: Callable[..., Expr], *args: Array) -> Array:
    """A function of the elements of arrays."""
    shape, dtype = out_shape(equation)
    total = cost + sum(arg.cost for arg in args)
    return Array(shape, dtype, lambda index: function(*(aligned(arg, index) for arg in args)), total)


def _register(name: str, cost: int, function: Callable[..., Expr]) -> None:
    rule(name)(lambda _, equation, *args: mapped(equation, cost, function, *args))


def _add_any(a: Expr, b: Expr) -> Expr:
    """A sum in which 0 vanishes: gradients of slices are padded with zeros."""
    zero = ir.const(a.dtype, 0)
    return b if a is zero else a if b is zero else a + b


def _safe_divide(a: Expr, b: Expr) -> Expr:
    """Division towards zero; x // 0 is -1 as in XLA, and the smallest integer over -1 is itself."""
    if a.dtype == F32:
        return _divide_float(a, b)
    is_zero, is_minus = b.same(0), b.same(-1)
    quotient = op("div", a, select(is_zero | is_minus, ir.i32(1), b))
    return select(is_zero, ir.i32(-1), select(is_minus, 0 - a, quotient))


def _divide_float(a: Expr, b: Expr) -> Expr:
    """Division; by a power of two as a product, which is exact and fast."""
    if b.op == "const" and b.value != 0 and abs(math.python_math.frexp(float(b.value))[0]) == 0.5:
        inverse = 1 / float(b.value)
        if 2.0**-126 <= abs(inverse) < 2.0**127:
            return a * inverse
    return a / b


def _safe_remainder(a: Expr, b: Expr) -> Expr:
    """The remainder with the sign of a; x % 0 is x as in XLA."""
    if a.dtype == F32:
        return math.remainder(a, b)
    trivial = b.same(0) | b.same(-1)
    return select(b.same(0), a, select(b.same(-1), ir.i32(0), op("rem", a, select(trivial, ir.i32(1), b))))


def _extreme(name: str) -> Callable[[Expr, Expr], Expr]:
    def pick(a: Expr, b: Expr) -> Expr:
        if a.dtype == BOOL:
            return a | b if name == "max" else a & b
        if a.dtype == I32:
            return maximum(a, b) if name == "max" else minimum(a, b)
        return op(name, a, b)

    return pick


def _sign(x: Expr) -> Expr:
    if x.dtype == F32:
        return math.sign(x)
    return select(x > 0, ir.i32(1), select(x < 0, ir.i32(-1), ir.i32(0)))


def _absolute(x: Expr) -> Expr:
    return math.absolute(x) if x.dtype == F32 else op("max", x, 0 - x)


def _not(x: Expr) -> Expr:
    return op("not", x) if x.dtype == BOOL else x ^ -1


def _is_finite(x: Expr) -> Expr:
    return compare("lt", math.absolute(x), ir.f32(math.INF)) if x.dtype == F32 else ir.const(BOOL, True)


def _shift(name: str) -> Callable[[Expr, Expr], Expr]:
    def shift(x: Expr, by: Expr) -> Expr:
        is_far = (by < 0) | (by > 31)
        far = op("shr_s", x, ir.i32(31)) if name == "shr_s" else ir.i32(0)
        return select(is_far, far, op(name, x, by & 31))

    return shift


def _compare(name: str) -> Callable[[Expr, Expr], Expr]:
    def comparison(a: Expr, b: Expr) -> Expr:
        return compare(name, *(ir.convert(I32, x) if x.dtype == BOOL else x for x in (a, b)))

    return comparison


def _compare_all(name: str) -> Callable[[Expr, Expr], Expr]:
    """A comparison in the order in which even NaN and the two zeros have a place: that of the bits, read as integers."""

    def key(x: Expr) -> Expr:
        bits = ir.bitcast(I32, x)
        return bits ^ (op("shr_s", bits, ir.i32(31)) & ir.INT_MAX)

    return lambda a, b: _compare(name)(*(key(x) if x.dtype == F32 else x for x in (a, b)))


def _power(x: Expr, y: Expr) -> Expr:
    return math.power(x, ir.convert(F32, y))


_TABLE: tuple[tuple[str, int, Callable[..., Expr]], ...] = (
    ("add", 1, ir.add),
    ("sub", 1, ir.sub),
    ("mul", 1, ir.mul),
    ("add_any", 1, _add_any),
    ("div", 4, _safe_divide),
    ("rem", 20, _safe_remainder),
    ("neg", 1, lambda x: -x),
    ("abs", 1, _absolute),
    ("sign", 4, _sign),
    ("max", 1, _extreme("max")),
    ("min", 1, _extreme("min")),
    ("square", 1, lambda x: x * x),
    ("sqrt", 4, lambda x: op("sqrt", x)),
    ("rsqrt", 8, math.rsqrt),
    ("cbrt", 40, math.cbrt),
    ("floor", 1, lambda x: op("floor", x)),
    ("ceil", 1, lambda x: op("ceil", x)),
    ("exp", 20, math.exp),
    ("exp2", 20, lambda x: math.power(ir.f32(2.0), x)),
    ("expm1", 30, math.expm1),
    ("log", 20, math.log),
    ("log1p", 30, math.log1p),
    ("logistic", 24, math.logistic),
    ("tanh", 20, math.tanh),
    ("sin", 30, math.sin),
    ("cos", 30, math.cos),
    ("tan", 50, math.tan),
    ("asin", 20, math.asin),
    ("acos", 20, math.acos),
    ("atan", 20, math.atan),
    ("atan2", 30, math.atan2),
    ("sinh", 30, math.sinh),
    ("cosh", 30, math.cosh),
    ("asinh", 60, math.asinh),
    ("acosh", 60, math.acosh),
    ("atanh", 40, math.atanh),
    ("erf", 20, special.erf),
    ("erfc", 20, special.erfc),
    ("erf_inv", 60, special.erf_inv),
    ("pow", 60, _power),
    ("is_finite", 1, _is_finite),
    ("and", 1, lambda a, b: a & b),
    ("or", 1, lambda a, b: a | b),
    ("xor", 1, lambda a, b: a ^ b),
    ("not", 1, _not),
    ("shift_left", 4, _shift("shl")),
    ("shift_right_arithmetic", 4, _shift("shr_s")),
    ("shift_right_logical", 4, _shift("shr_u")),
    ("population_count", 1, lambda x: op("popcnt", x)),
    ("clz", 1, lambda x: op("clz", x)),
    *((_name, 1, _compare(_name)) for _name in ir.COMPARISONS),
    ("lt_to", 6, _compare_all("lt")),
    ("le_to", 6, _compare_all("le")),
)
for _row in _TABLE:
    _register(*_row)


@rule("integer_pow")
def _integer_pow(_: Lowering, equation: Any, x: Array) -> Array:
    exponent = equation.params["y"]
    return mapped(equation, 2 if exponent > 0 else 6, lambda v: math.integer_power(v, exponent), x)


@rule("round")
def _round(_: Lowering, equation: Any, x: Array) -> Array:
    is_even = equation.params["rounding_method"] == RoundingMethod.TO_NEAREST_EVEN
    return mapped(equation, 1 if is_even else 5, math.nearest if is_even else math.round_away, x)


@rule("convert_element_type")
def _convert(_: Lowering, equation: Any, x: Array) -> Array:
    dtype = dtype_name(equation.params["new_dtype"])
    if x.dtype == F32 and equation.params["new_dtype"] == "uint32":
        raise NotImplementedError("of a float to uint32")
    return x if x.dtype == dtype else mapped(equation, 1, lambda v: ir.convert(dtype, v), x)


@rule("bitcast_convert_type")
def _bitcast(_: Lowering, equation: Any, x: Array) -> Array:
    dtype = dtype_name(equation.params["new_dtype"])
    return mapped(equation, 0, lambda v: ir.bitcast(dtype, v), x)


@rule("copy", "device_put", "stop_gradient", "optimization_barrier", "name")
def _copy(_: Lowering, __: Any, *args: Array) -> list[Array]:
    return list(args)


@rule("select_n")
def _select(_: Lowering, equation: Any, which: Array, *cases: Array) -> Array:
    def pick(condition: Expr, *values: Expr) -> Expr:
        if condition.dtype == BOOL:
            return select(condition, values[-1], values[0])
        chosen = values[-1]
        for number in reversed(range(len(values) - 1)):
            chosen = select(compare("le", condition, ir.i32(number)), values[number], chosen)
        return chosen

    return mapped(equation, len(cases) - 1, pick, which, *cases)


@rule("clamp")
def _clamp(_: Lowering, equation: Any, low: Array, x: Array, high: Array) -> Array:
    smaller, larger = _extreme("min"), _extreme("max")
    return mapped(equation, 2, lambda a, v, b: smaller(larger(v, a), b), low, x, high)
