"""Instruction selection: statements to WebAssembly code.

An expression is emitted in one of two modes. In scalar mode it is one number; inside a SIMD loop, what depends on the loop's
variable is four numbers, and what does not is a scalar that is spread (splat) over the lanes, once, before the loop. A
boolean is 0 or 1 in scalar mode, and a lane of all zeros or all ones in SIMD mode. A loop variable is kept times four, as a
byte offset.
"""

from collections.abc import Callable, Sequence

from gradient.wasm import ir
from gradient.wasm.encode import F32_TYPE, F64_TYPE, I32_TYPE, OPCODES, V128_TYPE, unsigned
from gradient.wasm.instructions import Instructions
from gradient.wasm.ir import BOOL, F32, F64, I32, Expr, Variable

Lanes = Variable | None
Key = tuple[Expr, bool]

_TYPES = {F32: F32_TYPE, I32: I32_TYPE, BOOL: I32_TYPE, F64: F64_TYPE}
_CONVERSIONS: dict[tuple[str, str], tuple[str, ...]] = {
    (F32, I32): ("f32.convert_i32_s",),
    (F32, BOOL): ("f32.convert_i32_s",),
    (I32, F32): ("i32.trunc_sat_f32_s",),
    (I32, BOOL): (),
    (F64, F32): ("f64.promote_f32",),
    (F32, F64): ("f32.demote_f64",),
    (I32, F64): ("i32.trunc_sat_f64_s",),
    (F64, I32): ("f64.convert_i32_s",),
}
LEAVES = {"const", "local", "parameter"}
_SIGNED = {"lt", "gt", "le", "ge"}
_FOLD_OPS = {"add": "add", "mul": "mul", "min": "min", "max": "max", "and": "and", "or": "or", "xor": "xor"}


def simd_name(op: str, dtype: str) -> str | None:
    """The SIMD instruction of an operation, None if there is none."""
    if op in ("and", "or", "xor", "not"):
        return f"v128.{op}"
    shape = "f32x4" if dtype == F32 else "i32x4"
    suffix = "_s" if dtype != F32 and op in {*_SIGNED, "min", "max"} else ""
    name = f"{shape}.{op}{suffix}"
    return name if name in OPCODES else None


def scalar_name(op: str, dtype: str) -> str:
    """The scalar instruction of an operation."""
    kind = dtype if dtype in (F32, F64) else I32
    if kind == I32 and op in {*_SIGNED, "div", "rem"}:
        op += "_s"
    if kind != I32:
        op = {"pmin": "min", "pmax": "max"}.get(op, op)
    return f"{kind}.{op}"


def stride(offset: Expr, lanes: Variable) -> int | None:
    """By how much an index grows from one lane to the next, None if that is no constant."""
    _, parts = ir.terms(offset)
    dependent = {x: factor for x, factor in parts.items() if lanes in x.deps}
    if not dependent:
        return 0
    (x, factor), *others = dependent.items()
    return factor if not others and x.op == "var" else None


def address(buffer: ir.Buffer, offset: Expr) -> tuple[Expr, int]:
    """A load's address as an expression in bytes and a constant that is added without wrapping."""
    size = ir.ITEM_BYTES[buffer.dtype]
    fixed, parts = ir.terms(offset)
    moving = ir.linear(0, {x: factor * size for x, factor in parts.items()})
    start = buffer.offset + fixed * size
    if ir.interval(moving)[0] >= 0 and start >= 0:
        return moving, start
    return ir.add(moving, ir.i32(start)), 0


