"""The interface: a JAX function in, a WebAssembly module and its memory map out."""

import io
import json
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import jax
import numpy as np

from gradient.wasm import elementwise, flow, indexing, ir, reduce, schedule, shape, unsigned, windows  # noqa: F401 - they register their rules
from gradient.wasm.arrays import dtype_name, stored
from gradient.wasm.control import Writer
from gradient.wasm.encode import F32_TYPE, function, module
from gradient.wasm.ir import Buffer
from gradient.wasm.lower import Lowering, UnsupportedPrimitive, complete, is_known, is_unsigned, trace
from gradient.wasm.runtime import FUNCTIONS, parameters
from gradient.wasm.statements import Statement

_LOCK = Lock()
_ALIGNMENT = 16


@dataclass(frozen=True)
class Slot:
    """Where an array lies in the memory of a program: dense, row-major, little-endian; booleans are bytes."""

    offset: int
    shape: tuple[int, ...]
    dtype: str

    @property
    def num_bytes(self) -> int:
        """Its length in bytes."""
        return int(np.prod(self.shape, dtype=int)) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Program:
    """A compiled function. Write the inputs into `memory`, call `run`, read the outputs; as often as you like.

    Attributes:
        module: WebAssembly that exports `memory` and `run()` and imports nothing.
        inputs, outputs: one slot for each array of the flattened arguments and results.
        in_tree, out_tree: how the arguments (a tuple) and the results are built of them.
        memory_bytes: what `memory` holds.
        may_not_end: whether there is a loop in it whose number of steps its inputs decide.
    """

    module: bytes
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    in_tree: Any
    out_tree: Any
    memory_bytes: int
    may_not_end: bool = False

    def to_bytes(self) -> bytes:
        """The program as bytes, for a file. The trees may only contain containers that can be pickled."""
        slots = [[(s.offset, s.shape, s.dtype) for s in part] for part in (self.inputs, self.outputs)]
        fields = {"slots": slots, "memory_bytes": self.memory_bytes, "may_not_end": self.may_not_end}
        header = json.dumps(fields).encode()
        trees = pickle.dumps([jax.tree.unflatten(tree, range(tree.num_leaves)) for tree in (self.in_tree, self.out_tree)])
        stream = io.BytesIO()
        header_bytes, tree_bytes, code = (np.frombuffer(part, np.uint8) for part in (header, trees, self.module))
        np.savez(stream, header=header_bytes, trees=tree_bytes, module=code)
        return stream.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> "Program":
        """The inverse of `to_bytes`. Only for bytes that you trust: the trees are pickled."""
        with np.load(io.BytesIO(data)) as parts:
            header, trees, code = (parts[k].tobytes() for k in ("header", "trees", "module"))
        fields = json.loads(header)
        inputs, outputs = (tuple(Slot(o, tuple(s), d) for o, s, d in part) for part in fields["slots"])
        in_tree, out_tree = (jax.tree.structure(tree) for tree in pickle.loads(trees))
        return Program(code, inputs, outputs, in_tree, out_tree, fields["memory_bytes"], fields["may_not_end"])


def compile(fun: Callable, *example_args: Any) -> Program:
    """Compiles `fun(*example_args)` for arguments of these shapes and types.

    Args:
        fun: a function in jax.numpy of pytrees of float32, int32 and bool arrays, to such a pytree.
        example_args: arguments; only their shapes and types matter. `jax.ShapeDtypeStruct` will do.

    Raises:
        UnsupportedPrimitive: if the function contains something that cannot be compiled. It can still run with `jax.jit`.
        TypeError: if an argument is of another type.
    """
    leaves, in_tree = jax.tree.flatten(example_args)
    specs = [_spec(leaf) for leaf in leaves]
    closed, out_tree = trace(fun, jax.tree.unflatten(in_tree, specs))
    with _LOCK:
        ir.clear()
        try:
            code, inputs, outputs, memory_bytes, may_not_end = _generate(closed)
        except UnsupportedPrimitive as error:
            raise complete(error, getattr(fun, "__name__", repr(fun))) from None
        finally:
            ir.clear()
    return Program(code, inputs, outputs, in_tree, out_tree, memory_bytes, may_not_end)


