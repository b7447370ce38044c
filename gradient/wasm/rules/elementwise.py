"""Rules for element-wise primitives. A new one is usually a row of `_TABLE`."""

from collections.abc import Callable
from math import frexp
from typing import Any

from jax.lax import RoundingMethod

from gradient.adapters.jax import Equation
from gradient.wasm import ir, math
from gradient.wasm.arrays import Array, Index, dtype_name
from gradient.wasm.element_types import is_unsigned
from gradient.wasm.ir import BOOL, F32, I32, Expr, Op, apply, compare, select
from gradient.wasm.ir.index_arithmetic import maximum, minimum
from gradient.wasm.lower import Lowering, out_shape, rule


def aligned(array: Array, index: Index) -> Expr:
    """The element of an operand: scalars and dimensions of size 1 are broadcast."""
    return array.at(index if array.shape else ())


def mapped(equation: Equation, cost: int, function: Callable[..., Expr], *args: Array) -> Array:
    """An array whose elements are a function of the elements of others; `cost` is about how many operations that takes."""
    shape, dtype = out_shape(equation)
    total = cost + sum(arg.cost for arg in args)
    return Array(shape, dtype, lambda index: function(*(aligned(arg, index) for arg in args)), total)


def converted(x: Array, dtype: str) -> Array:
    """An array in another type."""
    return x if x.dtype == dtype else Array(x.shape, dtype, lambda index: ir.convert(dtype, x.at(index)), x.cost + 1)


def in_type_of_result(equation: Equation, *args: Array) -> list[Array]:
    """The operands in the type of the result, as XLA takes those of products whose types differ.

    Raises:
        NotImplementedError: if some of the types are uint32, but not all.
    """
    _, dtype = out_shape(equation)
    if len({is_unsigned(v.aval) for v in (*equation.invars, *equation.outvars)}) > 1:
        raise NotImplementedError("with another type")
    return [converted(arg, dtype) for arg in args]


def product(a: Expr, b: Expr) -> Expr:
    """The product of two numbers of one type; of booleans it is true if both are."""
    return a & b if a.dtype == BOOL else ir.mul(a, b)


def _register(name: str, cost: int, function: Callable[..., Expr]) -> None:
    rule(name)(lambda _, equation, *args: mapped(equation, cost, function, *args))


def _add_any(a: Expr, b: Expr) -> Expr:
    """A sum, without terms that are 0: gradients of slices are padded with zeros."""
    zero = ir.const(a.dtype, 0)
    return b if a is zero else a if b is zero else a + b


def _safe_divide(a: Expr, b: Expr) -> Expr:
    """Division towards zero; x // 0 is -1 as in XLA, and the smallest integer over -1 is itself."""
    if a.dtype == F32:
        return _divide_float(a, b)
    is_zero, is_minus_one = b.same(0), b.same(-1)
    quotient = apply(Op.DIV, a, select(is_zero | is_minus_one, ir.i32(1), b))
    return select(is_zero, ir.i32(-1), select(is_minus_one, 0 - a, quotient))


def _divide_float(a: Expr, b: Expr) -> Expr:
    """Division; by a power of two as a product, which is exact and fast."""
    if b.op is Op.CONST and b.value != 0 and abs(frexp(float(b.value))[0]) == 0.5:
        inverse = 1 / float(b.value)
        if 2.0**-126 <= abs(inverse) < 2.0**127:
            return a * inverse
    return a / b


def _safe_remainder(a: Expr, b: Expr) -> Expr:
    """The remainder with the sign of a; x % 0 is x as in XLA."""
    if a.dtype == F32:
        return math.remainder(a, b)
    trivial = b.same(0) | b.same(-1)
    return select(b.same(0), a, select(b.same(-1), ir.i32(0), apply(Op.REM, a, select(trivial, ir.i32(1), b))))


def _extreme(op: Op) -> Callable[[Expr, Expr], Expr]:
    def pick(a: Expr, b: Expr) -> Expr:
        if a.dtype == BOOL:
            return a | b if op is Op.MAX else a & b
        if a.dtype == I32:
            return maximum(a, b) if op is Op.MAX else minimum(a, b)
        return apply(op, a, b)

    return pick


def _sign(x: Expr) -> Expr:
    if x.dtype == F32:
        return math.sign(x)
    return select(x > 0, ir.i32(1), select(x < 0, ir.i32(-1), ir.i32(0)))


def _absolute(x: Expr) -> Expr:
    return math.absolute(x) if x.dtype == F32 else apply(Op.MAX, x, 0 - x)


def _not(x: Expr) -> Expr:
    return apply(Op.NOT, x) if x.dtype == BOOL else x ^ -1


def _is_finite(x: Expr) -> Expr:
    return compare(Op.LT, math.absolute(x), ir.f32(math.INF)) if x.dtype == F32 else ir.const(BOOL, True)


def _shift(op: Op) -> Callable[[Expr, Expr], Expr]:
    def shift(x: Expr, by: Expr) -> Expr:
        is_far = (by < 0) | (by > 31)
        far = apply(Op.SHR_S, x, ir.i32(31)) if op is Op.SHR_S else ir.i32(0)
        return select(is_far, far, apply(op, x, by & 31))

    return shift


