"""The optimization passes, from statements to statements."""

from collections.abc import Callable

from gradient.wasm.ir.statements import Statement
from gradient.wasm.opt.dead_code import eliminate_dead_code
from gradient.wasm.opt.depth import bound_depth
from gradient.wasm.opt.forwarding import forward_stores
from gradient.wasm.opt.fusion import fuse

__all__ = ["bound_depth", "eliminate_dead_code", "forward_stores", "fuse", "optimize"]


def optimize(statements: list[Statement], check: Callable[[list[Statement], str], None]) -> list[Statement]:
    """All passes in order; `check` is called with the statements after each, and the name of the pass."""
    statements = fuse(statements)
    check(statements, "loop fusion")
    forward_stores(statements)
    check(statements, "store forwarding")
    statements = eliminate_dead_code(statements)
    check(statements, "dead-code elimination")
    statements = bound_depth(statements)
    check(statements, "bounding the depth")
    return statements