def _spec(leaf: Any) -> jax.ShapeDtypeStruct:
    dtype = np.dtype(leaf.dtype) if hasattr(leaf, "dtype") else np.asarray(leaf).dtype
    kinds = {"f": np.float32, "i": np.int32, "b": np.bool_}
    if not hasattr(leaf, "dtype") and dtype.kind in kinds:
        dtype = np.dtype(kinds[dtype.kind])
    if dtype not in (np.float32, np.int32, np.bool_):
        raise TypeError(f"An argument has the type {dtype}, but a program takes float32, int32 and bool. Convert it first.")
    return jax.ShapeDtypeStruct(np.shape(leaf), dtype)


def _external(avals: Sequence[Any]) -> list[Buffer]:
    """A buffer for each argument or result."""
    if any(map(is_unsigned, avals)):
        raise UnsupportedPrimitive("a result of type uint32", "Convert it to int32 or float32.")
    dtypes = [dtype_name(aval.dtype) if is_known(aval) else ir.I32 for aval in avals]
    sizes = [int(np.prod(aval.shape, dtype=int)) for aval in avals]
    return [Buffer(dtype, size, is_external=True) for dtype, size in zip(dtypes, sizes, strict=True)]


def _generate(closed: Any) -> tuple[bytes, tuple[Slot, ...], tuple[Slot, ...], int, bool]:
    jaxpr = closed.jaxpr
    low = Lowering()
    inputs = _external([v.aval for v in jaxpr.invars])
    outputs = _external([v.aval for v in jaxpr.outvars])
    args = [stored(tuple(v.aval.shape), b) for v, b in zip(jaxpr.invars, inputs, strict=True)]
    low.aim(jaxpr.outvars, outputs)
    results = low.run(jaxpr, [low.constant(c) for c in closed.consts], args)
    for result, buffer in zip(results, outputs, strict=True):
        if result.buffer is not buffer:
            low.store(result, buffer)
    statements = schedule.optimize(low.block)
    memory_bytes = _lay_out([*inputs, *outputs], statements, low.data)
    code = _assemble(statements, low.data, memory_bytes)
    slots = [
        tuple(Slot(b.offset, tuple(v.aval.shape), str(v.aval.dtype)) for v, b in zip(variables, buffers, strict=True))
        for variables, buffers in ((jaxpr.invars, inputs), (jaxpr.outvars, outputs))
    ]
    return code, slots[0], slots[1], memory_bytes, low.may_not_end


def _lay_out(fixed: list[Buffer], statements: list[Statement], data: dict[Buffer, bytes]) -> int:
    """Gives every buffer its place; a margin at both ends lets a select read beside an array it then ignores."""
    used = schedule.buffers(statements)
    ordered = [*fixed, *(b for b in data if b in used), *sorted((b for b in used - set(fixed) - set(data)), key=_order)]
    position = _ALIGNMENT
    for buffer in ordered:
        buffer.offset = position
        position += -(-(buffer.num_bytes + _ALIGNMENT) // _ALIGNMENT) * _ALIGNMENT
    return position


def _order(buffer: Buffer) -> int:
    return buffer.number


def _assemble(statements: list[Statement], data: dict[Buffer, bytes], memory_bytes: int) -> bytes:
    names: list[str] = []

    def number(name: str) -> int:
        if name not in names:
            names.append(name)
        return 1 + names.index(name)

    main = Writer(functions=number)
    main.block(statements)
    functions = [function(main.types, bytes(main.code))]
    signatures: list[tuple[list[int], list[int]]] = [([], [])]
    for name in names:
        arity, body = FUNCTIONS[name]
        signatures.append(([F32_TYPE] * arity, [F32_TYPE]))
        functions.append(_runtime_function(body, arity))
    pieces = [(b.offset, content) for b, content in data.items() if b.offset]
    return module(signatures, functions, memory_bytes, pieces)


def _runtime_function(body: Callable, arity: int) -> bytes:
    writer = Writer(parameters=["f32"] * arity)
    writer.result(body(*parameters(arity)))
    return function(writer.types, bytes(writer.code))
