"""Rules for calls, loops and branches."""

from collections.abc import Sequence
from typing import Any

from gradient.wasm import ir
from gradient.wasm.arrays import Array, Index, constants, dtype_name, full, in_locals, is_small, stored
from gradient.wasm.ir import Buffer, Expr
from gradient.wasm.lower import Lowering, rule
from gradient.wasm.statements import Assign, Branch, Copy, Loop, Statement, While


def _inner(value: Any) -> tuple[Any, Sequence[Any]]:
    """A jaxpr and its constants."""
    return (value.jaxpr, value.consts) if hasattr(value, "consts") else (value, ())


def call(low: Lowering, closed: Any, args: Sequence[Array]) -> list[Array]:
    """The results of a jaxpr, in place."""
    jaxpr, consts = _inner(closed)
    return low.run(jaxpr, [low.constant(c) for c in consts], args)


@rule("jit", "remat2", "custom_jvp_call", "custom_vjp_call")
def _call(low: Lowering, equation: Any, *args: Array) -> list[Array]:
    closed = next(equation.params[k] for k in ("jaxpr", "call_jaxpr") if k in equation.params)
    inner = _inner(closed)[0].outvars
    low.aim(inner, [low.targets.get(v) for v in equation.outvars])
    results = call(low, closed, args)
    low.aim(inner, [None] * len(inner))
    return results


class Carry:
    """A value that a loop changes: in locals if it is small, else in a buffer with another one for its next state."""

    def __init__(self, low: Lowering, start: Array) -> None:
        self._low, self.shape, self.dtype = low, start.shape, start.dtype
        self.now, self.next, self.array = None, None, start
        if not start.size:
            return
        if is_small(start.shape):
            self.places = {index: ir.local(start.dtype) for index in constants(start.shape)}
            self.array = in_locals(self.shape, self.dtype, self.places)
            low.block.append(Assign(tuple(self.places.values()), tuple(start.at(i) for i in self.places)))
        else:
            self.now, self.next = Buffer(start.dtype, start.size), Buffer(start.dtype, start.size)
            self.array = stored(self.shape, self.now)
            low.store(start, self.now)

    def prepare(self, new: Array) -> tuple[list[Expr], list[Expr]]:
        """Computes the next state beside the present one; returns the locals to assign, and their values."""
        if new is self.array or not new.size:
            return [], []
        if self.now is None or self.next is None:
            return list(self.places.values()), [new.at(i) for i in self.places]
        self._low.store(new, self.next)
        return [], []

    def advance(self, new: Array) -> list[Statement]:
        """Makes the next state the present one."""
        if new is self.array or not new.size or self.now is None or self.next is None:
            return []
        return [Copy(self.now, self.next)]


def advance(low: Lowering, carries: Sequence[Carry], new: Sequence[Array]) -> None:
    """All carries change at once, so that they may be made of each other."""
    places: list[Expr] = []
    values: list[Expr] = []
    for carry, array in zip(carries, new, strict=True):
        more_places, more_values = carry.prepare(array)
        places += more_places
        values += more_values
    if places:
        low.block.append(Assign(tuple(places), tuple(values)))
    for carry, array in zip(carries, new, strict=True):
        low.block.extend(carry.advance(array))


@rule("scan")
def _scan(low: Lowering, equation: Any, *args: Array) -> list[Array]:
    p = equation.params
    num_consts, num_carry, length = p["num_consts"], p["num_carry"], p["length"]
    consts = [low.keep_in_rows(a) for a in args[:num_consts]]
    rows = [low.keep_in_rows(a) for a in args[num_consts + num_carry :]]
    outs = [_rows(low, var) for var in equation.outvars[num_carry:]]
    if length == 0:
        return [*args[num_consts : num_consts + num_carry], *outs]
    carries = [Carry(low, a) for a in args[num_consts : num_consts + num_carry]]
    var = low.loop_variable(length)
    place = ir.i32(length - 1) - ir.variable(var) if p["reverse"] else ir.variable(var)
    body: list[Statement] = []

    def work() -> None:
        arrays = [*consts, *(c.array for c in carries), *(_row(a, place) for a in rows)]
        results = call(low, p["jaxpr"], arrays)
        for out, result in zip(outs, results[num_carry:], strict=True):
            if out.buffer is not None and result.size:
                low.store(result, out.buffer, ir.scale(place, result.size))
        advance(low, carries, results[:num_carry])

    low.inside(body, work)
    low.block.extend([Loop(var, body, is_kernel=False)] if length > 1 else body)
    return [*(c.array for c in carries), *outs]


