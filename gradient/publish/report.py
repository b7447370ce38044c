"""What publishing tells the author: what the page would lack compared with Voilà's, by cell, and remarks."""

import sys
from collections.abc import Sequence
from textwrap import shorten
from typing import Any

_MAX_SOURCE = 60  # characters of a cell's first line that name it


class PublishError(Exception):
    """The site cannot be built; the message says why, and what to do."""


class Report:
    """Collects what the page of a notebook lacks, and remarks. A cell is given by its index, None if it is not known."""

    def __init__(self, cells: Sequence[Any]) -> None:
        self._names = [cell_name(number, cell.source) for number, cell in enumerate(cells, 1)]
        self._missing: dict[str, int] = {}  # each line once, with its cell
        self._remarks: dict[str, int] = {}

    def lacks(self, cell: int | None, what: str) -> None:
        """Notes what is on the page in Voilà and not on the published one."""
        self._missing[self._line(cell, what)] = -1 if cell is None else cell

    def remark(self, cell: int | None, what: str) -> None:
        """Notes what the author may want to know of the page."""
        self._remarks[self._line(cell, what)] = -1 if cell is None else cell

    def end(self, *, allow_missing: bool) -> None:
        """Prints all notes.

        Raises:
            PublishError: if the page lacks something, unless that is allowed.
        """
        if self._missing and not allow_missing:
            lines = "\n".join(_in_order(self._missing))
            raise PublishError(f"The page would lack something. To publish it anyway, add --allow-missing.\n{lines}")
        for line in (*_in_order(self._missing), *_in_order(self._remarks)):
            print(line, file=sys.stderr)

    def _line(self, cell: int | None, what: str) -> str:
        return f"{'The notebook' if cell is None else self._names[cell]}: {what}"


def _in_order(lines: dict[str, int]) -> list[str]:
    return sorted(lines, key=lines.__getitem__)


def cell_name(number: int, source: str) -> str:
    """A cell, for messages: its number from 1, and how its source begins."""
    first = source.strip().partition("\n")[0]
    words = shorten(first, _MAX_SOURCE, placeholder=" …")
    if words == "…":  # the first word is longer than that
        words = f"{first[: _MAX_SOURCE - 1]}…"
    return f"Cell {number} ({words})" if first else f"Cell {number}"
