"""Arithmetic of indices that decides what it can while compiling, from the bounds of what it is made of."""

from gradient.wasm.ir import I32, Expr, compare, interval, like, linear, node, op, terms


def minimum(a: Expr, b: Expr | int) -> Expr:
    """The smaller of two integers."""
    b = like(a, b)
    if (decided := compare("le", a, b)).op == "const":
        return a if decided.value else b
    return op("min", a, b)


def maximum(a: Expr, b: Expr | int) -> Expr:
    """The larger of two integers."""
    b = like(a, b)
    if (decided := compare("ge", a, b)).op == "const":
        return a if decided.value else b
    return op("max", a, b)


def divmod_index(x: Expr, divisor: int) -> tuple[Expr, Expr]:
    """Quotient and remainder of a non-negative index; both vanish where the index is built of multiples of the divisor."""
    constant, parts = terms(x)
    high = linear(constant // divisor, {y: f // divisor for y, f in parts.items() if f % divisor == 0})
    low = linear(constant % divisor, {y: f for y, f in parts.items() if f % divisor})
    bounds = interval(low)
    if bounds[0] >= 0 and bounds[1] < divisor:
        return high, low
    return (
        node("quotient", I32, (x,), divisor),
        node("remainder", I32, (x,), divisor),
    )
