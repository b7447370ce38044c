"""The programs that a page does not run at first: a file of their own has them, which is loaded when the page is shown."""

import json
from collections.abc import Iterator
from typing import Any

_REFERENCE = "IPY_MODEL_"


def take_later_programs(state: dict[str, Any]) -> tuple[bytes, list[tuple[str, str, int, int]]]:
    """Takes out of the state of all widgets the programs for choices that are not made yet.

    Args:
        state: by the id of the model, in ipywidgets' own format with buffers in hexadecimal; is changed.

    Returns:
        The modules one behind the other, and of each the model's id, the key of its combination of static inputs, its offset
        and its length.
    """
    modules, places, offset = [], [], 0
    for id_, model, first in _links(state):
        for buffer in [each for each in model["buffers"] if _key_of(each) not in (None, first)]:
            module = bytes.fromhex(buffer["data"])
            model["buffers"].remove(buffer)
            places.append((id_, buffer["path"][1], offset, len(module)))
            modules.append(module)
            offset += len(module)
    return b"".join(modules), places


def _key_of(buffer: dict[str, Any]) -> str | None:
    """The key of a program's combination, from the buffer that is its module."""
    path = buffer["path"]
    return path[1] if len(path) == 3 and path[0] == "programs" and path[2] == "module" else None


def _links(state: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The id and the model of each link, and the key of the program that it runs first."""
    for id_, model in state.items():
        spec = model["state"].get("spec")
        if "programs" not in model["state"] or not spec or not model.get("buffers"):
            continue
        sources = [(state.get(reference.removeprefix(_REFERENCE)), trait) for reference, trait in spec["static"].values()]
        chosen = [source and source["state"].get(trait) for source, trait in sources]  # a closed one has no state
        yield id_, model, json.dumps(chosen, separators=(",", ":"))
