"""Functions are short, and the style sheet has no rule that costs every key press the matching of the whole page."""

import ast
import re

from gradient.views.shell import style_sheet
from tests.conftest import ROOT

MOST_LINES = 25  # of a function without its docstring; `biome.json` has the same for JavaScript

HAS = re.compile(r":has\((?:[^()]|\([^()]*\))*\)([^,{}]*)")
NAMED = re.compile(r"(?:^|[(\s>+~,])(?:[a-z][a-z0-9]*|[.#][\w-]+)")


def num_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines the body of a function takes, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_functions_are_short() -> None:
    long = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"
        for folder in ("gradient", "benchmarks")
        for file in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and num_lines(node) > MOST_LINES
    ]
    assert long == []


def unnamed_subjects(css: str) -> list[str]:
    """What stands behind `:has()` in a rule and names its elements by no tag, class or id."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    behind = [tail.strip() for tail in HAS.findall(css)]
    return [tail for tail in behind if re.search(r"[\s>+~]", tail) and not NAMED.search(re.split(r"[\s>+~]+", tail)[-1])]


def test_a_rule_for_any_element_is_recognised() -> None:
    assert unnamed_subjects(".a:has(> .b) > :last-child { top: 0; }") == ["> :last-child"]
    assert unnamed_subjects(".a:has(> [lang]) > :not([lang]) { top: 0; }") == ["> :not([lang])"]
    assert unnamed_subjects(".a:has(.b:not([hidden])) > p, .a:not(:has(.b)) .c { top: 0; }") == []


def test_what_has_a_child_styles_elements_by_name() -> None:
    """A rule for any element behind `:has()` makes Chromium match all elements anew when anything below the first changes."""
    assert unnamed_subjects(style_sheet()) == []
