"""What a linked function returns."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def fields_of(result: Any, only: str | None = None) -> Any:
    """The fields of a result: of a mapping, a NamedTuple or a dataclass. All else is bare: the field `only` if that is one."""
    if isinstance(result, Mapping):
        return dict(result)
    if hasattr(result, "_asdict"):
        return result._asdict()
    if is_dataclass(result):
        return {field.name: getattr(result, field.name) for field in fields(result)}
    return result if only is None else {only: result}
