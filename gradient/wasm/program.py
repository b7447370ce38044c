"""The interface: `compile` turns a JAX function into a `Program`, a WebAssembly module with slots for inputs and outputs."""

import gc
import io
import json
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import jax
import numpy as np

from gradient.adapters.jax import trace
from gradient.wasm import ir
from gradient.wasm.errors import CompilerFault, UnsupportedPrimitive, complete
from gradient.wasm.pipeline import build

_LOCK = Lock()  # all compilations share the table of expressions


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pauses Python's cyclic garbage collector.

    A compilation keeps nearly every object that it makes until its end, so that to look for garbage among them over and over
    takes a third of its time and finds none.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
    """A compiled function. Write the inputs into `memory`, call `run`, read the outputs; repeat with other inputs.

    Attributes:
        module: WebAssembly that exports `memory` and `run()` and imports nothing.
        inputs, outputs: one slot for each array of the flattened arguments and results.
        in_tree, out_tree: the trees of the arguments (a tuple) and of the results.
        memory_bytes: how much of `memory` is used.
        may_not_end: whether there is a loop whose number of iterations depends on the inputs.
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
        fun: a function in jax.numpy, from pytrees of float32, int32 and bool arrays to such a pytree.
        example_args: arguments, of which only the shapes and types matter: `jax.ShapeDtypeStruct` is enough.

    Raises:
        UnsupportedPrimitive: if the function contains something that cannot be compiled. It can still run with `jax.jit`.
        TypeError: if an argument is of another type.
        CompilerFault: if the compiler itself fails. The function can still run with `jax.jit`.
    """
    leaves, in_tree = jax.tree.flatten(example_args)
    specs = [_spec(leaf) for leaf in leaves]
    jaxpr, consts, out_tree = trace(fun, jax.tree.unflatten(in_tree, specs))
    with _LOCK, _uncollected():
        ir.clear()
        try:
            built = build(jaxpr, consts)
        except UnsupportedPrimitive as error:
            raise complete(error, getattr(fun, "__name__", repr(fun))) from None
        except CompilerFault:
            raise
        except Exception as error:
            raise CompilerFault(f"{type(error).__name__}: {error}") from error
        finally:
            ir.clear()
    inputs, outputs = _slots(jaxpr.invars, built.inputs), _slots(jaxpr.outvars, built.outputs)
    return Program(built.module, inputs, outputs, in_tree, out_tree, built.memory_bytes, built.may_not_end)


def _slots(variables: Sequence[Any], buffers: Sequence[ir.Buffer]) -> tuple[Slot, ...]:
    """Where the arrays of a jaxpr's variables lie."""
    pairs = zip(variables, buffers, strict=True)
    return tuple(Slot(buffer.offset, tuple(v.aval.shape), str(v.aval.dtype)) for v, buffer in pairs)


def _spec(leaf: Any) -> jax.ShapeDtypeStruct:
    """Shape and type of an argument; a number of Python has a weak type, as in `jax.jit`."""
    numbers = {bool: np.bool_, int: np.int32, float: np.float32}
    number = next((kind for kind in numbers if isinstance(leaf, kind)), None)
    dtype = numbers[number] if number else getattr(leaf, "dtype", type(leaf))
    if dtype not in (np.float32, np.int32, np.bool_):
        raise TypeError(f"An argument has the type {dtype}, but a program takes float32, int32 and bool. Convert it first.")
    is_weak = getattr(leaf, "weak_type", number in (int, float))
    return jax.ShapeDtypeStruct(np.shape(leaf), dtype, weak_type=is_weak)
