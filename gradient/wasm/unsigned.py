"""Rules for uint32, which JAX itself puts into sorting and searching. Its bits are kept as those of an int32.

Most rules do not care about the sign and serve as they are. The others are written here, registered as "<name> of uint32".
"""

from collections.abc import Callable
from typing import Any

from gradient.wasm import ir
from gradient.wasm.arrays import Array
from gradient.wasm.elementwise import mapped
from gradient.wasm.ir import BOOL, F32, Expr, compare, op, select
from gradient.wasm.lower import RULES, Lowering, is_unsigned, of_unsigned, rule

_SIGNLESS = (
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
    *("dynamic_slice", "dynamic_update_slice", "gather", "scatter", "scatter-add", "reduce_sum", "cumsum"),
    *("jit", "scan", "while", "cond", "population_count", "clz"),
)
for _name in _SIGNLESS:
    rule(of_unsigned(_name))(RULES[_name])


def _ordered(x: Expr) -> Expr:
    """A number whose order as an int32 is that of x as a uint32."""
    return x ^ ir.INT_MIN


def _divide(a: Expr, b: Expr) -> Expr:
    """Division; x // 0 is the largest number, as in XLA."""
    is_zero = b.same(0)
    return select(is_zero, ir.i32(-1), op("div_u", a, select(is_zero, ir.i32(1), b)))


def _remainder(a: Expr, b: Expr) -> Expr:
    """The remainder; x % 0 is x, as in XLA."""
    is_zero = b.same(0)
    return select(is_zero, a, op("rem_u", a, select(is_zero, ir.i32(1), b)))


def _pick(name: str) -> Callable[[Expr, Expr], Expr]:
    return lambda a, b: select(compare(name, _ordered(a), _ordered(b)), a, b)


def _compare(name: str) -> Callable[[Expr, Expr], Expr]:
    return lambda a, b: compare(name, _ordered(a), _ordered(b))


for _name, _cost, _function in (
    *(("div", 4, _divide), ("rem", 4, _remainder), ("max", 3, _pick("gt")), ("min", 3, _pick("lt"))),
    *((_name, 3, _compare(_name)) for _name in ("lt", "gt", "le", "ge")),
):
    rule(of_unsigned(_name))(lambda _, equation, *args, c=_cost, f=_function: mapped(equation, c, f, *args))


def _to_float(x: Expr) -> Expr:
    """Large numbers are halved, with the last bit kept so that they round as they should."""
    half = op("shr_u", x, ir.i32(1)) | (x & 1)
    return select(x < 0, ir.convert(F32, half) * 2.0, ir.convert(F32, x))


@rule(of_unsigned("convert_element_type"))
def _convert(_: Lowering, equation: Any, x: Array) -> Array:
    to = equation.params["new_dtype"]
    if to == "float32":
        return mapped(equation, 4, _to_float, x)
    return mapped(equation, 1, lambda v: ir.convert(BOOL, v), x) if to == "bool" else x


@rule(of_unsigned("sort"))
def _sort(low: Lowering, equation: Any, *arrays: Array) -> Any:
    if any(is_unsigned(v.aval) for v in equation.invars[: equation.params["num_keys"]]):
        raise NotImplementedError("with keys of type uint32")
    return RULES["sort"](low, equation, *arrays)
