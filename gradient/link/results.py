"""What a linked function returns."""

from collections.abc import Mapping
from typing import Any


def fields_of(result: Any, only: str | None = None) -> Any:
    """The fields of a result: of a mapping or a NamedTuple. All else is bare, and the field `only` if that is given."""
    if isinstance(result, Mapping):
        return dict(result)
    if hasattr(result, "_asdict"):
        return result._asdict()
    return result if only is None else {only: result}
