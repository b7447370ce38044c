"""Statements to code: runs of assignments with their shared values, loops with what they need hoisted, branches."""

from collections.abc import Iterable, Iterator, Sequence

from gradient.wasm.emit import LEAVES, Key, Lanes, address
from gradient.wasm.encode import EMPTY_BLOCK, I32_TYPE, OPCODES, unsigned
from gradient.wasm.ir import Expr
from gradient.wasm.memory import Memory
from gradient.wasm.statements import Assign, Branch, Copy, Loop, Statement, Store, While

Root = tuple[Expr, Lanes]


def roots(s: Statement, lanes: Lanes) -> list[Root]:
    """What a simple statement evaluates, and in which mode."""
    if isinstance(s, Assign):
        return [(v, p.attr[1]) for p, v in zip(s.places, s.values, strict=True)]
    if isinstance(s, Store):
        if lanes is None or lanes not in s.offset.deps:
            return [(address(s.buffer, s.offset)[0], None), (s.value, None)]
        return [(address(s.buffer, s.offset)[0], None), (s.value, lanes)]
    return []


def written(statements: Iterable[Statement]) -> Iterator[object]:
    """The locals, buffers and loop variables that statements change, as they appear in `Expr.deps`."""
    for s in statements:
        if isinstance(s, Assign):
            for place in s.places:
                yield ("local", place.attr[0])
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
    """The statements inside a statement."""
    if isinstance(s, Loop):
        return [s.before, s.body, s.after]
    if isinstance(s, Branch):
        return [s.yes, s.no]
    if isinstance(s, While):
        return [s.head, s.body]
    return []


