"""Sorting: a rank sort for short rows, a merge sort for long ones. Both are stable, and sort several arrays by some of them.

The merge sort works bottom-up in a buffer of two halves for each array: every pass merges pairs of sorted runs from one half
into the other, one element per iteration and without a branch on the values, which no processor could predict.
"""

from collections.abc import Callable, Sequence

from gradient.wasm import ir
from gradient.wasm.arrays import Array, flat_index, in_memory, row_major
from gradient.wasm.ir import BOOL, F32, I32, Buffer, Expr, Op, compare
from gradient.wasm.ir.index_arithmetic import minimum
from gradient.wasm.ir.statements import Assign, Branch, Loop, Statement, Store
from gradient.wasm.lower import Lowering, scalar_loops

MAX_RANKED = 16  # elements of a row

# Whether the first of two elements sorts before the second.
Order = Callable[[Expr, Expr], Expr]


def ascending(a: Expr, b: Expr) -> Expr:
    """The order of numbers and booleans; NaN is last, and both zeros are equal."""
    if a.dtype == BOOL:
        a, b = ir.convert(I32, a), ir.convert(I32, b)
    below = compare(Op.LT, a, b)
    return below if a.dtype != F32 else below | (compare(Op.NE, b, b) & compare(Op.EQ, a, a))


def unsigned(a: Expr, b: Expr) -> Expr:
    """The order of uint32, whose bits are kept as an int32."""
    return compare(Op.LT, a ^ ir.INT_MIN, b ^ ir.INT_MIN)


def sort(lowering: Lowering, arrays: Sequence[Array], axis: int, orders: Sequence[Order]) -> list[Array]:
    """Arrays of one shape, sorted along an axis by the first of them; where those are equal, by the second, and so on.

    Args:
        orders: the order of each array that is a key.
    """
    shape = arrays[0].shape
    if not arrays[0].size or shape[axis] == 1:
        return list(arrays)
    if shape[axis] <= MAX_RANKED:
        return _rank_sort(lowering, arrays, axis, orders)
    return _merge_sort(lowering, arrays, axis, orders)


def _is_before(ones: Sequence[Expr], others: Sequence[Expr], orders: Sequence[Order], if_equal: Expr) -> Expr:
    """Whether elements sort before others, by the first key in which they differ."""
    found = if_equal
    for one, other, order in reversed(list(zip(ones, others, orders, strict=False))):
        found = order(one, other) | (ir.apply(Op.NOT, order(other, one)) & found)
    return found


def _rank_sort(lowering: Lowering, arrays: Sequence[Array], axis: int, orders: Sequence[Order]) -> list[Array]:
    """Each element goes to its rank, the number of elements that sort before it."""
    shape = arrays[0].shape
    arrays = [lowering.materialize_in_memory(lowering.materialize(a)) for a in arrays]
    buffers = [Buffer(a.dtype, a.size) for a in arrays]
    index, outer, inner = scalar_loops(lowering, shape)
    var = lowering.loop_variable(shape[axis])
    other = (*index[:axis], ir.variable(var), *index[axis + 1 :])
    rank = ir.local(I32)
    own = [a.at(index) for a in arrays]
    is_before = _is_before([a.at(other) for a in arrays], own, orders, compare(Op.LT, ir.variable(var), index[axis]))
    inner.append(Assign((rank,), (ir.i32(0),)))
    inner.append(Loop(var, [Assign((rank,), (rank + ir.convert(I32, is_before),))]))
    offset = flat_index((*index[:axis], rank, *index[axis + 1 :]), row_major(shape))
    inner.extend(Store(buffer, offset, value) for buffer, value in zip(buffers, own, strict=True))
    lowering.block.extend(outer)
    return [in_memory(shape, buffer) for buffer in buffers]


