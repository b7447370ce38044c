"""Numbers in sentences: kernel and page format them alike, for floats of every size, in a real browser."""

import json
import math
import struct
from collections.abc import Iterator
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from gradient.link.constants import Kind
from gradient.link.modules import esm
from gradient.link.template import Template, optional
from gradient.link.text import format_number, format_with, typeset_number
from gradient.link.values import as_input, as_kind, as_output
from gradient.views.plane import tick_labels
from gradient.views.sentences import VERDICTS
from tests.conftest import ROOT, watched

EDGES = [
    *(0.0, -0.0, math.inf, math.nan, 5e-324, 2.2250738585072014e-308, 1e-45, 1.1754943508222875e-38, 1.7976931348623157e308),
    *(999.5, 999.4999, 999.49999999999, 99949.9, 99950.0, 99999.5, 1e5, 100000.5, 99999.999999, 999999.5, 1e6, 1e21, 1e22),
    *(1e-3, 9.995e-4, 9.9949e-4, 9.9999e-4, 0.001, 0.0010005, 0.00099999999, 9.995, 99.95, 0.9995, 0.09995, 0.009995),
    *(2.345, 0.0005005, 1.005, 1.015, 1.025, 0.125, 0.375, 2.5, 1234.5, 1235.5, 12350.5, 10.05, 10.25, 100.5, 101.5, 1.2345e-5),
    *(1, 7, 200, 999999, 1_000_000, 1_000_001, 123_456_789, 2**31 - 1, 2**53),
]
TEMPLATES = [
    *(words.sentence for words in VERDICTS.values()),
    *("{a}", "[{a}]", "{a}[ and {b}] or {c}", "[{a} of {b}][, {c}]", "[no number]", "{a}{b}", "{a} {a} [{b}][{b}]", "", "a b"),
    *("{größe}[ und {größe}]", "{} {", "{a}}"),
]


def random_floats(count: int) -> Iterator[float]:
    """Floats of all magnitudes: random bits of float64 and float32, short decimals, and ties at the third digit."""
    draw = Random(0)
    for _ in range(count):
        yield struct.unpack("<d", draw.randbytes(8))[0]
        yield struct.unpack("<f", draw.randbytes(4))[0]
        yield float(f"{draw.randint(-99999, 99999)}e{draw.randint(-12, 9)}")
        yield draw.randint(-(10**7), 10**7) / 2 ** draw.randint(0, 12)
        yield 10 ** draw.uniform(-8, 8)
        yield float(f"{draw.randint(100, 999)}5e{draw.randint(-9, 6)}")


NUMBERS = [sign * value for value in [*EDGES, *random_floats(1500)] for sign in (1, -1)]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page that has the functions of text.js and numbers.js, and how a program's numbers come out of arrays.js."""
    with watched(browser.new_context()) as context:
        page = context.new_page()
        names = "formatNumber, formatWith, fillParts, toScalar, flatten, clipToInt32, whole, onStep, asKind, isClose"
        names += ", numberOf, withNumbers"
        page.evaluate(f"{esm(ROOT / 'gradient' / 'views' / 'numbers.js')}\nObject.assign(globalThis, {{ {names} }});")
        yield page


@pytest.mark.parametrize("digits", [2, 3, 4])
def test_every_number_is_formatted_alike(page: Page, digits: int) -> None:
    # Bits, as JSON has no infinity, no NaN and no negative zero.
    bits = [struct.pack(">d", value).hex() for value in NUMBERS]
    words = page.evaluate("""([bits, digits]) => bits.map((hex) => {
        const view = new DataView(new ArrayBuffer(8));
        view.setBigUint64(0, BigInt("0x" + hex));
        return formatNumber(view.getFloat64(0), digits);
    })""", [bits, digits])  # fmt: skip
    mine = [format_number(value, digits) for value in NUMBERS]
    other = [row for row in zip(NUMBERS, mine, words, strict=True) if row[1] != row[2]]
    assert not other, f"{len(other)} of {len(NUMBERS)}, as (number, kernel, page): {other[:20]}"


def test_every_result_of_a_program_is_formatted_alike(page: Page) -> None:
    with np.errstate(over="ignore", under="ignore"):
        results = np.unique(np.array(NUMBERS).astype(np.float32))
    bits = results.view(np.int32).tolist()
    words = page.evaluate(
        "bits => [...new Float32Array(Int32Array.from(bits).buffer)].map((value) => formatNumber(toScalar(value, 'float32')))",
        bits,
    )
    assert words == [format_number(as_output(result)) for result in results]


def test_every_result_of_a_program_is_the_same_number(page: Page) -> None:
    with np.errstate(over="ignore", under="ignore"):
        results = np.unique(np.array([*NUMBERS, *random_floats(5000)]).astype(np.float32))
    results = results[np.isfinite(results)]
    numbers = page.evaluate(
        "bits => [...new Float32Array(Int32Array.from(bits).buffer)].map((value) => toScalar(value, 'float32'))",
        results.view(np.int32).tolist(),
    )
    other = [row for row in zip(results, map(as_output, results), map(float, numbers), strict=True) if row[1] != row[2]]
    assert not other, f"{len(other)} of {len(results)}, as (number, kernel, page): {other[:20]}"


