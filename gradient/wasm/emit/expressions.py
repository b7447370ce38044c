"""Instruction selection: expressions to WebAssembly code.

An expression is emitted in one of two modes. In scalar mode it is one number. In SIMD mode, inside a SIMD loop, what depends on
the loop's variable is four numbers, and what does not is a scalar that is copied to all lanes (a splat), once, before the loop.
A boolean is 0 or 1 in scalar mode, and a lane of all zeros or all ones in SIMD mode. The counter of a loop is kept times four,
as a byte offset.
"""

from collections.abc import Callable, Sequence

from gradient.wasm.addressing import address, stride
from gradient.wasm.emit.assembler import Assembler
from gradient.wasm.emit.encode import F32_TYPE, F64_TYPE, I32_TYPE, V128_TYPE
from gradient.wasm.ir import BOOL, F32, F64, I32, LEAVES, SHIFTS, Expr, Op, Routine, Variable
from gradient.wasm.ir.ops import Form
from gradient.wasm.opcodes import Opcode

Lanes = Variable | None  # the variable of the SIMD loop around; None in scalar mode
Key = tuple[Expr, bool]  # an expression, and whether in SIMD mode

# Local names: Python 3.11 takes ten times as long to find a member of an enum.
_LOAD, _REDUCE_LANES, _VARIABLE = Op.LOAD, Op.REDUCE_LANES, Op.VARIABLE

_SPLATS = {
    F32: Opcode.F32X4_SPLAT,
    I32: Opcode.I32X4_SPLAT,
    BOOL: Opcode.I32X4_SPLAT,
    F64: Opcode.F64X2_SPLAT,
}
VALUE_TYPES = {F32: F32_TYPE, I32: I32_TYPE, BOOL: I32_TYPE, F64: F64_TYPE}


def is_float(dtype: str) -> bool:
    """Whether the lanes of this type are floats; those of I32 and BOOL are integers."""
    return dtype == F32


def splat(dtype: str) -> Opcode:
    """The instruction that copies a number to all lanes."""
    return _SPLATS[dtype]


def extract_lane(dtype: str) -> Opcode:
    """The instruction that takes the number out of a lane."""
    return Opcode.F32X4_EXTRACT_LANE if is_float(dtype) else Opcode.I32X4_EXTRACT_LANE


def _form(op: Op, operands: Sequence[str], result: str) -> Form:
    return op.forms[(tuple(operands), result)]


