"""The types of JAX's arrays: which can be compiled, and as which of a program's own."""

from typing import Any

import numpy as np

from gradient.adapters.jax import Aval, is_mutable, is_random_key
from gradient.wasm.arrays import dtype_name
from gradient.wasm.errors import UnsupportedPrimitive


def in_known_type(value: Any) -> np.ndarray:
    """A constant as float32, int32 or bool. A uint32 keeps its bits, and other integers have to keep their value."""
    dtype = getattr(value, "dtype", np.dtype(type(value)))
    if is_mutable(value):
        raise UnsupportedPrimitive("a reference to a mutable array", "Pass the array in, and return its new value.")
    if is_random_key(dtype):
        raise UnsupportedPrimitive(f"a random key ({dtype})", "Draw random numbers outside and pass them in as an argument.")
    refused = UnsupportedPrimitive(f"a constant of type {dtype}", "Convert it to float32, int32 or bool.")
    array = np.asarray(value)
    kinds = {"f": np.float32, "i": np.int32, "u": np.int32, "b": np.bool_}
    if array.dtype.kind not in kinds:
        raise refused
    known: np.ndarray = array.astype(kinds[array.dtype.kind])
    if array.dtype.kind in "iu" and array.dtype != np.uint32 and (known != array).any():
        raise refused
    return known


def is_supported(aval: Aval) -> bool:
    """Whether arrays of this type can be compiled."""
    try:
        dtype_name(aval.dtype)
    except (ValueError, TypeError, AttributeError):
        return False
    return True


def is_unsigned(aval: Aval) -> bool:
    """Whether the type is uint32, for which a primitive needs a rule of its own (`rules.unsigned`)."""
    return bool(getattr(aval, "dtype", None) == np.uint32)


def of_unsigned(name: str) -> str:
    """The name in the registry of the rule for uint32."""
    return f"{name} of uint32"