def _compare(op: Op) -> Callable[[Expr, Expr], Expr]:
    def comparison(a: Expr, b: Expr) -> Expr:
        return compare(op, *(ir.convert(I32, x) if x.dtype == BOOL else x for x in (a, b)))

    return comparison


def _compare_total(op: Op) -> Callable[[Expr, Expr], Expr]:
    """A comparison in IEEE 754's total order, which includes NaN and both zeros: that of the bits as integers."""

    def key(x: Expr) -> Expr:
        bits = ir.bitcast(I32, x)
        return bits ^ (apply(Op.SHR_S, bits, ir.i32(31)) & ir.INT_MAX)

    return lambda a, b: _compare(op)(*(key(x) if x.dtype == F32 else x for x in (a, b)))


def _power(x: Expr, y: Expr) -> Expr:
    return math.power(x, ir.convert(F32, y))


_TABLE: tuple[tuple[str, int, Callable[..., Expr]], ...] = (
    ("add", 1, ir.add),
    ("sub", 1, ir.sub),
    ("add_any", 1, _add_any),
    ("div", 4, _safe_divide),
    ("rem", 20, _safe_remainder),
    ("neg", 1, lambda x: -x),
    ("abs", 1, _absolute),
    ("sign", 4, _sign),
    ("max", 1, _extreme(Op.MAX)),
    ("min", 1, _extreme(Op.MIN)),
    ("square", 1, lambda x: x * x),
    ("sqrt", 4, lambda x: apply(Op.SQRT, x)),
    ("rsqrt", 8, math.rsqrt),
    ("cbrt", 40, math.cbrt),
    ("floor", 1, lambda x: apply(Op.FLOOR, x)),
    ("ceil", 1, lambda x: apply(Op.CEIL, x)),
    ("exp", 20, math.exp),
    ("exp2", 20, math.exp2),
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
    ("erf", 20, math.erf),
    ("erfc", 50, math.erfc),
    ("erf_inv", 60, math.erf_inv),
    ("pow", 60, _power),
    ("is_finite", 1, _is_finite),
    ("and", 1, lambda a, b: a & b),
    ("or", 1, lambda a, b: a | b),
    ("xor", 1, lambda a, b: a ^ b),
    ("not", 1, _not),
    ("shift_left", 4, _shift(Op.SHL)),
    ("shift_right_arithmetic", 4, _shift(Op.SHR_S)),
    ("shift_right_logical", 4, _shift(Op.SHR_U)),
    ("population_count", 1, lambda x: apply(Op.POPCNT, x)),
    ("clz", 1, lambda x: apply(Op.CLZ, x)),
    *((_op.name.lower(), 1, _compare(_op)) for _op in ir.COMPARISONS),
    ("lt_to", 6, _compare_total(Op.LT)),
    ("le_to", 6, _compare_total(Op.LE)),
)
for _row in _TABLE:
    _register(*_row)


@rule("mul", implied=["out_dtype"])
def _mul(_: Lowering, equation: Equation, *args: Array) -> Array:
    return mapped(equation, 1, product, *in_type_of_result(equation, *args))


@rule("integer_pow", reads=["y"])
def _integer_pow(_: Lowering, equation: Equation, x: Array) -> Array:
    exponent = equation.params["y"]
    return mapped(equation, 2 if exponent > 0 else 6, lambda v: math.integer_power(v, exponent), x)


@rule("round", reads=["rounding_method"])
def _round(_: Lowering, equation: Equation, x: Array) -> Array:
    is_even = equation.params["rounding_method"] == RoundingMethod.TO_NEAREST_EVEN
    return mapped(equation, 1 if is_even else 5, math.nearest if is_even else math.round_away, x)


@rule("convert_element_type", reads=["new_dtype"])
def _convert(_: Lowering, equation: Equation, x: Array) -> Array:
    dtype = dtype_name(equation.params["new_dtype"])
    if x.dtype == F32 and equation.params["new_dtype"] == "uint32":
        raise NotImplementedError("of a float to uint32")
    return x if x.dtype == dtype else mapped(equation, 1, lambda v: ir.convert(dtype, v), x)


@rule("bitcast_convert_type", reads=["new_dtype"])
def _bitcast(_: Lowering, equation: Equation, x: Array) -> Array:
    dtype = dtype_name(equation.params["new_dtype"])
    return mapped(equation, 0, lambda v: ir.bitcast(dtype, v), x)


@rule("copy", "device_put", "stop_gradient", "optimization_barrier", "name")
def _copy(_: Lowering, __: Any, *args: Array) -> list[Array]:
    return list(args)


@rule("select_n")
def _select(_: Lowering, equation: Equation, which: Array, *cases: Array) -> Array:
    def pick(condition: Expr, *values: Expr) -> Expr:
        if condition.dtype == BOOL:
            return select(condition, values[-1], values[0])
        chosen = values[-1]
        for number in reversed(range(len(values) - 1)):
            chosen = select(compare(Op.LE, condition, ir.i32(number)), values[number], chosen)
        return chosen

    return mapped(equation, len(cases) - 1, pick, which, *cases)


@rule("clamp")
def _clamp(_: Lowering, equation: Equation, low: Array, x: Array, high: Array) -> Array:
    smaller, larger = _extreme(Op.MIN), _extreme(Op.MAX)
    return mapped(equation, 2, lambda a, v, b: smaller(larger(v, a), b), low, x, high)
