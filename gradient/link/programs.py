"""Compiles one linked function to WebAssembly, keeps it in a cache, and describes it to a page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import jax
import numpy as np

from gradient import wasm
from gradient.link.results import fields_of


class Cache(Protocol):
    """Bytes by name, which outlive the process. Loading a name that is not there returns `None`."""

    def load(self, name: str) -> bytes | None: ...  # noqa: D102
    def store(self, name: str, data: bytes) -> None: ...  # noqa: D102


def compile_function(fun: Callable, inputs: Mapping[str, np.ndarray], fields: Sequence[str]) -> wasm.Program:
    """Compiles `fun(**inputs)` for inputs of these shapes and types, with only these fields of its result.

    Raises:
        gradient.wasm.UnsupportedPrimitive: if `fun` has an operation that cannot be compiled to WebAssembly.
    """

    def with_fields(arguments: dict[str, jax.Array]) -> dict[str, jax.Array]:
        values = fields_of(fun(**arguments), only=fields[0] if len(fields) == 1 else None)
        return {name: jax.numpy.asarray(values[name]) for name in fields}

    with_fields.__name__ = getattr(fun, "__name__", "function")
    return wasm.compile(with_fields, {name: jax.ShapeDtypeStruct(value.shape, value.dtype) for name, value in inputs.items()})


def load_or_compile(cache: Cache | None, name: str | None, compile_program: Callable[[], wasm.Program]) -> wasm.Program:
    """Returns the program that the cache has by this name, or compiles and stores it. Without a name nothing is cached."""
    if cache is None or name is None:
        return compile_program()
    data = cache.load(name)
    if data is not None:
        return wasm.Program.from_bytes(data)
    program = compile_program()
    cache.store(name, program.to_bytes())
    return program


def describe(program: wasm.Program, inputs: Sequence[str], fields: Sequence[str]) -> dict:
    """Describes a program to a page: the module, the place of each array in its memory, and whether it may run for ever."""

    def slots(names: Sequence[str], found: Sequence[wasm.Slot]) -> dict:
        # JAX flattens a dict in the order of its sorted keys.
        return {name: [slot.offset, slot.dtype, list(slot.shape)] for name, slot in zip(sorted(names), found, strict=True)}

    return {
        "module": program.module,
        "inputs": slots(inputs, program.inputs),
        "outputs": slots(fields, program.outputs),
        "may_not_end": program.may_not_end,
    }
