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


def _is_none(value: Any) -> bool:
    return value is None


def _is_one_of(values: list, value: Any) -> bool:
    return any(_is_same(value, known) for known in values)


def _is_same(value: Any, known: Any) -> bool:
    """Whether they are equal and of one type; a page writes the number 1.0 as 1."""
    return value == known and (type(value) is type(known) or (type(value) is int and type(known) is float))


def _is_list(items: list[Check], value: Any) -> bool:
    return isinstance(value, list) and len(value) == len(items) and all(map(_holds, items, value))


def _is_list_of_any_length(item: Check, max_length: int, value: Any) -> bool:
    return isinstance(value, list) and len(value) <= max_length and all(map(item, value))


def _is_record(fields: Mapping[str, Check], value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == fields.keys() and all(fields[name](value[name]) for name in fields)


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
        raise DescriptionError(f"The rule {rule!r:.200} of {name} must have one of the types {sorted(_KINDS)}.")
    check, bounds = _KINDS[kind]
    if rule.keys() != {"type", *bounds}:
        raise DescriptionError(f"The rule {rule!r:.200} of {name} must have the bounds {sorted(bounds)} and no others.")
    for bound, (is_bound, words) in bounds.items():
        if not is_bound(rule[bound]):
            raise DescriptionError(f"The bound {bound!r} of {name} is {rule[bound]!r:.100}. It must be {words}.")
    return partial(check, *(_INNER.get(bound, _itself)(rule[bound], name) for bound in bounds))


def _itself(bound: Any, _: str) -> Any:
    return bound


def _all_of(items: list, name: str) -> list[Check]:
    return [any_of(rules, name) for rules in items]


def checks_of(fields: Mapping[str, Any], name: str) -> dict[str, Check]:
    """The checks of fields by their names, each of which has a list of rules."""
    return {field: any_of(rules, f"{name}.{field}") for field, rules in fields.items()}


# Bounds that are rules themselves, which have to be compiled, too.
_INNER: Mapping[str, Callable[[Any, str], Any]] = {"items": _all_of, "item": any_of, "fields": checks_of}


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value >= 0


def _is_any_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_any_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list_of_scalars(value: Any) -> bool:
    return isinstance(value, list) and all(item is None or isinstance(item, str) or _is_finite(item) for item in value)


def _is_list_of_dtypes(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and name in _SIZES for name in value)


_FINITE = (_is_finite, "a finite number")
_COUNT = (_is_count, "an integer that is not negative")
_LIST = (_is_any_list, "a list")

# For each type of rule: its check, and its bounds in the order of the check's arguments, each with a check of the bound itself
# and with words for what passes it.
_KINDS: Mapping[str, tuple[Callable[..., bool], Mapping[str, tuple[Check, str]]]] = {
    "number": (_is_number, {"low": _FINITE, "high": _FINITE}),
    "integer": (_is_integer, {"low": _FINITE, "high": _FINITE}),
    "boolean": (_is_boolean, {}),
    "none": (_is_none, {}),
    "text": (_is_text, {"max_length": _COUNT}),
    "enum": (_is_one_of, {"values": (_is_list_of_scalars, "a list of texts, numbers and booleans")}),
    "list": (_is_list, {"items": _LIST}),
    "many": (_is_list_of_any_length, {"item": _LIST, "max_length": _COUNT}),
    "record": (_is_record, {"fields": (_is_any_mapping, "a mapping")}),
    "array": (
        _is_array,
        {"dtypes": (_is_list_of_dtypes, f"a list of {sorted(_SIZES)}"), "max_ndim": _COUNT, "max_side": _COUNT},
    ),
}
