"""Bounds the depth of expressions: of a deep one, parts are assigned to locals before it.

What forwarding joins can be thousands of operations deep, and the emitter descends into an expression by recursion.
"""

from gradient.wasm import ir
from gradient.wasm.ir import F64, Expr, Variable, unfinished
from gradient.wasm.ir.effects import blocks, written
from gradient.wasm.ir.statements import Assign, Branch, Loop, Statement, Store, While

MAX_DEPTH = 100


def bound_depth(statements: list[Statement], lanes: Variable | None = None) -> list[Statement]:
    """The statements with no expression deeper than `MAX_DEPTH`; those of inner blocks are changed.

    Args:
        lanes: the variable of the SIMD loop around.
    """
    parts = _Parts(lanes)
    for s in statements:
        for block in blocks(s):
            is_body = isinstance(s, Loop) and s.is_simd and block is not s.epilogue
            block[:] = bound_depth(block, s.var if is_body and isinstance(s, Loop) else lanes)
        if isinstance(s, While):
            header = _Parts(lanes)
            s.condition = header.bounded(s.condition)
            s.header.extend(header.block)
        parts.add(s)
    return parts.block


class _Parts:
    """A block that grows, and what its expressions have become, as long as nothing that they read changes."""

    def __init__(self, lanes: Variable | None) -> None:
        self.block: list[Statement] = []
        self._lanes = lanes
        self._done: dict[Expr, Expr] = {}
        self._read: set[object] = set()

    def add(self, s: Statement) -> None:
        """Appends a statement, after the assignments of parts of its expressions."""
        if isinstance(s, Assign):
            s.values = tuple(map(self.bounded, s.values))
        elif isinstance(s, Store):
            s.offset, s.value = self.bounded(s.offset), self.bounded(s.value)
        elif isinstance(s, Branch):
            s.condition = self.bounded(s.condition)
        self.block.append(s)
        if not self._read.isdisjoint(written([s])):
            self._done.clear()
            self._read.clear()

    def bounded(self, root: Expr) -> Expr:
        """An expression in which locals stand for the deep parts."""
        if root.depth <= MAX_DEPTH:
            return root
        self._read |= root.deps
        for x in unfinished(root, self._is_done):
            args = tuple(self._bounded_arg(arg) for arg in x.args)
            bounded = x if args == x.args else ir.rebuilt(x, args)
            is_shallow = x is root or bounded.depth < MAX_DEPTH or x.dtype == F64  # no local of the IR holds float64
            self._done[x] = bounded if is_shallow else self._in_local(bounded)
        return self._done[root]

    def _is_done(self, x: Expr) -> bool:
        return x.depth < MAX_DEPTH or x in self._done

    def _bounded_arg(self, x: Expr) -> Expr:
        return self._done.get(x, x)

    def _in_local(self, x: Expr) -> Expr:
        local = ir.local(x.dtype, self._lanes if self._lanes in x.deps else None)
        self.block.append(Assign((local,), (x,)))
        return local
