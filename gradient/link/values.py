"""Values in the forms that compiled functions, traits and pages take."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from ipywidgets import Widget, widget_serialization

from gradient.adapters.ipywidgets import option_count
from gradient.link.constants import STEP_DIGITS, TOLERANCE, Kind
from gradient.link.errors import LinkError
from gradient.link.events import Trait

# The types that JavaScript has no typed array for, and what a page gets instead.
_PAGE_DTYPES = {"int64": "int32", "uint64": "uint32", "bool": "uint8"}
_CLOSED = (
    "IPY_MODEL_"  # the reference of a closed widget, which has no id any more; ipywidgets would fail, and with it the page
)
LIMITS = ("min", "max", "step", "base")  # the traits of a control that say which values it takes
_FUNCTION_DTYPES = {"b": np.bool_, "f": np.float32}


def as_input(value: Any) -> np.ndarray:
    """Converts a trait's value to one of the three types that a compiled function takes, so that 1 and 1.0 share a program.

    A page can send any number. An integer is clipped to the range of int32. A float beyond the range of float32 becomes
    infinite, and the function has to deal with it.

    Raises:
        LinkError: if it is no number any more, such as the value of a selection that has got other options.
    """
    limits = np.iinfo(np.int32)
    array = np.asarray(min(max(value, limits.min), limits.max) if type(value) is int else value)
    if array.dtype.kind in "iu":
        return array.clip(limits.min, limits.max).astype(np.int32)
    if array.dtype.kind not in _FUNCTION_DTYPES:
        raise LinkError(f"{value!r} is no number")
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


def whole(value: float) -> int | None:
    """The nearest whole number, the even one of two; None for infinity and NaN."""
    return round(value) if math.isfinite(value) else None


def as_list(array: Any, convert: Callable[[Any], Any] = lambda value: value) -> list:
    """Converts an array to nested lists of the numbers that `as_output` makes of it."""
    return [as_list(row, convert) if np.ndim(row) else convert(as_output(row)) for row in np.asarray(array)]


def on_step(value: float, slider: Any) -> float | None:
    """The step of a slider that is nearest to a value, within its limits; None for infinity and NaN."""
    base = getattr(slider, "base", None)
    if not math.isfinite(value) or (base and value <= 0):
        return None
    low, high, step = slider.min, slider.max, slider.step
    place = math.log(value) / math.log(base) if base else value
    nearest = min(max(low + round((place - low) / step) * step if step else place, low), high)
    return float(f"{base**nearest if base else nearest:.{STEP_DIGITS}g}")


def within_limits(value: Any, owner: Any) -> Any:
    """A number between the limits of a widget that has `min` and `max`, as ipywidgets' own validation would make it."""
    low, high = getattr(owner, "min", None), getattr(owner, "max", None)
    has_limits = isinstance(low, int | float) and isinstance(high, int | float)
    return value if not has_limits or math.isnan(value) else low if value < low else min(value, high)


def as_kind(value: Any, kind: Kind, owner: Any = None) -> Any:
    """Converts an output to what a trait of a widget takes; None if the trait has no such value."""
    if kind is Kind.SLIDER:
        return on_step(float(value), owner)
    if kind is Kind.SLIDERS:
        ends = as_list(value, lambda end: on_step(float(end), owner))
        return None if None in ends else sorted(ends)
    if kind in (Kind.NUMBERS, Kind.INTEGERS):
        return as_list(value, whole if kind is Kind.INTEGERS else float)
    if kind is Kind.INTEGER:
        nearest = whole(value)
        return nearest if nearest is None else within_limits(nearest, owner)
    if kind is Kind.NUMBER:
        return within_limits(value, owner)
    return bool(value) if kind is Kind.BOOLEAN else value


def nearest_option(value: float, options: Sequence[float]) -> Any:
    """The option that is this number in float32, None if there is none."""
    return next((option for option in options if np.float32(option) == np.float32(value)), None)


def is_no_index(target: Trait, value: Any) -> bool:
    """Whether a target is an index, and the value lies beyond the options or pages that there are."""
    owner, name = target
    count = None
    if name == "index":
        count = option_count(owner)
    elif name == "selected_index" and owner.has_trait("children"):
        count = len(owner.children)  # type: ignore[attr-defined]
    return count is not None and isinstance(value, int) and not 0 <= value < count


def is_close(value: Any, other: Any) -> bool:
    """Whether two values differ by no more than a few roundings to float32."""
    try:
        return bool(np.allclose(value, other, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True))
    except (TypeError, ValueError):  # text, nothing, or another shape
        return False


def snapshot(inputs: Mapping[str, np.ndarray], static: Mapping[str, Any]) -> dict[str, Any]:
    """Returns all inputs in a form that can be compared with `==`."""
    return {name: (value.shape, value.dtype, value.tobytes()) for name, value in inputs.items()} | dict(static)


def as_json(value: Any, _: object = None) -> Any:
    """Converts a value to what a page takes: widgets to references, arrays to bytes with a type and a shape, at any depth."""
    if isinstance(value, Widget):
        return _CLOSED if value.comm is None else widget_serialization["to_json"](value, None)
    if isinstance(value, np.ndarray):
        data = np.ascontiguousarray(value, _PAGE_DTYPES.get(str(value.dtype)))
        return {"value": data.tobytes(), "dtype": str(data.dtype), "shape": list(data.shape)}
    if isinstance(value, Mapping):
        return {key: as_json(part) for key, part in value.items()}
    if isinstance(value, list | tuple | range):
        return [as_json(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value