def test_minus_signs_for_people_are_alike(page: Page) -> None:
    numbers = [-1.5, 1.5e-7, -1.5e-7, 1e9, 0.0]
    words = page.evaluate("numbers => numbers.map((value) => numberOf(value))", numbers)
    assert words == [typeset_number(number) for number in numbers] == ["−1.5", "1.50e−7", "−1.50e−7", "1.00e+9", "0"]
    assert page.evaluate("fillParts([['a', [], null]], () => -1e-9, numberOf)") == "−1.00e−9"


def test_a_formula_reads_well_whatever_its_signs(page: Page) -> None:
    for formula, b, expected in (
        ("exp(− {b} x)", -0.5, "exp(0.5 x)"),
        ("exp(− {b} x)", 0.5, "exp(− 0.5 x)"),
        ("{b} x + {b}", -0.5, "−0.5 x − 0.5"),
        ("(x − {b})²", -0.5, "(x + 0.5)²"),
    ):
        assert page.evaluate("([formula, b]) => withNumbers(formula, { b })", [formula, b]) == expected


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_filled_alike(page: Page, template: str) -> None:
    names = sorted({*"abc", "größe", "step", "best_known", "times_best"})
    read = Template.parse(optional(template), names)
    draw = Random(1)
    choices = [False, True, 0, 0.0, -0.0, 1, 30, 0.385, 1e-9, -2.345, 1e7]
    rows: list[dict[str, Any]] = [{name: draw.choice(choices) for name in names} for _ in range(200)]
    rows += [dict.fromkeys(names, value) for value in choices]
    words = page.evaluate(
        "([parts, rows]) => rows.map((row) => fillParts(parts, (name) => row[name]))",
        [read.as_json(), json.loads(json.dumps(rows))],
    )
    assert words == [read.fill(row.__getitem__) for row in rows]


FORMATS = [
    ("", "", 2, "f"),
    ("+", ",", 0, "f"),
    ("", ",", 3, "f"),
    ("", "", 0, "e"),
    ("+", "", 3, "e"),
    ("", "", 1, "%"),
    ("", ",", 0, "d"),
]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_written_alike(page: Page, form: tuple[str, str, int, str]) -> None:
    numbers = [value for value in NUMBERS if math.isfinite(value)]
    words = page.evaluate("([numbers, form]) => numbers.map((value) => formatWith(value, form))", [numbers, form])
    mine = [format_with(value, *form) for value in numbers]
    other = [row for row in zip(numbers, mine, words, strict=True) if row[1] != row[2]]
    assert not other, f"{len(other)} of {len(numbers)}, as (number, kernel, page): {other[:20]}"


@pytest.mark.parametrize(("value", "form", "text"), [
    (1234567.891, (("", ",", 1, "f")), "1,234,567.9"), (2.5, ("", "", 0, "f"), "3"), (-0.004, ("+", "", 2, "f"), "+0.00"),
    (0.125, ("", "", 1, "%"), "12.5%"), (0.0, ("+", "", 1, "e"), "+0.0e+0"), (1e22, ("", "", 0, "d"), "1" + 22 * "0"),
])  # fmt: skip
def test_a_format_is_pythons_but_for_ties(value: float, form: tuple[str, str, int, str], text: str) -> None:
    assert format_with(value, *form) == text


@pytest.mark.parametrize("kind", Kind)
def test_every_output_is_converted_alike(page: Page, kind: Kind) -> None:
    sliders: list[dict[str, float]] = [
        {"min": -5, "max": 5, "step": 0.1},
        {"min": 0, "max": 100, "step": 7},
        {"min": -3, "max": 3, "step": 0.5, "base": 10.0},
    ]
    if kind in (Kind.NUMBERS, Kind.INTEGERS, Kind.SLIDERS, Kind.TEXT):
        return  # made of the others
    values = [float(np.float32(value)) for value in NUMBERS[::5] if math.isfinite(value) and abs(value) < 1e30]
    for slider in sliders:
        mine = [as_kind(value, kind, SimpleNamespace(**slider)) for value in values]
        theirs = page.evaluate(
            "([values, kind, slider]) => values.map((value) => asKind(value, kind, { get: (name) => slider[name] }))",
            [values, kind, slider],
        )
        np.testing.assert_allclose(np.array(theirs, float), np.array(mine, float), rtol=1e-12)  # None becomes NaN


@pytest.mark.parametrize("value", [0, -1, 2**31 - 1, 2**31, -(2**31) - 1, 10**12, True])
def test_an_integer_is_clipped_as_in_the_kernel(page: Page, value: int) -> None:
    assert page.evaluate("value => Int32Array.from(flatten(value), clipToInt32)[0]", value) == as_input(value)


@pytest.mark.parametrize("value", [0.5, 12.3456, 0.001, 99999.0, 54321.7, 123456.7, 1e-5, -3e20])
def test_a_formatted_number_has_three_correct_digits(value: float) -> None:
    assert float(format_number(value)) == pytest.approx(value, rel=0.005)


@pytest.mark.parametrize("low", [1e-5, 0.0999, 0.962, 1.0, 5.01, 99.0, 1.23e5])
def test_no_two_ticks_of_a_colour_bar_read_alike(low: float) -> None:
    """Not even where the losses differ by a hundredth."""
    labels = tick_labels(np.geomspace(low, 1.01 * low, 7)[1:-1].tolist())
    assert len(set(labels)) == 5
