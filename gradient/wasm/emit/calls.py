"""The functions of a module that `run` calls: routines, of one number or of the four lanes of a vector."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradient.wasm.emit.encode import F32_TYPE, V128_TYPE
from gradient.wasm.emit.expressions import Lanes
from gradient.wasm.emit.routines import DEFINITIONS, NUM_PARAMETERS, Vectorized
from gradient.wasm.emit.statements import StatementEmitter
from gradient.wasm.ir import F32, Expr, Op, Routine, Variable, node
from gradient.wasm.opcodes import Opcode

_LANES = Variable("lanes of a call", 4)
_HIGH_HALF = (*range(8, 16), *range(8, 16))
_LOW_HALVES = (*range(8), *range(16, 24))  # of two vectors


class Function(NamedTuple):
    """A function's signature, the types of its locals, and its instructions."""

    parameters: Sequence[int]
    results: Sequence[int]
    locals: Sequence[int]
    code: bytes


class Functions:
    """The routines that are called, numbered from 1 on in the order of their first calls."""

    def __init__(self) -> None:
        self._keys: list[tuple[Routine, bool]] = []

    def index(self, routine: Routine, is_simd: bool) -> int:
        """The number of a routine's function."""
        key = routine, is_simd
        if key not in self._keys:
            self._keys.append(key)
        return 1 + self._keys.index(key)

    def all(self) -> Iterator[Function]:
        """The functions in order. One that calls another adds it."""
        for routine, is_simd in self._keys:
            kind = V128_TYPE if is_simd else F32_TYPE
            emitter = _RoutineEmitter(NUM_PARAMETERS, self.index)
            (emitter.four_lanes if is_simd else emitter.one_number)(routine)
            yield Function([kind] * NUM_PARAMETERS, [kind], emitter.types, bytes(emitter.code))


def _parameter(local: int, lanes: Lanes) -> Expr:
    return node(Op.PARAMETER, F32, (), local, own=lanes, key=(local, lanes))


class _RoutineEmitter(StatementEmitter):
    """The code of a routine."""

    def one_number(self, routine: Routine) -> None:
        """The routine of float32 numbers."""
        quick, slow = DEFINITIONS[routine]
        x, y = (_parameter(local, None) for local in range(NUM_PARAMETERS))
        if quick:
            self._quick(quick, x, y)
        if slow:
            self.results([slow(x, y)])

    def _quick(self, quick: Vectorized, x: Expr, y: Expr) -> None:
        """The quick way for one number, which returns if it is right and can be wrong."""
        result = quick.finish(x, y, quick.core(x, y))
        if quick.is_right is None:
            self.results([result])
            return
        self.results([quick.is_right(x, y)])
        outer = dict(self._kept)
        self.open(Opcode.IF)
        self.results([result])
        self.write_with(Opcode.BR, 1)  # returns
        self.write(Opcode.END)
        self._forget(outer)

    def four_lanes(self, routine: Routine) -> None:
        """The routine of vectors: the quick way for all lanes; one by one if there is none or it is wrong for one."""
        quick = DEFINITIONS[routine].quick
        found = self.new_local(V128_TYPE)
        if quick is None:
            self._lane_by_lane_into(found, routine)
            self.get(found)
            return
        x, y = (_parameter(local, _LANES) for local in range(NUM_PARAMETERS))
        self.results([quick.finish(x, y, self._core_of_halves(quick))], _LANES)
        if quick.is_right is None:
            return
        self.set(found)
        self.results([quick.is_right(x, y)], _LANES)
        self.write(Opcode.I32X4_ALL_TRUE, Opcode.I32_EQZ)
        self.open(Opcode.IF)
        self._lane_by_lane_into(found, routine)
        self.write(Opcode.END)
        self.get(found)

    def _lane_by_lane_into(self, found: int, routine: Routine) -> None:
        """Calls the routine of one number for each lane."""
        for lane in range(4):
            self.get(found)
            for parameter in range(NUM_PARAMETERS):
                self.get(parameter)
                self.write_with(Opcode.F32X4_EXTRACT_LANE, lane)
            self.write_with(Opcode.CALL, self._function_index(routine, False))
            self.write_with(Opcode.F32X4_REPLACE_LANE, lane)
            self.set(found)

    def _core_of_halves(self, definition: Vectorized) -> Expr:
        """The core, evaluated for two lanes at a time."""
        high = [self.new_local(V128_TYPE) for _ in range(NUM_PARAMETERS)]
        for parameter, local in enumerate(high):
            self.get(parameter)
            self.get(parameter)
            self.write_with(Opcode.I8X16_SHUFFLE, *_HIGH_HALF)
            self.set(local)
        halves = (range(NUM_PARAMETERS), high)
        self.results([definition.core(*(_parameter(local, _LANES) for local in half)) for half in halves], _LANES)
        self.write_with(Opcode.I8X16_SHUFFLE, *_LOW_HALVES)
        core = self.new_local(V128_TYPE)
        self.set(core)
        return _parameter(core, _LANES)
