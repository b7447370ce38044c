"""Round numbers along the axes of the data: as many as there is room for on a phone, with the digits that tell them apart."""

import math
from collections.abc import Iterator
from typing import NamedTuple

_ROOM = {"bottom": 270, "left": 120}  # CSS pixels of an axis on a phone
_LETTER, _GAP, _LINE = 7.6, 14, 17  # CSS pixels: a letter's width, what is between two labels, and a line's height
_LONGEST = 7  # letters of a number without an exponent
_MOST = 10
ROUND_STEPS = ((1.0, 0), (2.0, 0), (2.5, 1), (5.0, 0))  # the digits of a step, each with the decimals that it needs


class Ticks(NamedTuple):
    """The ticks' places, and their format as d3 knows it."""

    values: list[float]
    format: str


def ticks(low: float, high: float, side: str) -> Ticks:
    """The ticks of an axis from `low` to `high`, at the side "bottom" or "left" of a picture."""
    for exponent, step in _steps(high - low):
        values = [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]
        pattern = _format(values, exponent)
        width = max((len(_written(value, pattern)) for value in values), default=0) * _LETTER + _GAP
        if len(values) * (width if side == "bottom" else _LINE) <= _ROOM[side]:
            return Ticks(values, pattern)
    raise AssertionError("a step that is longer than the axis has at most one tick on it")


def _steps(length: float) -> Iterator[tuple[int, float]]:
    """Round steps, ascending from a tenth of a length, each with the exponent of its last digit."""
    first = math.floor(math.log10(length / _MOST))
    for exponent in range(first, first + 4):
        for digits, decimals in ROUND_STEPS:
            if (step := float(f"{digits}e{exponent}")) >= length / _MOST:
                yield exponent - decimals, step


def _format(values: list[float], exponent: int) -> str:
    """A format with digits down to the step's, with an exponent if it is shorter."""
    plain = f".{max(0, -exponent)}~f"
    if max((len(_written(value, plain)) for value in values), default=0) <= _LONGEST:
        return plain
    largest = max(abs(value) for value in values)
    return f".{math.floor(math.log10(largest)) - exponent}~e"


def _written(value: float, pattern: str) -> str:
    """A number in one of these formats."""
    digits, kind = int(pattern[1:-2]), pattern[-1]
    mantissa, _, exponent = f"{value:.{digits}{kind}}".partition("e")
    shorter = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{shorter}e{int(exponent):+d}" if exponent else shorter