class Emitter(Instructions):
    """The code of one function."""

    def __init__(self, parameters: Sequence[str] = (), functions: Callable[[str], int] = lambda _: 0) -> None:
        super().__init__(len(parameters))
        self._functions = functions
        self._places: dict[Expr, int] = {}
        self._counters: dict[Variable, int] = {}
        self._rounds: dict[Variable, int] = {}
        self._known: dict[Key, int] = {}
        self._uses: dict[Key, int] = {}

    def place(self, x: Expr) -> int:
        """The WebAssembly local of an IR local."""
        if x not in self._places:
            self._places[x] = self.new(V128_TYPE if x.attr[1] is not None else _TYPES[x.dtype])
        return self._places[x]

    def children(self, x: Expr, lanes: Lanes) -> Sequence[tuple[Expr, Lanes]]:
        """What has to be evaluated for an expression, and in which mode."""
        if lanes is not None and lanes not in x.deps:
            return [(x, None)]
        if x.op == "load":
            if lanes is not None and stride(x.args[0], lanes) is None:
                return [(x.args[0], lanes)]
            return [(address(x.attr, x.args[0])[0], None)]
        if x.op == "fold":
            return []
        return [(arg, lanes) for arg in x.args]

    def value(self, x: Expr, lanes: Lanes = None) -> None:
        """Pushes an expression; what is used again stays in a local."""
        key = (x, lanes is not None)
        known = self._known.get(key)
        if known is not None:
            self.get(known)
            return
        if lanes is not None and lanes not in x.deps:
            self._splat(x)
        else:
            getattr(self, f"_{x.op}", self._operation)(x, lanes)
        if self._uses.get(key, 0) > 1 and (lanes is not None or x.op not in LEAVES):
            self._known[key] = self.new(V128_TYPE if lanes is not None else _TYPES[x.dtype])
            self.tee(self._known[key])

    def _splat(self, x: Expr) -> None:
        """One number in all four lanes. V8 folds no constant offset into the load that does so; it is added before."""
        if x.dtype == BOOL:
            self.number(0)
        if x.op == "load" and x.dtype == F32:
            moving, fixed = address(x.attr, x.args[0])
            self.value(moving)
            self.number(fixed)
            self.write("i32.add")
            self.access("v128.load32_splat", 0)
            return
        self.value(x)
        if x.dtype == BOOL:
            self.write("i32.sub")
        self.write("f32x4.splat" if x.dtype == F32 else "i32x4.splat")

    def _const(self, x: Expr, _: Lanes) -> None:
        self.number(x.value, x.dtype)

    def _parameter(self, x: Expr, _: Lanes) -> None:
        self.get(x.attr)

    def _local(self, x: Expr, _: Lanes) -> None:
        self.get(self.place(x))

    def _var(self, x: Expr, lanes: Lanes) -> None:
        self.get(self._counters[x.attr])
        self.number(2)
        self.write("i32.shr_s")
        if lanes is not None:
            self.write("i32x4.splat")
            self._iota(1)
            self.write("i32x4.add")

    def _iota(self, step: int) -> None:
        self.write("v128.const")
        self.code += b"".join((step * lane).to_bytes(4, "little") for lane in range(4))

    def _fresh(self, x: Expr, _: Lanes) -> None:
        self.get(self._counters[x.attr])
        self.write("i32x4.splat")
        self._iota(4)
        self.write("i32x4.add")
        self.get(self._rounds[x.attr])
        self.write("i32x4.splat", "i32x4.ge_s")

    def _linear(self, x: Expr, lanes: Lanes) -> None:
        first = True
        for y, factor in zip(x.args, x.attr[1:], strict=True):
            self._term(y, factor, lanes)
            if not first:
                self.write("i32x4.add" if lanes else "i32.add")
            first = False
        if x.attr[0]:
            self.number(x.attr[0])
            self.write(*(("i32x4.splat", "i32x4.add") if lanes else ("i32.add",)))

    def _term(self, y: Expr, factor: int, lanes: Lanes) -> None:
        if lanes is None and y.op == "var" and factor % 4 == 0:
            self.get(self._counters[y.attr])
            factor //= 4
        else:
            self.value(y, lanes)
        if factor == 1:
            return
        if lanes is None and factor > 0 and factor & (factor - 1) == 0:
            self.number(factor.bit_length() - 1)
            self.write("i32.shl")
            return
        self.number(factor)
        self.write(*(("i32x4.splat", "i32x4.mul") if lanes else ("i32.mul",)))

    def _convert(self, x: Expr, lanes: Lanes) -> None:
        (source,) = x.args
        self.value(source, lanes)
        pair = (x.dtype, source.dtype)
        if lanes is None:
            self.write(*_CONVERSIONS[pair])
        elif source.dtype == BOOL:
            self.number(1, x.dtype)
            self.write("f32x4.splat" if x.dtype == F32 else "i32x4.splat", "v128.and")
        else:
            self.write("i32x4.trunc_sat_f32x4_s" if x.dtype == I32 else "f32x4.convert_i32x4_s")

    def _bitcast(self, x: Expr, lanes: Lanes) -> None:
        self.value(x.args[0], lanes)
        if lanes is None:
            self.write(f"{x.dtype}.reinterpret_{x.args[0].dtype}")

    def _select(self, x: Expr, lanes: Lanes) -> None:
        condition, yes, no = x.args
        for arg in (yes, no, condition):
            self.value(arg, lanes)
        self.write("select" if lanes is None else "v128.bitselect")

    def _fold(self, x: Expr, _: Lanes) -> None:
        name, (acc,) = _FOLD_OPS[x.attr], x.args
        shape = "f32x4" if x.dtype == F32 else "i32x4"
        for lane in range(4):
            self.get(self.place(acc))
            self.lane(f"{shape}.extract_lane", lane)
            if lane % 2:
                self._combine(name, x.dtype)
        self._combine(name, x.dtype)
        if x.dtype == BOOL:
            self.number(1)
            self.write("i32.and")

    def _combine(self, name: str, dtype: str) -> None:
        if dtype == I32 and name in ("min", "max"):
            self._pick(name)
        else:
            self.write(scalar_name(name, dtype))

    def _pick(self, name: str) -> None:
        a, b = self.new(I32_TYPE), self.new(I32_TYPE)
        self.set(b)
        self.tee(a)
        for place in (b, a, b):
            self.get(place)
        self.write("i32.lt_s" if name == "min" else "i32.gt_s", "select")
        self.release(a)
        self.release(b)

    def _operation(self, x: Expr, lanes: Lanes) -> None:
        if lanes is None:
            for arg in x.args:
                self.value(arg)
            self._scalar(x)
            return
        name = simd_name(x.op, x.args[0].dtype)
        if name is None or (x.op in ("shl", "shr_s", "shr_u") and lanes in x.args[1].deps):
            self._by_lanes(x, lanes)
            return
        self.value(x.args[0], lanes)
        if x.op in ("shl", "shr_s", "shr_u"):
            self.value(x.args[1])
        elif len(x.args) > 1:
            self.value(x.args[1], lanes)
        self.write(name)

    def _scalar(self, x: Expr) -> None:
        """The instruction of an operation whose arguments are on the stack."""
        dtype = x.args[0].dtype
        if x.op == "call":
            self.code += OPCODES["call"] + unsigned(self._functions(x.attr))
        elif x.op in ("quotient", "remainder"):
            self.number(x.attr)
            self.write("i32.div_u" if x.op == "quotient" else "i32.rem_u")
        elif x.op == "not":
            self.write("i32.eqz") if dtype == BOOL else self.write_not()
        elif dtype == I32 and x.op in ("min", "max"):
            self._pick(x.op)
        else:
            self.write(scalar_name(x.op, dtype))

    def write_not(self) -> None:
        """Flips all bits."""
        self.number(-1)
        self.write("i32.xor")

    def _by_lanes(self, x: Expr, lanes: Lanes) -> None:
        """An operation that SIMD does not have: four scalar ones."""
        places = []
        for arg in x.args:
            self.value(arg, lanes)
            places.append(self.new(V128_TYPE))
            self.set(places[-1])
        result = "f32x4" if x.dtype == F32 else "i32x4"
        for lane in range(4):
            for arg, place in zip(x.args, places, strict=True):
                self.get(place)
                self.lane("f32x4.extract_lane" if arg.dtype == F32 else "i32x4.extract_lane", lane)
            self._scalar(x)
            self.write(f"{result}.splat") if lane == 0 else self.lane(f"{result}.replace_lane", lane)
        for place in places:
            self.release(place)
