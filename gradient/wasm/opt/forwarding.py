"""Store-to-load forwarding: what was stored and is loaded again in the same basic block is taken from where it was computed."""

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
    """What the buffers are known to hold at one point of a basic block."""

    def __init__(self) -> None:
        self.values: dict[Buffer, dict[Expr, Expr]] = {}
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
        for buffer, held in self.values.items():
            valid = {offset: v for offset, v in held.items() if what not in v.deps and what not in offset.deps}
            if len(valid) < len(held):
                self.values[buffer] = valid
                self._clear_cache()

    def store(self, s: Store) -> None:
        """Takes note of a store."""
        self.invalidate(s.buffer)
        held = {offset: v for offset, v in self.values.get(s.buffer, {}).items() if _are_disjoint(offset, s.offset)}
        if s.buffer not in s.value.deps and s.buffer not in s.offset.deps:
            held[s.offset] = s.value
        self.values[s.buffer] = held
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


def _are_disjoint(a: Expr, b: Expr) -> bool:
    """Whether two offsets are never equal within one iteration: they differ by a constant other than 0."""
    (_, parts), (_, others) = ir.terms(a), ir.terms(b)
    return a is not b and parts == others
