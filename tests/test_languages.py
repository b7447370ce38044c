"""The languages of the page: each has all words, with the same numbers in them, and no other ones are shown."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from ipywidgets import Widget

from gradient import App
from gradient.datasets import DATASETS
from gradient.link.template import Template
from gradient.link.text import localised
from gradient.models import MODELS, line
from gradient.optimizers import SHIPPED as OPTIMIZERS
from gradient.problems import SHIPPED as PROBLEMS
from gradient.problems import Problem
from gradient.verdict import Verdict
from gradient.views import sentences
from gradient.views.languages import LANGUAGES, Language, language_at
from gradient.views.tree import descendants

OTHERS = LANGUAGES[1:]
X = np.linspace(0, 1, 20)
LONGEST = 140  # letters, as in English
NAMES = [name for name in vars(sentences) if name.isupper() and name not in ("NAMES", "REFUSED", "CODE", "OWN_NAME", "DECIMAL")]
# What a page does not show: code, what addresses and scripts call an option, and the languages' own descriptions.
HIDDEN = {"_esm", "_css", "names", "languages", "spec", "style", "script", "known_as"}


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """All strings in a record, each by its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping | list | tuple):
        for key, part in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from texts(part, f"{path}/{key}")


def words_of(language: Language) -> dict[str, str]:
    return dict(texts({name: getattr(language.words, name) for name in NAMES}))


def named() -> Iterator[str]:
    """What a page shows of the records."""
    for problem in PROBLEMS:
        yield from (problem.name, *problem.axis_labels, *([problem.formula] if "units" in problem.formula else []))
    for optimizer in OPTIMIZERS:
        yield from (optimizer.label, *(each.label for each in optimizer.hyperparameters.values()))
    for data in DATASETS:
        yield from (data.name, data.x_label, data.y_label)
    yield from (model.name for model in MODELS)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    if app := App.opened():
        app.close()


@pytest.mark.parametrize("language", OTHERS, ids=lambda language: language.code)
def test_a_language_has_all_words_with_the_same_numbers_in_them(language: Language) -> None:
    english, own = words_of(LANGUAGES[0]), words_of(language)
    assert own.keys() == english.keys()
    for path, text in english.items():
        assert sorted(re.findall(r"\{\w*\}", own[path])) == sorted(re.findall(r"\{\w*\}", text)), path
        assert own[path].count("[") == text.count("["), path
        assert bool(own[path]) is bool(text), path
    assert {path: text for path, text in own.items() if path.endswith("/style")} == {
        path: text for path, text in english.items() if path.endswith("/style")
    }


@pytest.mark.parametrize("language", OTHERS, ids=lambda language: language.code)
def test_a_language_has_the_names_of_all_records(language: Language) -> None:
    assert set(named()) == set(language.words.NAMES)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_the_texts_of_a_language_are_short(language: Language) -> None:
    assert {path: text for path, text in words_of(language).items() if len(text) > LONGEST} == {}
    for verdict in Verdict:
        sentence = Template.of_sentence(language.words.VERDICTS[verdict].sentence)
        assert 0 < len(sentence.fill(lambda _: -1.2345e38)) <= LONGEST


def test_codes_and_names_of_languages_are_theirs_alone() -> None:
    assert LANGUAGES[0].code == "en"
    assert len({language.code for language in LANGUAGES}) == len({language.name for language in LANGUAGES}) == len(LANGUAGES)
    assert {language.decimal for language in LANGUAGES} <= {".", ","}
    assert [language_at(index).code for index in (-1, 0, 99)] == ["en", "en", LANGUAGES[-1].code]


def test_french_has_spaces_that_do_not_break_before_its_signs() -> None:
    words = [*words_of(LANGUAGES[1]).values(), *LANGUAGES[1].words.NAMES.values()]
    assert [text for text in words if re.search(r" [:;!?»%]|« |\w[:;!?»](?!//|\w)|'", text) and "1,2;3" not in text] == []


def shown(app: App) -> dict[str, str]:
    """What the widgets of an app hold in texts that a page shows."""
    found: dict[str, str] = {}
    for widget in descendants(app):
        for name in (name for name in widget.keys if name not in HIDDEN and (name == "_options_labels" or name[0] != "_")):
            value = getattr(widget, name)
            if not isinstance(value, Widget):
                own = texts(value, f"{type(widget).__name__}.{name}")
                found |= {path: text for path, text in own if not HIDDEN & set(path.split("/"))}
    return found


@pytest.mark.parametrize("index", range(1, len(LANGUAGES)))
def test_no_word_of_another_language_is_shown(index: int) -> None:
    app = App()
    english = {text for text in [*words_of(LANGUAGES[0]).values(), *named()] if len(text) > 2}
    assert len(english & set(shown(app).values())) > 150
    app.language.index = index
    own = {*words_of(LANGUAGES[index]).values(), *LANGUAGES[index].words.NAMES.values()}
    left = {path: text for path, text in shown(app).items() if text in english - own}
    # Codes, and what a page looks up in the words of its language.
    codes = re.compile(r"/style$|^JaxLink\.(state|where)$|^Share\.problems|^Formula\.formula$|^Overlay\.axis_labels")
    assert {path: text for path, text in left.items() if not codes.search(path)} == {}


def test_a_language_changes_what_python_sees_of_the_page_but_no_name() -> None:
    app = App()
    app.add(Problem("Own", line, X, 2 * X))
    app.language.index = 1
    app.problem.value = "Wave"
    assert re.search(r"\d,\d", app.verdict()[1])
    names = [problem.name for problem in PROBLEMS]
    assert LANGUAGES[1].words.NAMES["Wave"] == "Sinusoïde"
    assert getattr(*app.problem.labels()) == (*map(LANGUAGES[1].words.NAMES.get, names), "Own")
    axes = app.field.pictures[1].axes
    assert axes.get_xlabel() == "w (poids)"
    assert "−0,5" in [tick.get_text() for tick in axes.get_xticklabels()]
    app.problem.value, app.optimizer.value = "Line", "adam"
    assert (app.problem.index, app.optimizer.value) == (0, "Adam")
    app.language.index = 0
    assert app.learning_rate.description == "Learning rate"
    assert getattr(*app.problem.labels()) == tuple(app.problem.names) == (*names, "Own")


def test_numbers_in_texts_have_the_decimal_sign_and_nothing_else_does() -> None:
    assert localised("w −0.5 at 1.2e-7. See gradient.views, 3.", ",") == "w −0,5 at 1,2e-7. See gradient.views, 3."
    assert localised("0.5", ".") == "0.5"
