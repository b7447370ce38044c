"""Text that is pasted, read by the page's own JavaScript in Node.js."""

import json
import subprocess
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradient.views.points import LARGEST, MOST, _even_places
from tests.conftest import ROOT

_SCRIPT = """
import { readFileSync } from "node:fs";
import { evenPlaces, readPoints, writePoints } from "%s";
const { texts, points, xs } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify({
  read: texts.map((text) => readPoints(text, %r)),
  written: points.map(([x, y]) => writePoints(x, y)),
  places: xs.map((x) => evenPlaces(x, %d)),
}));
"""


def run(texts: list[str] = [], points: list[Any] = [], xs: list[Any] = []) -> dict[str, list[Any]]:  # noqa: B006
    """What paste.js makes of texts, points and values of x."""
    script = _SCRIPT % ((ROOT / "gradient" / "views" / "paste.js").as_uri(), LARGEST, MOST)
    given = json.dumps({"texts": texts, "points": points, "xs": xs})
    command = ["node", "--no-warnings", "--input-type=module", "--eval", script]
    return json.loads(subprocess.run(command, input=given, capture_output=True, check=True, text=True).stdout)


TWO = ([1.0, 3.0], [2.0, 4.0])
HALVES = ([1.5, 3.0], [2.5, 4.0])
READ: dict[str, tuple[list[float], list[float]]] = {
    "1,2\n3,4": TWO,
    "1, 2\r\n3, 4\r\n": TWO,
    "1 2\n3 4": TWO,
    "  1   2  \n\n 3\t 4 ": TWO,
    "1\t2\n3\t4": TWO,
    "1;2\r3;4": TWO,
    "\ufeffx;y\n1;2\n3;4": TWO,
    "sep=;\nx;y\n1;2\n3;4": TWO,
    "# from a lab\nx y\n1 2\n3 4": TWO,
    "1.5,2.5\n3,4": HALVES,
    "1,5 2,5\n3 4": HALVES,
    "1,5;2,5\n3;4": HALVES,
    "1,5\t2,5\n3,0\t4,0": HALVES,
    '"x","y"\n"1.5","2.5"\n"3","4"': HALVES,
    '"1,5","2,5"\n"3","4"': HALVES,
    "+1.5e0 .25E1\n3. 4": HALVES,
    "1 234,5;2\n2 000,5;4": ([1234.5, 2000.5], [2.0, 4.0]),
    "1,234.5\t2\n2,000.5\t4": ([1234.5, 2000.5], [2.0, 4.0]),
    "1.234,5\t2\n2.000,5\t4": ([1234.5, 2000.5], [2.0, 4.0]),
    "−1\t2\n–3\t4": ([-1.0, -3.0], [2.0, 4.0]),
    "car,x,y\nA,1,2\nB,3,4": TWO,
    "1,2,9\n3,4,9": TWO,
    "1,2,\n3,4,": TWO,
    "id,x,y\n7,1,2\n8,3,4": TWO,
    ",a,b\n0,1,2\n1,3,4": TWO,
    "Nr.;t;s\n1;1,5;2,5\n2;3,0;4,0": HALVES,
    "y,time,x\n2,9,1\n4,9,3": TWO,
    "id,x\n1,2\n3,4": TWO,
    "\t1\t2\n\t3\t4": TWO,
    "1,5, 2,5\n3,0, 4,0": HALVES,
    '"1", "2"\n"3", "4"': TWO,
    "1\t2%\n3\t4%": TWO,
    "1,5;2,5 %\n3;4 %": HALVES,
    "1.5\t$2.50\n3\t$4.00": HALVES,
    "1\t-$1,234.50\n3\t$4.00": ([1.0, 3.0], [-1234.5, 4.0]),
    "1;2,00 €\n3;4,00 €": TWO,
    "x1,CO2 (ppm)\n1,2\n3,4": TWO,
    "": ([], []),
    "nothing here": ([], []),
}


