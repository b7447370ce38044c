"""Numbers in sentences, worded alike by the kernel and by the page (`text.js`)."""

import math
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context
from typing import Any

_PLACE = re.compile(r"\{([^{}]+)\}")  # no \w, which means other letters in JavaScript
# JavaScript rounds a tie away from zero, and Python's formats round it to an even digit.
_THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_UP)


def number(value: float) -> str:
    """Three significant digits, without a long tail of zeros; whole numbers as they are."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinity" if value > 0 else "−infinity"
    size = abs(value)
    if size < 1e6 and float(value).is_integer():
        return str(int(value))
    rounded = _THREE_DIGITS.create_decimal_from_float(float(value))
    return f"{rounded:.2e}" if size >= 1e5 or size < 1e-3 else f"{float(rounded):g}"


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Puts numbers in the place of their {name}, and drops a [part] whose first number is zero."""
    bare = re.sub(r"\[([^\]]*)\]", lambda part: _kept(part[1], values), template)
    return _PLACE.sub(lambda place: number(values[place[1]]), bare)


def names(template: str) -> list[str]:
    """The names of the numbers that a template shows."""
    return _PLACE.findall(template)


def _kept(part: str, values: Mapping[str, Any]) -> str:
    first = _PLACE.search(part)
    return part if first is None or values[first[1]] != 0 else ""
