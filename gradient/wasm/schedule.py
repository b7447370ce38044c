"""Scheduling: neighbouring loops over the same range become one, values pass between them in registers, dead stores go."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from gradient.wasm import ir
from gradient.wasm.control import blocks, written
from gradient.wasm.ir import Buffer, Expr, Variable, walk
from gradient.wasm.statements import Assign, Branch, Copy, Loop, Statement, Store, While

MAX_FUSED = 40  # statements: more accumulators than registers make one loop slower than two


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


def _is_plain(s: Statement) -> bool:
    """Whether a statement is a loop around assignments, stores and such loops."""
    return isinstance(s, Loop) and s.is_kernel and all(isinstance(part, Assign | Store) or _is_plain(part) for part in s.body)


def _simple(statements: Iterable[Statement]) -> Iterator[Statement]:
    """The statements that are no loops or branches, also those inside."""
    for s in statements:
        inner = blocks(s)
        if not inner:
            yield s
        for part in inner:
            yield from _simple(part)


class _Effects:
    """What a statement reads and writes."""

    def __init__(self, s: Statement) -> None:
        self.reads = {d for d in read([s]) if not isinstance(d, Variable)}
        self.writes = {d for d in written([s]) if not isinstance(d, Variable)}

    def must_stay_before(self, later: "_Effects") -> bool:
        """Whether the order of two statements matters."""
        return not (
            self.writes.isdisjoint(later.reads) and self.reads.isdisjoint(later.writes) and self.writes.isdisjoint(later.writes)
        )


def _loads(statements: Iterable[Statement]) -> set[tuple[Buffer, Expr]]:
    return {(x.attr, x.args[0]) for x in walk([x for s in _simple(statements) for x in expressions(s)]) if x.op == "load"}


def _can_join(first: Loop, second: Loop) -> bool:
    """Whether each round of the second loop needs of the first only what the same round made."""
    if (first.var, first.step, first.is_simd) != (second.var, second.step, second.is_simd):
        return False
    if sum(1 for _ in _simple([*first.body, *second.body])) > MAX_FUSED:
        return False
    made = {*written(first.before), *written(first.after), *(d for d in written(first.body) if isinstance(d, tuple))}
    if not made.isdisjoint(read([second])) or not set(written([second])).isdisjoint(_Effects(first).reads):
        return False
    stores = {(s.buffer, s.offset) for s in _simple(first.body) if isinstance(s, Store)}
    buffers = {buffer for buffer, _ in stores}
    if not all(pair in stores for pair in _loads(second.body) if pair[0] in buffers):
        return False
    return buffers.isdisjoint(written([second]))


def fuse(statements: list[Statement]) -> list[Statement]:
    """Moves each plain loop up to the first one that it can join; inner blocks first."""
    out: list[Statement] = []
    effects: list[_Effects] = []
    for s in statements:
        for part in blocks(s):
            part[:] = fuse(part)
        mine = _Effects(s)
        place = _partner(s, mine, out, effects) if _is_plain(s) else None
        if place is None:
            out.append(s)
            effects.append(mine)
        else:
            host = out[place]
            assert isinstance(host, Loop)
            assert isinstance(s, Loop)
            host.before += s.before
            host.body = fuse([*host.body, *s.body])
            host.after += s.after
            effects[place] = _Effects(host)
    return out


def _partner(s: Statement, mine: _Effects, out: list[Statement], effects: list[_Effects]) -> int | None:
    assert isinstance(s, Loop)
    for place in range(len(out) - 1, -1, -1):
        other = out[place]
        if isinstance(other, Loop) and _is_plain(other) and _can_join(other, s):
            return place
        if effects[place].must_stay_before(mine):
            return None
    return None


def rewriter(replace: Callable[[Expr], Expr | None]) -> Callable[[Expr], Expr]:
    """A function that rebuilds an expression with some nodes replaced."""

    @cache
    def rewrite(x: Expr) -> Expr:
        found = replace(x)
        if found is not None:
            return found
        if not x.args or x.op == "fold":
            return x
        args = tuple(map(rewrite, x.args))
        return x if args == x.args else ir.rebuilt(x, args)

    return rewrite


class _Stored:
    """What the buffers are known to hold at one point of a run."""

    def __init__(self) -> None:
        self.values: dict[Buffer, dict[Expr, Expr]] = {}
        self._asked: set[Buffer] = set()
        self.rewrite = rewriter(self._find)

    def _find(self, x: Expr) -> Expr | None:
        if x.op != "load":
            return None
        self._asked.add(x.attr)
        return self.values.get(x.attr, {}).get(x.args[0])

    def _forget_answers(self) -> None:
        self._asked.clear()
        self.rewrite = rewriter(self._find)

    def change(self, what: object) -> None:
        """Forgets values that depend on a local or a buffer, because it changes."""
        for buffer, held in self.values.items():
            kept = {offset: v for offset, v in held.items() if what not in v.deps}
            if len(kept) < len(held):
                self.values[buffer] = kept
                self._forget_answers()

    def store(self, s: Store) -> None:
        """Takes note of a store."""
        self.change(s.buffer)
        held = {offset: v for offset, v in self.values.get(s.buffer, {}).items() if _differ(offset, s.offset)}
        if s.buffer not in s.value.deps:
            held[s.offset] = s.value
        self.values[s.buffer] = held
        if s.buffer in self._asked:
            self._forget_answers()


def forward(statements: list[Statement]) -> None:
    """Within each run of assignments, what was stored and is loaded again is taken from where it was computed."""
    known = _Stored()
    for s in statements:
        if isinstance(s, Assign):
            s.values = tuple(map(known.rewrite, s.values))
            for place in s.places:
                known.change(("local", place.attr[0]))
        elif isinstance(s, Store):
            s.value = known.rewrite(s.value)
            known.store(s)
        else:
            for part in blocks(s):
                forward(part)
            known = _Stored()


def _differ(a: Expr, b: Expr) -> bool:
    """Whether two offsets are never equal within one round (they differ by a constant other than 0)."""
    (_, parts), (_, others) = ir.terms(a), ir.terms(b)
    return a is not b and parts == others


def remove_dead(statements: list[Statement]) -> list[Statement]:
    """Without stores to buffers that nothing reads, and assignments to locals that nothing reads."""
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
            kept = [(p, v) for p, v in zip(s.places, s.values, strict=True) if ("local", p.attr[0]) in alive]
            if kept:
                out.append(Assign(tuple(p for p, _ in kept), tuple(v for _, v in kept)))
            continue
        for part in blocks(s):
            part[:] = _prune(part, alive)
        if isinstance(s, Loop) and not (s.before or s.body or s.after):
            continue
        out.append(s)
    return out


def buffers(statements: Iterable[Statement]) -> set[Buffer]:
    """Every buffer that statements touch."""
    listed = list(statements)
    return {x for x in read(listed) | set(written(listed)) if isinstance(x, Buffer)}


def optimize(statements: list[Statement]) -> list[Statement]:
    """All passes in order."""
    statements = fuse(statements)
    forward(statements)
    return remove_dead(statements)
