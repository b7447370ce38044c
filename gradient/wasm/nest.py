"""Loop nests: one routine builds element-wise work, reductions and products of matrices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from gradient.wasm import ir, sums
from gradient.wasm.arrays import Array, Index, Shape, constants, flat_index, full, in_locals, in_memory, is_small
from gradient.wasm.ir import Buffer, Expr, Op, Variable
from gradient.wasm.ir.statements import Assign, Loop, Statement, Store
from gradient.wasm.tiling import LANES, Block, Computation, Destination, Plan, Tile, block_of, make_plan, tiles, widths


def identity(combine: Op, dtype: str) -> Expr:
    """The identity element of a reduction: its result over no elements."""
    lowest, highest = (ir.INT_MIN, ir.INT_MAX) if dtype == ir.I32 else (float("-inf"), float("inf"))
    if dtype == ir.BOOL:
        return ir.const(dtype, combine in (Op.AND, Op.MIN, Op.MUL))
    values = {Op.ADD: 0, Op.MUL: 1, Op.MAX: lowest, Op.MIN: highest, Op.AND: -1, Op.OR: 0, Op.XOR: 0}
    return ir.const(dtype, values[combine])


def combined(combine: Op, terms: Sequence[Expr]) -> Expr:
    """Terms combined pairwise, as a tree."""
    while len(terms) > 1:
        pairs = [combine_two(combine, a, b) for a, b in zip(terms[::2], terms[1::2], strict=False)]
        terms = [*pairs, *terms[len(pairs) * 2 :]]
    return terms[0]


def combine_two(combine: Op, a: Expr, b: Expr) -> Expr:
    """Two values combined."""
    if combine in (Op.ADD, Op.MUL):
        return (ir.add if combine is Op.ADD else ir.mul)(a, b)
    return ir.apply(logical(combine) if a.dtype == ir.BOOL else combine, a, b)


def logical(combine: Op) -> Op:
    """The operation on booleans that an operation on numbers amounts to."""
    return {Op.MAX: Op.OR, Op.MIN: Op.AND}.get(combine, combine)


def layout(shape: Shape, inner: int | None) -> tuple[list[int], int]:
    """Strides with one dimension innermost, and the items they span.

    Rows whose length is a multiple of 128 are padded: the items of a column would compete for the same lines of the cache.
    """
    order = [a for a in range(len(shape)) if a != inner] + ([inner] if inner is not None else [])
    strides = [0] * len(shape)
    size = 1
    for position, axis in enumerate(reversed(order)):
        strides[axis] = size
        size *= shape[axis]
        if position == 0 and shape[axis] % 128 == 0 and len(shape) > 1:
            size += LANES
    return strides, size


def largest(shape: Shape) -> int | None:
    """The longest dimension, which lies innermost in memory."""
    return max(range(len(shape)), key=lambda a: (shape[a], a)) if shape else None


def compute(computation: Computation, block: list[Statement], destination: Destination | None = None) -> Array | None:
    """Appends a loop nest to a block.

    Args:
        destination: where each element goes. Without one the result is a new array: in locals if it is small, else in a buffer.
    """
    if 0 in computation.shape:
        return full(computation.shape, ir.const(computation.dtype, 0)) if destination is None else None
    if 0 in computation.reduced:
        nothing = identity(computation.combine, computation.dtype)
        computation = Computation(computation.shape, computation.dtype, lambda *_: nothing)
    p = make_plan(computation, destination)
    result: Array | None = None
    locals_: dict[Index, Expr] = {}
    if destination is None and is_small(computation.shape):
        locals_ = {index: ir.local(computation.dtype) for index in constants(computation.shape)}
        result = in_locals(computation.shape, computation.dtype, locals_)
    elif destination is None:
        result, destination = _in_new_buffer(p)
    factors = widths(p)
    for combination in product(*(tiles(p, axis, factors.get(axis, 1)) for axis in range(len(computation.extents)))):
        block.extend(_Nest(p, combination, factors, destination, locals_).statements())
    return result


def _in_new_buffer(p: Plan) -> tuple[Array, Destination]:
    """A new array in memory for a result, and its destination: the dimension that the SIMD loop runs along lies innermost."""
    shape = p.computation.shape
    is_out = p.simd is not None and p.simd < len(shape)
    strides, size = layout(shape, p.simd if is_out else largest(shape))
    buffer = Buffer(p.computation.dtype, size)
    return in_memory(shape, buffer, strides), lambda index: (buffer, flat_index(index, strides))


def _smallest_last(choices: Sequence[tuple[Expr, ...]]) -> list[Index]:
    """All combinations, in an order in which neighbours share what is loaded for the longest dimension: fewer registers."""
    order = sorted(range(len(choices)), key=lambda axis: -len(choices[axis]))
    combinations = product(*(choices[axis] for axis in order))
    return [tuple(one[order.index(axis)] for axis in range(len(choices))) for one in combinations]


@dataclass(frozen=True, eq=False)
class _Nest:
    """The statements of one combination of tiles."""

    plan: Plan
    tiles: tuple[Tile, ...]
    widths: dict[int, int]
    destination: Destination | None
    locals_: dict[Index, Expr]

    def statements(self) -> list[Statement]:
        num_out = len(self.plan.computation.shape)
        outs = _smallest_last([tile.indices for tile in self.tiles[:num_out]])
        reduced_loops = self._ordered(range(num_out, len(self.tiles)))
        body = (
            self._reduction(outs, reduced_loops)
            if reduced_loops
            else self._finish(outs, self._values(outs, self._iterations([])[0]))
        )
        for axis in reversed(self._ordered(range(num_out), is_simd_first=bool(reduced_loops))):
            body = [self._loop(axis, body)]
        return body

    def _ordered(self, axes: range, is_simd_first: bool = False) -> list[int]:
        """The axes that are loops, the SIMD one innermost; outermost around a reduction, whose operands then stay in cache."""
        loops = (a for a in axes if self.tiles[a].var is not None)
        return sorted(loops, key=lambda a: (a == self.plan.simd) != is_simd_first)

    def _loop(self, axis: int, body: list[Statement]) -> Loop:
        var = self.tiles[axis].var
        assert var is not None
        is_simd = axis == self.plan.simd
        return Loop(var, body, step=LANES * self.widths[axis] if is_simd else 1, is_simd=is_simd)

    def _finish(self, outs: list[Index], values: list[Expr]) -> list[Statement]:
        if self.destination is None:
            return [Assign((self.locals_[out],), (value,)) for out, value in zip(outs, values, strict=True)]
        pairs = zip(map(self.destination, outs), values, strict=True)
        return [Store(buffer, offset, value) for (buffer, offset), value in pairs]

    def _values(self, outs: list[Index], reds: list[Index]) -> list[Expr]:
        computation = self.plan.computation
        return [combined(computation.combine, [computation.term(out, red) for red in reds]) for out in outs]

    def _iterations(self, loops: list[int]) -> list[list[Index]]:
        """The reduced indices of one iteration: a group for each combination of the unrolled indices of `loops`."""
        num_out = len(self.plan.computation.shape)
        axes = range(num_out, len(self.tiles))
        steps = product(*(self.tiles[a].indices if a in loops else (None,) for a in axes))
        choices = ([self.tiles[a].indices if i is None else (i,) for a, i in zip(axes, step, strict=True)] for step in steps)
        return [list(product(*choice)) for choice in choices]

    def _reduction(self, outs: list[Index], loops: list[int]) -> list[Statement]:
        """The reduced loops, outermost first."""
        block = block_of(self.plan, loops, self.tiles, len(outs))
        if block is None:
            return self._chain(outs, loops, lambda values: self._finish(outs, values))
        return self._long_sum(outs, loops, block)

    def _long_sum(self, outs: list[Index], loops: list[int], block: Block) -> list[Statement]:
        """Chains of terms, one for each block of a loop and one for the rest of it, whose results a compensated sum adds."""
        totals = [sums.Total(None if self.plan.simd in loops else self._lanes) for _ in outs]
        position = loops.index(block.axis)
        body: list[Statement] = []
        for tile, width, count in block.parts():
            part = replace(self, tiles=_with(self.tiles, block.axis, tile), widths={**self.widths, block.axis: width})
            chain = part._chain(outs, loops[position:], lambda values: list(map(sums.Total.add, totals, values)), block.in_tree)
            body += [Loop(count, chain)] if count is not None else chain
        outer, *rest = body
        assert isinstance(outer, Loop)
        outer.epilogue += rest
        for axis in reversed(loops[:position]):
            outer = self._loop(axis, [outer])
        outer.prologue[:0] = [total.start() for total in totals]
        outer.epilogue += self._finish(outs, [total.value for total in totals])
        return [outer]

    @property
    def _lanes(self) -> Variable | None:
        """The variable of the SIMD loop."""
        return self.tiles[self.plan.simd].var if self.plan.simd is not None else None

    def _chain(
        self, outs: list[Index], loops: list[int], finish: Callable[[list[Expr]], list[Statement]], in_tree: bool = False
    ) -> list[Statement]:
        """Loops that combine term after term; the outermost one's prologue sets the accumulators, its epilogue reads them.

        Args:
            in_tree: whether the terms of one iteration are combined with each other first.
        """
        loops = [axis for axis in loops if self.tiles[axis].var is not None]
        body: list[Statement] = []
        if not loops:
            return finish(self._values(outs, self._iterations([])[0]))
        accumulators = [ir.local(self.plan.computation.dtype, self._lanes) for _ in outs]
        for reds in self._iterations([] if in_tree else loops):
            for accumulator, value in zip(accumulators, self._masked(self._values(outs, reds), loops), strict=True):
                body.append(Assign((accumulator,), (combine_two(self.plan.computation.combine, accumulator, value),)))
        for axis in reversed(loops):
            body = [self._loop(axis, body)]
        outer = body[0]
        assert isinstance(outer, Loop)
        outer.prologue = [Assign((accumulator,), (self._start,)) for accumulator in accumulators]
        outer.epilogue = finish([self._combined_lanes(accumulator, loops) for accumulator in accumulators])
        return body

    @property
    def _start(self) -> Expr:
        return identity(self.plan.computation.combine, self.plan.computation.dtype)

    def _masked(self, values: list[Expr], loops: list[int]) -> list[Expr]:
        """Values of a SIMD loop over terms, without those that the last iteration has in common with the one before."""
        lanes = self._lanes
        if lanes is None or self.plan.simd not in loops or lanes.size % LANES == 0:
            return values
        return [ir.select(ir.tail_mask(lanes), value, self._start) for value in values]

    def _combined_lanes(self, accumulator: Expr, loops: list[int]) -> Expr:
        return ir.reduce_lanes(self.plan.computation.combine, accumulator) if self.plan.simd in loops else accumulator


def _with(tiles: tuple[Tile, ...], axis: int, tile: Tile) -> tuple[Tile, ...]:
    return (*tiles[:axis], tile, *tiles[axis + 1 :])
