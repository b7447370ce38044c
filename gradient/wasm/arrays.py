"""Arrays as functions from an index to an expression: broadcast, transpose, slice and pad only change the index."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod

import numpy as np

from gradient.wasm import ir
from gradient.wasm.index import divmod_index
from gradient.wasm.ir import Buffer, Expr

Index = tuple[Expr, ...]
Shape = tuple[int, ...]

MAX_UNROLLED_DIM = 4
MAX_LOCALS = 16


@dataclass(eq=False)
class Array:
    """An array of which each element can be asked for, as an expression.

    Attributes:
        function: the element at an index.
        cost: about how many operations an element takes; 0 for what is stored.
        buffer: where it is stored, if it is, and `strides` how.
        is_local: whether it lives in locals, so that only constant indices are cheap.
        kept: the block of statements that computes and stores it, and the stored array.
    """

    shape: Shape
    dtype: str
    function: Callable[[Index], Expr]
    cost: int = 0
    buffer: Buffer | None = None
    is_local: bool = False
    kept: "tuple[object, Array] | None" = None
    _known: dict[Index, Expr] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    def at(self, index: Index) -> Expr:
        """The element at an index; a dimension of size 1 takes any index."""
        index = tuple(ir.i32(0) if n == 1 else i for i, n in zip(index, self.shape, strict=True)) if self.shape else ()
        found = self._known.get(index)
        if found is None:
            found = self._known[index] = self.function(index)
        return found


def is_small(shape: Shape) -> bool:
    """Whether an array of this shape lives in locals."""
    return prod(shape) <= MAX_LOCALS and all(n <= MAX_UNROLLED_DIM for n in shape)


def flat_index(index: Index, strides: Sequence[int]) -> Expr:
    """The offset of an index."""
    constant, parts = 0, dict[Expr, int]()
    for i, stride in zip(index, strides, strict=True):
        start, others = ir.terms(i)
        constant += start * stride
        for x, factor in others.items():
            parts[x] = parts.get(x, 0) + factor * stride
    return ir.linear(constant, parts)


def row_major(shape: Shape) -> list[int]:
    """Strides of a dense array whose last dimension is innermost."""
    return [prod(shape[i + 1 :]) for i in range(len(shape))]


def constants(shape: Shape) -> Iterator[Index]:
    """All indices of a shape as constants."""
    return product(*([ir.i32(i) for i in range(n)] for n in shape))


def unravel(offset: Expr, shape: Shape) -> Index:
    """The index of an offset in a dense array."""
    index: list[Expr] = []
    for n in reversed(shape[1:]):
        offset, rest = divmod_index(offset, n)
        index.append(rest)
    return (offset, *reversed(index)) if shape else ()


def stored(shape: Shape, buffer: Buffer, strides: Sequence[int] | None = None, offset: Expr | None = None) -> Array:
    """An array in memory, dense unless strides are given."""
    steps = row_major(shape) if strides is None else strides
    start = ir.i32(0) if offset is None else offset
    return Array(shape, buffer.dtype, lambda index: ir.load(buffer, ir.add(start, flat_index(index, steps))), buffer=buffer)


def in_locals(shape: Shape, dtype: str, places: dict[Index, Expr]) -> Array:
    """An array of which each element is known; an index that is not constant chooses among them."""

    def element(index: Index) -> Expr:
        for axis, i in enumerate(index):
            if i.op != "const":
                options = [element((*index[:axis], ir.i32(n), *index[axis + 1 :])) for n in range(shape[axis])]
                chosen = options[-1]
                for n, option in reversed(list(enumerate(options[:-1]))):
                    chosen = ir.select(i.same(n), option, chosen)
                return chosen
        return places[index]

    return Array(shape, dtype, element, is_local=True)


def full(shape: Shape, value: Expr) -> Array:
    """An array of one value."""
    return Array(shape, value.dtype, lambda _: value)


def dtype_name(dtype: object) -> str:
    """The type of a NumPy dtype; ValueError for what has none here. The bits of a uint32 are kept as an int32 (`unsigned`)."""
    kind = np.dtype(dtype)  # type: ignore[call-overload]
    names = {np.dtype(np.float32): ir.F32, np.dtype(np.int32): ir.I32, np.dtype(np.bool_): ir.BOOL}
    names[np.dtype(np.uint32)] = ir.I32
    if kind not in names:
        raise ValueError(str(kind))
    return names[kind]
