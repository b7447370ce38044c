"""Rules for reductions, products of matrices, running sums, sorting and the like."""

from collections.abc import Sequence
from math import prod
from typing import Any

from gradient.wasm import ir
from gradient.wasm.arrays import MAX_UNROLLED_DIM, Array, Index, constants, flat_index, row_major, stored
from gradient.wasm.ir import BOOL, F32, I32, Buffer, Expr, compare, select
from gradient.wasm.lower import Lowering, out_shape, rule
from gradient.wasm.nest import combine_two, combined, identity
from gradient.wasm.statements import Assign, Loop, Statement, Store


def _merge(kept: Index, reduced: Index, axes: tuple[int, ...], rank: int) -> Index:
    """An index over all dimensions from those that stay and those that are reduced."""
    stay, gone = iter(kept), iter(reduced)
    return tuple(next(gone) if d in axes else next(stay) for d in range(rank))


def _reduce(low: Lowering, equation: Any, x: Array, combine: str, axes: tuple[int, ...]) -> Array:
    shape, dtype = out_shape(equation)
    reduced = tuple(x.shape[a] for a in sorted(axes))
    rank = len(x.shape)
    if dtype == BOOL:
        combine = {"max": "or", "min": "and"}.get(combine, combine)
    if 0 < prod(reduced) <= MAX_UNROLLED_DIM:

        def element(index: Index) -> Expr:
            return combined(combine, [x.at(_merge(index, red, axes, rank)) for red in constants(reduced)])

        return Array(shape, dtype, element, prod(reduced) * (x.cost + 1))
    out_rank = len(shape)
    return low.compute(
        shape, dtype, lambda index: x.at(_merge(index[:out_rank], index[out_rank:], axes, rank)), reduced, combine
    )


for _name, _combine in (
    *(("reduce_sum", "add"), ("reduce_prod", "mul"), ("reduce_max", "max"), ("reduce_min", "min")),
    *(("reduce_and", "and"), ("reduce_or", "or"), ("reduce_xor", "xor")),
):
    rule(_name)(
        lambda low, equation, x, combine=_combine: _reduce(
            low, equation, x, combine, tuple(int(a) for a in equation.params["axes"])
        )
    )


def _others(x: Array, dims: Sequence[int]) -> list[int]:
    return [d for d in range(len(x.shape)) if d not in dims]


@rule("dot_general")
def _dot(low: Lowering, equation: Any, a: Array, b: Array) -> Array:
    (a_sum, b_sum), (a_batch, b_batch) = equation.params["dimension_numbers"]
    shape, dtype = out_shape(equation)
    if BOOL in (a.dtype, b.dtype):
        raise NotImplementedError("a product of booleans")
    reduced = tuple(a.shape[d] for d in a_sum)
    a_free, b_free = _others(a, (*a_sum, *a_batch)), _others(b, (*b_sum, *b_batch))
    a_axes, b_axes = [*a_batch, *a_free], [*b_batch, *b_free]
    is_large = prod(reduced) > MAX_UNROLLED_DIM
    uses = prod(b.shape[d] for d in b_free), prod(a.shape[d] for d in a_free)
    a, b = (low.keep(x) if is_large and n >= MAX_UNROLLED_DIM else low.settle(x, n) for x, n in zip((a, b), uses, strict=True))
    b_places = [*range(len(a_batch)), *range(len(a_axes), len(shape))]

    def term(index: Index) -> Expr:
        out, red = index[: len(shape)], index[len(shape) :]
        left = dict(zip([*a_axes, *a_sum], [*out[: len(a_axes)], *red], strict=True))
        right = dict(zip([*b_axes, *b_sum], [*(out[p] for p in b_places), *red], strict=True))
        return a.at(tuple(left[d] for d in range(len(a.shape)))) * b.at(tuple(right[d] for d in range(len(b.shape))))

    if 0 < prod(reduced) <= MAX_UNROLLED_DIM:
        cost = prod(reduced) * (a.cost + b.cost + 2)
        return Array(shape, dtype, lambda out: combined("add", [term((*out, *red)) for red in constants(reduced)]), cost)
    return low.compute(shape, dtype, term, reduced)


def scalar_loops(low: Lowering, shape: tuple[int, ...]) -> tuple[Index, list[Statement], list[Statement]]:
    """Nested loops over a shape, one element at a time: the index, the outermost statements and the innermost block."""
    inner: list[Statement] = []
    body = inner
    index: list[Expr] = []
    for n in reversed(shape):
        var = low.loop_variable(n)
        index.insert(0, ir.variable(var))
        if n > 1:
            body = [Loop(var, body, is_kernel=True)]
    return tuple(index), body, inner


