"""Rules for indices that are known at run time: dynamic slices, gather and scatter."""

from collections.abc import Mapping, Sequence
from typing import Any

from jax.lax import GatherScatterMode

from gradient.adapters.jax import Equation
from gradient.wasm import ir
from gradient.wasm.arrays import Array, Index, Shape, dtype_name, full, is_small, place
from gradient.wasm.ir import Expr, Op
from gradient.wasm.ir.index_arithmetic import maximum, minimum
from gradient.wasm.ir.statements import Store
from gradient.wasm.lower import Lowering, out_shape, rule, scalar_loops


def _clamped(start: Expr, size: int, part: int) -> Expr:
    """A start moved so that the part lies inside."""
    return minimum(maximum(start, 0), size - part)


def _starts(lowering: Lowering, starts: Sequence[Array], shape: Shape, part: Shape) -> list[Expr]:
    scalars = [lowering.materialize_if_reused(s, 2) for s in starts]
    return [_clamped(s.at(()), n, m) for s, n, m in zip(scalars, shape, part, strict=True)]


@rule("dynamic_slice", implied=["slice_sizes"])
def _dynamic_slice(lowering: Lowering, equation: Equation, x: Array, *starts: Array) -> Array:
    shape, dtype = out_shape(equation)
    first = _starts(lowering, starts, x.shape, shape)
    if any(start.op is not Op.CONST for start in first):
        x = lowering.materialize_in_memory(x)
    return Array(shape, dtype, lambda index: x.at(tuple(map(ir.add, index, first))), x.cost)


@rule("dynamic_update_slice")
def _dynamic_update_slice(lowering: Lowering, equation: Equation, x: Array, update: Array, *starts: Array) -> Array:
    shape, dtype = out_shape(equation)
    if update.size == 0:
        return x
    if not is_small(shape) and (x.cost or lowering.claim(x)):
        return _updated_in_place(lowering, lowering.materialize(x), update, starts)
    first = _starts(lowering, starts, x.shape, update.shape)
    update = lowering.materialize(update)

    def element(index: Index) -> Expr:
        inside, position = ir.const(ir.BOOL, True), []
        for i, start, n in zip(index, first, update.shape, strict=True):
            offset = i - start
            inside = inside & ir.compare(Op.GE, offset, ir.i32(0)) & ir.compare(Op.LT, offset, ir.i32(n))
            position.append(minimum(maximum(offset, 0), n - 1))
        return ir.select(inside, update.at(tuple(position)), x.at(index))

    return Array(shape, dtype, element, x.cost + 3)


def _updated_in_place(lowering: Lowering, x: Array, update: Array, starts: Sequence[Array]) -> Array:
    x, (update, *starts) = lowering.for_update(x, update, *starts)
    first = _starts(lowering, starts, x.shape, update.shape)
    lowering.write(update, lambda index: place(x.at(tuple(map(ir.add, index, first)))))
    return x


class _DimensionNumbers:
    """The dimension numbers of a gather or scatter, by the names that they have in a gather."""

    def __init__(
        self, window: Sequence[int], collapsed: Sequence[int], batch: Sequence[int], index_batch: Sequence[int]
    ) -> None:
        self.window, self.collapsed, self.batch, self.index_batch = window, set(collapsed), list(batch), list(index_batch)

    def split(self, index: Index) -> tuple[Index, Index]:
        """The parts of an index that choose a start, and an element of the window."""
        chosen = tuple(i for d, i in enumerate(index) if d not in self.window)
        return chosen, tuple(index[d] for d in self.window)

    def operand_index(self, starts: dict[int, Expr], chosen: Index, window: Index, rank: int) -> Index:
        """The index in the operand, from the starts of some dimensions and the index in the window."""
        offsets = iter(window)
        full = []
        for d in range(rank):
            if d in self.batch:
                full.append(chosen[self.index_batch[self.batch.index(d)]])
            else:
                offset = ir.i32(0) if d in self.collapsed else next(offsets)
                full.append(ir.add(starts.get(d, ir.i32(0)), offset))
        return tuple(full)


def _start_indices(indices: Array, chosen: Index, dims: Sequence[int]) -> dict[int, Expr]:
    return {d: indices.at((*chosen, ir.i32(n))) for n, d in enumerate(dims)}


