"""Rules that only move elements: they change the index and compute nothing."""

from collections.abc import Sequence
from typing import Any

from gradient.wasm import ir
from gradient.wasm.arrays import Array, Index, flat_index, full, is_small, row_major, stored, unravel
from gradient.wasm.index import divmod_index, maximum, minimum
from gradient.wasm.ir import Buffer, Expr
from gradient.wasm.lower import Lowering, out_shape, rule

PIECEWISE_SIZE = 64


def moved(equation: Any, x: Array, index_of: Any) -> Array:
    """An array whose element at an index is the element of another at another index."""
    shape, dtype = out_shape(equation)
    return Array(shape, dtype, lambda index: x.at(index_of(index)), x.cost, is_local=x.is_local)


@rule("broadcast_in_dim")
def _broadcast(low: Lowering, equation: Any, x: Array, *_: Array) -> Array:
    shape, _dtype = out_shape(equation)
    dims = equation.params["broadcast_dimensions"]
    if Array(shape, x.dtype, x.function).size > x.size:
        x = low.settle(x, 2)
    return moved(equation, x, lambda index: tuple(index[d] for d in dims))


@rule("reshape")
def _reshape(low: Lowering, equation: Any, x: Array, *_: Array) -> Array:
    shape, _dtype = out_shape(equation)
    if [n for n in shape if n > 1] == [n for n in x.shape if n > 1]:
        return moved(equation, x, lambda index: _inserted(index, shape, x.shape))
    steps = row_major(shape)
    return moved(equation, x, lambda index: unravel(flat_index(index, steps), x.shape))


def _inserted(index: Index, shape: Sequence[int], target: Sequence[int]) -> Index:
    """The index without dimensions of size 1, and with those of another shape."""
    rest = iter([i for i, n in zip(index, shape, strict=True) if n > 1])
    return tuple(next(rest) if n > 1 else ir.i32(0) for n in target)


@rule("squeeze")
def _squeeze(_: Lowering, equation: Any, x: Array) -> Array:
    shape, _dtype = out_shape(equation)
    dropped = {d % len(x.shape) for d in equation.params["dimensions"]}
    kept = [d for d in range(len(x.shape)) if d not in dropped]
    assert len(kept) == len(shape)

    def index_of(index: Index) -> Index:
        whole: list[Expr] = [ir.i32(0)] * len(x.shape)
        for d, i in zip(kept, index, strict=True):
            whole[d] = i
        return tuple(whole)

    return moved(equation, x, index_of)


@rule("transpose")
def _transpose(_: Lowering, equation: Any, x: Array) -> Array:
    order = equation.params["permutation"]
    return moved(equation, x, lambda index: tuple(index[order.index(d)] for d in range(len(order))))


@rule("rev")
def _rev(_: Lowering, equation: Any, x: Array) -> Array:
    flipped = equation.params["dimensions"]
    return moved(equation, x, lambda index: tuple(x.shape[d] - 1 - i if d in flipped else i for d, i in enumerate(index)))


@rule("slice")
def _slice(_: Lowering, equation: Any, x: Array) -> Array:
    starts = equation.params["start_indices"]
    steps = equation.params["strides"] or [1] * len(starts)
    return moved(
        equation,
        x,
        lambda index: tuple(ir.scale(i, int(s)) + int(start) for i, s, start in zip(index, steps, starts, strict=True)),
    )


@rule("empty", "empty2")
def _empty(_: Lowering, equation: Any) -> Array:
    """Values that nobody asks for."""
    shape, dtype = out_shape(equation)
    return full(shape, ir.const(dtype, 0))


@rule("split")
def _split(_: Lowering, equation: Any, x: Array) -> list[Array]:
    axis = equation.params["axis"]
    parts, start = [], 0
    for size in map(int, equation.params["sizes"]):
        shape = (*x.shape[:axis], size, *x.shape[axis + 1 :])
        parts.append(Array(shape, x.dtype, _shifted(x, axis, start), x.cost, is_local=x.is_local))
        start += size
    return parts


@rule("unstack")
def _unstack(_: Lowering, equation: Any, x: Array) -> list[Array]:
    axis = equation.params["axis"]
    shape = (*x.shape[:axis], *x.shape[axis + 1 :])

    def part(number: int) -> Array:
        return Array(shape, x.dtype, lambda i: x.at((*i[:axis], ir.i32(number), *i[axis:])), x.cost, is_local=x.is_local)

    return [part(number) for number in range(x.shape[axis])]


def _shifted(x: Array, axis: int, start: int) -> Any:
    return lambda index: x.at((*index[:axis], index[axis] + start, *index[axis + 1 :]))


@rule("iota")
def _iota(_: Lowering, equation: Any) -> Array:
    shape, dtype = out_shape(equation)
    axis = equation.params["dimension"]
    return Array(shape, dtype, lambda index: ir.convert(dtype, index[axis] if shape[axis] > 1 else ir.i32(0)))


