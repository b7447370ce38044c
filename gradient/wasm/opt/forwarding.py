"""Store-to-load forwarding: what was stored and is loaded again in the same basic block is taken from where it was computed."""

from collections import defaultdict
from collections.abc import Callable

from gradient.wasm import ir
from gradient.wasm.ir import Buffer, Expr, Op, unfinished
from gradient.wasm.ir.effects import blocks
from gradient.wasm.ir.statements import Assign, Statement, Store

# Local names: Python 3.11 takes ten times as long to find a member of an enum.
_LOAD, _REDUCE_LANES = Op.LOAD, Op.REDUCE_LANES


def rewriter(replace: Callable[[Expr], Expr | None]) -> Callable[[Expr], Expr]:
    """A function that rebuilds an expression with some nodes replaced, and does so once for each expression."""
    done: dict[Expr, Expr] = {}

    def is_done(x: Expr) -> bool:
        if x not in done:
            found = x if x.op is _REDUCE_LANES else replace(x)
            if found is None:
                return False
            done[x] = found
        return True

    def rewrite(root: Expr) -> Expr:
        for x in unfinished(root, is_done):
            args = tuple(done[arg] for arg in x.args)
            done[x] = x if args == x.args else ir.rebuilt(x, args)
        return done[root]

    return rewrite


class _KnownStores:
    """What the buffers are known to hold at one point of a basic block.

    The offsets that are known of one buffer differ by constants alone: a store elsewhere may overwrite any of them.
    """

    def __init__(self) -> None:
        self.values: dict[Buffer, dict[Expr, Expr]] = {}
        self._dependent: dict[object, set[tuple[Buffer, Expr]]] = defaultdict(set)  # what was known to read each thing
        self._looked_up: set[Buffer] = set()
        self.rewrite = rewriter(self._stored_value)

    def _stored_value(self, x: Expr) -> Expr | None:
        if x.op is not _LOAD:
            return None
        self._looked_up.add(x.attr)
        return self.values.get(x.attr, {}).get(x.args[0])

    def _clear_cache(self) -> None:
        self._looked_up.clear()
        self.rewrite = rewriter(self._stored_value)

    def invalidate(self, what: object) -> None:
        """Drops the values and the offsets that depend on a local or a buffer, because it changes."""
        is_changed = False
        for buffer, offset in self._dependent.pop(what, ()):
            value = self.values[buffer].get(offset)
            if value is not None and (what in value.deps or what in offset.deps):
                del self.values[buffer][offset]
                is_changed = True
        if is_changed:
            self._clear_cache()

    def store(self, s: Store) -> None:
        """Takes note of a store."""
        self.invalidate(s.buffer)
        held = self.values.setdefault(s.buffer, {})
        if held and not _are_parallel(next(iter(held)), s.offset):
            held.clear()
        held.pop(s.offset, None)
        if s.buffer not in s.value.deps and s.buffer not in s.offset.deps:
            held[s.offset] = s.value
            for what in s.value.deps | s.offset.deps:
                self._dependent[what].add((s.buffer, s.offset))
        if s.buffer in self._looked_up:
            self._clear_cache()


def forward_stores(statements: list[Statement]) -> None:
    """Replaces loads by the values that were stored, within each run of assignments and stores; changes the statements."""
    known = _KnownStores()
    for s in statements:
        if isinstance(s, Assign):
            s.values = tuple(map(known.rewrite, s.values))
            for local in s.locals:
                known.invalidate(local.attr)
        elif isinstance(s, Store):
            s.value = known.rewrite(s.value)
            known.store(s)
        else:
            for part in blocks(s):
                forward_stores(part)
            known = _KnownStores()


def _are_parallel(a: Expr, b: Expr) -> bool:
    """Whether two offsets differ by a constant: unless it is 0, they are never equal within one iteration."""
    return ir.terms(a)[1] == ir.terms(b)[1]