class ExpressionEmitter(Assembler):
    """Code that evaluates expressions.

    An expression that the statements at hand use again (`_uses`) is kept in a WebAssembly local (`_kept`).
    """

    def __init__(self, num_parameters: int = 0, function_index: Callable[[Routine, bool], int] = lambda *_: 0) -> None:
        super().__init__(num_parameters)
        self._function_index = function_index
        self._locals: dict[Expr, int] = {}
        self._counters: dict[Variable, int] = {}
        self._iterations: dict[Variable, int] = {}
        self._kept: dict[Key, int] = {}
        self._uses: dict[Key, int] = {}
        self._emitters: dict[Op, Callable[[Expr, Lanes], None]] = {
            Op.CONST: self._const,
            Op.PARAMETER: self._parameter,
            Op.LOCAL: self._local,
            Op.VARIABLE: self._variable,
            Op.TAIL_MASK: self._tail_mask,
            Op.LINEAR: self._linear,
            Op.CONVERT: self._convert,
            Op.BITCAST: self._bitcast,
            Op.SELECT: self._select,
            Op.REDUCE_LANES: self._reduce_lanes,
            Op.CALL: self._call,
            Op.CALL_WHERE: self._call_where,
        }

    def local_of(self, x: Expr) -> int:
        """The WebAssembly local of a LOCAL."""
        if x not in self._locals:
            self._locals[x] = self.new_local(V128_TYPE if x.attr.lanes is not None else VALUE_TYPES[x.dtype])
        return self._locals[x]

    def children(self, x: Expr, lanes: Lanes) -> Sequence[tuple[Expr, Lanes]]:
        """The expressions that have to be evaluated for an expression, and in which mode."""
        if lanes is not None and lanes not in x.deps:
            return [(x, None)]
        if x.op is _LOAD:
            if lanes is not None and stride(x.args[0], lanes) is None:
                return [(x.args[0], lanes)]
            return [(address(x.attr, x.args[0])[0], None)]
        if x.op is _REDUCE_LANES:
            return []
        return [(arg, lanes) for arg in x.args]

    def value(self, x: Expr, lanes: Lanes = None) -> None:
        """Pushes the value of an expression; one that is used again is also kept in a local."""
        key = (x, lanes is not None)
        kept = self._kept.get(key)
        if kept is not None:
            self.get(kept)
            return
        if lanes is not None and lanes not in x.deps:
            self._splat(x)
        else:
            self._emitters.get(x.op, self._operation)(x, lanes)
        if self._uses.get(key, 0) > 1 and (lanes is not None or x.op not in LEAVES):
            self._kept[key] = self.new_local(V128_TYPE if lanes is not None else VALUE_TYPES[x.dtype])
            self.tee(self._kept[key])

    def _splat(self, x: Expr) -> None:
        """Pushes one number in all four lanes."""
        if x.dtype == BOOL:
            self.push(0)
        if x.op is _LOAD and x.dtype == F32:
            # V8 does not fold a constant offset into a load that splats, so it is added before.
            dynamic, constant = address(x.attr, x.args[0])
            self.value(dynamic)
            self.push(constant)
            self.write(Opcode.I32_ADD)
            self.access(Opcode.V128_LOAD32_SPLAT, 0)
            return
        self.value(x)
        if x.dtype == BOOL:
            self.write(Opcode.I32_SUB)
        self.write(splat(x.dtype))

    def _const(self, x: Expr, _: Lanes) -> None:
        self.push(x.value, x.dtype)

    def _parameter(self, x: Expr, _: Lanes) -> None:
        self.get(x.attr)

    def _local(self, x: Expr, _: Lanes) -> None:
        self.get(self.local_of(x))

    def _variable(self, x: Expr, lanes: Lanes) -> None:
        self.get(self._counters[x.attr])
        self.push(2)
        self.write(Opcode.I32_SHR_S)
        if lanes is not None:
            self.write(Opcode.I32X4_SPLAT)
            self.push_lanes((0, 1, 2, 3))
            self.write(Opcode.I32X4_ADD)

    def _tail_mask(self, x: Expr, _: Lanes) -> None:
        self.get(self._counters[x.attr])
        self.write(Opcode.I32X4_SPLAT)
        self.push_lanes((0, 4, 8, 12))
        self.write(Opcode.I32X4_ADD)
        self.get(self._iterations[x.attr])
        self.write(Opcode.I32X4_SPLAT, Opcode.I32X4_GE_S)

    def _linear(self, x: Expr, lanes: Lanes) -> None:
        for position, (y, factor) in enumerate(zip(x.args, x.attr[1:], strict=True)):
            self._term(y, factor, lanes)
            if position:
                self.write(Opcode.I32X4_ADD if lanes else Opcode.I32_ADD)
        if x.attr[0]:
            self.push(x.attr[0])
            self.write(*((Opcode.I32X4_SPLAT, Opcode.I32X4_ADD) if lanes else (Opcode.I32_ADD,)))

    def _term(self, y: Expr, factor: int, lanes: Lanes) -> None:
        if lanes is None and y.op is _VARIABLE and factor % 4 == 0:
            self.get(self._counters[y.attr])
            factor //= 4
        else:
            self.value(y, lanes)
        if factor == 1:
            return
        if lanes is None and factor > 0 and factor & (factor - 1) == 0:
            self.push(factor.bit_length() - 1)
            self.write(Opcode.I32_SHL)
            return
        self.push(factor)
        self.write(*((Opcode.I32X4_SPLAT, Opcode.I32X4_MUL) if lanes else (Opcode.I32_MUL,)))

    def _convert(self, x: Expr, lanes: Lanes) -> None:
        (source,) = x.args
        self.value(source, lanes)
        form = _form(x.op, (source.dtype,), x.dtype)
        if lanes is not None and source.dtype == BOOL:
            self.push(1, x.dtype)
            self.write(splat(x.dtype), Opcode.V128_AND)
        elif (opcode := form.scalar if lanes is None else form.simd) is not None:
            self.write(opcode)

    def _bitcast(self, x: Expr, lanes: Lanes) -> None:
        self.value(x.args[0], lanes)
        opcode = _form(x.op, (x.args[0].dtype,), x.dtype).scalar
        if lanes is None and opcode is not None:
            self.write(opcode)

    def _select(self, x: Expr, lanes: Lanes) -> None:
        condition, yes, no = x.args
        for arg in (yes, no, condition):
            self.value(arg, lanes)
        self.write(Opcode.SELECT if lanes is None else Opcode.V128_BITSELECT)

    def _reduce_lanes(self, x: Expr, _: Lanes) -> None:
        (accumulator,) = x.args
        for lane in range(4):
            self.get(self.local_of(accumulator))
            self.write_with(extract_lane(x.dtype), lane)
            if lane % 2:
                self._instruction(x.attr, (x.dtype, x.dtype), x.dtype)
        self._instruction(x.attr, (x.dtype, x.dtype), x.dtype)
        if x.dtype == BOOL:
            self.push(1)
            self.write(Opcode.I32_AND)

    def _call(self, x: Expr, lanes: Lanes) -> None:
        for arg in x.args:
            self.value(arg, lanes)
        self.write_with(Opcode.CALL, self._function_index(x.attr, lanes is not None))

    def _call_where(self, x: Expr, lanes: Lanes) -> None:
        """Evaluates all but constants before the branch, as what is kept of them may be used after it."""
        is_wrong, value, *args = x.args
        is_simd = lanes is not None
        evaluated = [is_wrong, value, *(arg for arg in args if arg.op is not Op.CONST)]
        own = {arg: self.new_local(V128_TYPE if is_simd else VALUE_TYPES[arg.dtype]) for arg in evaluated}
        for arg in reversed(own):
            self.value(arg, lanes)
            self.set(own[arg])
        self.get(own[is_wrong])
        if is_simd:
            self.write(Opcode.V128_ANY_TRUE)
        self.open(Opcode.IF)
        for arg in args:
            self.get(own[arg]) if arg in own else self._constant(arg, is_simd)
        self.write_with(Opcode.CALL, self._function_index(x.attr, is_simd))
        if is_simd:
            self.get(own[value])
            self.get(own[is_wrong])
            self.write(Opcode.V128_BITSELECT)
        self.set(own[value])
        self.write(Opcode.END)
        self.get(own[value])
        for local in own.values():
            self.release(local)

    def _constant(self, x: Expr, is_simd: bool) -> None:
        self.push(x.value, x.dtype)
        if is_simd:
            self.write(splat(x.dtype))

    def _operation(self, x: Expr, lanes: Lanes) -> None:
        """An operation that is one instruction, or nearly."""
        form = None if lanes is None else x.op.forms.get((tuple(arg.dtype for arg in x.args), x.dtype))
        if lanes is None:
            for arg in x.args:
                self.value(arg)
            self._scalar(x)
        elif form is None or form.simd is None or (x.op in SHIFTS and lanes in x.args[1].deps):
            self._lane_by_lane(x, lanes)
        else:
            self.value(x.args[0], lanes)
            for arg in x.args[1:]:
                self.value(arg, None if x.op in SHIFTS else lanes)
            self.write(form.simd)

    def _scalar(self, x: Expr) -> None:
        """The instructions of an operation whose operands are on the stack."""
        if x.op in (Op.QUOTIENT, Op.REMAINDER):
            self.push(x.attr)
        self._instruction(x.op, tuple(arg.dtype for arg in x.args), x.dtype)

    def _instruction(self, op: Op, operands: tuple[str, ...], result: str) -> None:
        opcode = _form(op, operands, result).scalar
        if opcode is None:
            self._integer_extreme(op)
        else:
            self.write(opcode)

    def _integer_extreme(self, op: Op) -> None:
        """The minimum or maximum of two integers, for which there is no scalar instruction."""
        a, b = self.new_local(I32_TYPE), self.new_local(I32_TYPE)
        self.set(b)
        self.tee(a)
        for local in (b, a, b):
            self.get(local)
        self.write(Opcode.I32_LT_S if op is Op.MIN else Opcode.I32_GT_S, Opcode.SELECT)
        self.release(a)
        self.release(b)

    def _lane_by_lane(self, x: Expr, lanes: Lanes) -> None:
        """An operation that SIMD does not have: the scalar one for each lane."""
        vectors = []
        for arg in x.args:
            self.value(arg, lanes)
            vectors.append(self.new_local(V128_TYPE))
            self.set(vectors[-1])
        replace_lane = Opcode.F32X4_REPLACE_LANE if is_float(x.dtype) else Opcode.I32X4_REPLACE_LANE
        for lane in range(4):
            for arg, vector in zip(x.args, vectors, strict=True):
                self.get(vector)
                self.write_with(extract_lane(arg.dtype), lane)
            self._scalar(x)
            self.write(splat(x.dtype)) if lane == 0 else self.write_with(replace_lane, lane)
        for vector in vectors:
            self.release(vector)
