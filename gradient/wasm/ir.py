"""The intermediate representation: hash-consed scalar expressions. `statements` evaluate them in loops.

An expression is one number at one index. Equal expressions are one object, so common subexpressions vanish by themselves.
Whether an expression becomes scalar or SIMD code is decided later, by the loop it stands in (`emit`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from gradient.wasm.operators import Operators

F32, I32, BOOL, F64 = "f32", "i32", "bool", "f64"
NUMPY = {F32: np.float32, I32: np.int32, BOOL: np.bool_, F64: np.float64}
ITEM_BYTES = {F32: 4, I32: 4, BOOL: 1}
INT_MIN, INT_MAX = -(2**31), 2**31 - 1
_NUMBERS = count()
COMPARISONS = ("eq", "ne", "lt", "gt", "le", "ge")


class Expr(Operators):
    """A scalar value: an operation on other expressions. Make it with the functions of this module, not directly.

    Attributes:
        op, args, attr: what it computes.
        number: how many expressions came before it.
        dtype: "f32", "i32", "bool" or "f64".
        deps: the loop variables, locals and buffers that it reads, directly or not.
    """

    __slots__ = ("args", "attr", "deps", "dtype", "number", "op")

    def __init__(self, op: str, dtype: str, args: tuple["Expr", ...], attr: Any, deps: frozenset) -> None:
        self.op, self.dtype, self.args, self.attr, self.deps, self.number = op, dtype, args, attr, deps, len(_TABLE)

    @property
    def value(self) -> Any:
        """The number of a constant."""
        return self.attr


@dataclass(eq=False)
class Buffer:
    """A place in memory for `size` items, dense. Its `offset` in bytes is known once the program is laid out."""

    dtype: str
    size: int
    name: str = ""
    is_external: bool = False
    offset: int = 0
    number: int = field(default_factory=lambda: next(_NUMBERS))

    @property
    def num_bytes(self) -> int:
        """Bytes that its items take."""
        return self.size * ITEM_BYTES[self.dtype]


@dataclass(frozen=True)
class Variable:
    """What a loop counts: 0 <= value < size. Two loops of one size and name are candidates for fusion."""

    name: str
    size: int


_TABLE: dict[tuple, Expr] = {}
_NOTHING: frozenset = frozenset()


def clear() -> None:
    """Forgets all expressions, so that a compilation starts from an empty table."""
    _TABLE.clear()


def node(op: str, dtype: str, args: tuple[Expr, ...] = (), attr: Any = None, own: Any = None, key: Any = None) -> Expr:
    """The one expression of an operation; `own` is what it reads itself, `key` stands for an attribute without a hash."""
    name = (op, dtype, attr if key is None else key, *args)
    found = _TABLE.get(name)
    if found is None:
        deps = frozenset((own,)) if own is not None else _NOTHING
        for arg in args:
            deps = arg.deps if arg.deps >= deps else deps | arg.deps
        found = _TABLE[name] = Expr(op, dtype, args, attr, deps)
    return found


def const(dtype: str, value: Any) -> Expr:
    """A number. Integers wrap to 32 bits."""
    if dtype == I32:
        value = (int(value) + 2**31) % 2**32 - 2**31
        return node("const", I32, (), value)
    if dtype == BOOL:
        return node("const", BOOL, (), bool(value))
    number = NUMPY[dtype](value)
    return node("const", dtype, (), number, key=number.tobytes())


def i32(value: int) -> Expr:
    """An integer."""
    return const(I32, value)


def f32(value: float) -> Expr:
    """A float."""
    return const(F32, value)


def variable(var: Variable) -> Expr:
    """The present value of a loop variable; a loop of one step has no variable but 0."""
    return i32(0) if var.size == 1 else node("var", I32, (), var, own=var)


def local(dtype: str, lanes: Variable | None = None) -> Expr:
    """A new place for one number that statements may assign; with `lanes`, one number per SIMD lane of that loop."""
    number = next(_NUMBERS)
    own = ("local", number)
    found = node("local", dtype, (), (number, lanes), own=own)
    if lanes is not None:
        found.deps = frozenset((own, lanes))
    return found


def load(buffer: Buffer, offset: Expr) -> Expr:
    """The item of a buffer at an offset in items."""
    return node("load", buffer.dtype, (offset,), buffer, own=buffer)


def fold(op_name: str, acc: Expr) -> Expr:
    """The lanes of a SIMD accumulator combined into one number."""
    found = node("fold", acc.dtype, (acc,), op_name)
    lanes = acc.attr[1]
    found.deps = acc.deps - {lanes}
    return found


def fresh(var: Variable) -> Expr:
    """Whether a SIMD lane holds an index that no earlier round of the loop had (the last round overlaps)."""
    return node("fresh", BOOL, (), var, own=var)


def call(name: str, *args: Expr) -> Expr:
    """A function that is called (`runtime`), for what is too long to expand in place."""
    return node("call", args[0].dtype, args, name)


def rebuilt(x: Expr, args: tuple[Expr, ...]) -> Expr:
    """The same operation on other arguments."""
    if x.op == "linear":
        total = i32(x.attr[0])
        for arg, factor in zip(args, x.attr[1:], strict=True):
            total = add(total, scale(arg, factor))
        return total
    return node(x.op, x.dtype, args, x.attr, own=x.attr if x.op == "load" else None)


def walk(roots: Sequence[Expr]) -> Iterator[Expr]:
    """Every expression in some expressions, once."""
    seen = set()
    stack = list(roots)
    while stack:
        x = stack.pop()
        if x not in seen:
            seen.add(x)
            stack.extend(x.args)
            yield x


def like(expr: Expr, other: Expr | float) -> Expr:
    """A number as an expression of the same type."""
    return other if isinstance(other, Expr) else const(expr.dtype, other)


def _fold_binary(name: str, a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        return _FOLDS[name](a, b)


_FOLDS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "ge": lambda a, b: a >= b,
    "min": np.minimum,
    "max": np.maximum,
}


def op(name: str, *args: Expr, attr: Any = None) -> Expr:
    """An operation whose result has the type of its arguments."""
    if name in _FOLDS and all(a.op == "const" for a in args) and (args[0].dtype != I32 or name != "div"):
        return const(args[0].dtype, _fold_binary(name, args[0].value, args[1].value))
    if args[0].dtype == BOOL:
        simple = _simplify_bool(name, args)
        if simple is not None:
            return simple
    return node(name, args[0].dtype, args, attr)


def _simplify_bool(name: str, args: tuple[Expr, ...]) -> Expr | None:
    if name == "not":
        return const(BOOL, not args[0].value) if args[0].op == "const" else None
    if name in ("and", "or"):
        for this, that in (args, args[::-1]):
            if this.op == "const":
                return this if this.value == (name == "or") else that
    return None


def compare(name: str, a: Expr, b: Expr) -> Expr:
    """A comparison (`COMPARISONS`), decided here if the ranges of two integers allow it."""
    if a.op == b.op == "const":
        return const(BOOL, _fold_binary(name, a.value, b.value))
    if a.dtype == I32:
        decided = _decide(name, interval(sub(a, b)))
        if decided is not None:
            return const(BOOL, decided)
    return node(name, BOOL, (a, b))


def _decide(name: str, difference: tuple[int, int]) -> bool | None:
    low, high = difference
    if low < INT_MIN or high > INT_MAX or (low, high) == (INT_MIN, INT_MAX):
        return None
    answers = {
        "lt": (high < 0, low >= 0),
        "ge": (low >= 0, high < 0),
        "gt": (low > 0, high <= 0),
        "le": (high <= 0, low > 0),
        "eq": (low == high == 0, low > 0 or high < 0),
        "ne": (low > 0 or high < 0, low == high == 0),
    }
    yes, no = answers[name]
    return True if yes else False if no else None


def select(condition: Expr, yes: Expr, no: Expr) -> Expr:
    """`yes` where the condition holds, else `no`."""
    if condition.op == "const":
        return yes if condition.value else no
    if yes is no:
        return yes
    if yes.dtype == BOOL:
        return (condition & yes) | (op("not", condition) & no)
    return node("select", yes.dtype, (condition, yes, no))


def convert(dtype: str, x: Expr) -> Expr:
    """The value in another type; float to integer truncates, saturates, and takes NaN to 0."""
    if x.dtype == dtype:
        return x
    if dtype == BOOL:
        return compare("ne", x, const(x.dtype, 0))
    if x.op == "const" and not (x.dtype == F32 and dtype == I32):
        return const(dtype, x.value)
    return node("convert", dtype, (x,))


def bitcast(dtype: str, x: Expr) -> Expr:
    """The same 32 bits as another type."""
    if x.op == "const":
        return const(dtype, NUMPY[x.dtype](x.value).view(NUMPY[dtype]))
    return x if x.dtype == dtype else node("bitcast", dtype, (x,))


def terms(x: Expr) -> tuple[int, dict[Expr, int]]:
    """An integer as constant + sum of factor * expression."""
    if x.op == "const":
        return x.value, {}
    if x.op == "linear":
        return x.attr[0], dict(zip(x.args, x.attr[1:], strict=True))
    return 0, {x: 1}


def linear(constant: int, parts: dict[Expr, int]) -> Expr:
    """The inverse of `terms`."""
    parts = {x: factor for x, factor in parts.items() if factor}
    if not parts:
        return i32(constant)
    if constant == 0 and len(parts) == 1 and 1 in parts.values():
        return next(iter(parts))
    ordered = sorted(parts.items(), key=lambda item: item[0].number)
    return node("linear", I32, tuple(x for x, _ in ordered), (constant, *(factor for _, factor in ordered)))


def add(a: Expr, b: Expr) -> Expr:
    """Sum; of integers in the normal form of `linear`."""
    if a.dtype != I32:
        return op("add", a, b)
    (c, parts), (d, others) = terms(a), terms(b)
    for x, factor in others.items():
        parts[x] = parts.get(x, 0) + factor
    return linear(c + d, parts)


def sub(a: Expr, b: Expr) -> Expr:
    """Difference."""
    return op("sub", a, b) if a.dtype != I32 else add(a, scale(b, -1))


def mul(a: Expr, b: Expr) -> Expr:
    """Product."""
    if a.dtype == I32 and b.op == "const":
        return scale(a, b.value)
    if a.dtype == I32 and a.op == "const":
        return scale(b, a.value)
    if a.dtype == F32 and (one := f32(1.0)) in (a, b):
        return b if a is one else a
    return op("mul", a, b)


def scale(x: Expr, factor: int) -> Expr:
    """An integer times a constant."""
    constant, parts = terms(x)
    return linear(constant * factor, {y: f * factor for y, f in parts.items()})


_BOUNDS: dict[str, tuple[Callable, Callable]] = {"min": (min, min), "max": (max, max), "select": (min, max)}


def interval(x: Expr) -> tuple[int, int]:
    """Bounds of an integer, from the sizes of loops and from minima and maxima."""
    if x.op == "const":
        return x.value, x.value
    if x.op == "var":
        return 0, x.attr.size - 1
    if x.op == "linear":
        low = high = x.attr[0]
        for y, factor in zip(x.args, x.attr[1:], strict=True):
            ends = sorted(factor * end for end in interval(y))
            low, high = low + ends[0], high + ends[1]
        return low, high
    if x.op in _BOUNDS:
        pick_low, pick_high = _BOUNDS[x.op]
        (a, b), (c, d) = (interval(y) for y in x.args[-2:])
        return pick_low(a, c), pick_high(b, d)
    if x.op in ("quotient", "remainder"):
        return (0, x.attr - 1) if x.op == "remainder" else (0, max(0, interval(x.args[0])[1] // x.attr))
    return INT_MIN, INT_MAX
