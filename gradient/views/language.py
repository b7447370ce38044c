"""The choice of the page's language."""

import pathlib
from collections.abc import Callable
from typing import Any

from traitlets import Int, List, validate

from gradient.adapters.anywidget import ViewlessWidget
from gradient.link.modules import esm
from gradient.problems import SHIPPED
from gradient.views.languages import LANGUAGES, Language, language_at

_HERE = pathlib.Path(__file__).parent
BROWSERS = -1  # the index while nobody has chosen: a page takes what the visitor's browser prefers

# The words of records in pictures that a page has as images.
_IN_PICTURES = sorted({label for problem in SHIPPED for label in problem.axis_labels})


def _described(language: Language) -> dict[str, Any]:
    """What a page knows of a language besides the words of its widgets."""
    english, words = LANGUAGES[0].words, language.words
    colours = {english.PARAMETER_MAP["colours"]: words.PARAMETER_MAP["colours"], english.PLANE_COLOURS: words.PLANE_COLOURS}
    labels = {**colours, **{label: language.named(label) for label in _IN_PICTURES}}
    return {"code": language.code, "name": language.name, "decimal": language.decimal, "labels": labels}


class LanguageChoice(ViewlessWidget):
    """Which of `LANGUAGES` the page speaks; the menu of `Share` shows it.

    A page begins with what its address says, `#lang=fr`, else with what the browser prefers.

    It tells the page the decimal sign; the words are set by a link of the app.

    Attributes:
        index: of the language in `LANGUAGES`; `BROWSERS` until a page or Python has chosen.
        languages: their codes, names, decimal signs, and the words in images.
    """

    _esm = esm(_HERE / "language.js")

    index = Int(BROWSERS).tag(sync=True, page_sets={"low": 0, "high": len(LANGUAGES) - 1})
    languages = List([_described(language) for language in LANGUAGES]).tag(sync=True)

    def __init__(self, set_language: Callable[[Language], None]) -> None:
        """Takes what has the kernel's pictures drawn in a language."""
        self._set_language = set_language
        super().__init__()

    @validate("index")
    def _check_index(self, proposal: dict) -> int:
        # The kernel's pictures follow here, because no link of a page can draw them.
        index = min(int(proposal["value"]), len(LANGUAGES) - 1)
        self._set_language(language_at(index))
        return index
