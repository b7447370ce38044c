"""What the server knows of one kernel's widgets: the kind of each, and which of them links refer to.

It reads this from what the kernel sends to pages, which no page can forge; a page learns of a widget from the same message.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

_REFERENCE = "IPY_MODEL_"  # how a state refers to a model


class Models:
    """The models of one kernel's widgets."""

    def __init__(self, links: Mapping[str, Collection[str]], kinds: Mapping[str, str] | None = None) -> None:
        """Takes the kinds of links, each with the traits that a page may set in it; and the kinds of models known already."""
        self._links = links
        self._kinds = dict(kinds or {})
        self._references: dict[str, set[str]] = {}

    def kind(self, comm_id: str) -> str | None:
        """The kind of a model; None if the kernel has told of no such model."""
        return self._kinds.get(comm_id)

    def is_linked(self, comm_id: str) -> bool:
        """Whether a link refers to a model."""
        return any(comm_id in references for references in self._references.values())

    def note(self, message_type: str, content: Any) -> None:
        """Reads a message of the kernel: "comm_open", "comm_msg" or "comm_close"."""
        comm_id, data = content["comm_id"], content["data"]
        if message_type == "comm_close":
            self._kinds.pop(comm_id, None)
            self._references.pop(comm_id, None)
        elif isinstance(data, dict):
            self._note_state(comm_id, data.get("state"))
            states = data.get("states")
            for model_id, model in states.items() if isinstance(states, dict) else ():
                self._note_state(model_id, model["state"])

    def _note_state(self, comm_id: str, state: Any) -> None:
        """Notes the kind, if the state is a whole one, and the references of a link."""
        if isinstance(state, dict):
            if "_model_name" in state:
                self._kinds[comm_id] = model_kind(state)
            settable = self._links.get(self._kinds.get(comm_id, ""))
            if settable is not None:
                for name in state.keys() - set(settable):  # a page must not add references
                    self._references.setdefault(comm_id, set()).update(_references(state[name]))


def model_kind(state: Mapping[str, Any]) -> str:
    """The kind of a model, from its state, in the words of `gradient.adapters.ipywidgets.model_kind`."""
    return " ".join(str(state[key]) for key in ("_model_module", "_model_name", "_anywidget_id") if state.get(key))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(_REFERENCE):
        yield value.removeprefix(_REFERENCE)
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _references(inner)
