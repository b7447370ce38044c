"""Rules that move elements and compute nothing: most only change the index."""

from collections.abc import Callable, Sequence

from gradient.adapters.jax import Equation
from gradient.wasm import ir
from gradient.wasm.arrays import Array, Index, flat_index, full, in_memory, is_small, row_major, unravel
from gradient.wasm.ir import Buffer, Expr, Op
from gradient.wasm.ir.index_arithmetic import divmod_index, maximum, minimum
from gradient.wasm.lower import Lowering, out_shape, rule

MAX_SELECTED = 64  # elements: larger arrays are written to memory


def reindexed(equation: Equation, x: Array, index_of: Callable[[Index], Index]) -> Array:
    """An array whose element at an index is that of another array at `index_of(index)`."""
    shape, dtype = out_shape(equation)
    return Array(shape, dtype, lambda index: x.at(index_of(index)), x.cost, is_local=x.is_local)


@rule("broadcast_in_dim", reads=["broadcast_dimensions"], implied=["shape"])
def _broadcast(lowering: Lowering, equation: Equation, x: Array, *_: Array) -> Array:
    shape, _dtype = out_shape(equation)
    dims = equation.params["broadcast_dimensions"]
    if Array(shape, x.dtype, x.function).size > x.size:
        x = lowering.materialize_if_reused(x, 2)
    return reindexed(equation, x, lambda index: tuple(index[d] for d in dims))


@rule("reshape", reads=["dimensions"], implied=["new_sizes"])
def _reshape(_: Lowering, equation: Equation, x: Array) -> Array:
    order = equation.params["dimensions"]
    x = x if order is None else transposed(x, order)
    shape, _dtype = out_shape(equation)
    if [n for n in shape if n > 1] == [n for n in x.shape if n > 1]:
        return reindexed(equation, x, lambda index: _to_unit_dims(index, shape, x.shape))
    steps = row_major(shape)
    return reindexed(equation, x, lambda index: unravel(flat_index(index, steps), x.shape))


def _to_unit_dims(index: Index, shape: Sequence[int], target: Sequence[int]) -> Index:
    """An index of `shape` as one of `target`, which differs only in dimensions of size 1."""
    remaining = iter([i for i, n in zip(index, shape, strict=True) if n > 1])
    return tuple(next(remaining) if n > 1 else ir.i32(0) for n in target)


@rule("squeeze", reads=["dimensions"])
def _squeeze(_: Lowering, equation: Equation, x: Array) -> Array:
    shape, _dtype = out_shape(equation)
    dropped = {d % len(x.shape) for d in equation.params["dimensions"]}
    remaining = [d for d in range(len(x.shape)) if d not in dropped]
    assert len(remaining) == len(shape)

    def index_of(index: Index) -> Index:
        whole: list[Expr] = [ir.i32(0)] * len(x.shape)
        for d, i in zip(remaining, index, strict=True):
            whole[d] = i
        return tuple(whole)

    return reindexed(equation, x, index_of)


def transposed(x: Array, order: Sequence[int]) -> Array:
    """An array with its dimensions in another order."""
    shape, places = tuple(x.shape[d] for d in order), [order.index(d) for d in range(len(order))]
    return Array(shape, x.dtype, lambda index: x.at(tuple(index[place] for place in places)), x.cost, is_local=x.is_local)


@rule("transpose", reads=["permutation"])
def _transpose(_: Lowering, equation: Equation, x: Array) -> Array:
    return transposed(x, equation.params["permutation"])


@rule("rev", reads=["dimensions"])
def _rev(_: Lowering, equation: Equation, x: Array) -> Array:
    flipped = equation.params["dimensions"]
    return reindexed(equation, x, lambda index: tuple(x.shape[d] - 1 - i if d in flipped else i for d, i in enumerate(index)))


@rule("slice", reads=["start_indices", "strides"], implied=["limit_indices"])
def _slice(_: Lowering, equation: Equation, x: Array) -> Array:
    starts = equation.params["start_indices"]
    steps = equation.params["strides"] or [1] * len(starts)
    return reindexed(
        equation,
        x,
        lambda index: tuple(ir.scale(i, int(s)) + int(start) for i, s, start in zip(index, steps, starts, strict=True)),
    )


@rule("empty", implied=["shape", "dtype"])
@rule("empty2", implied=["dtype"])
def _empty(_: Lowering, equation: Equation) -> Array:
    """Values that nothing reads."""
    shape, dtype = out_shape(equation)
    return full(shape, ir.const(dtype, 0))


@rule("split", reads=["axis", "sizes"])
def _split(_: Lowering, equation: Equation, x: Array) -> list[Array]:
    axis = equation.params["axis"]
    parts, start = [], 0
    for size in map(int, equation.params["sizes"]):
        shape = (*x.shape[:axis], size, *x.shape[axis + 1 :])
        parts.append(Array(shape, x.dtype, _shifted(x, axis, start), x.cost, is_local=x.is_local))
        start += size
    return parts


@rule("unstack", reads=["axis"])
def _unstack(_: Lowering, equation: Equation, x: Array) -> list[Array]:
    axis = equation.params["axis"]
    shape = (*x.shape[:axis], *x.shape[axis + 1 :])

    def part(number: int) -> Array:
        return Array(shape, x.dtype, lambda i: x.at((*i[:axis], ir.i32(number), *i[axis:])), x.cost, is_local=x.is_local)

    return [part(number) for number in range(x.shape[axis])]


def _shifted(x: Array, axis: int, start: int) -> Callable[[Index], Expr]:
    return lambda index: x.at((*index[:axis], index[axis] + start, *index[axis + 1 :]))


