"""Statements: what is evaluated, in which order, and where the values go."""

from dataclasses import dataclass, field

from gradient.wasm.ir import Buffer, Expr, Variable


@dataclass(eq=False)
class Assign:
    """All places get their new values at the same time."""

    places: tuple[Expr, ...]
    values: tuple[Expr, ...]


@dataclass(eq=False)
class Store:
    """One item of a buffer gets a value."""

    buffer: Buffer
    offset: Expr
    value: Expr


@dataclass(eq=False)
class Loop:
    """`body` for every value of `var`, between `before` and `after`. With `is_simd`, four values of `var` at a time.

    `step` is how far a round advances. Where the size is no multiple of it, the last round overlaps the one before.
    """

    var: Variable
    body: list["Statement"]
    before: list["Statement"] = field(default_factory=list)
    after: list["Statement"] = field(default_factory=list)
    step: int = 1
    is_simd: bool = False
    is_kernel: bool = True


@dataclass(eq=False)
class Branch:
    """One of two blocks."""

    condition: Expr
    yes: list["Statement"]
    no: list["Statement"]


@dataclass(eq=False)
class While:
    """`head` computes the condition; while it holds, `body`."""

    head: list["Statement"]
    condition: Expr
    body: list["Statement"]


@dataclass(eq=False)
class Copy:
    """All bytes of one buffer to another of the same size."""

    target: Buffer
    source: Buffer


Statement = Assign | Store | Loop | Branch | While | Copy
