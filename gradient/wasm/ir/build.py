"""Operations on expressions.

Each function first simplifies: constants are folded, identities and comparisons of known bounds removed.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from gradient.wasm.ir.expr import Expr, const, f32, i32, node
from gradient.wasm.ir.linear import interval, linear, scale, terms
from gradient.wasm.ir.ops import Op
from gradient.wasm.ir.types import BOOL, F32, I32, INT_MAX, INT_MIN, NUMPY

# Local names: Python 3.11 takes ten times as long to find a member of an enum.
_CONST, _AND, _OR, _NOT = Op.CONST, Op.AND, Op.OR, Op.NOT


_EVALUATE: dict[Op, Callable[[Any, Any], Any]] = {
    Op.ADD: operator.add,
    Op.SUB: operator.sub,
    Op.MUL: operator.mul,
    Op.DIV: operator.truediv,
    _AND: operator.and_,
    _OR: operator.or_,
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.LT: operator.lt,
    Op.GT: operator.gt,
    Op.LE: operator.le,
    Op.GE: operator.ge,
    Op.MIN: np.minimum,
    Op.MAX: np.maximum,
}


def _evaluated(op: Op, a: Any, b: Any) -> Any:
    """Constant folding: NumPy computes with the same bits as WebAssembly."""
    with np.errstate(all="ignore"):
        return _EVALUATE[op](a, b)


def apply(op: Op, *args: Expr) -> Expr:
    """An operation whose result has the type of its operands."""
    if op in _EVALUATE and all(a.op is _CONST for a in args) and (args[0].dtype != I32 or op is not Op.DIV):
        return const(args[0].dtype, _evaluated(op, args[0].value, args[1].value))
    if args[0].dtype == BOOL:
        simple = _simplified_bool(op, args)
        if simple is not None:
            return simple
    return node(op, args[0].dtype, args)


def _simplified_bool(op: Op, args: tuple[Expr, ...]) -> Expr | None:
    if op is _NOT:
        return const(BOOL, not args[0].value) if args[0].op is _CONST else None
    if op in (_AND, _OR):
        for this, that in (args, args[::-1]):
            if this.op is _CONST:
                return this if this.value == (op is _OR) else that
    return None


def compare(op: Op, a: Expr, b: Expr) -> Expr:
    """A comparison (`COMPARISONS`), decided at once if the bounds of two integers allow it."""
    if a.op is b.op is _CONST:
        return const(BOOL, _evaluated(op, a.value, b.value))
    if a.dtype == I32:
        decided = _decided(op, interval(sub(a, b)))
        if decided is not None:
            return const(BOOL, decided)
    return node(op, BOOL, (a, b))


def _decided(op: Op, difference: tuple[int, int]) -> bool | None:
    """Whether a comparison holds, from the bounds of the difference of its operands; None if they do not say."""
    low, high = difference
    if low < INT_MIN or high > INT_MAX or (low, high) == (INT_MIN, INT_MAX):
        return None
    answers = {
        Op.LT: (high < 0, low >= 0),
        Op.GE: (low >= 0, high < 0),
        Op.GT: (low > 0, high <= 0),
        Op.LE: (high <= 0, low > 0),
        Op.EQ: (low == high == 0, low > 0 or high < 0),
        Op.NE: (low > 0 or high < 0, low == high == 0),
    }
    yes, no = answers[op]
    return True if yes else False if no else None


def select(condition: Expr, yes: Expr, no: Expr) -> Expr:
    """`yes` where the condition holds, else `no`."""
    if condition.op is _CONST:
        return yes if condition.value else no
    if yes is no:
        return yes
    if yes.dtype == BOOL:
        return (condition & yes) | (apply(_NOT, condition) & no)
    return node(Op.SELECT, yes.dtype, (condition, yes, no))


def convert(dtype: str, x: Expr) -> Expr:
    """The value in another type; float to integer truncates, saturates, and takes NaN to 0."""
    if x.dtype == dtype:
        return x
    if dtype == BOOL:
        return compare(Op.NE, x, const(x.dtype, 0))
    if x.op is _CONST and not (x.dtype == F32 and dtype == I32):
        return const(dtype, x.value)
    return node(Op.CONVERT, dtype, (x,))


def bitcast(dtype: str, x: Expr) -> Expr:
    """The same 32 bits as another type."""
    if x.op is _CONST:
        return const(dtype, NUMPY[x.dtype](x.value).view(NUMPY[dtype]))
    return x if x.dtype == dtype else node(Op.BITCAST, dtype, (x,))


def add(a: Expr, b: Expr) -> Expr:
    """Sum. One of integers is brought into the normal form of `linear`."""
    if a.dtype != I32:
        return apply(Op.ADD, a, b)
    (c, parts), (d, others) = terms(a), terms(b)
    for x, factor in others.items():
        parts[x] = parts.get(x, 0) + factor
    return linear(c + d, parts)


def sub(a: Expr, b: Expr) -> Expr:
    """Difference."""
    return apply(Op.SUB, a, b) if a.dtype != I32 else add(a, scale(b, -1))


def mul(a: Expr, b: Expr) -> Expr:
    """Product."""
    if a.dtype == I32 and b.op is _CONST:
        return scale(a, b.value)
    if a.dtype == I32 and a.op is _CONST:
        return scale(b, a.value)
    if a.dtype == F32 and (one := f32(1.0)) in (a, b):
        return b if a is one else a
    return apply(Op.MUL, a, b)


def rebuilt(x: Expr, args: tuple[Expr, ...]) -> Expr:
    """The same operation on other arguments."""
    if x.op is Op.LINEAR:
        total = i32(x.attr[0])
        for arg, factor in zip(args, x.attr[1:], strict=True):
            total = add(total, scale(arg, factor))
        return total
    return node(x.op, x.dtype, args, x.attr, own=x.attr if x.op is Op.LOAD else None)
