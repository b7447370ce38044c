"""The verifier names what is wrong with a program of the IR; the operations say which types and instructions they have."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from gradient import OPTIMIZERS, PROBLEMS
from gradient.frame import frame
from gradient.wasm import compile, ir, verify
from gradient.wasm.emit.routines import DEFINITIONS
from gradient.wasm.emit.statements import StatementEmitter
from gradient.wasm.ir import BOOL, F32, F64, I32, Buffer, Expr, Op, Routine, Variable
from gradient.wasm.ir.statements import Assign, Branch, Copy, Loop, Statement, Store, While
from gradient.wasm.opcodes import Opcode
from gradient.wasm.verify.expressions import check_expression
from tests.test_parity import SETTINGS, inputs_of
from tests.wasm_parity import floats

SOURCE, TARGET, FLAGS = Buffer(F32, 16, is_external=True), Buffer(F32, 16, is_external=True), Buffer(BOOL, 16)
ROW, LANE = Variable("row", 16), Variable("lane", 16)
HERE, THERE = ir.local(F32), ir.local(F32)
VECTOR, NUMBER = ir.local(F32, LANE), ir.local(I32)
ROW_INDEX, LANE_INDEX = ir.variable(ROW), ir.variable(LANE)
ONE, YES = ir.f32(1.0), ir.const(BOOL, True)


def by_lanes(*body: Statement, size: int = 16) -> Loop:
    return Loop(Variable("lane", size), list(body), step=4, is_simd=True)


def doubled() -> Statement:
    """A valid program: twice the source goes to the target, four numbers at a time."""
    loaded = ir.load(SOURCE, LANE_INDEX)
    return by_lanes(Store(TARGET, LANE_INDEX, loaded + loaded))


def check(*statements: Statement) -> None:
    verify.checker([SOURCE], [TARGET])(statements, "a test")


def wrong(op: Op, dtype: str, args: tuple[Expr, ...] = (), attr: Any = None, own: Any = None) -> Assign:
    """The assignment of an expression that the functions of `ir` would not build."""
    return Assign((HERE if dtype == F32 else NUMBER,), (ir.node(op, dtype, args, attr, own=own),))


def with_operation(name: str) -> Assign:
    x = ir.node(Op.SQRT, F32, (ir.f32(2.0),))
    broken = Expr(cast(Op, name), x.dtype, x.args, x.attr, x.deps)
    return Assign((HERE,), (broken,))


def with_dependences(deps: frozenset) -> Assign:
    x = ir.load(SOURCE, ir.i32(3))
    return Assign((HERE,), (Expr(x.op, x.dtype, x.args, x.attr, deps),))


CORRUPTED: list[tuple[str, str, Callable[[], list[Statement]]]] = [
    ("unknown operation", "a misspelt one", lambda: [with_operation("sqrtt")]),
    ("operand types", "a sum of two types", lambda: [wrong(Op.ADD, F32, (ONE, ir.i32(1)))]),
    ("operand types", "an operand too few", lambda: [wrong(Op.MUL, F32, (ONE,))]),
    ("operand types", "an operand too many", lambda: [wrong(Op.ABS, F32, (ONE, ONE))]),
    ("operand types", "another result", lambda: [wrong(Op.LT, I32, (ONE, ONE))]),
    ("operand types", "a condition that is no boolean", lambda: [wrong(Op.SELECT, F32, (ir.i32(1), ONE, ONE))]),
    ("operand types", "an offset that is no integer", lambda: [wrong(Op.LOAD, F32, (ONE,), SOURCE, own=SOURCE)]),
    ("attribute", "a load of another type", lambda: [wrong(Op.LOAD, I32, (ir.i32(0),), SOURCE, own=SOURCE)]),
    ("attribute", "a factor too few", lambda: [wrong(Op.LINEAR, I32, (NUMBER,), (1,))]),
    ("attribute", "a division by 0", lambda: [wrong(Op.QUOTIENT, I32, (ir.i32(7),), 0)]),
    ("attribute", "a call of nothing", lambda: [wrong(Op.CALL, F32, (ONE, ONE), "power")]),
    ("attribute", "a call of nothing in some lanes", lambda: [wrong(Op.CALL_WHERE, F32, (YES, ONE, ONE, ONE), "sine")]),
    ("attribute", "lanes of a scalar", lambda: [Assign((THERE,), (ONE,)), wrong(Op.REDUCE_LANES, F32, (THERE,), Op.ADD)]),
    ("dependences", "a load without its buffer", lambda: [with_dependences(frozenset())]),
    ("value type", "a store of another type", lambda: [Store(TARGET, ir.i32(0), ir.i32(1))]),
    ("value type", "a carry of another type", lambda: [Assign((HERE,), (YES,))]),
    ("value type", "a branch on a number", lambda: [Branch(ir.i32(1), [], [])]),
    ("undefined local", "one that is never assigned", lambda: [Assign((HERE,), (THERE,))]),
    ("undefined local", "one that is assigned later", lambda: [Assign((HERE,), (THERE,)), Assign((THERE,), (ONE,))]),
    ("undefined local", "one of one branch", lambda: [Branch(YES, [Assign((THERE,), (ONE,))], []), Assign((HERE,), (THERE,))]),
    ("undefined local", "one of a body", lambda: [While([], YES, [Assign((THERE,), (ONE,))]), Assign((HERE,), (THERE,))]),
    ("undefined buffer", "a load before a store", lambda: [Store(TARGET, ir.i32(0), ir.load(Buffer(F32, 4), ir.i32(0)))]),
    ("undefined buffer", "a copy before a store", lambda: [Copy(TARGET, Buffer(F32, 16))]),
    ("variable outside its loop", "after it", lambda: [doubled(), Store(TARGET, ROW_INDEX, ONE)]),
    ("lanes in a scalar", "a local", lambda: [by_lanes(Assign((HERE,), (ir.load(SOURCE, LANE_INDEX),)))]),
    ("lanes in a scalar", "a store", lambda: [by_lanes(Store(TARGET, ir.i32(0), ir.load(SOURCE, LANE_INDEX)))]),
    ("assignment", "a value too few", lambda: [Assign((HERE, THERE), (ONE,))]),
    ("assignment", "one local twice", lambda: [Assign((HERE, HERE), (ONE, ONE))]),
    ("assignment", "to a constant", lambda: [Assign((ONE,), (ONE,))]),
    ("copy", "of another size", lambda: [Copy(Buffer(F32, 8), SOURCE)]),
    ("loop step", "lanes by threes", lambda: [Loop(LANE, [], step=3, is_simd=True)]),
    ("loop step", "a scalar loop by fours", lambda: [Loop(ROW, [], step=4)]),
    ("nested loops", "one variable twice", lambda: [Loop(ROW, [Loop(ROW, [])])]),
    ("nested loops", "lanes in lanes", lambda: [by_lanes(by_lanes(size=8))]),
    ("out of bounds", "a store beyond the end", lambda: [Loop(ROW, [Store(TARGET, ROW_INDEX + 1, ONE)])]),
    ("out of bounds", "a store before the start", lambda: [Store(TARGET, ir.i32(-1), ONE)]),
    ("out of bounds", "a load far away", lambda: [Loop(ROW, [Store(TARGET, ROW_INDEX, ir.load(SOURCE, ROW_INDEX + 99))])]),
    ("store to an argument", "a store", lambda: [Store(SOURCE, ir.i32(0), ONE)]),
    ("store to an argument", "a copy", lambda: [doubled(), Copy(SOURCE, TARGET)]),
    ("output not written", "no store", list),
]


def test_a_valid_program_passes() -> None:
    check(doubled())
    total = ir.reduce_lanes(Op.ADD, VECTOR)
    body: list[Statement] = [Assign((VECTOR,), (VECTOR + ir.load(SOURCE, LANE_INDEX),))]
    zero: list[Statement] = [Assign((VECTOR,), (ir.f32(0.0),))]
    check(Loop(LANE, body, zero, [Store(TARGET, ir.i32(0), total)], step=4, is_simd=True))


CASES = [pytest.param(rule, make, id=f"{rule}: {what}") for rule, what, make in CORRUPTED]


@pytest.mark.parametrize(("rule", "statements"), CASES)
def test_a_corrupted_program_is_named(rule: str, statements: Callable[[], list[Statement]]) -> None:
    with pytest.raises(verify.InvalidProgram, match=rule) as caught:
        check(*statements())
    assert caught.value.rule == rule
    assert "fault of the compiler" in str(caught.value)
    assert caught.value.__notes__ == ["after a test"]


@pytest.mark.parametrize("offsets", [(16, 40), (0, 96), (16, 4000), (16, 72)], ids=["overlap", "start", "end", "alignment"])
def test_a_corrupted_memory_plan_is_named(offsets: tuple[int, int]) -> None:
    verify.check_memory([Buffer(F32, 10, offset=16), Buffer(F32, 10, offset=80)], 144, 16)
    with pytest.raises(verify.InvalidProgram, match="memory plan"):
        verify.check_memory([Buffer(F32, 10, offset=offset) for offset in offsets], 144, 16)


def test_a_misspelt_operation_is_an_error_at_once() -> None:
    with pytest.raises(AttributeError, match="SQRTT"):
        _ = Op.SQRTT  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match=r"'sqrtt' is not an operation of the IR\. Use a member of gradient\.wasm\.ir\.Op"):
        ir.apply(cast(Op, "sqrtt"), ONE)
    with pytest.raises(AttributeError, match="F32_SQRTT"):
        _ = Opcode.F32_SQRTT  # type: ignore[attr-defined]


def test_programs_are_verified_only_if_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise verify.InvalidProgram("rule", "detail")

    monkeypatch.setattr(verify, "check_statements", broken)
    with pytest.raises(verify.InvalidProgram):
        compile(lambda x: x + 1, floats(3))
    verify.enable(False)
    try:
        compile(lambda x: x + 1, floats(3))
    finally:
        verify.enable()


@pytest.mark.parametrize("op", [op for op in Op if op not in (Op.CONVERT, Op.BITCAST, Op.SELECT)], ids=lambda op: op.name)
def test_an_instruction_computes_on_the_types_of_its_form(op: Op) -> None:
    prefixes = {F32: ("F32_",), I32: ("I32_",), BOOL: ("I32_",), F64: ("F64_",)}
    lanes = {F32: ("F32X4_", "V128_"), I32: ("I32X4_", "V128_"), BOOL: ("V128_",), F64: ("F64X2_",)}
    for form in op.forms.values():
        operand = form.operands[-1] if form.operands else form.result
        assert form.scalar is None or form.scalar.name.startswith(prefixes[operand])
        assert form.simd is None or form.simd.name.startswith(lanes[operand])


def test_every_operation_has_an_instruction_or_a_method() -> None:
    by_methods = StatementEmitter()._emitters.keys() | {Op.CALL}
    for op in set(Op) - by_methods:
        for form in op.forms.values():
            assert form.scalar or (op in (Op.MIN, Op.MAX) and form.operands == (I32, I32)), op


@pytest.mark.parametrize("routine", Routine)
def test_routines_are_valid(routine: Routine) -> None:
    x, y, core = (ir.node(Op.PARAMETER, F32, (), position) for position in range(3))
    quick, slow = DEFINITIONS[routine]
    assert slow or (quick and quick.is_right is None)
    in_halves = [quick.core(x, y)] if quick else []
    in_four_lanes = [quick.finish(x, y, core), *([quick.is_right(x, y)] if quick.is_right else [])] if quick else []
    for part in ir.walk([*in_halves, *in_four_lanes, *([slow(x, y)] if slow else [])]):
        check_expression(part)
    assert all(part.dtype != F64 for part in ir.walk(in_four_lanes))
    for part in ir.walk(in_halves):
        operands = tuple(arg.dtype for arg in part.args)
        if F64 in (*operands, part.dtype) and part.op is not Op.CONST:
            assert part.op.forms[operands, part.dtype].simd, part.op


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_programs_of_the_page_are_valid(problem: str) -> None:
    inputs = inputs_of(PROBLEMS[problem], SETTINGS[0])
    compile(lambda inputs: frame(PROBLEMS[problem], next(iter(OPTIMIZERS)), **inputs)._asdict(), inputs)
