"""Expressions: hash-consed scalar values. `statements` evaluate them in loops.

An expression is one number at one index, in SSA form. Equal expressions are one object, so that common subexpressions are
eliminated as the program is built. Whether an expression becomes scalar or SIMD code is decided later, by the loop it stands
in (`emit`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from gradient.wasm.ir.operators import Operators
from gradient.wasm.ir.ops import Op, Routine
from gradient.wasm.ir.types import BOOL, F32, I32, INT_MIN, ITEM_BYTES, NUMPY

# Local names: Python 3.11 takes ten times as long to find a member of an enum.
_CONST, _VARIABLE, _LOAD = Op.CONST, Op.VARIABLE, Op.LOAD


_NUMBERS = count()


class Expr(Operators):
    """A scalar value: an operation on other expressions. Make it with the functions of this package, not directly.

    Attributes:
        op, args, attr: what it computes; `Op` says what the attribute of an operation is.
        dtype: F32, I32, BOOL or F64.
        deps: the loop variables, locals and buffers that it reads, directly or not.
        number: how many expressions were made before it.
        depth: how many operations lie above one another in it.
        bounds: what `linear.interval` has found; None before.
    """

    __slots__ = ("args", "attr", "bounds", "deps", "depth", "dtype", "number", "op")

    def __init__(self, op: Op, dtype: str, args: tuple["Expr", ...], attr: Any, deps: frozenset) -> None:
        self.op, self.dtype, self.args, self.attr, self.deps, self.number = op, dtype, args, attr, deps, len(_TABLE)
        self.depth: int = 1 + max([arg.depth for arg in args]) if args else 0
        self.bounds: tuple[int, int] | None = None

    @property
    def value(self) -> Any:
        """The number of a constant."""
        return self.attr


@dataclass(eq=False)
class Buffer:
    """Memory for `size` items without gaps. `pipeline.plan_memory` sets its `offset` in bytes.

    Attributes:
        is_external: whether it holds an argument or a result of the program.
        number: how many buffers and locals were made before it.
    """

    dtype: str
    size: int
    is_external: bool = False
    offset: int = 0
    number: int = field(default_factory=lambda: next(_NUMBERS))

    @property
    def num_bytes(self) -> int:
        """The length of its items in bytes."""
        return self.size * ITEM_BYTES[self.dtype]


@dataclass(frozen=True)
class Variable:
    """The induction variable of a loop, 0 <= value < size. Loops that have equal variables are candidates for fusion."""

    name: str
    size: int


@dataclass(eq=False)
class Local:
    """What statements may assign to: one number or, with `lanes`, one for each SIMD lane of the loop over that variable."""

    lanes: Variable | None = None
    number: int = field(default_factory=lambda: next(_NUMBERS))


_TABLE: dict[tuple, Expr] = {}
_NOTHING: frozenset = frozenset()


def clear() -> None:
    """Empties the table of expressions, so that every compilation numbers them alike."""
    _TABLE.clear()


def node(op: Op, dtype: str, args: tuple[Expr, ...] = (), attr: Any = None, own: Any = None, key: Any = None) -> Expr:
    """The one expression of this operation on these operands.

    Args:
        own: the loop variable, local or buffer that the operation itself reads.
        key: stands in the table for an attribute that has no hash.

    Raises:
        TypeError: if `op` is no member of `Op`.
    """
    name = (op, dtype, attr if key is None else key, *args)
    found = _TABLE.get(name)
    if found is None:
        if op.__class__ is not Op:
            raise TypeError(f"{op!r} is not an operation of the IR. Use a member of gradient.wasm.ir.Op.")
        deps = frozenset((own,)) if own is not None else _NOTHING
        for arg in args:
            deps = arg.deps if arg.deps >= deps else deps | arg.deps
        found = _TABLE[name] = Expr(op, dtype, args, attr, deps)
    return found


def const(dtype: str, value: Any) -> Expr:
    """A constant. Integers wrap to 32 bits."""
    if dtype == I32:
        value = (int(value) - INT_MIN) % 2**32 + INT_MIN
        return node(_CONST, I32, (), value)
    if dtype == BOOL:
        return node(_CONST, BOOL, (), bool(value))
    number = NUMPY[dtype](value)
    return node(_CONST, dtype, (), number, key=number.tobytes())


def i32(value: int) -> Expr:
    """An integer constant."""
    return const(I32, value)


def f32(value: float) -> Expr:
    """A float32 constant."""
    return const(F32, value)


def variable(var: Variable) -> Expr:
    """The value of a loop variable in the current iteration; 0 if the loop has only one."""
    return i32(0) if var.size == 1 else node(_VARIABLE, I32, (), var, own=var)


def local(dtype: str, lanes: Variable | None = None) -> Expr:
    """The value of a new local."""
    own = Local(lanes)
    found = node(Op.LOCAL, dtype, (), own, own=own)
    if lanes is not None:
        found.deps = frozenset((own, lanes))
    return found


def load(buffer: Buffer, offset: Expr) -> Expr:
    """The item of a buffer at an offset in items."""
    return node(_LOAD, buffer.dtype, (offset,), buffer, own=buffer)


def reduce_lanes(combine: Op, accumulator: Expr) -> Expr:
    """The four lanes of a SIMD accumulator combined into one number."""
    found = node(Op.REDUCE_LANES, accumulator.dtype, (accumulator,), combine)
    found.deps = accumulator.deps - {accumulator.attr.lanes}
    return found


def tail_mask(var: Variable) -> Expr:
    """Whether a SIMD lane has an index that the iteration before did not have: the last iteration may overlap it."""
    return node(Op.TAIL_MASK, BOOL, (), var, own=var)


def call(routine: Routine, *args: Expr) -> Expr:
    """A call of a routine, for what is too long to expand in place."""
    return node(Op.CALL, args[0].dtype, args, routine)


def call_where(is_wrong: Expr, value: Expr, routine: Routine, *args: Expr) -> Expr:
    """A value, replaced where it is wrong by what a routine, which runs only then, returns for its operands."""
    return node(Op.CALL_WHERE, value.dtype, (is_wrong, value, *args), routine)


def walk(roots: Sequence[Expr]) -> Iterator[Expr]:
    """The expressions and all that they are built of, each once."""
    seen = set()
    stack = list(roots)
    while stack:
        x = stack.pop()
        if x not in seen:
            seen.add(x)
            stack.extend(x.args)
            yield x


def unfinished(root: Expr, is_finished: Callable[[Expr], bool]) -> Iterator[Expr]:
    """An expression and what it is built of, operands first, as far as they are not finished when their turn comes."""
    stack = [root]
    while stack:
        x = stack[-1]
        waiting = () if is_finished(x) else [arg for arg in x.args if not is_finished(arg)]
        if waiting:
            stack.extend(waiting)
            continue
        stack.pop()
        if not is_finished(x):
            yield x


def like(expr: Expr, other: Expr | float) -> Expr:
    """A number as a constant of the same type; an expression as it is."""
    return other if isinstance(other, Expr) else const(expr.dtype, other)
