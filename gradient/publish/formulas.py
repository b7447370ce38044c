"""Formulas: in the outputs as MathML, which browsers draw by themselves; in widgets' texts, which change, by a script."""

import json
import re
from collections.abc import Callable
from html import escape
from typing import Any

from latex2mathml.converter import convert

from gradient.adapters.anywidget import CODE_TRAITS

_BLOCK = r"\$\$(?P<block>.+?)\$\$|\\\[(?P<bracketed>.+?)\\\]|(?P<environment>\\begin\{(?P<name>\w+\*?)\}.+?\\end\{(?P=name)\})"
_INLINE = r"\$(?P<inline>[^$]+)\$|\\\((?P<braced>.+?)\\\)"
_FORMULA = re.compile(f"{_BLOCK}|{_INLINE}", re.DOTALL)
# The converter knows neither these environments nor most of the starred ones: each has one in its place that looks the same.
_ALIKE = {
    **dict.fromkeys(("align", "aligned", "alignat", "alignedat", "eqnarray", "flalign", "split"), "align*"),
    **dict.fromkeys(("equation", "displaymath", "math", "gather", "gathered", "multline"), "matrix"),
    "dcases": "cases",
}
_ENVIRONMENT = re.compile(rf"\\(begin|end)\{{({'|'.join(_ALIKE)})\*?\}}(?:(?<=at\}})\{{\d+\}}|(?<=at\*\}})\{{\d+\}})?")
# What the converter does not know is a text in its MathML: the name of a command, or an ampersand.
_UNKNOWN = re.compile(r"<m[io]>(\\[A-Za-z]+|&)</")


def formula(latex: str, display: str, note: Callable[[str], None]) -> str:
    """A formula, "block" or "inline", in MathML; one that cannot be parsed stays LaTeX, which is noted."""
    try:
        return _converted(latex, display)
    except Exception as error:  # the converter has a class of error for each kind of mistake
        note(f"a formula cannot be parsed ({type(error).__name__} {error}), so its LaTeX is shown: {latex}")
        return f"<code>{escape(latex)}</code>"


def _converted(latex: str, display: str) -> str:
    """A formula in MathML.

    Raises:
        ValueError: if the converter does not know something in it; other mistakes raise the converter's own exceptions.
    """
    mathml = convert(_ENVIRONMENT.sub(lambda found: f"\\{found[1]}{{{_ALIKE[found[2]]}}}", latex), display=display)
    if unknown := _UNKNOWN.search(mathml):
        raise ValueError(unknown[1])
    return mathml


def latex_to_html(text: str, note: Callable[[str], None]) -> str:
    """Text with formulas, as an output of LaTeX has it, as HTML; see `formula`."""
    html, end = "", 0
    for found in _FORMULA.finditer(text):
        block, inline = found["block"] or found["bracketed"] or found["environment"], found["inline"] or found["braced"]
        html += escape(text[end : found.start()]) + formula(block or inline, "block" if block else "inline", note)
        end = found.end()
    return html + escape(text[end:])


def need_script(cells: list[Any], state: dict[str, Any]) -> bool:
    """Whether formulas are in outputs of HTML, in the texts of widgets, or in the templates that make these."""
    readable = [{name: value for name, value in model["state"].items() if name not in CODE_TRAITS} for model in state.values()]
    texts = [json.dumps(traits).replace("\\\\", "\\") for traits in readable]
    outputs = [output.get("data", {}).get("text/html", "") for cell in cells for output in cell.get("outputs", [])]
    return any(map(_FORMULA.search, texts + outputs))