@rule("iota", reads=["dimension"], implied=["shape", "dtype"])
def _iota(_: Lowering, equation: Equation) -> Array:
    shape, dtype = out_shape(equation)
    axis = equation.params["dimension"]
    return Array(shape, dtype, lambda index: ir.convert(dtype, index[axis] if shape[axis] > 1 else ir.i32(0)))


def concatenated(lowering: Lowering, shape: tuple[int, ...], dtype: str, axis: int, parts: Sequence[Array]) -> Array:
    """Arrays one after the other along an axis. A large result is written to memory, a small one selects by its index."""
    parts = [part for part in parts if part.size]
    cost = max((part.cost for part in parts), default=0) + 2
    whole = Array(shape, dtype, lambda index: _element_of_parts(index, axis, parts), cost)
    if is_small(shape) or whole.size <= MAX_SELECTED or not parts:
        return whole
    buffer = Buffer(dtype, whole.size)
    steps, start = row_major(shape), 0
    for part in parts:
        lowering.store(part, buffer, ir.i32(start * steps[axis]), steps)
        start += part.shape[axis]
    return in_memory(shape, buffer)


def _element_of_parts(index: Index, axis: int, parts: Sequence[Array]) -> Expr:
    i = index[axis]
    ends = [sum(p.shape[axis] for p in parts[: n + 1]) for n in range(len(parts))]
    chosen: Expr | None = None
    for part, end in reversed(list(zip(parts, ends, strict=True))):
        inside = minimum(maximum(i - (end - part.shape[axis]), 0), part.shape[axis] - 1)
        condition = ir.const(ir.BOOL, True) if chosen is None else ir.compare(Op.LT, i, ir.i32(end))
        if chosen is not None and condition.op is Op.CONST and not condition.value:
            continue
        value = part.at((*index[:axis], inside, *index[axis + 1 :]))
        chosen = value if chosen is None else ir.select(condition, value, chosen)
    assert chosen is not None
    return chosen


@rule("concatenate", reads=["dimension"])
def _concatenate(lowering: Lowering, equation: Equation, *parts: Array) -> Array:
    return concatenated(lowering, *out_shape(equation), equation.params["dimension"], parts)


@rule("stack", reads=["axis"])
def _stack(lowering: Lowering, equation: Equation, *parts: Array) -> Array:
    axis = equation.params["axis"] % (len(parts[0].shape) + 1)

    def with_axis(part: Array) -> Array:
        shape = (*part.shape[:axis], 1, *part.shape[axis:])
        return Array(shape, part.dtype, lambda index: part.at((*index[:axis], *index[axis + 1 :])), part.cost)

    return concatenated(lowering, *out_shape(equation), axis, [with_axis(part) for part in parts])


@rule("tile", implied=["reps"])
def _tile(_: Lowering, equation: Equation, x: Array) -> Array:
    return reindexed(equation, x, lambda index: tuple(divmod_index(i, n)[1] for i, n in zip(index, x.shape, strict=True)))


def _unpadded(i: Expr, n: int, before: int, gap: int) -> tuple[Expr, Expr]:
    """The index among the n elements inside of a padded dimension, and whether there is an element."""
    position, is_element = i - before, ir.const(ir.BOOL, True)
    if gap:
        is_element = ir.compare(Op.GE, position, ir.i32(0))
        position, offset = divmod_index(maximum(position, 0), gap + 1)
        is_element = is_element & offset.same(0)
    is_element = is_element & ir.compare(Op.GE, position, ir.i32(0)) & ir.compare(Op.LT, position, ir.i32(n))
    return minimum(maximum(position, 0), max(n - 1, 0)), is_element


@rule("pad", reads=["padding_config"])
def _pad(lowering: Lowering, equation: Equation, x: Array, padding: Array) -> Array:
    return padded(lowering, x, padding.at(()), [tuple(map(int, c)) for c in equation.params["padding_config"]])


def padded(lowering: Lowering, x: Array, empty: Expr, config: Sequence[tuple[int, ...]]) -> Array:
    """An array with padding before, after and between the elements of each dimension; before and after may be negative."""
    shape = tuple(before + n + max(n - 1, 0) * gap + after for n, (before, after, gap) in zip(x.shape, config, strict=True))

    def element(index: Index) -> Expr:
        positions = [_unpadded(i, n, before, gap) for i, n, (before, _, gap) in zip(index, x.shape, config, strict=True)]
        is_inside = ir.const(ir.BOOL, x.size > 0)
        for _, condition in positions:
            is_inside = is_inside & condition
        if is_inside.op is Op.CONST and not is_inside.value:
            return empty
        return ir.select(is_inside, x.at(tuple(position for position, _ in positions)), empty)

    whole = Array(shape, x.dtype, element, x.cost + 2)
    can_write = all(before >= 0 and after >= 0 and gap == 0 for before, after, gap in config)
    if whole.size <= MAX_SELECTED or not can_write:
        return whole
    return _padded_in_memory(lowering, full(shape, empty), x, [before for before, _, _ in config])


def _padded_in_memory(lowering: Lowering, background: Array, x: Array, corner: Sequence[int]) -> Array:
    """A large padded array: the padding is written everywhere, and then the array over it."""
    buffer = Buffer(x.dtype, background.size)
    lowering.store(background, buffer)
    steps = row_major(background.shape)
    lowering.store(x, buffer, ir.i32(sum(before * s for before, s in zip(corner, steps, strict=True))), steps)
    return in_memory(background.shape, buffer)
