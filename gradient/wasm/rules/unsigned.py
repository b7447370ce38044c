"""Rules for uint32, which JAX uses inside sorting and searching. Its bits are kept as those of an int32.

Most rules give the same bits for both types and are registered again. The others are here, as "<name> of uint32".
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gradient.adapters.jax import Equation
from gradient.wasm import ir
from gradient.wasm.arrays import Array
from gradient.wasm.element_types import is_unsigned, of_unsigned
from gradient.wasm.ir import BOOL, F32, Expr, Op, apply, compare, select
from gradient.wasm.lower import RULES, Function, Lowering, rule
from gradient.wasm.rules.elementwise import mapped

_SAME_BITS = (
    *("add", "sub", "mul", "and", "or", "xor", "not", "eq", "ne", "select_n", "shift_left", "shift_right_logical", "copy"),
    *(
        "broadcast_in_dim",
        "reshape",
        "squeeze",
        "transpose",
        "rev",
        "slice",
        "concatenate",
        "stack",
        "pad",
        "bitcast_convert_type",
    ),
    *("sort", "reduce_sum", "cumsum", "jit", "scan", "while", "cond", "population_count", "clz"),
)
for _name in _SAME_BITS:
    RULES[of_unsigned(_name)] = RULES[_name]


def _as_index(x: Array) -> Array:
    """Unsigned indices as signed ones: those above the largest int32 lie beyond any array, and stay there."""
    return Array(x.shape, x.dtype, lambda i: select(x.at(i) < 0, ir.i32(ir.INT_MAX), x.at(i)), x.cost + 2)


def _with_indices(name: str, indices: slice) -> Function:
    """The function of a rule, for operands of which some are indices."""
    plain = RULES[name].function

    def lower(lowering: Lowering, equation: Equation, *args: Array) -> Any:
        operands = list(args)
        pairs = zip(args[indices], equation.invars[indices], strict=True)
        operands[indices] = [_as_index(x) if is_unsigned(v.aval) else x for x, v in pairs]
        return plain(lowering, equation, *operands)

    return lower


for _name, _indices in (
    *(("dynamic_slice", slice(1, None)), ("dynamic_update_slice", slice(2, None))),
    *((_scattered, slice(1, 2)) for _scattered in ("gather", "scatter", "scatter-add")),
):
    RULES[of_unsigned(_name)] = replace(RULES[_name], function=_with_indices(_name, _indices))


def _ordered(x: Expr) -> Expr:
    """An int32 that is ordered among others as x among uint32s."""
    return x ^ ir.INT_MIN


def _divide(a: Expr, b: Expr) -> Expr:
    """Division; x // 0 is the largest number, as in XLA."""
    is_zero = b.same(0)
    return select(is_zero, ir.i32(-1), apply(Op.DIV_U, a, select(is_zero, ir.i32(1), b)))


def _remainder(a: Expr, b: Expr) -> Expr:
    """The remainder; x % 0 is x, as in XLA."""
    is_zero = b.same(0)
    return select(is_zero, a, apply(Op.REM_U, a, select(is_zero, ir.i32(1), b)))


def _extreme(op: Op) -> Callable[[Expr, Expr], Expr]:
    return lambda a, b: select(compare(op, _ordered(a), _ordered(b)), a, b)


def _compare(op: Op) -> Callable[[Expr, Expr], Expr]:
    return lambda a, b: compare(op, _ordered(a), _ordered(b))


for _name, _cost, _function in (
    *(("div", 4, _divide), ("rem", 4, _remainder), ("max", 3, _extreme(Op.GT)), ("min", 3, _extreme(Op.LT))),
    *((_op.name.lower(), 3, _compare(_op)) for _op in (Op.LT, Op.GT, Op.LE, Op.GE)),
):
    rule(of_unsigned(_name))(lambda _, equation, *args, c=_cost, f=_function: mapped(equation, c, f, *args))


def _to_float(x: Expr) -> Expr:
    """Numbers above the largest int32 are halved, with the last bit kept so that they are rounded correctly."""
    half = apply(Op.SHR_U, x, ir.i32(1)) | (x & 1)
    return select(x < 0, ir.convert(F32, half) * 2.0, ir.convert(F32, x))


@rule(of_unsigned("convert_element_type"), reads=["new_dtype"])
def _convert(_: Lowering, equation: Equation, x: Array) -> Array:
    to = equation.params["new_dtype"]
    if to == "float32":
        return mapped(equation, 4, _to_float, x)
    return mapped(equation, 1, lambda v: ir.convert(BOOL, v), x) if to == "bool" else x
