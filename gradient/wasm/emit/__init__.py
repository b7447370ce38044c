"""Code generation: statements to the bytes of a WebAssembly module."""
