"""The shell around the views: the style sheet, and what screen readers and keyboards need."""

import pathlib
from typing import Any

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Dict, Instance, Int, List

from gradient.link.modules import esm
from gradient.views import sentences
from gradient.views.languages import LANGUAGES, Language, Words
from gradient.views.style import TICK_FORMATS, css_colours
from gradient.views.view import Trait, Worded

_HERE = pathlib.Path(__file__).parent

LONGEST_NUMBER = 7  # letters, for which there is room beside a slider


def style_sheet() -> str:
    """All styles of the app: its colours as CSS variables, its rules, those for modes, libraries' elements, paper and prose."""
    files = ("shell.css", "modes.css", "libraries.css", "print.css")
    return "\n".join([css_colours(), *((_HERE / name).read_text() for name in files), *map(_prose, LANGUAGES[1:])])


def _prose(language: Language) -> str:
    """Shows the notebook's text in a language where a cell has it, in a `<div lang="…" hidden>` behind the English.

    The English is named by its elements: after `:has()` a rule for any element would make each change of the page, such as a
    number that a key press changes, match the rules of every element anew.
    """
    chosen, cell, own = f'[data-language="{language.code}"]', ".jp-RenderedMarkdown", f'[lang="{language.code}"]'
    page = f":root{chosen} {cell}"
    english = ":is(h1, h2, h3, h4, p, ul, ol, table, pre, blockquote, hr)"
    return f"{page}:has(> {own}) > {english} {{ display: none; }} {page} > {own} {{ display: block; }}"


def _as_json(words: Words) -> dict[str, Any]:
    return {"slider_readout": words.SLIDER_READOUT, "pictures": words.PICTURES, "language": words.CODE}


class Shell(Worded, anywidget.AnyWidget):
    """Styles the app that it is a child of, names its sliders and pictures, places ticks, and lets the Tab key pass.

    Attributes:
        app: the app, which is shown where ipywidgets has given up looking for it.
        curves: those that change in every frame, of which the loss has padded arrays.
        loss_axes: a logarithmic and a linear axis of bqplot, which would have more ticks than there is room for.
        axes: all axes of bqplot, whose numbers have the decimal sign of the language.
        sliders: the sliders with decimals, for the same reason.
        longest_number: so many letters of a slider's number are shown; a longer one has an exponent instead.
        tick_formats: `style.TICK_FORMATS`.
        words: the names; see `sentences.py`.
    """

    _esm = esm(_HERE / "shell.js")
    _css = style_sheet()

    app = Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    curves = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    loss_axes = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    axes = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    sliders = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    longest_number = Int(LONGEST_NUMBER, read_only=True).tag(sync=True)
    tick_formats = List(list(TICK_FORMATS)).tag(sync=True)
    words = Dict(_as_json(sentences)).tag(sync=True)

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "words"): _as_json(language.words)}
