"""Loop nests: one routine plans element-wise work, reductions and products of matrices.

Of each dimension it decides whether it is unrolled, a loop, or the loop that runs four lanes at a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from gradient.wasm import ir
from gradient.wasm.arrays import MAX_UNROLLED_DIM, Array, Index, Shape, constants, flat_index, full, in_locals, is_small, stored
from gradient.wasm.emit import stride
from gradient.wasm.ir import F32, Buffer, Expr, Variable, walk
from gradient.wasm.statements import Assign, Loop, Statement, Store

MAX_UNROLLED = 16
MAX_PIECEWISE = 64
LANES = 4
REPEATS = 4
MAX_ACCUMULATORS = 8  # with what is loaded, they fill the registers

Term = Callable[[Index, Index], Expr]
Target = Callable[[Index], tuple[Buffer, Expr]]


@dataclass(frozen=True)
class Work:
    """What a nest computes: for each index of `shape`, `combine` over all indices of `reduced` of `term`."""

    shape: Shape
    dtype: str
    term: Term
    reduced: Shape = ()
    combine: str = "add"

    @property
    def extents(self) -> Shape:
        """All dimensions, the reduced ones last."""
        return (*self.shape, *self.reduced)

    def full_term(self, index: Index) -> Expr:
        """The term at an index over all dimensions."""
        return self.term(index[: len(self.shape)], index[len(self.shape) :])


def identity(combine: str, dtype: str) -> Expr:
    """What an empty reduction gives."""
    lowest, highest = (ir.INT_MIN, ir.INT_MAX) if dtype == ir.I32 else (float("-inf"), float("inf"))
    if dtype == ir.BOOL:
        return ir.const(dtype, combine in ("and", "min", "mul"))
    values = {"add": 0, "mul": 1, "max": lowest, "min": highest, "and": -1, "or": 0, "xor": 0}
    return ir.const(dtype, values[combine])


def combined(combine: str, terms: Sequence[Expr]) -> Expr:
    """Terms combined pairwise."""
    while len(terms) > 1:
        pairs = [combine_two(combine, a, b) for a, b in zip(terms[::2], terms[1::2], strict=False)]
        terms = [*pairs, *terms[len(pairs) * 2 :]]
    return terms[0]


def combine_two(combine: str, a: Expr, b: Expr) -> Expr:
    """Two values combined."""
    if combine in ("add", "mul"):
        return {"add": ir.add, "mul": ir.mul}[combine](a, b)
    if a.dtype == ir.BOOL:
        combine = {"max": "or", "min": "and"}.get(combine, combine)
    return ir.op(combine, a, b)


def _is_piecewise(x: Expr, variables: set[Variable]) -> bool:
    """Whether an expression asks where in its loops it is: unrolled, such questions answer themselves."""
    for y in walk([x]):
        asks = y.op in ("quotient", "remainder") or (y.op in ir.COMPARISONS and y.args[0].dtype == ir.I32)
        if asks and y.deps and y.deps <= variables:
            return True
    return False


def _score(work: Work, sample: Expr, axis: int, var: Variable) -> tuple[int, int, bool]:
    """How good a dimension is as the SIMD one: columns of memory are bad, a long dimension is good."""
    total = 0
    for y in walk([sample]):
        if y.op == "load" and stride(y.args[0], var) not in (0, 1):
            total -= 2
        elif y.op == "call" and var in y.deps:
            total -= 4
    return total, work.extents[axis], axis < len(work.shape)


@dataclass(eq=False)
class Plan:
    """Which dimensions are loops, which of those is the SIMD one (None for none), and what a term looks like."""

    work: Work
    loops: list[int]
    simd: int | None
    sample: Expr

    def variable(self, axis: int) -> Variable:
        """The loop variable of a dimension."""
        return Variable("lane", self.work.extents[axis]) if axis == self.simd else self.row(axis, 1)

    @property
    def is_product(self) -> bool:
        """Whether a term is hardly more than the product of two numbers, so that loading them is most of the work."""
        return sum(1 for x in walk([self.sample]) if x.dtype == F32) <= 3

    def row(self, axis: int, width: int) -> Variable:
        """The variable of a loop that takes several indices at a time. The same loops elsewhere have it, too, and can fuse."""
        size = self.work.extents[axis]
        return Variable(f"{size} rows, {self.work.extents[:axis].count(size)}", size // width)


def _loops(extents: Shape, num_out: int) -> list[int]:
    """The dimensions that are not unrolled: the large ones, and as many small ones as keep the code short.

    Reduced dimensions become loops first: each element of a result in locals has a place of its own, and no loop reaches it.
    """
    loops = [axis for axis, n in enumerate(extents) if n > MAX_UNROLLED_DIM]
    small = [axis for axis in range(len(extents)) if axis not in loops]
    rest = sorted(small, key=lambda axis: (axis >= num_out, extents[axis]))
    size = 1
    for axis in rest:
        size *= extents[axis]
        if size > MAX_UNROLLED:
            loops.append(axis)
    return sorted(loops)


def plan(work: Work, target: Target | None) -> Plan:
    """Decides about every dimension."""
    loops = _loops(work.extents, len(work.shape))
    variables = {axis: Variable(f"axis{axis}", work.extents[axis]) for axis in loops}
    index = tuple(ir.variable(variables[a]) if a in variables else ir.i32(0) for a in range(len(work.extents)))
    sample = work.full_term(index)
    if not loops:
        return Plan(work, [], None, sample)
    if prod(work.extents) <= MAX_PIECEWISE and _is_piecewise(sample, set(variables.values())):
        return Plan(work, [], None, sample)
    scores = {a: _score(work, sample, a, variables[a]) for a in loops if work.extents[a] >= LANES}
    if target is not None:
        for axis in scores:
            if axis < len(work.shape):
                row = stride(target(index[: len(work.shape)])[1], variables[axis]) == 1
                scores[axis] = (scores[axis][0] - (0 if row else 3), *scores[axis][1:])
    simd = max(scores, key=lambda a: scores[a]) if scores else None
    return Plan(work, loops, simd, sample)


@dataclass(frozen=True)
class _Tile:
    """A part of one dimension: a loop (or none) and the indices that each round of it covers."""

    var: Variable | None
    indices: tuple[Expr, ...]


def _tiles(p: Plan, axis: int, width: int) -> list[_Tile]:
    """A dimension in tiles of a width, and what remains of it."""
    n = p.work.extents[axis]
    if axis not in p.loops:
        return [_Tile(None, tuple(ir.i32(i) for i in range(n)))]
    if axis == p.simd:
        lane = ir.variable(p.variable(axis))
        return [_Tile(p.variable(axis), tuple(ir.add(lane, ir.i32(LANES * i)) for i in range(width)))]
    var = p.row(axis, width)
    first = ir.scale(ir.variable(var), width)
    tiles = [_Tile(var if var.size > 1 else None, tuple(ir.add(first, ir.i32(i)) for i in range(width)))]
    if n % width:
        tiles.append(_Tile(None, tuple(ir.i32(i) for i in range(n - n % width, n))))
    return tiles


def _widths(p: Plan) -> dict[int, int]:
    """How many indices of each loop a round covers. Several results that are made in one pass share what they load."""
    work, num_out = p.work, len(p.work.shape)
    widths = dict.fromkeys(p.loops, 1)
    unrolled = prod(work.extents[a] for a in range(num_out) if a not in p.loops)
    if not any(a >= num_out for a in p.loops) or unrolled >= MAX_ACCUMULATORS - 2:
        return widths
    lanes = _lane_width(work.extents[p.simd]) if p.simd is not None and p.simd < num_out else 1
    out = [a for a in p.loops if a < num_out and a != p.simd]
    for axis, width in zip(reversed(out), _row_widths(p, lanes, len(out)), strict=False):
        widths[axis] = min(width, work.extents[axis])
    if p.simd is not None and lanes > 1:
        widths[p.simd] = lanes
    if p.is_product and unrolled * prod(widths.values()) >= MAX_ACCUMULATORS:
        widths.update(_repeats(p))
    return widths


def _row_widths(p: Plan, lanes: int, num_rows: int) -> tuple[int, ...]:
    """How many rows each of the innermost loops over rows takes at a time.

    Rows share what is loaded for the lanes. Two rows and four vectors need six loads for eight products, of which two are
    spread over the lanes; four rows and two vectors would need four of those, which cost an instruction more.
    """
    if p.simd is not None and p.simd >= len(p.work.shape):
        return (4, 2) if p.is_product or num_rows > 1 else (1,)  # a longer term has enough to do, and fuses with its neighbours
    return (MAX_ACCUMULATORS // max(2, lanes),)


def _lane_width(size: int) -> int:
    """How many vectors of the SIMD dimension a round takes."""
    return next(n for n in (4, 2, 1) if n == 1 or size % (n * LANES) == 0)


def _repeats(p: Plan) -> dict[int, int]:
    """How many terms of the innermost reduced loop a round adds: the overhead of the loop is shared."""
    reduced = [a for a in p.loops if a >= len(p.work.shape)]
    inner = p.simd if p.simd in reduced else reduced[-1]
    lanes = LANES if inner == p.simd else 1
    return {inner: next(n for n in (REPEATS, 2, 1) if n == 1 or p.work.extents[inner] % (n * lanes) == 0)}


def layout(shape: Shape, inner: int | None) -> tuple[list[int], int]:
    """Strides with one dimension innermost, and the items they span; rows avoid powers of two, which caches dislike."""
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
    """The dimension that is stored innermost."""
    return max(range(len(shape)), key=lambda a: (shape[a], a)) if shape else None


def compute(work: Work, block: list[Statement], target: Target | None = None) -> Array | None:
    """Appends a loop nest to a block.

    Args:
        target: where each element goes. Without one the result is a new array: in locals if it is small, else in a buffer.
    """
    if 0 in work.shape:
        return full(work.shape, ir.const(work.dtype, 0)) if target is None else None
    if 0 in work.reduced:
        nothing = identity(work.combine, work.dtype)
        work = Work(work.shape, work.dtype, lambda *_: nothing)
    p = plan(work, target)
    result: Array | None = None
    places: dict[Index, Expr] = {}
    if target is None and is_small(work.shape):
        places = {index: ir.local(work.dtype) for index in constants(work.shape)}
        result = in_locals(work.shape, work.dtype, places)
    elif target is None:
        result, target = _in_new_buffer(p)
    widths = _widths(p)
    for tiles in product(*(_tiles(p, axis, widths.get(axis, 1)) for axis in range(len(work.extents)))):
        block.extend(_Nest(p, tiles, widths, target, places).statements())
    return result


def _in_new_buffer(p: Plan) -> tuple[Array, Target]:
    """Where a result goes that nobody has a place for: the dimension that its loops run along lies innermost."""
    shape = p.work.shape
    is_out = p.simd is not None and p.simd < len(shape)
    strides, size = layout(shape, p.simd if is_out else largest(shape))
    buffer = Buffer(p.work.dtype, size)
    return stored(shape, buffer, strides), lambda index: (buffer, flat_index(index, strides))


def _smallest_last(choices: Sequence[tuple[Expr, ...]]) -> list[Index]:
    """All combinations, so that neighbours share what is loaded for the longest dimension: fewer registers."""
    order = sorted(range(len(choices)), key=lambda axis: -len(choices[axis]))
    combinations = product(*(choices[axis] for axis in order))
    return [tuple(one[order.index(axis)] for axis in range(len(choices))) for one in combinations]


@dataclass(frozen=True, eq=False)
class _Nest:
    """The statements of one combination of tiles."""

    plan: Plan
    tiles: tuple[_Tile, ...]
    widths: dict[int, int]
    target: Target | None
    places: dict[Index, Expr]

    def statements(self) -> list[Statement]:
        num_out = len(self.plan.work.shape)
        outs = _smallest_last([tile.indices for tile in self.tiles[:num_out]])
        red_loops = self._ordered(range(num_out, len(self.tiles)))
        body = self._reduction(outs, red_loops) if red_loops else self._finish(outs, self._values(outs, self._rounds([])[0]))
        for axis in reversed(self._ordered(range(num_out), is_simd_first=bool(red_loops))):
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
        if self.target is None:
            return [Assign((self.places[out],), (value,)) for out, value in zip(outs, values, strict=True)]
        pairs = zip(map(self.target, outs), values, strict=True)
        return [Store(buffer, offset, value) for (buffer, offset), value in pairs]

    def _values(self, outs: list[Index], reds: list[Index]) -> list[Expr]:
        work = self.plan.work
        return [combined(work.combine, [work.term(out, red) for red in reds]) for out in outs]

    def _rounds(self, loops: list[int]) -> list[list[Index]]:
        """The reduced indices of one pass through the body: a group for each round of the loops that are repeated in it."""
        num_out = len(self.plan.work.shape)
        axes = range(num_out, len(self.tiles))
        steps = product(*(self.tiles[a].indices if a in loops else (None,) for a in axes))
        choices = ([self.tiles[a].indices if i is None else (i,) for a, i in zip(axes, step, strict=True)] for step in steps)
        return [list(product(*choice)) for choice in choices]

    def _reduction(self, outs: list[Index], loops: list[int]) -> list[Statement]:
        combine, dtype, simd = self.plan.work.combine, self.plan.work.dtype, self.plan.simd
        lanes = self.plan.variable(simd) if simd is not None else None
        accs = tuple(ir.local(dtype, lanes) for _ in outs)
        start = identity(combine, dtype)
        is_folded = simd in loops
        is_ragged = is_folded and lanes is not None and lanes.size % LANES
        body: list[Statement] = []
        for reds in self._rounds(loops):
            for acc, value in zip(accs, self._values(outs, reds), strict=True):
                term = ir.select(ir.fresh(lanes), value, start) if is_ragged and lanes is not None else value
                body.append(Assign((acc,), (combine_two(combine, acc, term),)))
        for axis in reversed(loops):
            body = [self._loop(axis, body)]
        outer = body[0]
        assert isinstance(outer, Loop)
        outer.before = [Assign((acc,), (start,)) for acc in accs]
        outer.after = self._finish(outs, [ir.fold(combine, acc) for acc in accs] if is_folded else list(accs))
        return body
