"""Rules that visit one element after another: cumulative sums, argmax and sorting."""

from math import prod

from gradient.adapters.jax import Equation
from gradient.wasm import ir, sums
from gradient.wasm.arrays import Array, flat_index, in_memory, row_major
from gradient.wasm.ir import BOOL, F32, I32, Buffer, Expr, Op, Variable, compare, select
from gradient.wasm.ir.statements import Assign, Loop, Statement, Store
from gradient.wasm.lower import Lowering, is_unsigned, out_shape, rule, scalar_loops
from gradient.wasm.merge_sort import ascending, sort, unsigned
from gradient.wasm.nest import combine_two, identity


def _cumulative(lowering: Lowering, equation: Equation, x: Array, combine: Op) -> Array:
    """Each element combined with those before it along an axis."""
    shape, dtype = out_shape(equation)
    axis, reverse = equation.params["axis"], equation.params["reverse"]
    if x.size == 0:
        return x
    buffer = Buffer(dtype, x.size)
    others, outer, inner = scalar_loops(lowering, (*shape[:axis], *shape[axis + 1 :]))
    total = sums.Total()
    is_long = sums.is_long_sum(combine, dtype, shape[axis], most=4 * sums.MAX_CHAIN)
    for start, length, count in sums.blocks(shape[axis]) if is_long else [(0, shape[axis], 1)]:
        blocks, var, part = lowering.loop_variable(count), lowering.loop_variable(length), ir.local(dtype)
        step = ir.variable(blocks) * length + ir.variable(var) + start
        along = ir.sub(ir.i32(shape[axis] - 1), step) if reverse else step
        index = (*others[:axis], along, *others[axis:])
        value = total.value + part if is_long else part
        body: list[Statement] = [
            Assign((part,), (combine_two(combine, part, x.at(index)),)),
            Store(buffer, flat_index(index, row_major(shape)), value),
        ]
        chain: list[Statement] = [Assign((part,), (identity(combine, dtype),)), *_loop(var, body)]
        inner.extend(_loop(blocks, [*chain, total.add(part)] if is_long else chain))
    inner[:0] = [total.start()] if is_long else []
    lowering.block.extend(outer)
    return in_memory(shape, buffer)


def _loop(var: Variable, body: list[Statement]) -> list[Statement]:
    """A loop, or its body if it runs once."""
    return [Loop(var, body)] if var.size > 1 else body


for _name, _combine in (("cumsum", Op.ADD), ("cumprod", Op.MUL), ("cummax", Op.MAX), ("cummin", Op.MIN)):
    rule(_name, reads=["axis", "reverse"])(
        lambda lowering, equation, x, combine=_combine: _cumulative(lowering, equation, x, combine)
    )


def _arg_extreme(lowering: Lowering, equation: Equation, x: Array, is_max: bool) -> Array:
    """The index of the first largest or smallest element; NaN counts as both."""
    (axis,) = equation.params["axes"]
    shape, _ = out_shape(equation)
    buffer = Buffer(I32, max(1, prod(shape)))
    index, outer, inner = scalar_loops(lowering, shape)
    if not prod(shape):
        return in_memory(shape, buffer)
    best, position = ir.local(x.dtype), ir.local(I32)
    var = lowering.loop_variable(x.shape[axis])
    value = x.at((*index[:axis], ir.variable(var), *index[axis:]))
    first = x.at((*index[:axis], ir.i32(0), *index[axis:]))
    is_better = _is_better(value, best, is_max)
    inner.append(Assign((best, position), (first, ir.i32(0))))
    step = Assign((best, position), (select(is_better, value, best), select(is_better, ir.variable(var), position)))
    inner.append(Loop(var, [step]) if var.size > 1 else step)
    inner.append(Store(buffer, flat_index(index, row_major(shape)), position))
    lowering.block.extend(outer)
    return in_memory(shape, buffer)


def _is_better(value: Expr, best: Expr, is_max: bool) -> Expr:
    if value.dtype == BOOL:
        return _is_better(ir.convert(I32, value), ir.convert(I32, best), is_max)
    is_beyond = compare(Op.GT if is_max else Op.LT, value, best)
    if value.dtype != F32:
        return is_beyond
    return compare(Op.EQ, best, best) & (is_beyond | compare(Op.NE, value, value))


@rule("argmax", reads=["axes"], implied=["index_dtype"])
def _argmax(lowering: Lowering, equation: Equation, x: Array) -> Array:
    return _arg_extreme(lowering, equation, x, is_max=True)


@rule("argmin", reads=["axes"], implied=["index_dtype"])
def _argmin(lowering: Lowering, equation: Equation, x: Array) -> Array:
    return _arg_extreme(lowering, equation, x, is_max=False)


@rule("sort", reads=["dimension", "num_keys"])
def _sort(lowering: Lowering, equation: Equation, *arrays: Array) -> list[Array]:
    orders = [unsigned if is_unsigned(v.aval) else ascending for v in equation.invars[: equation.params["num_keys"]]]
    return sort(lowering, arrays, equation.params["dimension"], orders)
