"""Integers as linear combinations of expressions, and the bounds of their values.

A sum of integers has one normal form, so that equal indices are one expression. Neither takes overflow into account.
"""

from collections.abc import Callable

from gradient.wasm.ir.expr import Expr, i32, node, unfinished
from gradient.wasm.ir.ops import Op
from gradient.wasm.ir.types import I32, INT_MAX, INT_MIN

# Local names: Python 3.11 takes ten times as long to find a member of an enum.
_CONST, _LINEAR, _VARIABLE = Op.CONST, Op.LINEAR, Op.VARIABLE


def terms(x: Expr) -> tuple[int, dict[Expr, int]]:
    """An integer as a constant and the factor of each expression."""
    if x.op is _CONST:
        return x.value, {}
    if x.op is _LINEAR:
        return x.attr[0], dict(zip(x.args, x.attr[1:], strict=True))
    return 0, {x: 1}


def linear(constant: int, parts: dict[Expr, int]) -> Expr:
    """The integer `constant + sum(factor * expression)`, the inverse of `terms`."""
    parts = {x: factor for x, factor in parts.items() if factor}
    if not parts:
        return i32(constant)
    if constant == 0 and len(parts) == 1 and 1 in parts.values():
        return next(iter(parts))
    ordered = sorted(parts.items(), key=lambda item: item[0].number)
    return node(_LINEAR, I32, tuple(x for x, _ in ordered), (constant, *(factor for _, factor in ordered)))


def scale(x: Expr, factor: int) -> Expr:
    """An integer times a constant."""
    constant, parts = terms(x)
    return linear(constant * factor, {y: f * factor for y, f in parts.items()})


_EXTREMES: dict[Op, tuple[Callable, Callable]] = {Op.MIN: (min, min), Op.MAX: (max, max), Op.SELECT: (min, max)}


def interval(x: Expr) -> tuple[int, int]:
    """Lower and upper bound of an integer, from the sizes of loops, minima and maxima; those of int32 if nothing is known."""
    if x.bounds is None:
        for y in unfinished(x, _has_bounds):
            y.bounds = _bounds(y)
    assert x.bounds is not None
    return x.bounds


def _has_bounds(x: Expr) -> bool:
    return x.bounds is not None


def _bounds(x: Expr) -> tuple[int, int]:
    """The bounds of an expression, from those of its operands."""
    if x.op is _CONST:
        return x.value, x.value
    if x.op is _VARIABLE:
        return 0, x.attr.size - 1
    if x.op is _LINEAR:
        low = high = x.attr[0]
        for y, factor in zip(x.args, x.attr[1:], strict=True):
            ends = sorted(factor * end for end in interval(y))
            low, high = low + ends[0], high + ends[1]
        return low, high
    if x.op in _EXTREMES:
        pick_low, pick_high = _EXTREMES[x.op]
        (a, b), (c, d) = (interval(y) for y in x.args[-2:])
        return pick_low(a, c), pick_high(b, d)
    if x.op is Op.QUOTIENT:
        return 0, max(0, interval(x.args[0])[1] // x.attr)
    return (0, x.attr - 1) if x.op is Op.REMAINDER else (INT_MIN, INT_MAX)
