"""Statements: what is evaluated, in which order, and where the values go."""

from dataclasses import dataclass, field

from gradient.wasm.ir.expr import Buffer, Expr, Variable


@dataclass(eq=False)
class Assign:
    """All locals get their new values at the same time."""

    locals: tuple[Expr, ...]
    values: tuple[Expr, ...]


@dataclass(eq=False)
class Store:
    """One item of a buffer gets a value; the offset counts items."""

    buffer: Buffer
    offset: Expr
    value: Expr


@dataclass(eq=False)
class Loop:
    """`body` for every value of `var`, between `prologue` and `epilogue`. It runs at least once.

    Attributes:
        step: by how much an iteration advances. Where it does not divide the size, the last iteration overlaps the one before.
        is_simd: whether the body computes four values of `var` at a time; `step` is then 4 or a multiple of it.
        is_nest: whether the loop belongs to a loop nest, which may be fused with others, and whose invariants are hoisted.
    """

    var: Variable
    body: list["Statement"]
    prologue: list["Statement"] = field(default_factory=list)
    epilogue: list["Statement"] = field(default_factory=list)
    step: int = 1
    is_simd: bool = False
    is_nest: bool = True


@dataclass(eq=False)
class Branch:
    """One of two blocks."""

    condition: Expr
    then: list["Statement"]
    otherwise: list["Statement"]


@dataclass(eq=False)
class While:
    """`header` computes the condition; while it holds, `body` runs and then `header` again."""

    header: list["Statement"]
    condition: Expr
    body: list["Statement"]


@dataclass(eq=False)
class Copy:
    """All bytes of one buffer go to another of the same size."""

    target: Buffer
    source: Buffer


Statement = Assign | Store | Loop | Branch | While | Copy
