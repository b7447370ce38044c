"""Formats numbers in texts. The kernel uses this module and a page uses `text.js`; both write the same text."""

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal

from gradient.link.constants import (
    EXPONENT_BELOW,
    EXPONENT_FROM,
    INFINITE,
    NEGATIVE_INFINITE,
    NOT_A_NUMBER,
    SIGNIFICANT_DIGITS,
    WHOLE_LIMIT,
)

_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_ENOUGH = Context(prec=1500, rounding=ROUND_HALF_UP)  # digits for any float64 as it is


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


def typeset_number(value: float, digits: int = SIGNIFICANT_DIGITS) -> str:
    """The same with true minus signs, for words that only people read."""
    return format_number(value, digits).replace("-", "−")


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


def localised(text: str, decimal: str) -> str:
    """A text with numbers as this module writes them, with another sign before their decimals."""
    return text if decimal == "." else _POINT.sub(decimal, text)
