"""Formats numbers in sentences. The kernel uses this module and a page uses `text.js`; both write the same text."""

import math
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from gradient.link.constants import (
    EXPONENT_BELOW,
    EXPONENT_FROM,
    INFINITE,
    NEGATIVE_INFINITE,
    NOT_A_NUMBER,
    SIGNIFICANT_DIGITS,
    WHOLE_LIMIT,
)

_ENOUGH = Context(prec=1500, rounding=ROUND_HALF_UP)  # digits for any float64 as it is
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")  # not \w, which matches other letters in JavaScript


def format_number(value: float, digits: int = SIGNIFICANT_DIGITS) -> str:
    """Formats a number with so many significant digits and without trailing zeros; whole numbers are written out."""
    if not math.isfinite(value):
        return NOT_A_NUMBER if math.isnan(value) else INFINITE if value > 0 else NEGATIVE_INFINITE
    size = abs(value)
    if size < WHOLE_LIMIT and float(value).is_integer():
        return str(int(value))
    # JavaScript rounds a tie away from zero. Python's formats would round it to an even digit.
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal_from_float(float(value))
    needs_exponent = size >= EXPONENT_FROM or size < EXPONENT_BELOW
    return f"{rounded:.{digits - 1}e}" if needs_exponent else f"{float(rounded):g}"


def format_with(value: float, sign: str, comma: str, digits: int, kind: str) -> str:
    """Formats a number as Python's format `{sign}{comma}.{digits}{kind}` does, but a tie is rounded away from zero.

    Args:
        value: any number.
        sign: "+" to write it before positive numbers too, else "".
        comma: "," to separate thousands, else "".
        digits: decimal places.
        kind: "f", "e", "%" or "d".
    """
    if not math.isfinite(value):
        return format_number(value)
    exact = Decimal(float(value)).scaleb(2 if kind == "%" else 0, _ENOUGH)
    if kind == "e":
        text = f"{exact.normalize(Context(prec=digits + 1, rounding=ROUND_HALF_UP)):{sign}.{digits}e}"
        return f"{sign and '+'}0{'.' * (digits > 0)}{'0' * digits}e+0" if exact == 0 else text
    rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _ENOUGH)
    return f"{abs(rounded) if rounded == 0 else rounded:{sign}{comma}.{digits}f}" + ("%" if kind == "%" else "")


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Replaces each {name} by its number, and leaves out a [part] whose first number is zero."""
    text = re.sub(r"\[([^\]]*)\]", lambda part: part[1] if _is_shown(part[1], values) else "", template)
    return _PLACEHOLDER.sub(lambda placeholder: format_number(values[placeholder[1]]), text)


def placeholders(template: str) -> list[str]:
    """The names in a template."""
    return _PLACEHOLDER.findall(template)


def _is_shown(part: str, values: Mapping[str, Any]) -> bool:
    first = _PLACEHOLDER.search(part)
    return first is None or values[first[1]] != 0
