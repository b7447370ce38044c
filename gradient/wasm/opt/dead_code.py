"""Dead-code elimination: stores to buffers and assignments to locals that nothing reads."""

from gradient.wasm.ir.effects import blocks, read
from gradient.wasm.ir.statements import Assign, Copy, Loop, Statement, Store


def eliminate_dead_code(statements: list[Statement]) -> list[Statement]:
    """The statements without dead ones. What only they read is dead as well, so that this is repeated."""
    while True:
        alive = read(statements)
        pruned = _prune(statements, alive)
        if read(pruned) == alive:
            return pruned
        statements = pruned


def _prune(statements: list[Statement], alive: set[object]) -> list[Statement]:
    out: list[Statement] = []
    for s in statements:
        if isinstance(s, Store) and not (s.buffer.is_external or s.buffer in alive):
            continue
        if isinstance(s, Copy) and not (s.target.is_external or s.target in alive):
            continue
        if isinstance(s, Assign):
            live = [(local, value) for local, value in zip(s.locals, s.values, strict=True) if local.attr in alive]
            if live:
                out.append(Assign(tuple(local for local, _ in live), tuple(value for _, value in live)))
            continue
        for part in blocks(s):
            part[:] = _prune(part, alive)
        if isinstance(s, Loop) and not (s.prologue or s.body or s.epilogue):
            continue
        out.append(s)
    return out
