"""Arrays as functions from an index to an expression: to broadcast, transpose, slice or pad one only changes the index."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod

import numpy as np

from gradient.wasm import ir
from gradient.wasm.ir import Buffer, Expr, Op
from gradient.wasm.ir.index_arithmetic import divmod_index

Index = tuple[Expr, ...]
Shape = tuple[int, ...]

MAX_UNROLLED_DIM = 4
MAX_LOCALS = 16


@dataclass(eq=False)
class Array:
    """An array that gives each of its elements as an expression.

    Attributes:
        function: the element at an index.
        cost: about how many operations an element takes; 0 for what is materialized.
        depth: how many functions call one another for an element; 0 for what is materialized.
        buffer: where it lies in memory without gaps, if it does.
        is_local: whether its elements are locals, so that only constant indices are cheap.
        materialized: the block that computes it, and the array in locals or in memory (`Lowering.materialize`).
    """

    shape: Shape
    dtype: str
    function: Callable[[Index], Expr]
    cost: int = 0
    buffer: Buffer | None = None
    is_local: bool = False
    materialized: "tuple[object, Array] | None" = None
    depth: int = 1
    _elements: dict[Index, Expr] = field(default_factory=dict)
    _reads: frozenset | None = None

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    def at(self, index: Index) -> Expr:
        """The element at an index; a dimension of size 1 takes any index."""
        index = tuple(ir.i32(0) if n == 1 else i for i, n in zip(index, self.shape, strict=True)) if self.shape else ()
        found = self._elements.get(index)
        if found is None:
            found = self._elements[index] = self.function(index)
        return found

    def reads(self, buffer: Buffer) -> bool:
        """Whether any of its elements is read from a buffer."""
        if self._reads is None:
            variables = [ir.Variable(f"axis{axis}", n) for axis, n in enumerate(self.shape)]
            self._reads = self.at(tuple(map(ir.variable, variables))).deps if self.size else frozenset()
        return buffer in self._reads

    def forget_copy_in(self, buffer: Buffer) -> None:
        """Takes note that a buffer no longer holds the materialized array."""
        if self.materialized is not None and self.materialized[1].reads(buffer):
            self.materialized = None


def is_small(shape: Shape) -> bool:
    """Whether an array of this shape is kept in locals."""
    return prod(shape) <= MAX_LOCALS and all(n <= MAX_UNROLLED_DIM for n in shape)


def flat_index(index: Index, strides: Sequence[int]) -> Expr:
    """The offset of an index in items."""
    constant, parts = 0, dict[Expr, int]()
    for i, stride in zip(index, strides, strict=True):
        first, others = ir.terms(i)
        constant += first * stride
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
        offset, remainder = divmod_index(offset, n)
        index.append(remainder)
    return (offset, *reversed(index)) if shape else ()


def in_memory(shape: Shape, buffer: Buffer, strides: Sequence[int] | None = None, offset: Expr | None = None) -> Array:
    """An array in memory, dense unless strides are given."""
    steps = row_major(shape) if strides is None else strides
    start = ir.i32(0) if offset is None else offset
    return Array(
        shape, buffer.dtype, lambda index: ir.load(buffer, ir.add(start, flat_index(index, steps))), buffer=buffer, depth=0
    )


def is_dense(array: Array) -> bool:
    """Whether an array fills a buffer in row-major order."""
    if array.buffer is None or array.buffer.size != array.size:
        return False
    index = tuple(ir.variable(ir.Variable(f"axis{axis}", n)) for axis, n in enumerate(array.shape))
    return array.at(index) is in_memory(array.shape, array.buffer).at(index)


def place(element: Expr) -> tuple[Buffer, Expr]:
    """Where an element of an array in memory lies: its buffer and its offset in items."""
    assert element.op is Op.LOAD
    return element.attr, element.args[0]


def in_locals(shape: Shape, dtype: str, elements: dict[Index, Expr]) -> Array:
    """An array of these elements; an index that is not constant selects one of them at run time."""

    def element(index: Index) -> Expr:
        for axis, i in enumerate(index):
            if i.op is not Op.CONST:
                options = [element((*index[:axis], ir.i32(n), *index[axis + 1 :])) for n in range(shape[axis])]
                chosen = options[-1]
                for n, option in reversed(list(enumerate(options[:-1]))):
                    chosen = ir.select(i.same(n), option, chosen)
                return chosen
        return elements[index]

    return Array(shape, dtype, element, is_local=True, depth=0)


def full(shape: Shape, value: Expr) -> Array:
    """An array whose elements are all the same."""
    return Array(shape, value.dtype, lambda _: value, depth=0)


def dtype_name(dtype: object) -> str:
    """The IR's type for a NumPy dtype. The bits of a uint32 are kept as an int32 (`rules.unsigned`).

    Raises:
        ValueError: if there is none.
    """
    kind = np.dtype(dtype)  # type: ignore[call-overload]
    names = {np.dtype(np.float32): ir.F32, np.dtype(np.int32): ir.I32, np.dtype(np.bool_): ir.BOOL}
    names[np.dtype(np.uint32)] = ir.I32
    if kind not in names:
        raise ValueError(str(kind))
    return names[kind]
