"""A compiler from JAX to WebAssembly: `compile(fun, *example_args)` gives a `Program` that runs in any browser."""

from gradient.wasm.errors import UnsupportedPrimitive
from gradient.wasm.program import Program, Slot, compile

__all__ = ["Program", "Slot", "UnsupportedPrimitive", "compile"]
