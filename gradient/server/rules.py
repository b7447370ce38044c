"""Rules for the values that a page sends, compiled into checks. A rule is a mapping of a `type` and this type's bounds."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

Check = Callable[[Any], bool]

_SIZES = {"float32": 4, "float64": 8, "int32": 4}  # bytes of one number of an array


class DescriptionError(ValueError):
    """A description of what pages may set is not one that `gradient.allowlist` writes; the message says where."""


def _is_number(low: float, high: float, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_integer(low: int, high: int, value: Any) -> bool:
    return isinstance(value, int) and _is_number(low, high, value)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(max_length: int, value: Any) -> bool:
    return isinstance(value, str) and len(value) <= max_length


def _is_one_of(values: list, value: Any) -> bool:
    return any(type(value) is type(known) and value == known for known in values)


def _is_list(items: list[Check], value: Any) -> bool:
    return isinstance(value, list) and len(value) == len(items) and all(map(_holds, items, value))


def _holds(check: Check, value: Any) -> bool:
    return check(value)


def _is_array(dtypes: list[str], max_ndim: int, max_side: int, value: Any) -> bool:
    """Whether a value is a pair of an array's description and its bytes, and they fit."""
    if not isinstance(value, tuple):
        return False
    array, buffer = value
    if array.keys() != {"dtype", "shape", "type"} or array["type"] is not None or array["dtype"] not in dtypes:
        return False
    shape = array["shape"]
    is_shape = isinstance(shape, list) and len(shape) <= max_ndim
    sides = [side for side in shape if isinstance(side, int) and 0 <= side <= max_side] if is_shape else None
    return sides == shape and math.prod(shape) * _SIZES[array["dtype"]] == len(buffer)


def any_of(rules: Any, name: str) -> Check:
    """Whether a value meets one of some rules, which are those of `name`."""
    if not (isinstance(rules, list) and rules):
        raise DescriptionError(f"{name} must have a list of rules, but it has {rules!r}.")
    checks = [compiled(rule, name) for rule in rules]
    return lambda value: any(check(value) for check in checks)


def compiled(rule: Any, name: str) -> Check:
    """The check of a rule, whose `type` names it and whose other fields are its bounds."""
    kind = rule.get("type") if isinstance(rule, dict) else None
    if not (isinstance(kind, str) and kind in _KINDS):
        raise DescriptionError(f"The rule {rule!r} of {name} must have one of the types {sorted(_KINDS)}.")
    check, bounds = _KINDS[kind]
    if rule.keys() != {"type", *bounds} or not all(is_bound(rule[bound]) for bound, is_bound in bounds.items()):
        raise DescriptionError(f"The rule {rule!r} of {name} must have the bounds {sorted(bounds)} and no others.")
    if kind == "list":
        return partial(check, [compiled(item, name) for item in rule["items"]])
    return partial(check, *(rule[bound] for bound in bounds))


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value >= 0


def _is_any_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_list_of_dtypes(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and name in _SIZES for name in value)


# For each type of rule: its check, and its bounds in the order of the check's arguments, each with a check of the bound itself.
_KINDS: Mapping[str, tuple[Callable[..., bool], Mapping[str, Check]]] = {
    "number": (_is_number, {"low": _is_finite, "high": _is_finite}),
    "integer": (_is_integer, {"low": _is_finite, "high": _is_finite}),
    "boolean": (_is_boolean, {}),
    "text": (_is_text, {"max_length": _is_count}),
    "enum": (_is_one_of, {"values": _is_any_list}),
    "list": (_is_list, {"items": _is_any_list}),
    "array": (_is_array, {"dtypes": _is_list_of_dtypes, "max_ndim": _is_count, "max_side": _is_count}),
}
