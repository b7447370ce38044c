"""Python's operators on expressions, so that formulas read as formulas."""

# mypy: disable-error-code=misc

import gradient.wasm.ir as ir  # noqa: PLR0402 - the modules need each other


class Operators:
    """What `ir.Expr` inherits."""

    __slots__ = ()

    def __add__(self: "ir.Expr", other: "ir.Expr | float") -> "ir.Expr":
        return ir.add(self, ir.like(self, other))

    def __radd__(self: "ir.Expr", other: float) -> "ir.Expr":
        return ir.add(ir.like(self, other), self)

    def __sub__(self: "ir.Expr", other: "ir.Expr | float") -> "ir.Expr":
        return ir.sub(self, ir.like(self, other))

    def __rsub__(self: "ir.Expr", other: float) -> "ir.Expr":
        return ir.sub(ir.like(self, other), self)

    def __mul__(self: "ir.Expr", other: "ir.Expr | float") -> "ir.Expr":
        return ir.mul(self, ir.like(self, other))

    def __rmul__(self: "ir.Expr", other: float) -> "ir.Expr":
        return ir.mul(ir.like(self, other), self)

    def __truediv__(self: "ir.Expr", other: "ir.Expr | float") -> "ir.Expr":
        return ir.apply(ir.Op.DIV, self, ir.like(self, other))

    def __rtruediv__(self: "ir.Expr", other: float) -> "ir.Expr":
        return ir.apply(ir.Op.DIV, ir.like(self, other), self)

    def __neg__(self: "ir.Expr") -> "ir.Expr":
        return ir.apply(ir.Op.NEG, self) if self.dtype != ir.I32 else 0 - self

    def __and__(self: "ir.Expr", other: "ir.Expr | int") -> "ir.Expr":
        return ir.apply(ir.Op.AND, self, ir.like(self, other))

    def __or__(self: "ir.Expr", other: "ir.Expr | int") -> "ir.Expr":
        return ir.apply(ir.Op.OR, self, ir.like(self, other))

    def __xor__(self: "ir.Expr", other: "ir.Expr | int") -> "ir.Expr":
        return ir.apply(ir.Op.XOR, self, ir.like(self, other))

    def __lt__(self: "ir.Expr", other: "ir.Expr | float") -> "ir.Expr":
        return ir.compare(ir.Op.LT, self, ir.like(self, other))

    def __gt__(self: "ir.Expr", other: "ir.Expr | float") -> "ir.Expr":
        return ir.compare(ir.Op.GT, self, ir.like(self, other))

    def __le__(self: "ir.Expr", other: "ir.Expr | float") -> "ir.Expr":
        return ir.compare(ir.Op.LE, self, ir.like(self, other))

    def __ge__(self: "ir.Expr", other: "ir.Expr | float") -> "ir.Expr":
        return ir.compare(ir.Op.GE, self, ir.like(self, other))

    def same(self: "ir.Expr", other: "ir.Expr | float") -> "ir.Expr":
        """Whether two values are equal, as an expression."""
        return ir.compare(ir.Op.EQ, self, ir.like(self, other))
