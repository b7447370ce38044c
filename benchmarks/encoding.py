"""Compiled programs as JSON for a page."""

import base64
from typing import Any

import jax
import numpy as np

from gradient.wasm import Program


def encoded(program: Program, arguments: Any) -> dict[str, Any]:
    """A program with the values of its inputs: the `EncodedProgram` of `wasm_page.js`."""
    inputs = zip(program.inputs, jax.tree.leaves(arguments), strict=True)
    return {
        "module": base64_of(program.module),
        "inputs": [[slot.offset, base64_of(np.asarray(leaf, slot.dtype).tobytes())] for slot, leaf in inputs],
        "outputs": [[slot.offset, slot.num_bytes] for slot in program.outputs],
    }


def base64_of(data: bytes) -> str:
    """Bytes in base64."""
    return base64.b64encode(data).decode()
