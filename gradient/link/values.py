"""Values in the forms that compiled functions, traits and pages take."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from ipywidgets import Widget, widget_serialization

# The types that JavaScript has no typed array for, and what a page gets instead.
_PAGE_DTYPES = {"int64": "int32", "uint64": "uint32", "bool": "uint8"}
_FUNCTION_DTYPES = {"b": np.bool_, "f": np.float32}


def as_input(value: Any) -> np.ndarray:
    """Converts a trait's value to one of the three types that a compiled function takes, so that 1 and 1.0 share a program.

    A page can send any number. An integer is clipped to the range of int32. A float beyond the range of float32 becomes
    infinite, and the function has to deal with it.
    """
    limits = np.iinfo(np.int32)
    array = np.asarray(min(max(value, limits.min), limits.max) if type(value) is int else value)
    if array.dtype.kind in "iu":
        return array.clip(limits.min, limits.max).astype(np.int32)
    with np.errstate(over="ignore"):
        return array.astype(_FUNCTION_DTYPES[array.dtype.kind])


def as_output(array: Any) -> Any:
    """Converts a scalar to the Python number that traits take, and leaves an array as it is.

    A float32 becomes the shortest decimal that rounds to it: 0.1, not 0.10000000149. A browser would move a slider from the
    latter to 0.1, which would be another event.
    """
    if np.ndim(array):
        return array
    return float(str(array)) if array.dtype == np.float32 else array.item()


def snapshot(inputs: Mapping[str, np.ndarray], static: Mapping[str, Any]) -> dict[str, Any]:
    """Returns all inputs in a form that can be compared with `==`."""
    return {name: (value.shape, value.dtype, value.tobytes()) for name, value in inputs.items()} | dict(static)


def as_json(value: Any, _: object = None) -> Any:
    """Converts a value to what a page takes: widgets to references, arrays to bytes with a type and a shape, at any depth."""
    if isinstance(value, Widget):
        return widget_serialization["to_json"](value, None)
    if isinstance(value, np.ndarray):
        data = np.ascontiguousarray(value, _PAGE_DTYPES.get(str(value.dtype)))
        return {"value": data.tobytes(), "dtype": str(data.dtype), "shape": list(data.shape)}
    if isinstance(value, Mapping):
        return {key: as_json(part) for key, part in value.items()}
    if isinstance(value, list | tuple | range):
        return [as_json(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value
