"""The programs of a linked function: WebAssembly for each combination of its static inputs, compiled once and kept on disk."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import jax
import numpy as np

from gradient import wasm


class Cache(Protocol):
    """Bytes by their name, which outlive the process; `None` for what is not there."""

    def load(self, name: str) -> bytes | None: ...  # noqa: D102
    def store(self, name: str, data: bytes) -> None: ...  # noqa: D102


def compiled(fun: Callable, inputs: Mapping[str, np.ndarray], fields: Sequence[str]) -> wasm.Program:
    """The program of `fun(**inputs)` for inputs of these shapes and types, with these fields of its result only.

    Raises:
        gradient.wasm.UnsupportedPrimitive: if there is something in it that a browser cannot run.
    """

    def shown(arguments: dict[str, jax.Array]) -> dict[str, jax.Array]:
        result = fun(**arguments)
        values = result if isinstance(result, Mapping) else result._asdict()
        return {name: jax.numpy.asarray(values[name]) for name in fields}

    shown.__name__ = getattr(fun, "__name__", "function")
    return wasm.compile(shown, {name: jax.ShapeDtypeStruct(value.shape, value.dtype) for name, value in inputs.items()})


def cached(cache: Cache | None, name: str | None, make: Callable[[], wasm.Program]) -> wasm.Program:
    """A program from the cache, or made and put there."""
    if cache is None or name is None:
        return make()
    data = cache.load(name)
    if data is not None:
        return wasm.Program.from_bytes(data)
    program = make()
    cache.store(name, program.to_bytes())
    return program


def described(program: wasm.Program, inputs: Sequence[str], fields: Sequence[str]) -> dict:
    """A program as a page takes it: the module, where each named array lies in its memory, and whether it may not end."""

    def slots(names: Sequence[str], found: Sequence[wasm.Slot]) -> dict:
        # A flattened dict is sorted by its keys.
        return {name: [slot.offset, slot.dtype, list(slot.shape)] for name, slot in zip(sorted(names), found, strict=True)}

    return {
        "module": program.module,
        "inputs": slots(inputs, program.inputs),
        "outputs": slots(fields, program.outputs),
        "may_not_end": program.may_not_end,
    }
