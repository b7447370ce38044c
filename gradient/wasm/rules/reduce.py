"""Rules for reductions, products of matrices, cumulative sums, argmax and sorting."""

from collections.abc import Sequence
from math import prod

from gradient.adapters.jax import Equation
from gradient.wasm import ir
from gradient.wasm.arrays import MAX_UNROLLED_DIM, Array, Index, constants, flat_index, in_memory, row_major
from gradient.wasm.ir import BOOL, F32, I32, Buffer, Expr, Op, compare, select
from gradient.wasm.ir.statements import Assign, Loop, Statement, Store
from gradient.wasm.lower import Lowering, out_shape, rule
from gradient.wasm.nest import combine_two, combined, identity, logical


def _merge(left: Index, reduced: Index, axes: tuple[int, ...], rank: int) -> Index:
    """An index over all dimensions from the indices of those that are left and of those that are reduced."""
    outer, inner = iter(left), iter(reduced)
    return tuple(next(inner) if d in axes else next(outer) for d in range(rank))


def _reduce(lowering: Lowering, equation: Equation, x: Array, combine: Op, axes: tuple[int, ...]) -> Array:
    shape, dtype = out_shape(equation)
    reduced = tuple(x.shape[a] for a in sorted(axes))
    rank = len(x.shape)
    if dtype == BOOL:
        combine = logical(combine)
    if 0 < prod(reduced) <= MAX_UNROLLED_DIM:

        def element(index: Index) -> Expr:
            return combined(combine, [x.at(_merge(index, red, axes, rank)) for red in constants(reduced)])

        return Array(shape, dtype, element, prod(reduced) * (x.cost + 1))
    out_rank = len(shape)
    return lowering.compute(
        shape, dtype, lambda index: x.at(_merge(index[:out_rank], index[out_rank:], axes, rank)), reduced, combine
    )


for _name, _combine in (
    *(("reduce_sum", Op.ADD), ("reduce_prod", Op.MUL), ("reduce_max", Op.MAX), ("reduce_min", Op.MIN)),
    *(("reduce_and", Op.AND), ("reduce_or", Op.OR), ("reduce_xor", Op.XOR)),
):
    rule(_name)(
        lambda lowering, equation, x, combine=_combine: _reduce(
            lowering, equation, x, combine, tuple(int(a) for a in equation.params["axes"])
        )
    )


def _free_dims(x: Array, dims: Sequence[int]) -> list[int]:
    return [d for d in range(len(x.shape)) if d not in dims]


def _operand(lowering: Lowering, x: Array, uses: int, is_large: bool) -> Array:
    return lowering.materialize(x) if is_large and uses >= MAX_UNROLLED_DIM else lowering.materialize_if_reused(x, uses)


@rule("dot_general")
def _dot(lowering: Lowering, equation: Equation, a: Array, b: Array) -> Array:
    (a_sum, b_sum), (a_batch, b_batch) = equation.params["dimension_numbers"]
    shape, dtype = out_shape(equation)
    if BOOL in (a.dtype, b.dtype):
        raise NotImplementedError("a product of booleans")
    reduced = tuple(a.shape[d] for d in a_sum)
    a_free, b_free = _free_dims(a, (*a_sum, *a_batch)), _free_dims(b, (*b_sum, *b_batch))
    a_axes, b_axes = [*a_batch, *a_free], [*b_batch, *b_free]
    is_large = prod(reduced) > MAX_UNROLLED_DIM
    uses = prod(b.shape[d] for d in b_free), prod(a.shape[d] for d in a_free)
    a, b = (_operand(lowering, x, n, is_large) for x, n in zip((a, b), uses, strict=True))
    b_out_axes = [*range(len(a_batch)), *range(len(a_axes), len(shape))]

    def term(index: Index) -> Expr:
        out, red = index[: len(shape)], index[len(shape) :]
        left = dict(zip([*a_axes, *a_sum], [*out[: len(a_axes)], *red], strict=True))
        right = dict(zip([*b_axes, *b_sum], [*(out[p] for p in b_out_axes), *red], strict=True))
        return a.at(tuple(left[d] for d in range(len(a.shape)))) * b.at(tuple(right[d] for d in range(len(b.shape))))

    if 0 < prod(reduced) <= MAX_UNROLLED_DIM:
        cost = prod(reduced) * (a.cost + b.cost + 2)
        return Array(shape, dtype, lambda out: combined(Op.ADD, [term((*out, *red)) for red in constants(reduced)]), cost)
    return lowering.compute(shape, dtype, term, reduced)


def scalar_loops(lowering: Lowering, shape: tuple[int, ...]) -> tuple[Index, list[Statement], list[Statement]]:
    """Nested loops over a shape, one element at a time: the index, the outermost statements and the innermost block."""
    inner: list[Statement] = []
    body = inner
    index: list[Expr] = []
    for n in reversed(shape):
        var = lowering.loop_variable(n)
        index.insert(0, ir.variable(var))
        if n > 1:
            body = [Loop(var, body, is_nest=True)]
    return tuple(index), body, inner


