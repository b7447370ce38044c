"""What a request follows from, as the two sides tell each other: a circle may have a link in the kernel and one on a page."""

from collections.abc import Mapping
from typing import Any

from ipywidgets import Widget, widget_serialization

from gradient.link.constants import CAUSE_LENGTH, MAX_ROUNDS
from gradient.link.events import Cause, Trait

_REFERENCE = "IPY_MODEL_"

# The fields of the message, for `page_messages`.
CAUSE_FIELDS = {
    "traits": {"type": "text", "max_length": CAUSE_LENGTH},
    "rounded": {"type": "integer", "low": 0, "high": 1},
    "rounds": {"type": "integer", "low": 0, "high": MAX_ROUNDS},
}


def as_message(cause: Cause) -> dict[str, Any]:
    """The message that tells a page what the request behind it follows from. `causes.js` reads it, and writes such ones.

    `traits` has "id trait" of each trait that a page has, with commas between them.
    """
    names = [f"{owner.model_id} {name}" for owner, name in cause.traits if isinstance(owner, Widget)]
    text = ",".join(sorted(names))[:CAUSE_LENGTH]
    return {"type": "cause", "traits": text, "rounded": int(cause.is_rounded), "rounds": cause.rounds}


def from_message(content: Mapping[str, Any]) -> Cause:
    """What a page's message tells; nothing if it is not such a message."""
    traits, rounds = content.get("traits"), content.get("rounds")
    if not isinstance(traits, str) or not isinstance(rounds, int):
        return Cause()
    found = (_trait(*name.partition(" ")[::2]) for name in traits[:CAUSE_LENGTH].split(","))
    return Cause(frozenset(filter(None, found)), bool(content.get("rounded")), min(max(rounds, 0), MAX_ROUNDS))


def _trait(id_: str, name: str) -> Trait | None:
    owner = widget_serialization["from_json"](_REFERENCE + id_, None)
    return (owner, name) if isinstance(owner, Widget) else None