def test_two_columns_are_read_however_they_are_written() -> None:
    for text, reading in zip(READ, run(list(READ))["read"], strict=True):
        assert (reading["x"], reading["y"], reading["unread"]) == (*READ[text], []), text


UNREAD = {
    "1,2\nabc,4\n5,6": [(2, "number", "abc")],
    "1,2\n\n3\n4,5": [(3, "few", "3")],
    "1;2\n;\n3;4": [(2, "few", "")],
    "1 2\nNaN 3\n4 5": [(2, "number", "NaN")],
    "1 2\n1e400 3\n4 5": [(2, "size", "1e400")],
    "1\t2\n1.2.3\t4\n5\t6": [(2, "number", "1.2.3")],
    "x,y\n1,2\nx,y\n3,4": [(3, "number", "x")],
    "0x10 0x20\n1 2\n3 4": [(1, "number", "0x10")],
    "2020-02-01,n/a\n1,2\n3,4": [(1, "number", "2020-02-01")],
    "2020-02-01,7\n2020-02-02,8": [(1, "number", "2020-02-01"), (2, "number", "2020-02-02")],
    "1\t20%\n2\t0.3\n3\t40%": [(2, "number", "0.3")],
    "1\t$2\n2\t3 €": [(2, "number", "3 €")],
    "1\n2\n3": [(1, "few", "1"), (2, "few", "2"), (3, "few", "3")],
}


def test_what_cannot_be_read_is_named_by_its_line() -> None:
    for text, reading in zip(UNREAD, run(list(UNREAD))["read"], strict=True):
        assert [(line["line"], line["reason"], line["text"]) for line in reading["unread"]] == UNREAD[text], text


# As a page has them: numbers of float32, with the fewest digits that tell them apart.
numbers = st.floats(-(2.0**39), 2.0**39, width=32, allow_subnormal=False).map(lambda value: float(str(np.float32(value))))
some_points = st.lists(st.tuples(numbers, numbers), min_size=2, max_size=30).map(
    lambda pairs: [list(x) for x in zip(*pairs, strict=True)]
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(some_points, min_size=10, max_size=30))
def test_what_is_copied_reads_back_the_same(points: list[list[list[float]]]) -> None:
    for (x, y), reading in zip(points, run(run(points=points)["written"])["read"], strict=True):
        assert (reading["x"], reading["y"], reading["unread"]) == (x, y, [])


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(st.sampled_from("0123456789.,;-+eE \t\n\r\"'#xé−\u00a0"), max_size=200), min_size=30, max_size=60))
def test_any_text_gives_finite_points_and_lines_that_are_there(texts: list[str]) -> None:
    for text, reading in zip(texts, run(texts)["read"], strict=True):
        assert len(reading["x"]) == len(reading["y"])
        assert all(abs(value) <= LARGEST for value in reading["x"] + reading["y"])
        assert all(1 <= line["line"] <= text.count("\n") + text.count("\r") + 1 for line in reading["unread"])


def test_python_and_the_page_keep_the_same_of_too_many_points() -> None:
    random = np.random.default_rng(0)
    xs = [random.normal(size=size).astype(np.float32).tolist() for size in (2, 2000, 2001, 3999, 7000)]
    xs.append([1.0] * 3000)
    for x, places in zip(xs, run(xs=xs)["places"], strict=True):
        np.testing.assert_array_equal(places, _even_places(np.asarray(x)))


@pytest.mark.parametrize("text", ['"' * 300_000, "1" * 300_000, " " * 300_000 + "x", "1," * 150_000, '"\n' * 20_000])
def test_a_long_text_of_nothing_takes_no_longer_than_a_file(text: str) -> None:
    script = _SCRIPT % ((ROOT / "gradient" / "views" / "paste.js").as_uri(), LARGEST, MOST)
    command = ["node", "--no-warnings", "--input-type=module", "--eval", script]
    given = json.dumps({"texts": [text], "points": [], "xs": []})
    subprocess.run(command, input=given, capture_output=True, check=True, text=True, timeout=60)  # quadratic took minutes