def _cumulative(lowering: Lowering, equation: Equation, x: Array, combine: Op) -> Array:
    """Each element combined with those before it along an axis."""
    shape, dtype = out_shape(equation)
    axis, reverse = equation.params["axis"], equation.params["reverse"]
    if x.size == 0:
        return x
    buffer = Buffer(dtype, x.size)
    result = in_memory(shape, buffer)
    others, outer, inner = scalar_loops(lowering, (*shape[:axis], *shape[axis + 1 :]))
    var = lowering.loop_variable(shape[axis])
    step = ir.variable(var)
    place = ir.sub(ir.i32(shape[axis] - 1), step) if reverse else step
    index = (*others[:axis], place, *others[axis:])
    total = ir.local(dtype)
    inner.append(Assign((total,), (identity(combine, dtype),)))
    body: list[Statement] = [
        Assign((total,), (combine_two(combine, total, x.at(index)),)),
        Store(buffer, flat_index(index, row_major(shape)), total),
    ]
    inner.extend([Loop(var, body)] if shape[axis] > 1 else body)
    lowering.block.extend(outer)
    return result


for _name, _combine in (("cumsum", Op.ADD), ("cumprod", Op.MUL), ("cummax", Op.MAX), ("cummin", Op.MIN)):
    rule(_name)(lambda lowering, equation, x, combine=_combine: _cumulative(lowering, equation, x, combine))


def _sorts_before(a: Expr, b: Expr) -> Expr:
    """Whether an element sorts before another; NaN is last."""
    if a.dtype == BOOL:
        a, b = ir.convert(I32, a), ir.convert(I32, b)
    below = compare(Op.LT, a, b)
    return below if a.dtype != F32 else below | (compare(Op.NE, b, b) & compare(Op.EQ, a, a))


def _arg_extreme(lowering: Lowering, equation: Equation, x: Array, is_max: bool) -> Array:
    """The index of the first largest or smallest element; NaN counts as both."""
    (axis,) = equation.params["axes"]
    shape, _ = out_shape(equation)
    buffer = Buffer(I32, max(1, prod(shape)))
    index, outer, inner = scalar_loops(lowering, shape)
    if not prod(shape):
        return in_memory(shape, buffer)
    best, place = ir.local(x.dtype), ir.local(I32)
    var = lowering.loop_variable(x.shape[axis])
    value = x.at((*index[:axis], ir.variable(var), *index[axis:]))
    first = x.at((*index[:axis], ir.i32(0), *index[axis:]))
    is_better = _is_better(value, best, is_max)
    inner.append(Assign((best, place), (first, ir.i32(0))))
    step = Assign((best, place), (select(is_better, value, best), select(is_better, ir.variable(var), place)))
    inner.append(Loop(var, [step]) if var.size > 1 else step)
    inner.append(Store(buffer, flat_index(index, row_major(shape)), place))
    lowering.block.extend(outer)
    return in_memory(shape, buffer)


def _is_better(value: Expr, best: Expr, is_max: bool) -> Expr:
    if value.dtype == BOOL:
        return _is_better(ir.convert(I32, value), ir.convert(I32, best), is_max)
    beats = compare(Op.GT if is_max else Op.LT, value, best)
    if value.dtype != F32:
        return beats
    return compare(Op.EQ, best, best) & (beats | compare(Op.NE, value, value))


@rule("argmax")
def _argmax(lowering: Lowering, equation: Equation, x: Array) -> Array:
    return _arg_extreme(lowering, equation, x, is_max=True)


@rule("argmin")
def _argmin(lowering: Lowering, equation: Equation, x: Array) -> Array:
    return _arg_extreme(lowering, equation, x, is_max=False)


@rule("sort")
def _sort(lowering: Lowering, equation: Equation, *arrays: Array) -> list[Array]:
    """Each element goes to its rank, the number of elements that sort before it: stable, and quick for small arrays."""
    axis, num_keys = equation.params["dimension"], equation.params["num_keys"]
    arrays = tuple(lowering.materialize_in_memory(lowering.materialize(a)) for a in arrays)
    shape = arrays[0].shape
    if not arrays[0].size:
        return list(arrays)
    buffers = [Buffer(a.dtype, a.size) for a in arrays]
    index, outer, inner = scalar_loops(lowering, shape)
    var = lowering.loop_variable(shape[axis])
    other = (*index[:axis], ir.variable(var), *index[axis + 1 :])
    rank = ir.local(I32)
    is_before = ir.compare(Op.LT, ir.variable(var), index[axis])
    for array in reversed(arrays[:num_keys]):
        mine, its = array.at(index), array.at(other)
        is_before = _sorts_before(its, mine) | (ir.apply(Op.NOT, _sorts_before(mine, its)) & is_before)
    inner.append(Assign((rank,), (ir.i32(0),)))
    count = Assign((rank,), (rank + ir.convert(I32, is_before),))
    inner.append(Loop(var, [count]) if var.size > 1 else count)
    place = flat_index((*index[:axis], rank, *index[axis + 1 :]), row_major(shape))
    inner.extend(Store(buffer, place, array.at(index)) for array, buffer in zip(arrays, buffers, strict=True))
    lowering.block.extend(outer)
    return [in_memory(shape, buffer) for buffer in buffers]
