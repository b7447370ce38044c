"""Templates: text with numbers in it. Python reads them; a page fills them in by `text.js`, and a kernel by `Template.fill`."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradient.link.errors import LinkError
from gradient.link.text import format_number, format_with
from gradient.link.values import as_output

# A name in braces, with an index or none and a format or none. A name cannot begin with a space, so "{ x }" is text.
_NUMBER = re.compile(r"\{([^\W\d]\w*)((?:\[-?\d+\])*)(?::([^{}]*))?\}")
_OPTIONAL = re.compile(r"\[((?:\{[^{}]*\}|[^\]])*)\]")
_BRACES = re.compile(r"\{[^{}]*\}")
_FORMAT = re.compile(r"(\+?)(,?)(?:\.(\d{1,2}))?([fe%])|(\+?)(,?)()(d)")
# After these a brace belongs to LaTeX: \frac{a}{b}, x_{n}, \sqrt[3]{x}.
_LATEX = re.compile(r"(\\[A-Za-z]+\*?|[}\]^_])$")


@dataclass(frozen=True)
class Number:
    """A number in a template: a field of the result, the index of one of its numbers, and how it is written."""

    field: str
    index: tuple[int, ...] = ()
    format: tuple[str, str, int, str] | None = None


@dataclass(frozen=True)
class Optional:
    """A part that is left out if its first number is zero."""

    parts: tuple["Part", ...]


Part = str | Number | Optional


class optional(str):  # noqa: N801
    """Text in which a part in `[brackets]` is left out if its first number is zero."""


@dataclass(frozen=True)
class Template:
    """Text and the numbers in it."""

    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, text: str, fields: Sequence[str]) -> "Template":
        """Reads a template.

        Args:
            text: `{name}` stands for a number with three significant digits, `{name:.2f}` for one in a format of Python's, and
                `{name[0]}` for one of an array's numbers. All else in braces is text.
            fields: the names that there are.

        Raises:
            LinkError: if a name is none of the fields, unless its braces can only be LaTeX's.
        """
        read = _optional_parts if isinstance(text, optional) else _parts
        return cls(tuple(read(text, fields)))

    @classmethod
    def of_sentence(cls, sentence: str) -> "Template":
        """Reads a sentence, in which any name may stand, and parts in `[brackets]` are optional."""
        return cls.parse(optional(sentence), re.findall(r"\{(\w+)\}", sentence))

    def fields(self) -> list[str]:
        """The names of the fields whose numbers stand in the text."""
        return sorted({number.field for number in self.numbers()})

    def numbers(self) -> list[Number]:
        """The numbers in the text."""
        parts = [part for each in self.parts for part in (each.parts if isinstance(each, Optional) else (each,))]
        return [part for part in parts if isinstance(part, Number)]

    def fill(self, read: Callable[[str], Any], write: Callable[[float], str] = format_number) -> str:
        """The text with its numbers; `read` returns a field's number or array, `write` writes those without a format."""
        return _filled(self.parts, read, write)

    def as_json(self) -> list:
        """What a page takes; see `text.js`."""
        return _as_json(self.parts)


def _parts(text: str, fields: Sequence[str]) -> Iterator[Part]:
    begin = 0
    for found in _NUMBER.finditer(text):
        if found[1] not in fields:
            _check_latex(text, found, fields)
            continue
        yield text[begin : found.start()]
        yield Number(found[1], tuple(map(int, re.findall(r"-?\d+", found[2]))), _read_format(found))
        begin = found.end()
    yield text[begin:]


def _optional_parts(text: str, fields: Sequence[str]) -> Iterator[Part]:
    _check_brackets(text)
    begin = 0
    for found in _OPTIONAL.finditer(text):
        yield from _parts(text[begin : found.start()], fields)
        yield Optional(tuple(_parts(found[1], fields)))
        begin = found.end()
    yield from _parts(text[begin:], fields)


def _check_brackets(text: str) -> None:
    """Checks that the brackets outside of braces come in pairs, which are not nested."""
    rest = re.sub(r"\[[^\[\]]*\]", "", _BRACES.sub("", text))  # without the pairs that have none in them
    if re.search(r"\[.*\]", rest, re.DOTALL):
        raise LinkError(f"The template {text!r} has brackets in brackets. They cannot stand in each other.")
    if found := re.search(r"[\[\]]", rest):
        other = "]" if found[0] == "[" else "["
        raise LinkError(f"The template {text!r}: a {found[0]} has no {other}. An optional part stands between both.")


def _check_latex(text: str, found: re.Match[str], fields: Sequence[str]) -> None:
    if not _LATEX.search(text[: found.start()]):
        raise LinkError(
            f"The template {text!r} names {found[0]}, which is no field of the result. There are: {', '.join(fields)}. "
            f"If it is text, write a space after the brace: {{ {found[0][1:]}"
        )


def _read_format(found: re.Match[str]) -> tuple[str, str, int, str] | None:
    if found[3] is None:
        return None
    read = _FORMAT.fullmatch(found[3])
    if not read:
        raise LinkError(f"The format of {found[0]} is none of these: .2f, .2e, .0%, d, each with + or , before it if you like.")
    sign, comma, digits, kind = [part or "" for part in (read.groups()[:4] if read[4] else read.groups()[4:])]
    return sign, comma, int(digits or (0 if kind == "d" else 6)), kind


def _filled(parts: Sequence[Part], read: Callable[[str], Any], write: Callable[[float], str]) -> str:
    return "".join(part if isinstance(part, str) else _written(part, read, write) for part in parts)


def _written(part: Number | Optional, read: Callable[[str], Any], write: Callable[[float], str]) -> str:
    if isinstance(part, Number):
        value = _value(part, read)
        return format_with(value, *part.format) if part.format else write(value)
    first = next((inner for inner in part.parts if isinstance(inner, Number)), None)
    return "" if first and _value(first, read) == 0 else _filled(part.parts, read, write)


def _value(number: Number, read: Callable[[str], Any]) -> Any:
    found = read(number.field)
    return as_output(np.asarray(found)[number.index]) if number.index else found


def _as_json(parts: Sequence[Part]) -> list:
    written: list = []
    for part in parts:
        if isinstance(part, Number):
            written.append([part.field, list(part.index), part.format])
        elif isinstance(part, Optional):
            written.append({"parts": _as_json(part.parts)})
        elif part:
            written.append(part)
    return written