def _rows(low: Lowering, var: Any) -> Array:
    """Where the stacked results of a scan go."""
    aval = var.aval
    buffer = low.targets.get(var)
    if buffer is None:
        buffer = Buffer(dtype_name(aval.dtype), aval.size)
    return stored(tuple(aval.shape), buffer)


def _row(array: Array, place: Expr) -> Array:
    return Array(array.shape[1:], array.dtype, lambda index: array.at((place, *index)))


@rule("while")
def _while(low: Lowering, equation: Any, *args: Array) -> list[Array]:
    low.may_not_end = True
    p = equation.params
    num_head, num_body = p["cond_nconsts"], p["body_nconsts"]
    consts = [low.keep_in_rows(a) for a in args[: num_head + num_body]]
    carries = [Carry(low, a) for a in args[num_head + num_body :]]
    head: list[Statement] = []
    body: list[Statement] = []
    state = [c.array for c in carries]

    def goes_on() -> Array:
        return low.keep(call(low, p["cond_jaxpr"], [*consts[:num_head], *state])[0])

    def step() -> None:
        mask = goes_on() if condition.shape else None
        new = call(low, p["body_jaxpr"], [*consts[num_head:], *state])
        advance(low, carries, new if mask is None else [_masked(mask, *pair) for pair in zip(new, state, strict=True)])

    condition = low.inside(head, goes_on)
    some = low.inside(head, lambda: low.compute((), ir.BOOL, condition.at, condition.shape, "or"))
    low.inside(body, step)
    low.block.append(While(head, some.at(()), body))
    return state


def _masked(mask: Array, new: Array, old: Array) -> Array:
    """The new value for those members of a batch whose loop still goes on."""
    rank = len(mask.shape)
    return Array(new.shape, new.dtype, lambda i: ir.select(mask.at(i[:rank]), new.at(i), old.at(i)), new.cost + 1)


@rule("platform_index")
def _platform(_: Lowering, equation: Any) -> Array:
    """Which branch is for this platform: the one that has no special hardware in mind."""
    names = equation.params["platforms"]
    return full((), ir.i32(next(n for n, platforms in enumerate(names) if platforms is None or "cpu" in platforms)))


@rule("cond")
def _cond(low: Lowering, equation: Any, which: Array, *args: Array) -> list[Array]:
    branches = equation.params["branches"]
    args = tuple(low.keep(a) for a in args)
    number = low.keep(which)
    if number.at(()).op == "const":
        return call(low, branches[int(number.at(()).value)], args)
    results = [_Result(low, var) for var in equation.outvars]
    choice = number.at(()) if number.dtype == ir.I32 else ir.convert(ir.I32, number.at(()))

    def branch(n: int) -> list[Statement]:
        block: list[Statement] = []
        low.inside(block, lambda: _finish(low, results, call(low, branches[n], args)))
        if n == len(branches) - 1:
            return block
        return [Branch(ir.compare("le", choice, ir.i32(n)), block, branch(n + 1))]

    low.block.extend(branch(0))
    return [r.array for r in results]


def _finish(low: Lowering, results: Sequence["_Result"], values: Sequence[Array]) -> None:
    for result, value in zip(results, values, strict=True):
        result.store(low, value)


class _Result:
    """Where the branches of a condition leave a result."""

    def __init__(self, low: Lowering, var: Any) -> None:
        shape, dtype = tuple(var.aval.shape), dtype_name(var.aval.dtype)
        self.places: dict[Index, Expr] = {}
        self.buffer: Buffer | None = None
        if is_small(shape):
            self.places = {index: ir.local(dtype) for index in constants(shape)}
            self.array = in_locals(shape, dtype, self.places)
        else:
            self.buffer = Buffer(dtype, var.aval.size)
            self.array = stored(shape, self.buffer)

    def store(self, low: Lowering, value: Array) -> None:
        """Gives the result its value."""
        if self.buffer is not None:
            low.store(value, self.buffer)
        elif self.places:
            low.block.append(Assign(tuple(self.places.values()), tuple(value.at(i) for i in self.places)))
