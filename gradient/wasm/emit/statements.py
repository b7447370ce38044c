"""Statements to code: common subexpressions of assignments, invariants that are hoisted out of loops, branches."""

from collections.abc import Iterable, Iterator, Sequence

from gradient.wasm.addressing import address
from gradient.wasm.emit.encode import I32_TYPE
from gradient.wasm.emit.expressions import Key, Lanes
from gradient.wasm.emit.memory import MemoryEmitter
from gradient.wasm.ir import LEAVES, Expr, Op
from gradient.wasm.ir.effects import blocks, written
from gradient.wasm.ir.statements import Assign, Branch, Copy, Loop, Statement, Store, While
from gradient.wasm.opcodes import Opcode

Root = tuple[Expr, Lanes]


def roots(s: Statement, lanes: Lanes) -> list[Root]:
    """The expressions that an assignment or a store evaluates, and in which mode."""
    if isinstance(s, Assign):
        return [(value, local.attr.lanes) for local, value in zip(s.locals, s.values, strict=True)]
    if isinstance(s, Store):
        if lanes is None or lanes not in s.offset.deps:
            return [(address(s.buffer, s.offset)[0], None), (s.value, None)]
        return [(address(s.buffer, s.offset)[0], None), (s.value, lanes)]
    return []


class StatementEmitter(MemoryEmitter):
    """The code of a function that executes statements."""

    def block(self, statements: Sequence[Statement], lanes: Lanes = None) -> None:
        """Statements in order; within a run of assignments and stores, common subexpressions are evaluated once."""
        run: list[Statement] = []
        read: set[object] = set()
        stale: set[object] = set()  # what a statement of the run has read and then changed
        for s in statements:
            is_simple = isinstance(s, Assign | Store)
            mine: set[object] = set().union(*(x.deps for x, _ in roots(s, lanes)))
            if run and not (is_simple and read.isdisjoint(written([s])) and stale.isdisjoint(mine)):
                self._basic_block(run, lanes)
                run, read, stale = [], set(), set()
            if is_simple:
                run.append(s)
                read |= mine
                stale |= mine.intersection(written([s]))
            else:
                self._structure(s, lanes)
        if run:
            self._basic_block(run, lanes)

    def results(self, values: Sequence[Expr], lanes: Lanes = None) -> None:
        """Leaves the values of expressions on the stack."""
        self._uses = self._count_uses([(x, lanes) for x in values])
        for x in values:
            self.value(x, lanes)
        self._uses = {}

    def _structure(self, s: Statement, lanes: Lanes) -> None:
        if isinstance(s, Loop):
            self._loop(s, lanes)
        elif isinstance(s, Branch):
            self._branch(s, lanes)
        elif isinstance(s, While):
            self._while(s)
        elif isinstance(s, Copy):
            self.push(s.target.offset)
            self.push(s.source.offset)
            self.push(s.target.num_bytes)
            self.write_with(Opcode.MEMORY_COPY, 0, 0)

    def _basic_block(self, run: Sequence[Statement], lanes: Lanes) -> None:
        pending = [root for s in run for root in roots(s, lanes)]
        outer = dict(self._kept)
        self._uses = self._count_uses(pending)
        for s in run:
            if isinstance(s, Store):
                self.store(s, lanes)
            elif isinstance(s, Assign):
                self._assign(s)
        self._forget(outer)
        self._uses = {}

    def _assign(self, s: Assign) -> None:
        for local, value in zip(s.locals, s.values, strict=True):
            self.value(value, local.attr.lanes)
        for local in reversed(s.locals):
            self.set(self.local_of(local))

    def _forget(self, outer: dict[Key, int]) -> None:
        """Ends the live ranges of the values that were not kept outside."""
        for key, local in self._kept.items():
            if key not in outer:
                self.release(local)
        self._kept = outer

    def _count_uses(self, pending: Iterable[Root]) -> dict[Key, int]:
        """How often the evaluation of some expressions uses each of their subexpressions."""
        uses: dict[Key, int] = {}
        stack = list(pending)
        while stack:
            x, lanes = stack.pop()
            key = (x, lanes is not None)
            if key in self._kept:
                continue
            seen = uses[key] = uses.get(key, 0) + 1
            if seen == 1:
                stack.extend(self.children(x, lanes))
        return uses

    def _invariants(self, loop: Loop, lanes: Lanes) -> list[Root]:
        """The loop-invariant expressions of a loop, as large as possible."""
        changing = {loop.var, *written(loop.body)}
        found: dict[Key, Root] = {}
        seen: set[Key] = set()
        stack = list(_all_roots(loop.body, lanes))
        while stack:
            x, mode = stack.pop()
            key = (x, mode is not None)
            if key in seen or key in self._kept:
                continue
            seen.add(key)
            if not x.deps.isdisjoint(changing):
                stack.extend(self.children(x, mode))
            elif mode is not None or (x.op not in LEAVES and x.op not in (Op.LINEAR, Op.VARIABLE)):
                found[key] = (x, mode)
        return list(found.values())

    def _hoist(self, invariants: list[Root]) -> None:
        """Evaluates expressions before a loop and keeps them in locals."""
        outer = dict(self._kept)
        self._uses = self._count_uses(invariants)
        hoisted = {}
        for x, mode in reversed(invariants):
            key = (x, mode is not None)
            if key not in self._kept:
                self._uses[key] = 2
                self.value(x, mode)
                self.write(Opcode.DROP)
            hoisted[key] = self._kept[key]
        for key, local in self._kept.items():
            if key not in outer and key not in hoisted:
                self.release(local)
        self._kept = {**outer, **hoisted}
        self._uses = {}

    def _loop(self, s: Loop, lanes: Lanes) -> None:
        inner = s.var if s.is_simd else lanes
        self.block(s.prologue, inner if s.is_simd else lanes)
        outer = dict(self._kept)
        if s.is_nest:
            self._hoist(self._invariants(s, inner))
        counter = self._counters[s.var] = self.new_local(I32_TYPE)
        iterations = self._iterations[s.var] = counter if s.var.size % s.step == 0 else self.new_local(I32_TYPE)
        for local in {counter, iterations}:
            self.push(0)
            self.set(local)
        self.open(Opcode.LOOP)
        self.block(s.body, inner)
        self._advance(s, counter, iterations)
        self.write(Opcode.END)
        self._forget(outer)
        for local in {counter, iterations}:
            self.release(local)
        self.block(s.epilogue, lanes)

    def _advance(self, s: Loop, counter: int, iterations: int) -> None:
        """Counts an iteration and jumps back. Where the step does not divide the size, the last iteration ends at the size."""
        self.get(iterations)
        self.push(4 * s.step)
        self.write(Opcode.I32_ADD)
        self.tee(iterations)
        if iterations != counter:
            last = 4 * (s.var.size - s.step)
            self.push(last)
            self.get(iterations)
            self.push(last)
            self.write(Opcode.I32_LT_S, Opcode.SELECT)
            self.set(counter)
            self.get(iterations)
        self.push(4 * s.var.size)
        self.write(Opcode.I32_LT_S)
        self.write_with(Opcode.BR_IF, 0)

    def _branch(self, s: Branch, lanes: Lanes) -> None:
        self._uses = {}
        self.value(s.condition)
        self.open(Opcode.IF)
        self.block(s.then, lanes)
        self.write(Opcode.ELSE)
        self.block(s.otherwise, lanes)
        self.write(Opcode.END)

    def _while(self, s: While) -> None:
        self.open(Opcode.BLOCK)
        self.open(Opcode.LOOP)
        self.block(s.header)
        self._uses = {}
        self.value(s.condition)
        self.write(Opcode.I32_EQZ)
        self.write_with(Opcode.BR_IF, 1)
        self.block(s.body)
        self.write_with(Opcode.BR, 0)
        self.write(Opcode.END, Opcode.END)


def _all_roots(statements: Iterable[Statement], lanes: Lanes) -> Iterator[Root]:
    for s in statements:
        yield from roots(s, lanes)
        inner = s.var if isinstance(s, Loop) and s.is_simd else lanes
        for part in blocks(s):
            yield from _all_roots(part, inner)
