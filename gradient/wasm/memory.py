"""Loads and stores: of one number, of four in a row, of four that lie anywhere."""

from gradient.wasm import ir
from gradient.wasm.emit import Emitter, Lanes, address, stride
from gradient.wasm.encode import I32_TYPE, OPCODES, V128_TYPE
from gradient.wasm.ir import BOOL, F32, I32, Expr
from gradient.wasm.statements import Store


class Memory(Emitter):
    """The part of an emitter that reads and writes buffers."""

    def _load(self, x: Expr, lanes: Lanes) -> None:
        moving, fixed = address(x.attr, x.args[0])
        if lanes is None:
            self.value(moving)
            self.access({F32: "f32.load", I32: "i32.load", BOOL: "i32.load8_u"}[x.dtype], fixed, 0 if x.dtype == BOOL else 2)
            return
        step = stride(x.args[0], lanes)
        if step == 1:
            self.value(moving)
            self._load_row(x.dtype, fixed)
        elif step is None:
            self._load_scattered(x, lanes)
        else:
            self._load_strided(x.dtype, moving, fixed, step)

    def _load_row(self, dtype: str, fixed: int) -> None:
        if dtype != BOOL:
            self.access("v128.load", fixed)
            return
        self.access("v128.load32_zero", fixed, 0)
        self.write("i16x8.extend_low_i8x16_u", "i32x4.extend_low_i16x8_u", "i32x4.neg")

    def _load_strided(self, dtype: str, moving: Expr, fixed: int, step: int) -> None:
        self.value(moving)
        base = self.new(I32_TYPE)
        self.set(base)
        self._load_lanes(dtype, [(base, fixed + ir.ITEM_BYTES[dtype] * step * lane) for lane in range(4)])
        self.release(base)

    def _load_scattered(self, x: Expr, lanes: Lanes) -> None:
        bases = self._lane_addresses(x.attr, x.args[0], lanes)
        self._load_lanes(x.dtype, [(base, x.attr.offset) for base in bases])
        for place in bases:
            self.release(place)

    def _lane_addresses(self, buffer: ir.Buffer, offset: Expr, lanes: Lanes) -> list[int]:
        """Four locals with the byte offsets of the four lanes of an index."""
        self.value(offset, lanes)
        index = self.new(V128_TYPE)
        self.set(index)
        bases = [self.new(I32_TYPE) for _ in range(4)]
        for lane, base in enumerate(bases):
            self.get(index)
            self.lane("i32x4.extract_lane", lane)
            self.number(ir.ITEM_BYTES[buffer.dtype])
            self.write("i32.mul")
            self.set(base)
        self.release(index)
        return bases

    def _load_lanes(self, dtype: str, addresses: list[tuple[int, int]]) -> None:
        if dtype == BOOL:
            self._load_bool_lanes(addresses)
            return
        offsets = [self._push_address(base, offset) for base, offset in reversed(addresses)][::-1]
        self.access("v128.load32_zero", offsets[0])
        for lane in (1, 2, 3):
            self.access("v128.load32_lane", offsets[lane])
            self.code.append(lane)

    def _load_bool_lanes(self, addresses: list[tuple[int, int]]) -> None:
        for lane, (base, offset) in enumerate(addresses):
            self.access("i32.load8_u", self._push_address(base, offset), 0)
            self.write("i32x4.splat") if lane == 0 else self.lane("i32x4.replace_lane", lane)
        self.write("i32x4.neg")

    def _push_address(self, base: int, offset: int) -> int:
        """Pushes a base address; returns the constant to add, after adding a negative one."""
        self.get(base)
        if offset >= 0:
            return offset
        self.number(offset)
        self.write("i32.add")
        return 0

    def store(self, s: Store, lanes: Lanes) -> None:
        """One item, or one for each lane."""
        moving, fixed = address(s.buffer, s.offset)
        if lanes is None or lanes not in s.offset.deps:
            self.value(moving)
            self.value(s.value)
            self.access(f"{'i32' if s.buffer.dtype != F32 else 'f32'}.store{'8' if s.buffer.dtype == BOOL else ''}", fixed, 0)
        elif stride(s.offset, lanes) == 1:
            self.value(moving)
            self.value(s.value, lanes)
            self._store_row(s.buffer.dtype, fixed)
        else:
            self._store_lanes(s, lanes)

    def _store_row(self, dtype: str, fixed: int) -> None:
        if dtype != BOOL:
            self.access("v128.store", fixed)
            return
        self.write("i32x4.neg")
        self.code += OPCODES["v128.const"] + bytes(16) + OPCODES["i16x8.narrow_i32x4_s"]
        self.code += OPCODES["v128.const"] + bytes(16) + OPCODES["i8x16.narrow_i16x8_s"]
        self.access("v128.store32_lane", fixed, 0)
        self.code.append(0)

    def _store_lanes(self, s: Store, lanes: Lanes) -> None:
        dtype = s.buffer.dtype
        bases = self._lane_addresses(s.buffer, s.offset, lanes)
        self.value(s.value, lanes)
        value = self.new(V128_TYPE)
        self.set(value)
        for lane, base in enumerate(bases):
            self.get(base)
            self.get(value)
            self.lane("f32x4.extract_lane" if dtype == F32 else "i32x4.extract_lane", lane)
            if dtype == BOOL:
                self.number(1)
                self.write("i32.and")
            self.access(f"{'f32' if dtype == F32 else 'i32'}.store{'8' if dtype == BOOL else ''}", s.buffer.offset, 0)
        for place in (value, *bases):
            self.release(place)
