"""Rules for what is indexed by values: slices that start at a traced step, gather and scatter."""

from collections.abc import Mapping, Sequence
from typing import Any

from gradient.wasm import ir
from gradient.wasm.arrays import Array, Index, Shape, dtype_name, flat_index, full, row_major, stored
from gradient.wasm.index import maximum, minimum
from gradient.wasm.ir import Buffer, Expr
from gradient.wasm.lower import Lowering, out_shape, rule
from gradient.wasm.reduce import scalar_loops
from gradient.wasm.statements import Store


def _clamped(start: Expr, size: int, part: int) -> Expr:
    """A start so that the part lies inside."""
    return minimum(maximum(start, 0), size - part)


def _starts(low: Lowering, starts: Sequence[Array], shape: Shape, part: Shape) -> list[Expr]:
    kept = [low.settle(s, 2) for s in starts]
    return [_clamped(s.at(()), n, m) for s, n, m in zip(kept, shape, part, strict=True)]


@rule("dynamic_slice")
def _dynamic_slice(low: Lowering, equation: Any, x: Array, *starts: Array) -> Array:
    shape, dtype = out_shape(equation)
    first = _starts(low, starts, x.shape, shape)
    if any(start.op != "const" for start in first):
        x = low.keep_in_memory(x)
    return Array(shape, dtype, lambda index: x.at(tuple(map(ir.add, index, first))), x.cost)


@rule("dynamic_update_slice")
def _dynamic_update_slice(low: Lowering, equation: Any, x: Array, update: Array, *starts: Array) -> Array:
    shape, dtype = out_shape(equation)
    if update.size == 0:
        return x
    first = _starts(low, starts, x.shape, update.shape)
    update = low.keep(update)

    def element(index: Index) -> Expr:
        inside, places = ir.const(ir.BOOL, True), []
        for i, start, n in zip(index, first, update.shape, strict=True):
            place = i - start
            inside = inside & ir.compare("ge", place, ir.i32(0)) & ir.compare("lt", place, ir.i32(n))
            places.append(minimum(maximum(place, 0), n - 1))
        return ir.select(inside, update.at(tuple(places)), x.at(index))

    return Array(shape, dtype, element, x.cost + 3)


class _Numbers:
    """Dimension numbers of a gather or scatter, in the terms of XLA's gather."""

    def __init__(
        self, window: Sequence[int], collapsed: Sequence[int], batch: Sequence[int], index_batch: Sequence[int]
    ) -> None:
        self.window, self.collapsed, self.batch, self.index_batch = window, set(collapsed), list(batch), list(index_batch)

    def split(self, index: Index) -> tuple[Index, Index]:
        """The parts of an index that choose a start, and a place in the window."""
        chosen = tuple(i for d, i in enumerate(index) if d not in self.window)
        return chosen, tuple(index[d] for d in self.window)

    def operand_index(self, starts: dict[int, Expr], chosen: Index, place: Index, rank: int) -> Index:
        """The operand's index, of a start for some dimensions and a place in the window."""
        rest = iter(place)
        full = []
        for d in range(rank):
            if d in self.batch:
                full.append(chosen[self.index_batch[self.batch.index(d)]])
            else:
                offset = ir.i32(0) if d in self.collapsed else next(rest)
                full.append(ir.add(starts.get(d, ir.i32(0)), offset))
        return tuple(full)


def _start_indices(indices: Array, chosen: Index, dims: Sequence[int]) -> dict[int, Expr]:
    return {d: indices.at((*chosen, ir.i32(n))) for n, d in enumerate(dims)}


