"""The words of other languages: a file of their own has them, which is loaded when a visitor's language is one of them."""

import json
import re
from typing import Any

_BEGIN = re.compile(r'<div [^>]*\blang="\w+"[^>]*>')
_DIVISION = re.compile(r"<(/?)div\b")


def take_table(state: dict[str, Any], choice: str) -> list:
    """Takes out of the state of all widgets the table by which a language chooses their words; they have those of the first.

    Args:
        state: by the id of the model, in ipywidgets' own format; is changed.
        choice: the id of the `choose` with the table.
    """
    spec = state[choice]["state"]["spec"]
    table, spec["table"] = spec["table"], []
    return table


def take_prose(html: str) -> tuple[str, list[str]]:
    """Takes the contents of every `<div lang="…" hidden>` out of a page; returns both, in their order."""
    kept, taken, rest = [], [], html
    while found := _BEGIN.search(rest):
        end = found.end() + _length_of_division(rest[found.end() :])
        kept.append(rest[: found.end()])
        taken.append(rest[found.end() : end].strip())
        rest = rest[end:]
    return "".join([*kept, rest]), taken


def _length_of_division(html: str) -> int:
    """Where a division ends whose contents a text begins with."""
    depth = 1
    for found in _DIVISION.finditer(html):
        depth += -1 if found[1] else 1
        if depth == 0:
            return found.start()
    return len(html)


def as_file(table: list, prose: list[str]) -> bytes:
    """The file with both; see `template/later_words.js`."""
    return json.dumps({"table": table, "prose": prose}, separators=(",", ":"), ensure_ascii=False).encode()
