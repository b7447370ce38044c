"""The plan of a loop nest: of each dimension, whether it is unrolled, a loop, or the loop that runs four lanes at a time.

Loops are tiled (unroll and jam): several results that are computed in one iteration share what they load.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

from gradient.wasm import ir, sums
from gradient.wasm.addressing import stride
from gradient.wasm.arrays import MAX_UNROLLED_DIM, Index, Shape
from gradient.wasm.ir import F32, Buffer, Expr, Op, Variable, walk

MAX_UNROLLED = 16
MAX_PIECEWISE = 64
LANES = 4
UNROLLED_TERMS = 4
MAX_ACCUMULATORS = 8  # with what is loaded, they fill the registers

Term = Callable[[Index, Index], Expr]
Destination = Callable[[Index], tuple[Buffer, Expr]]


@dataclass(frozen=True)
class Computation:
    """What a nest computes: for each index of `shape`, `term` combined over all indices of `reduced`."""

    shape: Shape
    dtype: str
    term: Term
    reduced: Shape = ()
    combine: Op = Op.ADD

    @property
    def extents(self) -> Shape:
        """All dimensions, the reduced ones last."""
        return (*self.shape, *self.reduced)

    def full_term(self, index: Index) -> Expr:
        """The term at an index over all dimensions."""
        return self.term(index[: len(self.shape)], index[len(self.shape) :])


def _is_piecewise(x: Expr, variables: set[Variable]) -> bool:
    """Whether an expression compares or divides its indices: if the loops are unrolled, this is done at compile time."""
    for y in walk([x]):
        is_piece = y.op in (Op.QUOTIENT, Op.REMAINDER) or (y.op in ir.COMPARISONS and y.args[0].dtype == ir.I32)
        if is_piece and y.deps and y.deps <= variables:
            return True
    return False


def _score(computation: Computation, sample: Expr, offset: Expr | None, axis: int, var: Variable) -> tuple[int, int, bool]:
    """How good a dimension is as the SIMD one: strided loads and stores are bad, a long dimension is good."""
    is_out = axis < len(computation.shape)
    total = -3 if is_out and offset is not None and stride(offset, var) != 1 else 0
    for y in walk([sample]):
        if y.op is Op.LOAD and stride(y.args[0], var) not in (0, 1):
            total -= 2
    return total, computation.extents[axis], is_out


@dataclass(eq=False)
class Plan:
    """Which dimensions are loops, which of those is the SIMD one (None for none), and a term at the loops' variables."""

    computation: Computation
    loops: list[int]
    simd: int | None
    sample: Expr

    def variable(self, axis: int) -> Variable:
        """The loop variable of a dimension."""
        return Variable("lane", self.computation.extents[axis]) if axis == self.simd else self.tiled_variable(axis, 1)

    @property
    def is_product(self) -> bool:
        """Whether a term is little more than a product of two numbers, so that the loads take most of the time."""
        return sum(1 for x in walk([self.sample]) if x.dtype == F32) <= 3

    def tiled_variable(self, axis: int, width: int) -> Variable:
        """The variable of a loop that takes `width` indices at a time, the same in all nests, so that they can be fused."""
        size = self.computation.extents[axis]
        return Variable(f"{size} rows, {self.computation.extents[:axis].count(size)}", size // width)


def _loops(extents: Shape, num_out: int) -> list[int]:
    """The dimensions that are not unrolled: the large ones, and of the small ones those that would make the code too long.

    Reduced dimensions become loops first: a result in locals has one for each element, which no loop can address.
    """
    loops = [axis for axis, n in enumerate(extents) if n > MAX_UNROLLED_DIM]
    small = [axis for axis in range(len(extents)) if axis not in loops]
    smallest = sorted(small, key=lambda axis: (axis >= num_out, extents[axis]))
    size = 1
    for axis in smallest:
        size *= extents[axis]
        if size > MAX_UNROLLED:
            loops.append(axis)
    return sorted(loops)


def make_plan(computation: Computation, destination: Destination | None) -> Plan:
    """The plan of a nest; `destination` says where each element goes, if that is given."""
    loops = _loops(computation.extents, len(computation.shape))
    variables = {axis: Variable(f"axis{axis}", computation.extents[axis]) for axis in loops}
    index = tuple(ir.variable(variables[a]) if a in variables else ir.i32(0) for a in range(len(computation.extents)))
    sample = computation.full_term(index)
    if not loops:
        return Plan(computation, [], None, sample)
    if prod(computation.extents) <= MAX_PIECEWISE and _is_piecewise(sample, set(variables.values())):
        return Plan(computation, [], None, sample)
    candidates = [axis for axis in loops if computation.extents[axis] >= LANES]
    offset = None if destination is None else destination(index[: len(computation.shape)])[1]
    scores = {axis: _score(computation, sample, offset, axis, variables[axis]) for axis in candidates}
    return Plan(computation, loops, max(scores, key=lambda axis: scores[axis]) if scores else None, sample)


@dataclass(frozen=True)
class Tile:
    """A part of one dimension: a loop (or none) and the indices that each iteration of it covers."""

    var: Variable | None
    indices: tuple[Expr, ...]


def tiles(plan: Plan, axis: int, width: int) -> list[Tile]:
    """A dimension in tiles of a width, and the remainder without a loop."""
    n = plan.computation.extents[axis]
    if axis not in plan.loops:
        return [Tile(None, tuple(ir.i32(i) for i in range(n)))]
    if axis == plan.simd:
        lane = ir.variable(plan.variable(axis))
        return [Tile(plan.variable(axis), tuple(ir.add(lane, ir.i32(LANES * i)) for i in range(width)))]
    var = plan.tiled_variable(axis, width)
    first = ir.scale(ir.variable(var), width)
    found = [Tile(var if var.size > 1 else None, tuple(ir.add(first, ir.i32(i)) for i in range(width)))]
    if n % width:
        found.append(Tile(None, tuple(ir.i32(i) for i in range(n - n % width, n))))
    return found


def widths(plan: Plan) -> dict[int, int]:
    """How many indices of each loop one iteration covers."""
    computation, num_out = plan.computation, len(plan.computation.shape)
    found = dict.fromkeys(plan.loops, 1)
    unrolled = prod(computation.extents[a] for a in range(num_out) if a not in plan.loops)
    if not any(a >= num_out for a in plan.loops) or unrolled >= MAX_ACCUMULATORS - 2:
        return found
    lanes = _lane_width(computation.extents[plan.simd]) if plan.simd is not None and plan.simd < num_out else 1
    out = [a for a in plan.loops if a < num_out and a != plan.simd]
    for axis, width in zip(reversed(out), _row_widths(plan, lanes, len(out)), strict=False):
        found[axis] = min(width, computation.extents[axis])
    if plan.simd is not None and lanes > 1:
        found[plan.simd] = lanes
    if plan.is_product and unrolled * prod(found.values()) >= MAX_ACCUMULATORS:
        found.update(_unrolled_terms(plan))
    return found


def _row_widths(plan: Plan, lanes: int, num_rows: int) -> tuple[int, ...]:
    """How many rows each of the innermost loops over rows takes at a time.

    Rows share what is loaded for the lanes. Two rows and four vectors need six loads for eight products, of which two are
    splats; four rows and two vectors would need four splats, which cost an instruction more.
    """
    if plan.simd is not None and plan.simd >= len(plan.computation.shape):
        # A long term is not bound by its loads, and single rows can be fused with other loops.
        return (4, 2) if plan.is_product or num_rows > 1 else (1,)
    return (MAX_ACCUMULATORS // max(2, lanes),)


def _lane_width(size: int) -> int:
    """How many vectors of the SIMD dimension one iteration takes."""
    return next(n for n in (4, 2, 1) if n == 1 or size % (n * LANES) == 0)


def _unrolled_terms(plan: Plan) -> dict[int, int]:
    """How many terms of the innermost reduced loop one iteration adds, which share the overhead of the loop."""
    reduced = [a for a in plan.loops if a >= len(plan.computation.shape)]
    inner = plan.simd if plan.simd in reduced else reduced[-1]
    lanes = LANES if inner == plan.simd else 1
    return {inner: next(n for n in (UNROLLED_TERMS, 2, 1) if n == 1 or plan.computation.extents[inner] % (n * lanes) == 0)}


@dataclass(frozen=True)
class Block:
    """How a reduced loop of a long sum is cut into blocks.

    Attributes:
        axis, name, size: the dimension, what its variables are called, and how many indices it has.
        width: how many indices one iteration of a block covers, in steps of `lanes`.
        length: how many iterations a block has.
        in_tree: whether the terms of an iteration are added to each other before they are added to the accumulator.
    """

    axis: int
    name: str
    size: int
    width: int
    lanes: int
    length: int
    in_tree: bool

    def parts(self) -> Iterator[tuple[Tile, int, Variable | None]]:
        """The tiles of the blocks and of the rest, their width, and the variable that counts the blocks."""
        span = self.length * self.width * self.lanes
        count, rest = divmod(self.size, span)
        if 0 < rest < self.lanes:  # too few for a SIMD loop
            count, rest = count - 1, rest + span
        blocks = Variable(f"blocks of {self.name}", count)
        start = ir.scale(ir.variable(blocks), span)
        yield self._tile(span, self.width, start), self.width, blocks if count > 1 else None
        if rest:
            width = self.width if self.lanes == 1 else 1
            yield self._tile(rest, width, ir.i32(count * span)), width, None

    def _tile(self, size: int, width: int, start: Expr) -> Tile:
        """Indices from a start on."""
        var = Variable("lane", size) if self.lanes > 1 else Variable(f"block of {self.name}", size // width)
        first = ir.add(start, ir.scale(ir.variable(var), 1 if self.lanes > 1 else width))
        return Tile(var if var.size > 1 else None, tuple(ir.add(first, ir.i32(self.lanes * i)) for i in range(width)))


def block_of(plan: Plan, loops: Sequence[int], tiles: Sequence[Tile], num_accumulators: int) -> Block | None:
    """The blocks of a long sum over these loops, outermost first; None if one chain of additions is accurate enough."""
    computation = plan.computation
    if not sums.is_long_sum(computation.combine, computation.dtype, prod(computation.reduced)):
        return None
    sizes = [computation.extents[a] // (len(tiles[a].indices) * (LANES if a == plan.simd else 1)) for a in loops]
    longest = sums.longest_chain(is_full=num_accumulators >= MAX_ACCUMULATORS and plan.sample.op is Op.MUL)
    cut = sums.boundary(sizes, longest // prod(len(tiles[a].indices) for a in loops))
    if cut is None:
        return None
    axis, size = loops[cut[0]], computation.extents[loops[cut[0]]]
    name = f"{size}, {computation.extents[:axis].count(size)}"
    if axis != plan.simd:
        width = len(tiles[axis].indices)
        return Block(axis, name, size, width, 1, sums.block_length(size // width, cut[1]), in_tree=False)
    width = min(UNROLLED_TERMS, max(1, MAX_ACCUMULATORS // num_accumulators)) if plan.is_product else 1
    longest *= 2 if width == 2 else 1  # a chain of pairs loses half
    length = sums.block_length(size // (width * LANES), min(longest, size // (2 * width * LANES)))
    return Block(axis, name, size, width, LANES, length, in_tree=True)
