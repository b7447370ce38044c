"""Addresses of array elements: how they grow from lane to lane, and what of them is a constant."""

from gradient.wasm import ir
from gradient.wasm.ir import Buffer, Expr, Op, Variable


def stride(offset: Expr, lanes: Variable) -> int | None:
    """By how much an index grows from one lane to the next, None if that is not constant."""
    _, parts = ir.terms(offset)
    dependent = {x: factor for x, factor in parts.items() if lanes in x.deps}
    if not dependent:
        return 0
    (x, factor), *others = dependent.items()
    return factor if not others and x.op is Op.VARIABLE else None


def address(buffer: Buffer, offset: Expr) -> tuple[Expr, int]:
    """The address of an item in bytes: an expression, and a constant for the instruction, which adds it without wrapping."""
    size = ir.ITEM_BYTES[buffer.dtype]
    constant, parts = ir.terms(offset)
    dynamic = ir.linear(0, {x: factor * size for x, factor in parts.items()})
    start = buffer.offset + constant * size
    if ir.interval(dynamic)[0] >= 0 and start >= 0:
        return dynamic, start
    return ir.add(dynamic, ir.i32(start)), 0
