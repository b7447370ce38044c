"""Removes from a notebook's outputs what a public page must not show: errors, and the folders of the author's computer."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from gradient.adapters.nbconvert import markdown_to_html
from gradient.publish.formulas import formula
from gradient.publish.report import Report

# The kinds of data that the page shows, best first; the images after those that nbconvert shows by itself, too.
SHOWN = [
    *("application/vnd.jupyter.widget-view+json", "application/javascript", "text/html", "text/markdown"),
    *("image/svg+xml", "text/vnd.mermaid", "text/latex", "image/png", "image/jpeg"),
    *("image/gif", "image/webp", "image/bmp", "text/plain"),
]
_TRACEBACK = "Traceback (most recent call last)"
_NO_SPACE = r"[^\s\"'<>()]*"
_PACKAGES = re.compile(rf"{_NO_SPACE}/(?:site|dist)-packages/")
_SOURCE = re.compile(r"(?<![\w.:/])/(?:[^\s\"'<>()/:]+/)+([\w.-]+\.py)\b")
_CELL_FILE = re.compile(rf"{_NO_SPACE}/ipykernel_\d+/\d+\.py")


def clean_outputs(cells: list[Any], folder: Path, report: Report) -> None:
    """Removes errors and warnings from the outputs of cells, as Voilà does, and shortens paths; `folder` is the notebook's."""
    for index, cell in enumerate(cells):
        if "outputs" in cell:
            shown = [output for output in cell.outputs if output.get("name") != "stderr"]
            cell.outputs = _cleaned(shown, folder, index, report)


def clean_state(state: dict[str, Any], made_in: dict[str, int], folder: Path, report: Report) -> None:
    """Does the same to the outputs and the texts in the state of widgets; `made_in` has the cell of each by its id."""
    for id_, model in state.items():
        traits, cell = model["state"], made_in.get(id_)
        if model["model_name"] == "OutputModel":
            traits["outputs"] = _cleaned(traits["outputs"], folder, cell, report)
            _render_markdown(traits["outputs"], partial(report.lacks, cell))
        model["state"] = {name: _without_error(value, cell, report) for name, value in traits.items()}
        _shorten_paths(model["state"], folder)


def _cleaned(outputs: list[Any], folder: Path, cell: int | None, report: Report) -> list[Any]:
    kept = []
    for output in outputs:
        if error := _error_of(output):
            report.lacks(cell, f"its output is an error, which is left out: {error}")
            continue
        if kinds := _unshown(output):
            report.lacks(cell, f"its output is {', '.join(kinds)}, which a page cannot show. Show it as HTML or a picture.")
        if _shorten_paths(output, folder):
            report.remark(cell, "its output shows paths of this computer, which are shortened.")
        kept.append(output)
    return kept


def _render_markdown(outputs: list[Any], note: Callable[[str], None]) -> None:
    """Puts HTML in the place of Markdown: the renderer of a widget's outputs shows its source."""
    for data in (output.get("data", {}) for output in outputs):
        if "text/markdown" in data:
            html = markdown_to_html(data.pop("text/markdown"), {}, partial(formula, note=note))
            data.setdefault("text/html", html)


def _error_of(output: Any) -> str:
    """The last line of the error in an output, or nothing."""
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return text.strip().splitlines()[-1] if _TRACEBACK in text else ""


def _unshown(output: Any) -> list[str]:
    """The kinds of data in an output of which the page shows none, or at most the plain text in their place."""
    kinds = output.get("data", {}).keys() - {"text/plain"}
    return [] if kinds & {*SHOWN} else sorted(kinds)


def _without_error(value: Any, cell: int | None, report: Report) -> Any:
    if not (isinstance(value, str) and _TRACEBACK in value):
        return value
    report.lacks(cell, "a widget shows a traceback, which is left out.")
    return ""


def _shorten_paths(value: Any, folder: Path) -> bool:
    """Shortens the paths in all texts of nested lists and dictionaries; returns whether there are any."""
    shorter = [(replace, short) for text, replace in texts(value) if (short := short_paths(text, folder)) != text]
    for replace, short in shorter:
        replace(short)
    return bool(shorter)


def texts(value: Any) -> Iterator[tuple[str, Callable[[str], None]]]:
    """All texts in nested lists and dictionaries, each with a function that replaces it."""
    if isinstance(value, (dict, list)):
        for key, item in list(value.items() if isinstance(value, dict) else enumerate(value)):
            if isinstance(item, str):
                yield item, partial(value.__setitem__, key)
            else:
                yield from texts(item)


def short_paths(text: str, folder: Path) -> str:
    """A text in which no path tells where the author keeps the notebook, the packages or anything else of their own."""
    if "-packages/" in text:  # the patterns are slow in megabytes of text without a space
        text = _PACKAGES.sub("", text)
    if "/ipykernel_" in text:
        text = _CELL_FILE.sub("cell", text)
    if ".py" in text:
        text = _SOURCE.sub(r"\1", text)
    for own, short in ((folder, "."), (Path.home(), "~")):
        if own != Path(own.anchor) and str(own) in text:
            text = re.sub(rf"(?<![\w.-]){re.escape(str(own))}(?![\w.-])", short, text)
    return text
