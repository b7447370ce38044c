"""Numbers along the axes of a map, for a domain of any size and place; `map_ticks.js` follows the same rules."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gradient.link.text import typeset_number
from gradient.views import style
from gradient.views.levels import NormScale
from gradient.views.sentences import AXIS
from gradient.views.ticks import ROUND_STEPS

LETTER, GAP = 8.0, 14.0  # CSS pixels: a letter's width, and what is between two labels
CLOSEST, MOST_STEPS = 40.0, 9  # CSS pixels from tick to tick, at least, and steps along an axis, at most
LONGEST = {"bottom": 8, "left": 4, "right": 6}  # letters that have room in the margins
FEWEST = 2  # steps along an axis
SUPERSCRIPTS = dict(zip("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))

# The same numbers and words for `map_ticks.js`.
RULES = {
    "letter": LETTER,
    "gap": GAP,
    "closest": CLOSEST,
    "mostSteps": MOST_STEPS,
    "longest": LONGEST,
    "roundSteps": ROUND_STEPS,
    "superscripts": SUPERSCRIPTS,
    "fewest": FEWEST,
    "numBarTicks": style.NUM_BAR_TICKS,
    "words": AXIS,
}


class MapTicks(NamedTuple):
    """The ticks' places, what stands at them, and the axis' label, which says by what the numbers were shifted and divided."""

    values: list[float]
    labels: list[str]
    title: str


class _Step(NamedTuple):
    """A round step: its length, and the exponent of its last digit."""

    length: float
    exponent: int


def map_ticks(low: float, high: float, side: str, room: float, title: str, words: Mapping[str, str] = AXIS) -> MapTicks:
    """The ticks of an axis.

    Numbers that are too long are divided by a power of ten; if they are close together, and far from zero, a round number is
    subtracted first.

    Args:
        low, high: the ends of the axis, low < high.
        side: "bottom", "left" or "right".
        room: the length of the axis in CSS pixels; there are no ticks on an axis of a few letters' length.
        title: the axis' label.
        words: what it says of numbers that were shifted or divided; see `sentences.AXIS`.
    """
    for offset, power in _forms(low, high):
        for step in _steps(high - low):
            spacing = room * step.length / (high - low)
            if spacing < max(CLOSEST, room / MOST_STEPS * (1 - 1e-9)):
                continue
            values = _multiples(step.length, low, high)
            decimals = max(0, power - step.exponent)
            labels = [_fixed((value - offset) / _ten_to(power), decimals) for value in values]
            if _fit(labels, side, spacing):
                return MapTicks(values, labels, _titled(title, offset, _last_digit(high - low), power, words))
    return MapTicks([], [], title)


def bar_ticks(scale: NormScale, room: float, title: str, words: Mapping[str, str] = AXIS) -> MapTicks:
    """The ticks of a colour bar of norms, as shares of its length, which is `room` CSS pixels."""
    if scale.power == 1:
        found = map_ticks(0, scale.top, "right", room, title, words)
        return found._replace(values=[value / scale.top for value in found.values])
    shares = [i / (style.NUM_BAR_TICKS + 1) for i in range(1, style.NUM_BAR_TICKS + 1)]
    norms = [scale.top * share ** (1 / scale.power) for share in shares]
    finer, coarser = ([typeset_number(norm, digits).replace("e+", "e") for norm in norms] for digits in (2, 1))
    return MapTicks(shares, finer if max(map(len, finer)) <= LONGEST["right"] else coarser, title)


def _forms(low: float, high: float) -> Iterator[tuple[float, int]]:
    """What may be subtracted from an axis' numbers, and the exponent of the power of ten to divide by, the plainest first."""
    unit = _ten_to(_last_digit(high - low))
    for offset in (0.0, math.floor(low / unit) * unit):
        largest = max(abs(low - offset), abs(high - offset))
        yield offset, 0
        yield offset, _exponent(largest) - 1  # two digits before the point: those after it take more room


def _exponent(value: float) -> int:
    """The exponent of the power of ten at or below a number; its logarithm may be off by its last bit."""
    return math.floor(math.log10(value) + 1e-9)


def _ten_to(exponent: int) -> float:
    return float(f"1e{exponent}")  # a computed power can differ in its last bit


def _last_digit(length: float) -> int:
    """The exponent of the last digit of a number that may be subtracted: it is no shorter than the axis."""
    return math.ceil(math.log10(length) - 1e-9)


def _steps(length: float) -> Iterator[_Step]:
    """Round steps, ascending, of which at least `FEWEST` go into a length."""
    first = _exponent(length) - 2
    for exponent in range(first, first + 4):
        for digits, decimals in ROUND_STEPS:
            step = float(f"{digits}e{exponent}")
            if FEWEST * step <= length * (1 + 1e-9):
                yield _Step(step, exponent - decimals)


def _multiples(step: float, low: float, high: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return [n * step for n in range(first, last + 1)]


def _fit(labels: list[str], side: str, spacing: float) -> bool:
    """Whether labels have room in the margin and beside one another, and no two read alike."""
    longest = max(map(len, labels))
    is_apart = side != "bottom" or longest * LETTER + GAP <= spacing
    return is_apart and longest <= LONGEST[side] and len(set(labels)) == len(labels)


def _fixed(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.replace("-", "−") if float(text) else text.replace("-", "")


def _titled(title: str, offset: float, last_digit: int, power: int, words: Mapping[str, str]) -> str:
    if offset:
        title = words["below" if offset < 0 else "above"].format(title=title, offset=_rounded(abs(offset), last_digit))
    return words["scaled"].format(title=title, power=_power_of_ten(power)) if power else title


def _rounded(offset: float, last_digit: int) -> str:
    """A number whose last digit is known, written out if it is short."""
    exponent = _exponent(offset)
    if min(last_digit, exponent) >= -4 and exponent <= 6:
        return _fixed(offset, max(0, -last_digit))
    digits = _fixed(offset / _ten_to(exponent), max(1, exponent - last_digit)).rstrip("0").rstrip(".")
    return _power_of_ten(exponent) if digits == "1" else f"{digits} × {_power_of_ten(exponent)}"


def _power_of_ten(exponent: int) -> str:
    return f"10{''.join(SUPERSCRIPTS[sign] for sign in str(exponent))}"