def joined(low: Lowering, shape: tuple[int, ...], dtype: str, axis: int, parts: Sequence[Array]) -> Array:
    """Arrays one after the other along an axis: large ones are written side by side, small ones chosen from by index."""
    parts = [part for part in parts if part.size]
    whole = Array(shape, dtype, lambda index: _choose(index, axis, parts), max((p.cost for p in parts), default=0) + 2)
    if is_small(shape) or whole.size <= PIECEWISE_SIZE or not parts:
        return whole
    buffer = Buffer(dtype, whole.size)
    steps, start = row_major(shape), 0
    for part in parts:
        low.store(part, buffer, ir.i32(start * steps[axis]), steps)
        start += part.shape[axis]
    return stored(shape, buffer)


def _choose(index: Index, axis: int, parts: Sequence[Array]) -> Expr:
    i = index[axis]
    ends = [sum(p.shape[axis] for p in parts[: n + 1]) for n in range(len(parts))]
    chosen: Expr | None = None
    for part, end in reversed(list(zip(parts, ends, strict=True))):
        inside = minimum(maximum(i - (end - part.shape[axis]), 0), part.shape[axis] - 1)
        condition = ir.const(ir.BOOL, True) if chosen is None else ir.compare("lt", i, ir.i32(end))
        if chosen is not None and condition.op == "const" and not condition.value:
            continue
        value = part.at((*index[:axis], inside, *index[axis + 1 :]))
        chosen = value if chosen is None else ir.select(condition, value, chosen)
    assert chosen is not None
    return chosen


@rule("concatenate")
def _concatenate(low: Lowering, equation: Any, *parts: Array) -> Array:
    return joined(low, *out_shape(equation), equation.params["dimension"], parts)


@rule("stack")
def _stack(low: Lowering, equation: Any, *parts: Array) -> Array:
    axis = equation.params["axis"] % (len(parts[0].shape) + 1)

    def thick(part: Array) -> Array:
        shape = (*part.shape[:axis], 1, *part.shape[axis:])
        return Array(shape, part.dtype, lambda index: part.at((*index[:axis], *index[axis + 1 :])), part.cost)

    return joined(low, *out_shape(equation), axis, [thick(part) for part in parts])


@rule("tile")
def _tile(_: Lowering, equation: Any, x: Array) -> Array:
    return moved(equation, x, lambda index: tuple(divmod_index(i, n)[1] for i, n in zip(index, x.shape, strict=True)))


def _place(i: Expr, n: int, before: int, gap: int) -> tuple[Expr, Expr]:
    """Where an index of a padded dimension lies in the n elements inside, and whether it is one of them."""
    place, is_element = i - before, ir.const(ir.BOOL, True)
    if gap:
        is_element = ir.compare("ge", place, ir.i32(0))
        place, rest = divmod_index(maximum(place, 0), gap + 1)
        is_element = is_element & rest.same(0)
    is_element = is_element & ir.compare("ge", place, ir.i32(0)) & ir.compare("lt", place, ir.i32(n))
    return minimum(maximum(place, 0), max(n - 1, 0)), is_element


@rule("pad")
def _pad(low: Lowering, equation: Any, x: Array, padding: Array) -> Array:
    return padded(low, x, padding.at(()), [tuple(map(int, c)) for c in equation.params["padding_config"]])


def padded(low: Lowering, x: Array, empty: Expr, config: Sequence[tuple[int, ...]]) -> Array:
    """An array with room before, after and between the elements of each dimension; before and after may be negative."""
    shape = tuple(before + n + max(n - 1, 0) * gap + after for n, (before, after, gap) in zip(x.shape, config, strict=True))

    def element(index: Index) -> Expr:
        places = [_place(i, n, before, gap) for i, n, (before, _, gap) in zip(index, x.shape, config, strict=True)]
        is_inside = ir.const(ir.BOOL, x.size > 0)
        for _, condition in places:
            is_inside = is_inside & condition
        if is_inside.op == "const" and not is_inside.value:
            return empty
        return ir.select(is_inside, x.at(tuple(place for place, _ in places)), empty)

    whole = Array(shape, x.dtype, element, x.cost + 2)
    can_write = all(before >= 0 and after >= 0 and gap == 0 for before, after, gap in config)
    if whole.size <= PIECEWISE_SIZE or not can_write:
        return whole
    return _framed(low, full(shape, empty), x, [before for before, _, _ in config])


def _framed(low: Lowering, background: Array, x: Array, corner: Sequence[int]) -> Array:
    """A large padded array: the background is written, and then the array in its place."""
    buffer = Buffer(x.dtype, background.size)
    low.store(background, buffer)
    steps = row_major(background.shape)
    low.store(x, buffer, ir.i32(sum(before * s for before, s in zip(corner, steps, strict=True))), steps)
    return stored(background.shape, buffer)