class Writer(Memory):
    """The code of a function made of statements."""

    def block(self, statements: Sequence[Statement], lanes: Lanes = None) -> None:
        """Statements in order; neighbours that only assign share their common subexpressions."""
        run: list[Statement] = []
        read: set[object] = set()
        for s in statements:
            is_simple = isinstance(s, Assign | Store)
            if run and not (is_simple and read.isdisjoint(written([s]))):
                self._run(run, lanes)
                run, read = [], set()
            if is_simple:
                run.append(s)
                for x, _ in roots(s, lanes):
                    read |= x.deps
            else:
                self._structure(s, lanes)
        if run:
            self._run(run, lanes)

    def result(self, x: Expr) -> None:
        """The function's body is one expression."""
        self._uses = self._count([(x, None)])
        self.value(x)

    def _structure(self, s: Statement, lanes: Lanes) -> None:
        if isinstance(s, Loop):
            self._loop(s, lanes)
        elif isinstance(s, Branch):
            self._branch(s, lanes)
        elif isinstance(s, While):
            self._while(s)
        elif isinstance(s, Copy):
            self.number(s.target.offset)
            self.number(s.source.offset)
            self.number(s.target.num_bytes)
            self.code += OPCODES["memory.copy"] + b"\0\0"

    def _run(self, run: Sequence[Statement], lanes: Lanes) -> None:
        with_modes = [root for s in run for root in roots(s, lanes)]
        outer = dict(self._known)
        self._uses = self._count(with_modes)
        for s in run:
            if isinstance(s, Store):
                self.store(s, lanes)
            elif isinstance(s, Assign):
                self._assign(s)
        self._forget(outer)
        self._uses = {}

    def _assign(self, s: Assign) -> None:
        for place, value in zip(s.places, s.values, strict=True):
            self.value(value, place.attr[1])
        for place in reversed(s.places):
            self.set(self.place(place))

    def _forget(self, outer: dict[Key, int]) -> None:
        for key, place in self._known.items():
            if key not in outer:
                self.release(place)
        self._known = outer

    def _count(self, with_modes: Iterable[Root]) -> dict[Key, int]:
        uses: dict[Key, int] = {}
        stack = list(with_modes)
        while stack:
            x, lanes = stack.pop()
            key = (x, lanes is not None)
            if key in self._known:
                continue
            seen = uses[key] = uses.get(key, 0) + 1
            if seen == 1:
                stack.extend(self.children(x, lanes))
        return uses

    def _invariants(self, loop: Loop, lanes: Lanes) -> list[Root]:
        """The largest subexpressions that every round of a loop computes alike."""
        changing = {loop.var, *written(loop.body)}
        found: dict[Key, Root] = {}
        seen: set[Key] = set()
        stack = list(_all_roots(loop.body, lanes))
        while stack:
            x, mode = stack.pop()
            key = (x, mode is not None)
            if key in seen or key in self._known:
                continue
            seen.add(key)
            if not x.deps.isdisjoint(changing):
                stack.extend(self.children(x, mode))
            elif mode is not None or (x.op not in LEAVES and x.op not in ("linear", "var")):
                found[key] = (x, mode)
        return list(found.values())

    def _hoist(self, invariants: list[Root]) -> None:
        outer = dict(self._known)
        self._uses = self._count(invariants)
        hoisted = {}
        for x, mode in reversed(invariants):
            key = (x, mode is not None)
            if key not in self._known:
                self._uses[key] = 2
                self.value(x, mode)
                self.code += OPCODES["drop"]
            hoisted[key] = self._known[key]
        for key, place in self._known.items():
            if key not in outer and key not in hoisted:
                self.release(place)
        self._known = {**outer, **hoisted}
        self._uses = {}

    def _loop(self, s: Loop, lanes: Lanes) -> None:
        inner = s.var if s.is_simd else lanes
        self.block(s.before, inner if s.is_simd else lanes)
        outer = dict(self._known)
        if s.is_kernel:
            self._hoist(self._invariants(s, inner))
        counter = self._counters[s.var] = self.new(I32_TYPE)
        rounds = self._rounds[s.var] = counter if s.var.size % s.step == 0 else self.new(I32_TYPE)
        for place in {counter, rounds}:
            self.number(0)
            self.set(place)
        self.code += OPCODES["loop"] + EMPTY_BLOCK
        self.block(s.body, inner)
        self._advance(s, counter, rounds)
        self.write("end")
        self._forget(outer)
        for place in {counter, rounds}:
            self.release(place)
        self.block(s.after, lanes)

    def _advance(self, s: Loop, counter: int, rounds: int) -> None:
        self.get(rounds)
        self.number(4 * s.step)
        self.write("i32.add")
        self.tee(rounds)
        if rounds != counter:
            last = 4 * (s.var.size - s.step)
            self.number(last)
            self.get(rounds)
            self.number(last)
            self.write("i32.lt_s", "select")
            self.set(counter)
            self.get(rounds)
        self.number(4 * s.var.size)
        self.write("i32.lt_s")
        self.code += OPCODES["br_if"] + unsigned(0)

    def _branch(self, s: Branch, lanes: Lanes) -> None:
        self._uses = {}
        self.value(s.condition)
        self.code += OPCODES["if"] + EMPTY_BLOCK
        self.block(s.yes, lanes)
        self.write("else")
        self.block(s.no, lanes)
        self.write("end")

    def _while(self, s: While) -> None:
        self.code += OPCODES["block"] + EMPTY_BLOCK + OPCODES["loop"] + EMPTY_BLOCK
        self.block(s.head)
        self._uses = {}
        self.value(s.condition)
        self.write("i32.eqz")
        self.code += OPCODES["br_if"] + unsigned(1)
        self.block(s.body)
        self.code += OPCODES["br"] + unsigned(0)
        self.write("end", "end")


def _all_roots(statements: Iterable[Statement], lanes: Lanes) -> Iterator[Root]:
    for s in statements:
        yield from roots(s, lanes)
        inner = s.var if isinstance(s, Loop) and s.is_simd else lanes
        for part in blocks(s):
            yield from _all_roots(part, inner)
