"""Loads and stores: of one number, of four neighbours, of four with a stride, of four anywhere (gather and scatter)."""

from collections.abc import Callable

from gradient.wasm.addressing import address, stride
from gradient.wasm.emit.encode import I32_TYPE, V128_TYPE
from gradient.wasm.emit.expressions import ExpressionEmitter, Lanes, extract_lane
from gradient.wasm.ir import BOOL, F32, I32, ITEM_BYTES, Buffer, Expr, Op, Routine
from gradient.wasm.ir.statements import Store
from gradient.wasm.opcodes import Opcode

_LOADS = {F32: Opcode.F32_LOAD, I32: Opcode.I32_LOAD, BOOL: Opcode.I32_LOAD8_U}
_STORES = {F32: Opcode.F32_STORE, I32: Opcode.I32_STORE, BOOL: Opcode.I32_STORE8}
_ZEROS = (0, 0, 0, 0)


class MemoryEmitter(ExpressionEmitter):
    """Code that reads and writes buffers."""

    def __init__(self, num_parameters: int = 0, function_index: Callable[[Routine, bool], int] = lambda *_: 0) -> None:
        super().__init__(num_parameters, function_index)
        self._emitters[Op.LOAD] = self._load

    def _load(self, x: Expr, lanes: Lanes) -> None:
        dynamic, constant = address(x.attr, x.args[0])
        if lanes is None:
            self.value(dynamic)
            self.access(_LOADS[x.dtype], constant, 0 if x.dtype == BOOL else 2)
            return
        step = stride(x.args[0], lanes)
        if step == 1:
            self.value(dynamic)
            self._load_neighbours(x.dtype, constant)
        elif step is None:
            self._gather(x, lanes)
        else:
            self._load_strided(x.dtype, dynamic, constant, step)

    def _load_neighbours(self, dtype: str, constant: int) -> None:
        if dtype != BOOL:
            self.access(Opcode.V128_LOAD, constant)
            return
        self.access(Opcode.V128_LOAD32_ZERO, constant, 0)
        self.write(Opcode.I16X8_EXTEND_LOW_I8X16_U, Opcode.I32X4_EXTEND_LOW_I16X8_U, Opcode.I32X4_NEG)

    def _load_strided(self, dtype: str, dynamic: Expr, constant: int, step: int) -> None:
        self.value(dynamic)
        base = self.new_local(I32_TYPE)
        self.set(base)
        self._load_lanes(dtype, [(base, constant + ITEM_BYTES[dtype] * step * lane) for lane in range(4)])
        self.release(base)

    def _gather(self, x: Expr, lanes: Lanes) -> None:
        bases = self._lane_addresses(x.attr, x.args[0], lanes)
        self._load_lanes(x.dtype, [(base, x.attr.offset) for base in bases])
        for base in bases:
            self.release(base)

    def _lane_addresses(self, buffer: Buffer, offset: Expr, lanes: Lanes) -> list[int]:
        """Four locals with the byte offsets of the four lanes of an index."""
        self.value(offset, lanes)
        index = self.new_local(V128_TYPE)
        self.set(index)
        bases = [self.new_local(I32_TYPE) for _ in range(4)]
        for lane, base in enumerate(bases):
            self.get(index)
            self.write_with(Opcode.I32X4_EXTRACT_LANE, lane)
            self.push(ITEM_BYTES[buffer.dtype])
            self.write(Opcode.I32_MUL)
            self.set(base)
        self.release(index)
        return bases

    def _load_lanes(self, dtype: str, addresses: list[tuple[int, int]]) -> None:
        if dtype == BOOL:
            self._load_bool_lanes(addresses)
            return
        offsets = [self._push_address(base, offset) for base, offset in reversed(addresses)][::-1]
        self.access(Opcode.V128_LOAD32_ZERO, offsets[0])
        for lane in (1, 2, 3):
            self.access(Opcode.V128_LOAD32_LANE, offsets[lane])
            self.code.append(lane)

    def _load_bool_lanes(self, addresses: list[tuple[int, int]]) -> None:
        for lane, (base, offset) in enumerate(addresses):
            self.access(Opcode.I32_LOAD8_U, self._push_address(base, offset), 0)
            self.write(Opcode.I32X4_SPLAT) if lane == 0 else self.write_with(Opcode.I32X4_REPLACE_LANE, lane)
        self.write(Opcode.I32X4_NEG)

    def _push_address(self, base: int, offset: int) -> int:
        """Pushes a base address and returns the constant offset of the access; a negative one is added to the address."""
        self.get(base)
        if offset >= 0:
            return offset
        self.push(offset)
        self.write(Opcode.I32_ADD)
        return 0

    def store(self, s: Store, lanes: Lanes) -> None:
        """Stores one item, or one for each lane."""
        dynamic, constant = address(s.buffer, s.offset)
        if lanes is None or lanes not in s.offset.deps:
            self.value(dynamic)
            self.value(s.value)
            self.access(_STORES[s.buffer.dtype], constant, 0)
        elif stride(s.offset, lanes) == 1:
            self.value(dynamic)
            self.value(s.value, lanes)
            self._store_neighbours(s.buffer.dtype, constant)
        else:
            self._scatter(s, lanes)

    def _store_neighbours(self, dtype: str, constant: int) -> None:
        if dtype != BOOL:
            self.access(Opcode.V128_STORE, constant)
            return
        self.write(Opcode.I32X4_NEG)
        for narrow in (Opcode.I16X8_NARROW_I32X4_S, Opcode.I8X16_NARROW_I16X8_S):
            self.push_lanes(_ZEROS)
            self.write(narrow)
        self.access(Opcode.V128_STORE32_LANE, constant, 0)
        self.code.append(0)

    def _scatter(self, s: Store, lanes: Lanes) -> None:
        dtype = s.buffer.dtype
        bases = self._lane_addresses(s.buffer, s.offset, lanes)
        self.value(s.value, lanes)
        value = self.new_local(V128_TYPE)
        self.set(value)
        for lane, base in enumerate(bases):
            self.get(base)
            self.get(value)
            self.write_with(extract_lane(dtype), lane)
            if dtype == BOOL:
                self.push(1)
                self.write(Opcode.I32_AND)
            self.access(_STORES[dtype], s.buffer.offset, 0)
        for local in (value, *bases):
            self.release(local)
