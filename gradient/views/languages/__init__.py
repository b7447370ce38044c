"""The languages of the page: English, whose words stand in `sentences.py`, and each file of this folder.

A file has what `sentences.py` has, under the same names and keys: strings with the same {names} in them. So a new language is
one file.
"""

import importlib
import pkgutil
from types import ModuleType
from typing import Any, NamedTuple

from gradient.views import sentences

Words = ModuleType  # with the names of `sentences.py`


class Language(NamedTuple):
    """A language of the page.

    Attributes:
        code: as in the address and in HTML's `lang`: "en".
        name: what it calls itself.
        decimal: the sign before a number's decimals.
        words: the module with its words; see `gradient.views.sentences`.
    """

    code: str
    name: str
    decimal: str
    words: Words

    def named(self, name: str) -> str:
        """What a record with this name is called in the language."""
        return str(self.words.NAMES.get(name, name))


def _language(words: Any) -> Language:
    return Language(words.CODE, words.OWN_NAME, words.DECIMAL, words)


_OTHERS = sorted(module.name for module in pkgutil.iter_modules(__path__))

# English first: it is what the page speaks where it has not got the visitor's language.
LANGUAGES = (_language(sentences), *(_language(importlib.import_module(f"{__name__}.{name}")) for name in _OTHERS))


def language_at(index: int) -> Language:
    """The language with an index; the first one where nobody has chosen."""
    return LANGUAGES[min(max(index, 0), len(LANGUAGES) - 1)]
