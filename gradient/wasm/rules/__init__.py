"""The rules: how each primitive of JAX is lowered. Importing this package registers all of them."""

from gradient.wasm.rules import elementwise, flow, indexing, reduce, sequential, shape, unsigned, windows

__all__ = ["elementwise", "flow", "indexing", "reduce", "sequential", "shape", "unsigned", "windows"]
