"""The stages after tracing: lower, optimize, plan the memory, emit, encode."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gradient.adapters.jax import Aval, Jaxpr, is_literal
from gradient.wasm import ir, rules, verify  # noqa: F401 - importing the rules registers them
from gradient.wasm.arrays import dtype_name, in_memory
from gradient.wasm.emit.calls import Function, Functions
from gradient.wasm.emit.encode import function, module
from gradient.wasm.emit.statements import StatementEmitter
from gradient.wasm.errors import UnsupportedPrimitive, located
from gradient.wasm.ir import Buffer
from gradient.wasm.ir.effects import buffers
from gradient.wasm.ir.statements import Statement
from gradient.wasm.lower import Lowering, is_supported, is_unsigned
from gradient.wasm.opt import optimize

_ALIGNMENT = 16
MAX_MEMORY_BYTES = 2**31  # addresses are signed integers
MAX_FUNCTION_BYTES, MAX_LOCALS = 7_654_321, 50_000  # the browsers' limits, from the JavaScript interface of WebAssembly


class Built(NamedTuple):
    """A module, with the buffers of its arguments and results and the size of its memory; see `program.Program`."""

    module: bytes
    inputs: list[Buffer]
    outputs: list[Buffer]
    memory_bytes: int
    may_not_end: bool


def build(jaxpr: Jaxpr, consts: Sequence[Any]) -> Built:
    """The module of a jaxpr."""
    _check_results(jaxpr)
    inputs, outputs = (_external([v.aval for v in variables]) for variables in (jaxpr.invars, jaxpr.outvars))
    lowering = Lowering()
    _lower(lowering, jaxpr, consts, inputs, outputs)
    check = verify.checker({*inputs, *lowering.data}, outputs)
    check(lowering.block, "lowering")
    statements = optimize(lowering.block, check)
    memory_bytes = plan_memory([*inputs, *outputs], statements, lowering.data)
    if memory_bytes > MAX_MEMORY_BYTES:
        raise UnsupportedPrimitive(f"a program that needs {memory_bytes / 2**30:.1f} GiB of memory", "Use smaller arrays.")
    if verify.is_enabled():
        verify.check_memory({*inputs, *outputs, *buffers(statements)}, memory_bytes, _ALIGNMENT)
    encoded = _emit(statements, lowering.data, memory_bytes)
    verify.check_module(encoded)
    return Built(encoded, inputs, outputs, memory_bytes, lowering.may_not_end)


def _check_results(jaxpr: Jaxpr) -> None:
    """Refuses results of another type than a program's memory has, with the place where they are made, if that is known."""
    made = {var: equation for equation in jaxpr.eqns for var in equation.outvars}
    for var in jaxpr.outvars:
        if is_unsigned(var.aval) or not is_supported(var.aval):
            error = UnsupportedPrimitive(f"a result of type {var.aval.dtype}", "Convert it to float32, int32 or bool.")
            equation = None if is_literal(var) else made.get(var)
            raise located(error, equation) if equation else error


def _external(avals: Sequence[Aval]) -> list[Buffer]:
    """A buffer for each argument or result."""
    dtypes = [dtype_name(aval.dtype) for aval in avals]
    sizes = [int(np.prod(aval.shape, dtype=int)) for aval in avals]
    return [Buffer(dtype, size, is_external=True) for dtype, size in zip(dtypes, sizes, strict=True)]


def _lower(lowering: Lowering, jaxpr: Jaxpr, consts: Sequence[Any], inputs: list[Buffer], outputs: list[Buffer]) -> None:
    """Appends the statements that compute the outputs from the inputs."""
    args = [in_memory(tuple(v.aval.shape), buffer) for v, buffer in zip(jaxpr.invars, inputs, strict=True)]
    lowering.set_destinations(jaxpr.outvars, outputs)
    results = lowering.lower(jaxpr, [lowering.constant(c) for c in consts], args)
    for found, buffer in zip(results, outputs, strict=True):
        if found.buffer is not buffer:
            lowering.store(found, buffer)


def plan_memory(external: list[Buffer], statements: list[Statement], data: dict[Buffer, bytes]) -> int:
    """Gives every buffer its offset, arguments and results first; returns the bytes that they take.

    There is a margin before, between and after them: a select may load an item beside an array that it then ignores.
    """
    used = buffers(statements)
    scratch = sorted(used - set(external) - set(data), key=lambda buffer: buffer.number)
    position = _ALIGNMENT
    for buffer in [*external, *(b for b in data if b in used), *scratch]:
        buffer.offset = position
        position += -(-(buffer.num_bytes + _ALIGNMENT) // _ALIGNMENT) * _ALIGNMENT
    return position


def _emit(statements: list[Statement], data: dict[Buffer, bytes], memory_bytes: int) -> bytes:
    """The module: `run`, and after it the routines that are called, in the order of their first calls."""
    called = Functions()
    run = StatementEmitter(function_index=called.index)
    run.block(statements)
    for number, most, what in ((len(run.code), MAX_FUNCTION_BYTES, "bytes"), (len(run.types), MAX_LOCALS, "variables")):
        if number > most:
            too_much = f"code of {number:,} {what}, more than the {most:,} that browsers take,"
            raise UnsupportedPrimitive(too_much, "Write what is repeated as a loop, with jax.lax.scan.")
    functions = [Function([], [], run.types, bytes(run.code)), *called.all()]
    signatures = [(f.parameters, f.results) for f in functions]
    codes = [function(f.locals, f.code) for f in functions]
    return module(signatures, codes, memory_bytes, [(b.offset, content) for b, content in data.items() if b.offset])
