"""Arithmetic of indices, which is done at compile time where the bounds of the operands allow it."""

from gradient.wasm.ir import I32, Expr, Op, apply, compare, interval, like, linear, node, terms


def minimum(a: Expr, b: Expr | int) -> Expr:
    """The smaller of two integers."""
    b = like(a, b)
    if (decided := compare(Op.LE, a, b)).op is Op.CONST:
        return a if decided.value else b
    return apply(Op.MIN, a, b)


def maximum(a: Expr, b: Expr | int) -> Expr:
    """The larger of two integers."""
    b = like(a, b)
    if (decided := compare(Op.GE, a, b)).op is Op.CONST:
        return a if decided.value else b
    return apply(Op.MAX, a, b)


def divmod_index(x: Expr, divisor: int) -> tuple[Expr, Expr]:
    """Quotient and remainder of a non-negative index; both vanish where the index is built of multiples of the divisor."""
    constant, parts = terms(x)
    high = linear(constant // divisor, {y: f // divisor for y, f in parts.items() if f % divisor == 0})
    low = linear(constant % divisor, {y: f for y, f in parts.items() if f % divisor})
    bounds = interval(low)
    if bounds[0] >= 0 and bounds[1] < divisor:
        return high, low
    return node(Op.QUOTIENT, I32, (x,), divisor), node(Op.REMAINDER, I32, (x,), divisor)
