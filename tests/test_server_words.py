"""The words of the server, and of a published page that cannot be loaded, in each language of the page."""

import json
import re

import pytest

from gradient.publish.page import render
from gradient.publish.report import Report
from gradient.server.page_context import TEMPLATES
from gradient.server.words import WORDS, language_of
from gradient.views.languages import LANGUAGES
from tests.conftest import ROOT, notebook_of

# Why a visitor gets the static page; each is looked up by its name.
REASONS = {"full", "share", "rate", "starting", "stopping", "failed"}


def test_each_language_has_all_words() -> None:
    """A language of the page that has none is English here."""
    first, *others = WORDS
    assert first == LANGUAGES[0].code
    assert set(WORDS) <= {language.code for language in LANGUAGES}
    assert all(words.keys() == WORDS[first].keys() for words in WORDS.values())
    notebook = json.loads((ROOT / "techni.ipynb").read_text())["metadata"]
    assert all(notebook[f"{name}_{code}"] for name in ("title", "description") for code in others)


def test_a_page_that_cannot_be_loaded_says_so_in_the_same_languages() -> None:
    notebook = notebook_of()
    notebook.metadata["title"] = "Any"
    html = render(notebook, Report([]), widgets="", programs="", images=[], style="", script="")
    said = re.findall(r'<template class="techni-failure" lang="(\w+)">([^<]+)<a href="">([^<]+)</a></template>', html)
    assert [code for code, *_ in said] == list(WORDS)


def test_the_templates_have_no_words_of_their_own_and_use_all_that_there_are() -> None:
    sources = {file.name: file.read_text() for file in TEMPLATES.glob("*.j2")}
    used = set(re.findall(r"server\.words\.(\w+)", "".join(sources.values())))
    assert used | REASONS | {"works"} == WORDS["en"].keys()
    for source in sources.values():
        shown = re.sub(r"\{#.*?#\}|\{%.*?%\}|<style>.*?</style>|<script.*?</script>|<[^>]*>", "", source, flags=re.DOTALL)
        assert not re.findall(r"\w{3,}", re.sub(r"\{\{.*?\}\}", "", shown))


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        *(
            ("", "en"),
            ("fr", "fr"),
            ("fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", "fr"),
            ("FR", "fr"),
            ("en-GB,en;q=0.9,fr;q=0.5", "en"),
        ),
        *(("de,fr;q=0.3", "fr"), ("de", "en"), ("*", "en"), ("en;q=0.2, fr; q=0.7", "fr"), ("fr;q=0", "en"), ("fr,en", "fr")),
        *(("fr;q=x", "en"), ("fr;q=nan", "en"), ("fr;q=", "fr"), (",;=,;q=", "en"), ("fr" * 9000, "en"), ("é\x00", "en")),
    ],
)
def test_the_language_is_the_one_that_the_browser_prefers(accepted: str, code: str) -> None:
    assert language_of(accepted) == code
