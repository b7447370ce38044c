"""Ticks: round numbers, so far apart that no two labels meet, whatever the data are."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from gradient.frame import _ROUND
from gradient.link.modules import esm
from gradient.views.style import TICK_FORMATS
from gradient.views.ticks import _written, ticks
from tests.conftest import ROOT, watched

INTERVALS = [
    ((-4.6, 3.4), "-4 -3 -2 -1 0 1 2 3"),
    ((1896.4, 2023.6), "1900 1925 1950 1975 2000"),
    ((2015, 2025), "2016 2018 2020 2022 2024"),
    ((1e9, 5e9), "1e+9 2e+9 3e+9 4e+9 5e+9"),
    ((-650, 20), "-600 -400 -200 0"),
    ((-3e7, 3e7), "-2e+7 0e+0 2e+7"),
    ((-1.7e-10, 2e-10), "-1e-10 0e+0 1e-10 2e-10"),
    ((1.2345e9, 1.2355e9), "1.2345e+9 1.235e+9 1.2355e+9"),
]


def written(low: float, high: float, side: str) -> list[str]:
    """The labels of the ticks, as d3 writes them."""
    found = ticks(low, high, side)
    return [_written(value, found.format) for value in found.values]


@pytest.mark.parametrize(("interval", "labels"), INTERVALS)
def test_ticks_of_an_axis_of_data(interval: tuple[float, float], labels: str) -> None:
    assert written(*interval, "bottom") == labels.split()


def test_ticks_are_few_and_no_two_read_alike() -> None:
    draw = np.random.RandomState(0)
    for _ in range(500):
        low = float(draw.choice([-1, 1]) * 10 ** draw.uniform(-12, 12))
        length = abs(low) * 10 ** draw.uniform(-4, 3)
        for side, most in (("bottom", 10), ("left", 7)):
            labels = written(low, low + length, side)
            assert 1 <= len(labels) == len(set(labels)) <= most
            values = [float(label) for label in labels]
            np.testing.assert_allclose(values, ticks(low, low + length, side).values, rtol=1e-9, atol=1e-9 * length)
            if side == "bottom":
                assert len("".join(labels)) <= 36  # letters that have room on a phone


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with watched(browser.new_context()) as context:
        page = context.new_page()
        script = esm(ROOT / "gradient" / "views" / "loss_ticks.js")
        page.evaluate(f"{script}\nObject.assign(globalThis, {{ logTicks, linearTicks, formatOfTicks }});")
        yield page


LOSSES = [
    ((1, 2), [1, 1.2, 1.4, 1.6, 1.8, 2]),
    ((100, 500), [100, 200, 300, 400, 500]),
    ((1, 10), [1, 2, 3, 5, 7, 10]),
    ((0.01, 5), [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]),
    ((1e-3, 1e3), [1e-3, 1e-2, 0.1, 1, 10, 100, 1e3]),
    ((1e-2, 1e14), [1e-2, 1, 100, 1e4, 1e6, 1e8, 1e10, 1e12, 1e14]),
]


@pytest.mark.parametrize(("interval", "expected"), LOSSES)
def test_ticks_of_a_logarithmic_axis(page: Page, interval: tuple[float, float], expected: list[float]) -> None:
    low, high = (float(np.float32(limit)) for limit in interval)  # as a program returns them
    assert page.evaluate("([low, high]) => logTicks(low, high)", [low, high]) == expected


FORMATS = [([1e-3, 5e4], 0), ([0, 0.05], 0), ([1e-6, 1e-4, 0.01], 1), ([0, 5e-6], 1), ([2e6], 1)]


@pytest.mark.parametrize(("ticks", "chosen"), FORMATS)
def test_numbers_that_would_be_long_have_an_exponent(page: Page, ticks: list[float], chosen: int) -> None:
    """0.000001 lies over the axis' label."""
    assert page.evaluate("([ticks, formats]) => formatOfTicks(ticks, formats)", [ticks, TICK_FORMATS]) == TICK_FORMATS[chosen]


def test_ticks_of_a_linear_axis_of_the_loss(page: Page) -> None:
    found = page.evaluate("(limits) => limits.map(linearTicks)", [float(high) for high in _ROUND[3:]])
    for high, values in zip(_ROUND[3:], found, strict=True):
        assert 5 <= len(values) <= 6
        assert (values[0], values[-1]) == (0, float(str(high)))
        np.testing.assert_allclose(np.diff(np.array(values, float)), float(values[1]), rtol=1e-9)


def test_between_any_limits_of_the_loss_two_ticks_have_room_and_there_are_some(page: Page) -> None:
    limits = [(float(low), float(high)) for low in _ROUND[::9] for high in _ROUND if high > low]
    found = page.evaluate("(limits) => limits.map(([low, high]) => logTicks(low, high))", limits)
    for (low, high), values in zip(limits, found, strict=True):
        shares = [math.log(value / low) / math.log(high / low) for value in values]
        assert 2 <= len(shares) <= 11, (low, high)
        assert min(np.diff(shares)) >= 1 / 9.01, (low, high)
        assert -1e-6 <= shares[0] <= shares[-1] <= 1 + 1e-6
