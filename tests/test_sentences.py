"""Sentences: short whatever number stands in them, and with no number but those that the page shows."""

from collections.abc import Iterator

import pytest

from gradient.link.template import Template
from gradient.verdict import Verdict
from gradient.views import sentences
from gradient.views.sentences import ADVICE, READOUT, VERDICTS

LONGEST = 140  # characters, so that no sentence moves the pictures during a drag
EXTREME = [1.2345e-38, -1.2345e38, 99999.4, 0.0012345, 1.0, 0.0, 200]


@pytest.mark.parametrize("value", EXTREME)
@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_is_short_whatever_its_numbers(verdict: Verdict, value: float) -> None:
    sentence = VERDICTS[verdict].sentence
    assert 0 < len(Template.of_sentence(sentence).fill(lambda _: value)) <= LONGEST


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_says_no_number_but_the_readouts(verdict: Verdict) -> None:
    """And its own: how many times the lowest loss it is."""
    assert set(Template.of_sentence(VERDICTS[verdict].sentence).fields()) <= {*READOUT, "times_best"}


def test_every_verdict_has_its_own_words() -> None:
    assert set(VERDICTS) == set(Verdict)
    assert len({words.word for words in VERDICTS.values()}) == len({words.sentence for words in VERDICTS.values()}) == 11


@pytest.mark.parametrize("value", EXTREME)
def test_an_advice_is_short(value: float) -> None:
    for sentence in (ADVICE["sentence"].replace("{label}", "Learning rate"), ADVICE["rescale"]):
        assert len(Template.of_sentence(sentence).fill(lambda _: value)) <= LONGEST


def texts(value: object) -> Iterator[str]:
    """All strings in a record of words."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


ALL = [text for name, value in vars(sentences).items() if name.isupper() for text in texts(value)]


def test_every_text_is_short() -> None:
    assert len(ALL) > 80
    assert [text for text in ALL if len(text) > LONGEST] == []
