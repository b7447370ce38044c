"""A trait that holds an array of numbers, and goes to the browser as bytes."""

from typing import Any

import numpy as np
from traitlets import TraitError, TraitType


def _to_json(array: np.ndarray, _: object) -> dict:
    little_endian = np.ascontiguousarray(array, "<f4")
    # As a page sends it, type included: an array that differs from what a page has sent would be sent back.
    return {"value": memoryview(little_endian.tobytes()), "dtype": "float32", "shape": list(array.shape), "type": None}


def _from_json(message: Any, _: object) -> np.ndarray:
    return np.frombuffer(message["value"], "<f4").reshape(message["shape"])


class Array(TraitType):
    """A NumPy array of float32 with `ndim` axes, empty at first.

    In the browser it is {value: its bytes, little-endian, in row-major order; dtype: "float32"; shape; type: null}. Setting it
    to an equal array changes nothing.

    Raises:
        TraitError: if it is set to anything but an array of numbers with `ndim` axes.
    """

    def __init__(self, ndim: int) -> None:
        empty = np.zeros((0,) * ndim, np.float32)
        empty.setflags(write=False)
        super().__init__(default_value=empty)
        self.ndim = ndim
        self.info_text = f"an array of numbers with {ndim} {'axis' if ndim == 1 else 'axes'}"
        self.tag(sync=True, to_json=_to_json, from_json=_from_json)

    def validate(self, obj: Any, value: Any) -> np.ndarray:
        """The value as an array of float32."""
        try:
            array = np.asarray(value, np.float32)
        except (TypeError, ValueError) as error:
            raise TraitError(f"{self.name} must be {self.info_text}, but it is {value!r}. Pass numbers only.") from error
        if array.ndim != self.ndim:
            raise TraitError(
                f"{self.name} must be {self.info_text}, but its shape is {array.shape}. Pass what `gradient.frame` returns."
            )
        return array

    def set(self, obj: Any, value: Any) -> None:
        """Sets it and notifies observers, unless it is equal: traitlets' own comparison cannot tell for arrays."""
        new = self.validate(obj, value)
        if not np.array_equal(np.asarray(self.get(obj)), new, equal_nan=True):
            super().set(obj, new)
