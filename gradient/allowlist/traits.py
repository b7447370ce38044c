"""The rules for the values of a trait, from its type and from the bounds that its declaration gives."""

import sys
from collections.abc import Mapping
from typing import Any

import traitlets
from ipywidgets.widgets import trait_types

from gradient.adapters.traitlets import item_trait, item_traits

Rule = dict[str, Any]

# The bounds of each type, which a declaration can override.
LIMITS: Mapping[str, Rule] = {
    "number": {"low": -1e12, "high": 1e12},
    "integer": {"low": -(10**12), "high": 10**12},
    "boolean": {},
    "text": {"max_length": 500},
    "array": {"dtypes": ["float32", "float64", "int32"], "max_ndim": 2, "max_side": 1 << 14},
}
# Those of ipywidgets' own controls, which bring a number between their `min` and `max` themselves.
CONTROL_LIMITS: Mapping[str, Rule] = {
    **LIMITS,
    "number": {"low": -sys.float_info.max, "high": sys.float_info.max},
    "integer": {"low": -(1 << 63), "high": (1 << 63) - 1},
    "text": {"max_length": 10_000},
}
_MAX_ITEMS = 1000  # of a list of any length

# The rule type of each trait type. No trait type here is a subclass of another one: traitlets' `Bool` is no `Int`.
_TYPES: Mapping[type, str] = {
    traitlets.Bool: "boolean",
    traitlets.Int: "integer",
    traitlets.Float: "number",
    traitlets.Unicode: "text",
}
_DATE = {"year": (1, 9999), "month": (0, 11), "date": (1, 31)}  # as ipywidgets sends them, with January as month 0
_TIME = {"hours": (0, 23), "minutes": (0, 59), "seconds": (0, 59), "milliseconds": (0, 999)}
_RECORDS: Mapping[type, Mapping[str, tuple[int, int]]] = {
    trait_types.Date: _DATE,
    trait_types.Datetime: {**_DATE, **_TIME},
    trait_types.Time: _TIME,
}


def rules_of(
    trait: traitlets.TraitType, bounds: Mapping[str, Any] | None = None, limits: Mapping[str, Rule] = LIMITS
) -> list[Rule]:
    """The rules for values of a trait, one of which a value has to meet.

    Args:
        trait: a trait of any type.
        bounds: that its declaration gives, if any.
        limits: the bounds that are not given, for each type of rule.

    Raises:
        TypeError: if no page can set a trait of this type, or if this type does not have such bounds.
    """
    rule = _rule_of_many(trait, limits) or _rule_of_one(trait, bounds or {}, limits)
    known = limits.get(rule["type"], {}).keys()
    if unknown := set(bounds or ()) - known:
        raise TypeError(
            f"It has no bounds {sorted(map(str, unknown))}. Those of its type, {rule['type']}, are {sorted(known)}."
        )
    return [rule, *([{"type": "none"}] if trait.allow_none else [])]


def _rule_of_many(trait: traitlets.TraitType, limits: Mapping[str, Rule]) -> Rule | None:
    """The rule for a trait whose values have parts, or are listed; None for any other trait. It has no bounds of its own."""
    if isinstance(trait, traitlets.Enum):
        return {"type": "enum", "values": [plain(value) for value in trait.values or ()]}
    if isinstance(trait, traitlets.Tuple) and (items := item_traits(trait)):
        return {"type": "list", "items": [rules_of(item, limits=limits) for item in items]}
    if item := item_trait(trait):
        return {"type": "many", "item": rules_of(item, limits=limits), "max_length": _MAX_ITEMS}
    for base, fields in _RECORDS.items():
        if isinstance(trait, base):
            return {"type": "record", "fields": {name: [_integer(*ends)] for name, ends in fields.items()}}
    return None


def _integer(low: int, high: int) -> Rule:
    return {"type": "integer", "low": low, "high": high}


def _rule_of_one(trait: traitlets.TraitType, bounds: Mapping[str, Any], limits: Mapping[str, Rule]) -> Rule:
    """The rule for a trait of which each value is one thing."""
    kind = next((name for base, name in _TYPES.items() if isinstance(trait, base)), None)
    kind = kind or ("array" if "array" in type(trait).__name__.lower() else None)
    if kind is None:
        words = "Use Bool, Int, Float, Unicode, Enum, a Tuple or a List of these with the type of each item, or an array."
        raise TypeError(f"It is a {type(trait).__name__}, which no page can set. {words}")
    return {"type": kind, **limits[kind], **{name: plain(bound) for name, bound in bounds.items()}}


def plain(value: Any) -> Any:
    """A value of NumPy as Python's own, and any other value as it is."""
    return value.tolist() if hasattr(value, "tolist") else value
