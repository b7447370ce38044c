"""Rules for calls, loops and branches."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from gradient.adapters.jax import Equation, called, opened
from gradient.wasm import ir
from gradient.wasm.arrays import MAX_LOCALS, Array, Index, constants, dtype_name, full, in_locals, in_memory, is_dense, is_small
from gradient.wasm.ir import Buffer, Expr, Op
from gradient.wasm.ir.statements import Assign, Branch, Copy, Loop, Statement, While
from gradient.wasm.lower import Lowering, rule


def call(lowering: Lowering, closed: Any, args: Sequence[Array]) -> list[Array]:
    """The results of a jaxpr, whose statements are inlined."""
    jaxpr, consts = opened(closed)
    return lowering.lower(jaxpr, [lowering.constant(c) for c in consts], args)


@rule("jit", "remat2", reads=["jaxpr"])
@rule("custom_jvp_call", "custom_vjp_call", reads=["call_jaxpr"])
def _call(lowering: Lowering, equation: Equation, *args: Array) -> list[Array]:
    closed = called(equation)
    inner = opened(closed)[0].outvars
    lowering.set_destinations(inner, [lowering.destinations.get(v) for v in equation.outvars])
    results = call(lowering, closed, args)
    lowering.set_destinations(inner, [None] * len(inner))
    return results


class Carry:
    """A loop-carried array: in locals if it is small, else in a buffer, with a second buffer for its next value.

    The buffer is that of the first value if nothing else reads it. A body that only updates elements does so in place.
    """

    def __init__(self, lowering: Lowering, start: Array) -> None:
        self._lowering, self.shape, self.dtype = lowering, start.shape, start.dtype
        self.current: Buffer | None = None
        self.next: Buffer | None = None
        self.array = start
        if not start.size:
            return
        if is_small(start.shape):
            self.locals = {index: ir.local(start.dtype) for index in constants(start.shape)}
            self.array = in_locals(self.shape, self.dtype, self.locals)
            lowering.block.append(Assign(tuple(self.locals.values()), tuple(start.at(i) for i in self.locals)))
            return
        if not (is_dense(start) and lowering.claim(start)):
            buffer = Buffer(start.dtype, start.size)
            lowering.store(start, buffer)
            start = in_memory(start.shape, buffer)
        self.array, self.current, self.next = start, start.buffer, Buffer(start.dtype, start.size)

    def _stays(self, new: Array) -> bool:
        """Whether the next value is where the current one is: the same, or updated in place."""
        return new is self.array or not new.size or (self.current is not None and new.buffer is self.current)

    def prepare(self, new: Array) -> tuple[list[Expr], list[Expr]]:
        """Computes the next value in the second buffer, or returns the locals to assign and their new values."""
        if self._stays(new):
            return [], []
        if self.current is None or self.next is None:
            return list(self.locals.values()), [new.at(i) for i in self.locals]
        self._lowering.store(new, self.next)
        return [], []

    def advance(self, new: Array) -> list[Statement]:
        """Makes the next value the current one."""
        if self._stays(new) or self.current is None or self.next is None:
            return []
        return [Copy(self.current, self.next)]


def _carries(lowering: Lowering, starts: Sequence[Array], others: Sequence[Array]) -> list[Carry]:
    """The carries of a loop that also reads other arrays."""
    found = []
    for number, start in enumerate(starts, 1):
        with lowering.lifetimes.pinned([*others, *starts[number:]]):
            found.append(Carry(lowering, start))
    return found


def advance(lowering: Lowering, carries: Sequence[Carry], new: Sequence[Array]) -> None:
    """All carries change at once, so that each may depend on the others."""
    locals_: list[Expr] = []
    values: list[Expr] = []
    for carry, array in zip(carries, new, strict=True):
        more_locals, more_values = carry.prepare(array)
        locals_ += more_locals
        values += more_values
    if locals_:
        lowering.block.append(Assign(tuple(locals_), tuple(values)))
    for carry, array in zip(carries, new, strict=True):
        lowering.block.extend(carry.advance(array))


@rule("scan", reads=["num_consts", "num_carry", "length", "reverse", "jaxpr"])
def _scan(lowering: Lowering, equation: Equation, *args: Array) -> list[Array]:
    p = equation.params
    num_consts, num_carry, length = p["num_consts"], p["num_carry"], p["length"]
    consts = [lowering.materialize_for_loop(a) for a in args[:num_consts]]
    rows = [lowering.materialize_for_loop(a) for a in args[num_consts + num_carry :]]
    outs = [_stacked(lowering, var) for var in equation.outvars[num_carry:]]
    if length == 0:
        return [*args[num_consts : num_consts + num_carry], *outs]
    carries = _carries(lowering, args[num_consts : num_consts + num_carry], [*consts, *rows])
    var = lowering.loop_variable(length)
    row = ir.i32(length - 1) - ir.variable(var) if p["reverse"] else ir.variable(var)
    body: list[Statement] = []

    def iteration() -> None:
        arrays = [*consts, *(c.array for c in carries), *(_row(a, row) for a in rows)]
        results = call(lowering, p["jaxpr"], arrays)
        for out, result in zip(outs, results[num_carry:], strict=True):
            if out.buffer is not None and result.size:
                lowering.store(result, out.buffer, ir.scale(row, result.size))
        advance(lowering, carries, results[:num_carry])

    with lowering.lifetimes.pinned([*consts, *rows]):
        lowering.in_block(body, iteration)
    lowering.block.extend([Loop(var, body, is_nest=False)] if length > 1 else body)
    return [*(c.array for c in carries), *outs]


def _stacked(lowering: Lowering, var: Any) -> Array:
    """The stacked results of a scan, in their destination if they have one."""
    aval = var.aval
    buffer = lowering.destinations.get(var)
    if buffer is None:
        buffer = Buffer(dtype_name(aval.dtype), aval.size)
    return in_memory(tuple(aval.shape), buffer)


def _row(array: Array, row: Expr) -> Array:
    return Array(array.shape[1:], array.dtype, lambda index: array.at((row, *index)))


@rule("while", reads=["cond_nconsts", "cond_jaxpr", "body_nconsts", "body_jaxpr"])
def _while(lowering: Lowering, equation: Equation, *args: Array) -> list[Array]:
    lowering.may_not_end = True
    p = equation.params
    num_header, num_body = p["cond_nconsts"], p["body_nconsts"]
    consts = [lowering.materialize_for_loop(a) for a in args[: num_header + num_body]]
    carries = _carries(lowering, args[num_header + num_body :], consts)
    header: list[Statement] = []
    body: list[Statement] = []
    state = [c.array for c in carries]

    def holds() -> Array:
        with lowering.lifetimes.pinned(state):
            return lowering.materialize(call(lowering, p["cond_jaxpr"], [*consts[:num_header], *state])[0])

    def step() -> None:
        mask = holds() if condition.shape else None
        with lowering.lifetimes.pinned([] if mask is None else state):
            new = call(lowering, p["body_jaxpr"], [*consts[num_header:], *state])
        advance(lowering, carries, new if mask is None else [_masked(mask, *pair) for pair in zip(new, state, strict=True)])

    with lowering.lifetimes.pinned(consts):
        condition = lowering.in_block(header, holds)
        any_holds = lowering.in_block(header, lambda: lowering.compute((), ir.BOOL, condition.at, condition.shape, Op.OR))
        lowering.in_block(body, step)
    lowering.block.append(While(header, any_holds.at(()), body))
    return state


def _masked(mask: Array, new: Array, old: Array) -> Array:
    """The new value for those members of a batch whose condition still holds."""
    rank = len(mask.shape)
    return Array(new.shape, new.dtype, lambda i: ir.select(mask.at(i[:rank]), new.at(i), old.at(i)), new.cost + 1)


@rule("platform_index", reads=["platforms"])
def _platform(_: Lowering, equation: Equation) -> Array:
    """The branch for this platform: the one for the CPU, or for all platforms."""
    names = equation.params["platforms"]
    return full((), ir.i32(next(n for n, platforms in enumerate(names) if platforms is None or "cpu" in platforms)))


@rule("cond", reads=["branches"])
def _cond(lowering: Lowering, equation: Equation, which: Array, *args: Array) -> list[Array]:
    branches = equation.params["branches"]
    args = tuple(lowering.materialize(a) for a in args)
    number = lowering.materialize(which)
    if number.at(()).op is Op.CONST:
        return call(lowering, branches[int(number.at(()).value)], args)
    choice = number.at(()) if number.dtype == ir.I32 else ir.convert(ir.I32, number.at(()))
    for array in args:  # so that the branches may update it in place, even if a few of its numbers are read after them
        lowering.claim(array, limit=MAX_LOCALS)
    blocks: list[list[Statement]] = [[] for _ in branches]
    values = [
        lowering.in_block(*pair) for pair in zip(blocks, [partial(call, lowering, b, args) for b in branches], strict=True)
    ]
    results = [_joined(lowering, var, blocks, options) for var, *options in zip(equation.outvars, *values, strict=True)]
    lowering.block.extend(_chosen(choice, blocks))
    return results


def _chosen(choice: Expr, blocks: Sequence[list[Statement]], first: int = 0) -> list[Statement]:
    """The block of a number, the first of which is `first`; a number outside means the block that is next to it."""
    if len(blocks) == 1:
        return blocks[0]
    half = len(blocks) // 2
    low, high = _chosen(choice, blocks[:half], first), _chosen(choice, blocks[half:], first + half)
    return [Branch(ir.compare(Op.LT, choice, ir.i32(first + half)), low, high)]


def _joined(lowering: Lowering, var: Any, blocks: list[list[Statement]], options: Sequence[Array]) -> Array:
    """A result of a conditional: one array that all branches leave in the same buffer, or what each of them stores."""
    first = options[0]
    if first.buffer is not None and all((x.buffer, x.function) == (first.buffer, first.function) for x in options):
        return Array(first.shape, first.dtype, first.function, buffer=first.buffer, depth=0)
    result = _Result(lowering, var)
    for block, value in zip(blocks, options, strict=True):
        lowering.in_block(block, partial(result.store, lowering, value))
    return result.array


class _Result:
    """A result of a conditional, which each branch stores in the same locals or the same buffer."""

    def __init__(self, lowering: Lowering, var: Any) -> None:
        shape, dtype = tuple(var.aval.shape), dtype_name(var.aval.dtype)
        self.locals: dict[Index, Expr] = {}
        self.buffer: Buffer | None = None
        if is_small(shape):
            self.locals = {index: ir.local(dtype) for index in constants(shape)}
            self.array = in_locals(shape, dtype, self.locals)
        else:
            self.buffer = Buffer(dtype, var.aval.size)
            self.array = in_memory(shape, self.buffer)

    def store(self, lowering: Lowering, value: Array) -> None:
        """Stores the value that a branch gives it."""
        if self.buffer is not None:
            lowering.store(value, self.buffer)
        elif self.locals:
            lowering.block.append(Assign(tuple(self.locals.values()), tuple(value.at(i) for i in self.locals)))
