"""Loop fusion: loops over the same range become one."""

from collections.abc import Iterable

from gradient.wasm.ir import Buffer, Expr, Local, Op, walk
from gradient.wasm.ir.effects import Effects, blocks, expressions, read, simple, written
from gradient.wasm.ir.statements import Assign, Loop, Statement, Store

MAX_FUSED = 40  # statements: with more accumulators than registers, one loop is slower than two


def _is_fusible(s: Statement) -> bool:
    """Whether a statement is a loop of a nest that contains only assignments, stores and such loops."""
    return isinstance(s, Loop) and s.is_nest and all(isinstance(part, Assign | Store) or _is_fusible(part) for part in s.body)


def _loads(statements: Iterable[Statement]) -> set[tuple[Buffer, Expr]]:
    return {(x.attr, x.args[0]) for x in walk([x for s in simple(statements) for x in expressions(s)]) if x.op is Op.LOAD}


def _can_fuse(first: Loop, second: Loop) -> bool:
    """Whether two loops have one range, and an iteration of the second reads of the first only what that iteration computed."""
    if (first.var, first.step, first.is_simd) != (second.var, second.step, second.is_simd):
        return False
    if sum(1 for _ in simple([*first.body, *second.body])) > MAX_FUSED:
        return False
    computed = {*written(first.prologue), *written(first.epilogue), *(d for d in written(first.body) if isinstance(d, Local))}
    if not computed.isdisjoint(read([second])) or not set(written([second])).isdisjoint(Effects(first).reads):
        return False
    stores = {(s.buffer, s.offset) for s in simple(first.body) if isinstance(s, Store)}
    buffers = {buffer for buffer, _ in stores}
    if not all(pair in stores for pair in _loads(second.body) if pair[0] in buffers):
        return False
    return buffers.isdisjoint(written([second]))


def fuse(statements: list[Statement]) -> list[Statement]:
    """Merges each loop into the last one before it that it can fuse with; inner blocks first."""
    out: list[Statement] = []
    effects: list[Effects] = []
    for s in statements:
        for part in blocks(s):
            part[:] = fuse(part)
        mine = Effects(s)
        position = _fusion_partner(s, mine, out, effects) if _is_fusible(s) else None
        if position is None:
            out.append(s)
            effects.append(mine)
        else:
            host = out[position]
            assert isinstance(host, Loop)
            assert isinstance(s, Loop)
            host.prologue += s.prologue
            host.body = fuse([*host.body, *s.body])
            host.epilogue += s.epilogue
            effects[position] = Effects(host)
    return out


def _fusion_partner(s: Statement, mine: Effects, out: list[Statement], effects: list[Effects]) -> int | None:
    """The position of the loop that a loop can move to and fuse with."""
    assert isinstance(s, Loop)
    for position in range(len(out) - 1, -1, -1):
        other = out[position]
        if isinstance(other, Loop) and _is_fusible(other) and _can_fuse(other, s):
            return position
        if effects[position].must_stay_before(mine):
            return None
    return None
