"""Sums that stay accurate however many terms they have: short chains of additions, whose results a compensated sum adds.

A chain of n additions loses up to n / 2 units in the last place, a compensated sum about one. Up to `MAX_PLAIN_TERMS` terms are
added in one chain, or in one for each lane.
"""

from collections.abc import Sequence

from gradient.wasm import ir
from gradient.wasm.ir import F32, Expr, Op, Variable
from gradient.wasm.ir.statements import Assign

MAX_PLAIN_TERMS = 512
MAX_CHAIN = 16
MAX_CHAIN_OF_PRODUCTS = 128


def is_long_sum(combine: Op, dtype: str, num_terms: int, most: int = MAX_PLAIN_TERMS) -> bool:
    """Whether a reduction is a sum of floats with more than `most` terms."""
    return combine is Op.ADD and dtype == F32 and num_terms > most


class Total:
    """A compensated sum: its value, and what rounding has taken from that (Knuth's TwoSum); one for each lane of `lanes`."""

    def __init__(self, lanes: Variable | None = None) -> None:
        self.value, self._lost = ir.local(F32, lanes), ir.local(F32, lanes)

    def start(self) -> Assign:
        """Sets the sum to 0."""
        return Assign((self.value, self._lost), (ir.f32(0), ir.f32(0)))

    def add(self, term: Expr) -> Assign:
        """Adds a term. Nothing is lost where the sum is no longer finite."""
        term = term + self._lost
        total = self.value + term
        added = total - self.value
        lost = (self.value - (total - added)) + (term - added)
        return Assign((self.value, self._lost), (total, ir.select(ir.apply(Op.ABS, lost) < float("inf"), lost, ir.f32(0))))


def longest_chain(is_full: bool) -> int:
    """How many terms a chain may have: more where accumulators fill the registers, but fewer than in JAX's products."""
    return MAX_CHAIN_OF_PRODUCTS if is_full else MAX_CHAIN


def block_length(size: int, longest: int) -> int:
    """The length of the blocks that a loop of this size is cut into: one that divides the size, if possible."""
    lengths = range(longest, longest // 2, -1)
    return next((n for n in lengths if size % n == 0), longest)


def blocks(size: int) -> list[tuple[int, int, int]]:
    """The start, the length and the number of the blocks that a loop is cut into, and the same of the rest."""
    length = block_length(size, MAX_CHAIN)
    count, rest = divmod(size, length)
    return [(0, length, count), *([(count * length, rest, 1)] if rest else [])]


def boundary(sizes: Sequence[int], longest: int) -> tuple[int, int] | None:
    """Which of nested loops, given by their sizes, has to be cut so that a chain gets no longer than `longest`, and where.

    Returns:
        The position of the loop and the longest part of it; None if all loops together are short enough.
    """
    inner = 1
    for position in reversed(range(len(sizes))):
        if inner * sizes[position] > longest:
            return position, max(1, longest // inner)
        inner *= sizes[position]
    return None
