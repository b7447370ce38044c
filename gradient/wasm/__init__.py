"""A compiler from JAX to WebAssembly: `compile(fun, *example_args)` gives a `Program` that runs in any browser."""

from gradient.wasm.errors import CompilerFault, UnsupportedPrimitive
from gradient.wasm.program import Program, Slot, compile

__all__ = ["CompilerFault", "Program", "Slot", "UnsupportedPrimitive", "compile"]