def _running(low: Lowering, equation: Any, x: Array, combine: str) -> Array:
    """Each element combined with those before it along an axis."""
    shape, dtype = out_shape(equation)
    axis, reverse = equation.params["axis"], equation.params["reverse"]
    if x.size == 0:
        return x
    buffer = Buffer(dtype, x.size)
    result = stored(shape, buffer)
    others, outer, inner = scalar_loops(low, (*shape[:axis], *shape[axis + 1 :]))
    var = low.loop_variable(shape[axis])
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
    low.block.extend(outer)
    return result


for _name, _combine in (("cumsum", "add"), ("cumprod", "mul"), ("cummax", "max"), ("cummin", "min")):
    rule(_name)(lambda low, equation, x, combine=_combine: _running(low, equation, x, combine))


def _is_before(a: Expr, b: Expr) -> Expr:
    """The order of sorting: NaN last."""
    if a.dtype == BOOL:
        a, b = ir.convert(I32, a), ir.convert(I32, b)
    below = compare("lt", a, b)
    return below if a.dtype != F32 else below | (compare("ne", b, b) & compare("eq", a, a))


def _arg_extreme(low: Lowering, equation: Any, x: Array, is_max: bool) -> Array:
    """The first place of the largest or smallest element; NaN counts as both."""
    (axis,) = equation.params["axes"]
    shape, _ = out_shape(equation)
    buffer = Buffer(I32, max(1, prod(shape)))
    index, outer, inner = scalar_loops(low, shape)
    if not prod(shape):
        return stored(shape, buffer)
    best, place = ir.local(x.dtype), ir.local(I32)
    var = low.loop_variable(x.shape[axis])
    value = x.at((*index[:axis], ir.variable(var), *index[axis:]))
    first = x.at((*index[:axis], ir.i32(0), *index[axis:]))
    is_better = _beats(value, best, is_max)
    inner.append(Assign((best, place), (first, ir.i32(0))))
    step = Assign((best, place), (select(is_better, value, best), select(is_better, ir.variable(var), place)))
    inner.append(Loop(var, [step]) if var.size > 1 else step)
    inner.append(Store(buffer, flat_index(index, row_major(shape)), place))
    low.block.extend(outer)
    return stored(shape, buffer)


def _beats(value: Expr, best: Expr, is_max: bool) -> Expr:
    if value.dtype == BOOL:
        return _beats(ir.convert(I32, value), ir.convert(I32, best), is_max)
    beats = compare("gt" if is_max else "lt", value, best)
    if value.dtype != F32:
        return beats
    return compare("eq", best, best) & (beats | compare("ne", value, value))


@rule("argmax")
def _argmax(low: Lowering, equation: Any, x: Array) -> Array:
    return _arg_extreme(low, equation, x, is_max=True)


@rule("argmin")
def _argmin(low: Lowering, equation: Any, x: Array) -> Array:
    return _arg_extreme(low, equation, x, is_max=False)


@rule("sort")
def _sort(low: Lowering, equation: Any, *arrays: Array) -> list[Array]:
    """Each element goes to its rank, the number of elements that belong before it: stable, and quick for small arrays."""
    axis, num_keys = equation.params["dimension"], equation.params["num_keys"]
    arrays = tuple(low.keep_in_memory(low.keep(a)) for a in arrays)
    shape = arrays[0].shape
    if not arrays[0].size:
        return list(arrays)
    buffers = [Buffer(a.dtype, a.size) for a in arrays]
    index, outer, inner = scalar_loops(low, shape)
    var = low.loop_variable(shape[axis])
    other = (*index[:axis], ir.variable(var), *index[axis + 1 :])
    rank = ir.local(I32)
    goes_first = ir.compare("lt", ir.variable(var), index[axis])
    for array in reversed(arrays[:num_keys]):
        mine, its = array.at(index), array.at(other)
        goes_first = _is_before(its, mine) | (ir.op("not", _is_before(mine, its)) & goes_first)
    inner.append(Assign((rank,), (ir.i32(0),)))
    count = Assign((rank,), (rank + ir.convert(I32, goes_first),))
    inner.append(Loop(var, [count]) if var.size > 1 else count)
    place = flat_index((*index[:axis], rank, *index[axis + 1 :]), row_major(shape))
    inner.extend(Store(buffer, place, array.at(index)) for array, buffer in zip(arrays, buffers, strict=True))
    low.block.extend(outer)
    return [stored(shape, buffer) for buffer in buffers]
