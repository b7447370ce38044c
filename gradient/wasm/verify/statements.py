"""Checks of statements: definitions before uses, types of values, lanes within their loop, accesses within their buffer."""

from collections.abc import Iterable

from gradient.wasm.ir import BOOL, I32, ITEM_BYTES, Buffer, Expr, Local, Op, Variable, terms
from gradient.wasm.ir.statements import Assign, Branch, Copy, Loop, Statement, Store, While
from gradient.wasm.tiling import LANES
from gradient.wasm.verify.errors import InvalidProgram
from gradient.wasm.verify.expressions import check_expression, described

_MARGIN_BYTES = 16  # a select may load an item beside an array that it then ignores: memory has that margin


def check_statements(statements: Iterable[Statement], readable: set[Buffer], outputs: set[Buffer], seen: set[Expr]) -> None:
    """Checks a program; `seen` holds the expressions that need no check, and gets those that are checked.

    Raises:
        InvalidProgram: if the program breaks a rule.
    """
    scope = _Scope(set(), set(readable), {}, seen, frozenset(readable))
    scope.block(statements)
    missing = [buffer for buffer in outputs - scope.buffers if buffer.size]
    if missing:
        raise InvalidProgram("output not written", f"{len(missing)} results have no store: {missing[0]}")


class _Scope:
    """What statements can use at a point of the program: locals with a value, buffers with content, the loops around.

    `given` holds the arguments and constants, which no statement may change.
    """

    def __init__(
        self,
        locals_: set[Local],
        buffers: set[Buffer],
        loops: dict[Variable, Loop],
        seen: set[Expr],
        given: frozenset[Buffer],
    ) -> None:
        self.locals, self.buffers, self.loops, self.seen, self.given = locals_, buffers, loops, seen, given

    def copy(self) -> "_Scope":
        """A scope for a block that may not run: what it defines is not defined after it."""
        return _Scope(set(self.locals), set(self.buffers), dict(self.loops), self.seen, self.given)

    @property
    def simd(self) -> Variable | None:
        """The variable of the SIMD loop around."""
        return next((var for var, loop in self.loops.items() if loop.is_simd), None)

    def block(self, statements: Iterable[Statement]) -> None:
        """Checks statements in order, and defines what they define."""
        for s in statements:
            if isinstance(s, Assign):
                self._assign(s)
            elif isinstance(s, Store):
                self._store(s)
            elif isinstance(s, Copy):
                self._copy(s)
            elif isinstance(s, Loop):
                self._loop(s)
            elif isinstance(s, Branch):
                self._branch(s)
            else:
                self._while(s)

    def _value(self, x: Expr, dtype: str) -> None:
        """Checks an expression that is evaluated here."""
        self._expression(x)
        if x.dtype != dtype:
            raise InvalidProgram("value type", f"{described(x)} goes where {dtype} is expected")
        for what in x.deps:
            self._readable(what, x)

    def _expression(self, root: Expr) -> None:
        stack = [root]
        while stack:
            x = stack.pop()
            if x in self.seen:
                continue
            check_expression(x)
            self.seen.add(x)
            stack.extend(x.args)
            if x.op is Op.LOAD:
                self._inside(x.attr, x.args[0], margin=_MARGIN_BYTES // ITEM_BYTES[x.dtype])

    def _readable(self, what: object, x: Expr) -> None:
        if isinstance(what, Local) and what not in self.locals:
            raise InvalidProgram("undefined local", f"{described(x)} reads local {what.number} before it is assigned")
        if isinstance(what, Buffer) and what not in self.buffers:
            raise InvalidProgram("undefined buffer", f"{described(x)} loads from buffer {what.number} before a store")
        if isinstance(what, Variable) and what not in self.loops:
            raise InvalidProgram("variable outside its loop", f"{described(x)} reads the variable {what}")

    def _scalar(self, x: Expr, where: str) -> None:
        if self.simd in x.deps:
            raise InvalidProgram("lanes in a scalar", f"{described(x)} has a value for each lane, but {where} takes one")

    def _assign(self, s: Assign) -> None:
        if len(s.locals) != len(s.values) or len(set(s.locals)) != len(s.locals):
            raise InvalidProgram("assignment", f"{len(s.values)} values go to {len(set(s.locals))} different locals")
        for local, value in zip(s.locals, s.values, strict=True):
            self._expression(local)
            if local.op is not Op.LOCAL:
                raise InvalidProgram("assignment", f"{described(local)} is assigned, but is not a local")
            self._value(value, local.dtype)
            if local.attr.lanes is None:
                self._scalar(value, f"local {local.attr.number}")
        self.locals.update(local.attr for local in s.locals)

    def _store(self, s: Store) -> None:
        self._value(s.offset, I32)
        self._value(s.value, s.buffer.dtype)
        if self.simd not in s.offset.deps:
            self._scalar(s.value, f"a store to buffer {s.buffer.number}")
        self._inside(s.buffer, s.offset, margin=0)
        self._writable(s.buffer)

    def _copy(self, s: Copy) -> None:
        if (s.target.dtype, s.target.size) != (s.source.dtype, s.source.size):
            raise InvalidProgram("copy", f"{s.source} and {s.target} differ in type or size")
        if s.source not in self.buffers:
            raise InvalidProgram("undefined buffer", f"buffer {s.source.number} is copied before anything is stored in it")
        self._writable(s.target)

    def _writable(self, buffer: Buffer) -> None:
        if buffer in self.given:
            raise InvalidProgram(
                "store to an argument", f"{buffer} holds an argument or constants, which the next run reads again"
            )
        self.buffers.add(buffer)

    def _loop(self, s: Loop) -> None:
        steps = s.step % LANES == 0 and s.step <= s.var.size if s.is_simd else s.step == 1
        if not steps or s.var.size < 2:
            raise InvalidProgram("loop step", f"a loop over {s.var} has the step {s.step} and is_simd={s.is_simd}")
        if s.var in self.loops or (s.is_simd and self.simd is not None):
            raise InvalidProgram("nested loops", f"a loop over {s.var} is inside a loop over {[*self.loops]}")
        self.block(s.prologue)
        self.loops[s.var] = s
        self.block(s.body)
        del self.loops[s.var]
        self.block(s.epilogue)

    def _branch(self, s: Branch) -> None:
        self._value(s.condition, BOOL)
        self._scalar(s.condition, "a branch")
        then, otherwise = self.copy(), self.copy()
        then.block(s.then)
        otherwise.block(s.otherwise)
        self.locals, self.buffers = then.locals & otherwise.locals, then.buffers & otherwise.buffers

    def _while(self, s: While) -> None:
        self.block(s.header)
        self._value(s.condition, BOOL)
        self._scalar(s.condition, "a while loop")
        self.copy().block(s.body)

    def _inside(self, buffer: Buffer, offset: Expr, margin: int) -> None:
        """Checks that an offset lies in a buffer, if it depends on loop variables only: others are known at run time."""
        low, parts = terms(offset)
        if not all(x.op is Op.VARIABLE and x.attr in self.loops for x in parts):
            return
        high = low
        for x, factor in parts.items():
            loop = self.loops[x.attr]
            last = factor * (x.attr.size - loop.step + (LANES - 1 if loop.is_simd else 0))
            low, high = low + min(0, last), high + max(0, last)
        if low < -margin or high >= buffer.size + margin:
            raise InvalidProgram("out of bounds", f"items {low}..{high} of a buffer of {buffer.size} are accessed")
