"""The files beside a notebook that its page shows or links to; they go with it under their own names."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gradient.adapters.anywidget import CODE_TRAITS
from gradient.publish.outputs import texts
from gradient.publish.report import Report

Address = tuple[int | None, str]  # the cell that an address is in, and the address
_ATTRIBUTES = ("src", "href", "poster", "data")
_IN_STYLE = re.compile(r"url\(\s*(['\"]?)(.*?)\1\s*\)")


class _Parser(HTMLParser):
    """Collects the addresses in HTML, each with the id of the cell's element that it is in."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._element = ""
        self._is_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        if values.get("id", "").startswith("cell-id="):
            self._element = values["id"]
        self._is_style = tag == "style"
        found = [values[name] for name in _ATTRIBUTES if name in values and (name != "data" or tag == "object")]
        sources = values.get("srcset", "").split(",")
        found += [source.split()[0] for source in sources if source.strip()]
        self.found += [(self._element, address) for address in (*found, *_in_style(values.get("style", "")))]

    def handle_data(self, data: str) -> None:
        if self._is_style:
            self.found += [(self._element, address) for address in _in_style(data)]

    def handle_endtag(self, tag: str) -> None:
        self._is_style = False


def _in_style(css: str) -> list[str]:
    """The addresses in a style sheet, or in an element's own style."""
    return [address for _, address in _IN_STYLE.findall(css)]


def _parsed(html: str) -> list[tuple[str, str]]:
    parser = _Parser()
    parser.feed(html)
    return parser.found


def addresses_on_page(html: str, cells: Sequence[Any]) -> Iterator[Address]:
    """The addresses that the cells of a page show or link to."""
    cell_of = {f"cell-id={cell.get('id')}": index for index, cell in enumerate(cells)}
    for element, address in _parsed(html.partition("<main>")[2]):
        yield cell_of.get(element), address


def addresses_in_widgets(state: Mapping[str, Any], made_in: Mapping[str, int]) -> Iterator[Address]:
    """The addresses in the texts of widgets and the outputs that they hold; `made_in` has the cell of each by its id."""
    for id_, model in state.items():
        for text, _ in texts({name: value for name, value in model["state"].items() if name not in CODE_TRAITS}):
            if "=" in text and "<" in text:
                yield from ((made_in.get(id_), address) for _, address in _parsed(text))


def copy_files(addresses: Iterable[Address], source: Path, site: Path, report: Report) -> None:
    """Copies the files of addresses from the notebook's folder into the site's, and notes which are missing."""
    for cell, address in addresses:
        if not (path := _own_path(address)):
            continue
        normal = Path(os.path.normpath(path))
        file, copy = source / normal, site / normal
        is_outside = normal.is_absolute() or ".." in normal.parts or not file.resolve().is_relative_to(source)
        if why := "it is not in the notebook's folder" if is_outside else _obstacle(normal, file, copy):
            report.lacks(cell, f"the file {path} is missing: {why}.")
        elif not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


def _own_path(address: str) -> str:
    """The path of an address in the notebook's folder; empty if it is the address of something else."""
    parts = urlsplit(address)
    return "" if parts.scheme not in ("", "file") or parts.netloc or not parts.path else unquote(parts.path)


def _obstacle(normal: Path, file: Path, copy: Path) -> str:
    """Why a file of the notebook's folder cannot go with the page, or nothing."""
    if not file.is_file():
        return "there is no such file beside the notebook"
    if file.suffix == ".ipynb" or any(part.startswith(".") for part in normal.parts):
        return "it is a notebook, or hidden"
    return "a file of the page has its name" if copy.exists() and copy.read_bytes() != file.read_bytes() else ""
