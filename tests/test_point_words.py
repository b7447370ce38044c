"""What the page says of a visitor's points and of their model, as its own JavaScript says it in Node.js."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gradient.link.modules import esm
from gradient.views.languages import LANGUAGES
from gradient.views.points import LIMITS
from tests.conftest import ROOT

_VIEWS = ROOT / "gradient" / "views"
THEME = {"words": LANGUAGES[0].words.POINTS, "limits": LIMITS}
PLAIN, STANDARDIZED = {"x": False, "y": False}, {"x": True, "y": False}
SPEED = {"x": [0.2, 0.5, 2], "y": [200, -70, 1090]}
MILES = {"x": [2.6, 5.4, 1.5], "y": [21, 10.4, 33.9]}


def said(module: str, call: str, folder: Path) -> Any:
    """What a call of a function of a view's module gives."""
    script = folder / f"{module}.mjs"
    script.write_text(f"{esm(_VIEWS / f'{module}.js')}\nconsole.log(JSON.stringify({call}));")
    return json.loads(subprocess.run(["node", str(script)], capture_output=True, check=True, text=True).stdout)


@pytest.mark.parametrize(
    ("points", "standardized", "condition", "words"),
    [
        (SPEED, PLAIN, [5e5, 6e5, 1.54e-6, 2.14e-6], "Only rates below 1.54e−6 are stable here. Divide y by 1000."),
        (SPEED, STANDARDIZED, [5e5, 6e5, 1.54e-6, 2.14e-6], "Only rates below 2.14e−6 are stable here. Divide y by 1000."),
        (MILES, PLAIN, [2e5, 501, 2.83e-4, 0.00229], "Only rates below 2.83e−4 are stable here. Standardize x."),
        (MILES, STANDARDIZED, [2e5, 501, 2.83e-4, 0.00229], ""),
        (MILES, PLAIN, [161, 1, 0.082, 1], ""),
        (MILES, PLAIN, [0, 0, 0, 0], ""),
    ],
)
def test_where_no_rate_of_the_slider_is_stable_it_says_what_helps(
    points: dict[str, Any], standardized: dict[str, bool], condition: list[float], words: str, tmp_path: Path
) -> None:
    arguments = ", ".join(map(json.dumps, (points, THEME, standardized, condition)))
    assert said("point_words", f"warningOf({arguments})", tmp_path) == words


def test_a_condition_number_has_three_digits_and_a_scaling_tells_years_apart(tmp_path: Path) -> None:
    theme = json.dumps(THEME)
    scalings = f"[[1992.04, 19.339], [-3.5, 2]].map((scaling) => scalingOf(scaling, {theme}))"
    calls = f"[conditionOf([953932, 2.9e5, 1.9e9, 0.5], {theme}), ...{scalings}]"
    assert said("point_words", calls, tmp_path) == [
        "κ 954000 → 290000, rate up to 1.90e+9 → 0.5",
        "In the formulas x is (x − 1992) / 19.339.",
        "In the formulas x is (x + 3.5) / 2.",
    ]


def test_signs_in_a_formula_follow_its_numbers(tmp_path: Path) -> None:
    formulas = ["y = {w} x + {b}", "y = {w} / (1 + exp(− {b} x))", "y = {w} exp(−(x − {b})²)"]
    calls = f"{json.dumps(formulas)}.map((formula) => withNumbers(formula, {{ w: -1.3, b: -5.81 }}))"
    assert said("formula", calls, tmp_path) == [
        "y = −1.3 x − 5.81",
        "y = −1.3 / (1 + exp(5.81 x))",
        "y = −1.3 exp(−(x + 5.81)²)",
    ]
