"""What statements read and write."""

from collections.abc import Iterable, Iterator

from gradient.wasm.ir.expr import Buffer, Expr, Variable
from gradient.wasm.ir.statements import Assign, Branch, Copy, Loop, Statement, Store, While


def written(statements: Iterable[Statement]) -> Iterator[object]:
    """The locals, buffers and loop variables that statements change, as they appear in `Expr.deps`."""
    for s in statements:
        if isinstance(s, Assign):
            for local in s.locals:
                yield local.attr
        elif isinstance(s, Store):
            yield s.buffer
        elif isinstance(s, Copy):
            yield s.target
        else:
            if isinstance(s, Loop):
                yield s.var
            for part in blocks(s):
                yield from written(part)


def blocks(s: Statement) -> list[list[Statement]]:
    """The blocks inside a statement."""
    if isinstance(s, Loop):
        return [s.prologue, s.body, s.epilogue]
    if isinstance(s, Branch):
        return [s.then, s.otherwise]
    if isinstance(s, While):
        return [s.header, s.body]
    return []


def simple(statements: Iterable[Statement]) -> Iterator[Statement]:
    """The assignments, stores and copies, at any depth."""
    for s in statements:
        inner = blocks(s)
        if not inner:
            yield s
        for part in inner:
            yield from simple(part)


def expressions(s: Statement) -> Iterable[Expr]:
    """The expressions that a statement itself evaluates."""
    if isinstance(s, Assign):
        return s.values
    if isinstance(s, Store):
        return (s.offset, s.value)
    return (s.condition,) if isinstance(s, Branch | While) else ()


def read(statements: Iterable[Statement]) -> set[object]:
    """The locals and buffers that statements read."""
    found: set[object] = set()
    for s in statements:
        for x in expressions(s):
            found |= x.deps
        if isinstance(s, Copy):
            found.add(s.source)
        for part in blocks(s):
            found |= read(part)
    return found


def buffers(statements: Iterable[Statement]) -> set[Buffer]:
    """The buffers that statements read or write."""
    listed = list(statements)
    return {x for x in read(listed) | set(written(listed)) if isinstance(x, Buffer)}


class Effects:
    """What a statement reads and writes."""

    def __init__(self, s: Statement) -> None:
        self.reads = {d for d in read([s]) if not isinstance(d, Variable)}
        self.writes = {d for d in written([s]) if not isinstance(d, Variable)}

    def must_stay_before(self, later: "Effects") -> bool:
        """Whether the order of two statements matters."""
        return not (
            self.writes.isdisjoint(later.reads) and self.reads.isdisjoint(later.writes) and self.writes.isdisjoint(later.writes)
        )