@rule("gather", reads=["dimension_numbers", "slice_sizes", "mode", "fill_value"])
def _gather(lowering: Lowering, equation: Equation, x: Array, indices: Array) -> Array:
    shape, dtype = out_shape(equation)
    numbers, sizes = equation.params["dimension_numbers"], dict(enumerate(equation.params["slice_sizes"]))
    mode, value = equation.params["mode"], equation.params["fill_value"]
    parts = _DimensionNumbers(
        numbers.offset_dims, numbers.collapsed_slice_dims, numbers.operand_batching_dims, numbers.start_indices_batching_dims
    )
    x, indices = lowering.materialize_in_memory(x), lowering.materialize_if_reused(indices, 2)
    fills = mode == GatherScatterMode.FILL_OR_DROP
    fill = _fill_value(value, equation.outvars[0].aval.dtype) if fills else None

    def element(index: Index) -> Expr:
        chosen, window = parts.split(index)
        raw = _start_indices(indices, chosen, numbers.start_index_map)
        starts = {d: _clamped(s, x.shape[d], sizes[d]) for d, s in raw.items()}
        found = x.at(parts.operand_index(starts, chosen, window, len(x.shape)))
        if fill is None:
            return found
        return ir.select(_is_inside(raw, x.shape, sizes), found, fill)

    if x.size == 0:
        return Array(shape, dtype, lambda _: ir.const(dtype, 0))
    return Array(shape, dtype, element, x.cost + indices.cost + 4)


def _is_inside(starts: dict[int, Expr], shape: Shape, sizes: Mapping[int, int]) -> Expr:
    """Whether the window at these starts lies inside."""
    inside = ir.const(ir.BOOL, True)
    for d, s in starts.items():
        inside = inside & ir.compare(Op.GE, s, ir.i32(0)) & ir.compare(Op.LE, s, ir.i32(shape[d] - sizes[d]))
    return inside


def _fill_value(value: Any, dtype: Any) -> Expr:
    """The value of an element outside; the default is NaN, the smallest int32, the largest uint32."""
    default = {"f": float("nan"), "i": ir.INT_MIN, "u": -1, "b": True}[dtype.kind]
    return ir.const(dtype_name(dtype), default if value is None else value)


_READ_BY_SCATTER = ("dimension_numbers", "mode", "update_jaxpr", "update_consts")


@rule("scatter", "scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max", reads=_READ_BY_SCATTER)
def _scatter(lowering: Lowering, equation: Equation, x: Array, indices: Array, updates: Array) -> Array:
    shape, _ = out_shape(equation)
    numbers, mode = equation.params["dimension_numbers"], equation.params["mode"]
    if not updates.size:
        return x
    x, (indices, updates) = lowering.for_update(x, indices, updates)
    batch = numbers.operand_batching_dims, numbers.scatter_indices_batching_dims
    parts = _DimensionNumbers(numbers.update_window_dims, numbers.inserted_window_dims, *batch)
    indices, updates = lowering.materialize_if_reused(indices, 2), lowering.materialize_if_reused(updates, 2)
    index, outer, inner = scalar_loops(lowering, updates.shape)
    chosen, window = parts.split(index)
    raw = _start_indices(indices, chosen, numbers.scatter_dims_to_operand_dims)
    sizes = _window_sizes(parts, updates.shape, len(shape))
    starts = {d: _clamped(s, shape[d], sizes[d]) for d, s in raw.items()}
    target = parts.operand_index(starts, chosen, window, len(shape))
    old = x.at(target)
    new = lowering.in_block(inner, lambda: _updated(lowering, equation, old, updates.at(index)))
    if mode != GatherScatterMode.CLIP:
        new = ir.select(_is_inside(raw, shape, sizes), new, old)
    inner.append(Store(*place(old), new))
    lowering.block.extend(outer)
    return x


def _updated(lowering: Lowering, equation: Equation, old: Expr, update: Expr) -> Expr:
    """The new value of an element: what the jaxpr of the scatter makes of the old one and the update, or else the update."""
    jaxpr, consts = equation.params["update_jaxpr"], equation.params["update_consts"]
    if jaxpr is None:
        return update
    (new,) = lowering.lower(jaxpr, [lowering.constant(c) for c in consts], [full((), old), full((), update)])
    return new.at(())


def _window_sizes(parts: _DimensionNumbers, shape: Shape, rank: int) -> dict[int, int]:
    """The size of the window in each dimension of the operand."""
    sizes = iter([shape[d] for d in parts.window])
    return {d: 1 if d in parts.collapsed or d in parts.batch else next(sizes) for d in range(rank)}
