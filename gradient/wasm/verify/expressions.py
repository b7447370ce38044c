"""Checks of one expression: its operation, the types of its operands, its attribute and its dependences."""

from collections.abc import Callable

import numpy as np

from gradient.wasm.ir import BOOL, I32, INT_MAX, INT_MIN, Buffer, Expr, Local, Op, Routine, Variable
from gradient.wasm.ir.ops import COMBINERS
from gradient.wasm.ir.types import NUMPY
from gradient.wasm.verify.errors import InvalidProgram


def described(x: Expr) -> str:
    """An expression for a message: operation, operand types and result type."""
    name = x.op.name if isinstance(x.op, Op) else repr(x.op)
    return f"{name}({', '.join(arg.dtype for arg in x.args)}) -> {x.dtype} with attribute {x.attr!r}"


def check_expression(x: Expr) -> None:
    """Checks an expression, but not its operands.

    Raises:
        InvalidProgram: if it breaks a rule.
    """
    if not isinstance(x.op, Op):
        raise InvalidProgram("unknown operation", f"{described(x)} is not a member of Op")
    operands = tuple(arg.dtype for arg in x.args)
    if x.op is Op.LINEAR:
        operands = tuple(dict.fromkeys(operands))  # any number of operands of the one type
    if (operands, x.dtype) not in x.op.forms:
        raise InvalidProgram("operand types", f"{described(x)} is not a form of {x.op.name}")
    if not _ATTRIBUTES.get(x.op, _has_none)(x):
        raise InvalidProgram("attribute", f"{described(x)} has an attribute that {x.op.name} does not take")
    if x.deps != _dependences(x):
        raise InvalidProgram("dependences", f"{described(x)} depends on {len(_dependences(x))} things but lists {len(x.deps)}")


def _dependences(x: Expr) -> frozenset:
    """What an expression reads, directly and by its operands."""
    own = {x.attr} if isinstance(x.attr, Variable | Local | Buffer) else set()
    if isinstance(x.attr, Local) and x.attr.lanes is not None:
        own.add(x.attr.lanes)
    found = frozenset(own).union(*(arg.deps for arg in x.args))
    return found - {x.args[0].attr.lanes} if x.op is Op.REDUCE_LANES else found


def _has_none(x: Expr) -> bool:
    return x.attr is None


def _is_constant(x: Expr) -> bool:
    if x.dtype == I32:
        return isinstance(x.attr, int) and INT_MIN <= x.attr <= INT_MAX
    return isinstance(x.attr, bool) if x.dtype == BOOL else isinstance(x.attr, NUMPY[x.dtype])


def _is_positive(x: Expr) -> bool:
    return isinstance(x.attr, int | np.integer) and bool(x.attr > 0)


def _has_factors(x: Expr) -> bool:
    return len(x.attr) == 1 + len(x.args) and all(isinstance(number, int | np.integer) for number in x.attr)


def _has_lanes(x: Expr) -> bool:
    """REDUCE_LANES takes a local with lanes, and combines them by an operation on its type."""
    accumulator, combine = x.args[0], x.attr
    is_vector = accumulator.op is Op.LOCAL and accumulator.attr.lanes is not None
    return is_vector and combine in COMBINERS and ((x.dtype, x.dtype), x.dtype) in combine.forms


_ATTRIBUTES: dict[Op, Callable[[Expr], bool]] = {
    Op.CONST: _is_constant,
    Op.VARIABLE: lambda x: isinstance(x.attr, Variable) and x.attr.size > 1,
    Op.TAIL_MASK: lambda x: isinstance(x.attr, Variable),
    Op.LOCAL: lambda x: isinstance(x.attr, Local),
    Op.PARAMETER: lambda x: isinstance(x.attr, int) and x.attr >= 0,
    Op.LOAD: lambda x: isinstance(x.attr, Buffer) and x.attr.dtype == x.dtype,
    Op.REDUCE_LANES: _has_lanes,
    Op.CALL: lambda x: isinstance(x.attr, Routine),
    Op.CALL_WHERE: lambda x: isinstance(x.attr, Routine),
    Op.LINEAR: _has_factors,
    Op.QUOTIENT: _is_positive,
    Op.REMAINDER: _is_positive,
}