@rule("gather")
def _gather(low: Lowering, equation: Any, x: Array, indices: Array) -> Array:
    shape, dtype = out_shape(equation)
    numbers, sizes = equation.params["dimension_numbers"], dict(enumerate(equation.params["slice_sizes"]))
    mode = equation.params["mode"]
    parts = _Numbers(
        numbers.offset_dims, numbers.collapsed_slice_dims, numbers.operand_batching_dims, numbers.start_indices_batching_dims
    )
    x, indices = low.keep_in_memory(x), low.settle(indices, 2)
    fills = "FILL" in str(mode)
    fill = _fill_value(equation.params["fill_value"], equation.outvars[0].aval.dtype) if fills else None

    def element(index: Index) -> Expr:
        chosen, place = parts.split(index)
        raw = _start_indices(indices, chosen, numbers.start_index_map)
        starts = {d: _clamped(s, x.shape[d], sizes[d]) for d, s in raw.items()}
        found = x.at(parts.operand_index(starts, chosen, place, len(x.shape)))
        if fill is None:
            return found
        return ir.select(_is_inside(raw, x.shape, sizes), found, fill)

    if x.size == 0:
        return Array(shape, dtype, lambda _: ir.const(dtype, 0))
    return Array(shape, dtype, element, x.cost + indices.cost + 4)


def _is_inside(starts: dict[int, Expr], shape: Shape, sizes: Mapping[int, int]) -> Expr:
    """Whether a window that starts there lies inside."""
    inside = ir.const(ir.BOOL, True)
    for d, s in starts.items():
        inside = inside & ir.compare("ge", s, ir.i32(0)) & ir.compare("le", s, ir.i32(shape[d] - sizes[d]))
    return inside


def _fill_value(value: Any, dtype: Any) -> Expr:
    """What stands for an element outside: unless it is given, NaN, the smallest int32, the largest uint32."""
    default = {"f": float("nan"), "i": ir.INT_MIN, "u": -1, "b": True}[dtype.kind]
    return ir.const(dtype_name(dtype), default if value is None else value)


@rule("scatter", "scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max")
def _scatter(low: Lowering, equation: Any, x: Array, indices: Array, updates: Array) -> Array:
    shape, dtype = out_shape(equation)
    numbers, mode = equation.params["dimension_numbers"], str(equation.params["mode"])
    buffer = Buffer(dtype, x.size)
    low.store(x, buffer)
    if not updates.size:
        return stored(shape, buffer)
    batch = numbers.operand_batching_dims, numbers.scatter_indices_batching_dims
    parts = _Numbers(numbers.update_window_dims, numbers.inserted_window_dims, *batch)
    indices, updates = low.settle(indices, 2), low.settle(updates, 2)
    index, outer, inner = scalar_loops(low, updates.shape)
    chosen, place = parts.split(index)
    raw = _start_indices(indices, chosen, numbers.scatter_dims_to_operand_dims)
    window = _window_sizes(parts, updates.shape, len(shape))
    starts = {d: _clamped(s, shape[d], window[d]) for d, s in raw.items()}
    goal = parts.operand_index(starts, chosen, place, len(shape))
    offset = flat_index(goal, row_major(shape))
    old = ir.load(buffer, offset)
    new = low.inside(inner, lambda: _updated(low, equation, old, updates.at(index)))
    inner.append(Store(buffer, offset, new if "CLIP" in mode else ir.select(_is_inside(raw, shape, window), new, old)))
    low.block.extend(outer)
    return stored(shape, buffer)


def _updated(low: Lowering, equation: Any, old: Expr, update: Expr) -> Expr:
    """What becomes of an element: a scatter that does more than to replace it brings a function of both along."""
    jaxpr, consts = equation.params["update_jaxpr"], equation.params["update_consts"]
    if jaxpr is None:
        return update
    (new,) = low.run(jaxpr, [low.constant(c) for c in consts], [full((), old), full((), update)])
    return new.at(())


def _window_sizes(parts: _Numbers, shape: Shape, rank: int) -> dict[int, int]:
    """How large the window is in each dimension of the operand."""
    rest = iter([shape[d] for d in parts.window])
    return {d: 1 if d in parts.collapsed or d in parts.batch else next(rest) for d in range(rank)}