def _merge_sort(lowering: Lowering, arrays: Sequence[Array], axis: int, orders: Sequence[Order]) -> list[Array]:
    shape = arrays[0].shape
    others, outer, inner = scalar_loops(lowering, (*shape[:axis], *shape[axis + 1 :]))
    row = _Row(lowering, shape[axis], tuple(Buffer(a.dtype, 2 * shape[axis]) for a in arrays), orders)
    index = (*others[:axis], row.position, *others[axis:])
    inner.append(row.loop([Store(half, row.position, a.at(index)) for half, a in zip(row.halves, arrays, strict=True)]))
    inner.extend(row.passes())
    results = [in_memory(shape, half, offset=ir.i32(row.start)) for half in row.halves]
    if len(shape) > 1:
        sorted_, offset = row.at(row.position + row.start), flat_index(index, row_major(shape))
        results = [in_memory(shape, Buffer(a.dtype, a.size)) for a in arrays]
        inner.append(
            row.loop([Store(a.buffer, offset, x) for a, x in zip(results, sorted_, strict=True) if a.buffer is not None])
        )
    lowering.block.extend(outer)
    return results


class _Row:
    """The merge sort of one row.

    Attributes:
        halves: for each array, a buffer of twice the length of the row.
        position: the variable of the loops over the row.
        start: from where on the halves hold the sorted row.
    """

    def __init__(self, lowering: Lowering, size: int, halves: tuple[Buffer, ...], orders: Sequence[Order]) -> None:
        self._lowering, self._size, self.halves, self._orders = lowering, size, halves, orders
        self._num_passes = (size - 1).bit_length()
        self._variable = lowering.loop_variable(size)
        self.position = ir.variable(self._variable)
        self.start = size * (self._num_passes % 2)
        self._width, self._source, self._target = (ir.local(I32) for _ in range(3))
        self._left, self._middle, self._right, self._end = (ir.local(I32) for _ in range(4))

    def loop(self, body: list[Statement]) -> Loop:
        """A loop over the row."""
        return Loop(self._variable, body)

    def at(self, offset: Expr) -> list[Expr]:
        """What the halves hold at an offset."""
        return [ir.load(half, offset) for half in self.halves]

    def passes(self) -> list[Statement]:
        """Merges runs of one element to runs of two, those to runs of four, and so on."""
        start = Assign((self._width, self._source, self._target), (ir.i32(1), ir.i32(0), ir.i32(self._size)))
        next_pass = Assign((self._width, self._source, self._target), (self._width * 2, self._target, self._source))
        no_runs = Assign((self._left, self._middle, self._right, self._end), (ir.i32(0),) * 4)
        body: list[Statement] = [no_runs, self.loop(self._merge()), next_pass]
        return [start, Loop(self._lowering.loop_variable(self._num_passes), body)]

    def _merge(self) -> list[Statement]:
        """Appends the smaller of the first elements of two runs to the run that they become."""
        left, right = self.at(self._source + self._left), self.at(self._source + self._right)
        is_first = _is_before(right, left, self._orders, ir.const(BOOL, False))
        takes_right, *values = (ir.local(dtype) for dtype in (BOOL, *(half.dtype for half in self.halves)))
        choice = compare(Op.LT, self._right, self._end) & (compare(Op.GE, self._left, self._middle) | is_first)
        step = ir.convert(I32, takes_right)
        return [
            Branch(compare(Op.EQ, self.position, self._end), self._next_runs(), []),
            Assign((takes_right,), (choice,)),
            Assign(tuple(values), tuple(ir.select(takes_right, r, x) for r, x in zip(right, left, strict=True))),
            Assign((self._left, self._right), (self._left + 1 - step, self._right + step)),
            *(Store(half, self._target + self.position, x) for half, x in zip(self.halves, values, strict=True)),
        ]

    def _next_runs(self) -> list[Statement]:
        middle, end = (minimum(self.position + self._width * n, self._size) for n in (1, 2))
        return [Assign((self._left, self._middle, self._right, self._end), (self.position, middle, middle, end))]
