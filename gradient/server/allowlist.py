"""Which messages a page may send to its kernel: those of a page of widgets, and nothing that runs code or makes widgets.

Which traits it may set, and to what, follows from the widgets: `gradient.allowlist` runs the notebook in another process and
describes them, and this module compiles the description into checks. The widgets check the values once more in the kernel.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gradient.server.frames import FrameError, Message
from gradient.server.rules import Check, DescriptionError, any_of, compiled

CONTROL = "jupyter.widget.control"

_MAX_ID = 64


class Allowlist:
    """The checks of every message from pages.

    Attributes:
        traits: the names of the traits that a page may set.
    """

    def __init__(self, description: Any) -> None:
        """Compiles a description; see `gradient.allowlist.describe`.

        Raises:
            DescriptionError: if it is not one.
        """
        traits, messages = (_mapping(description, key, "the description") for key in ("traits", "messages"))
        self.traits = frozenset(traits)
        self._checks = {name: any_of(rules, name) for name, rules in traits.items()}
        self._custom = {kind: _field_checks(kind, fields) for kind, fields in messages.items()}
        self._methods: Mapping[str, Callable[[dict, list[bytes]], None]] = {
            "update": self._check_update,
            "custom": self._check_custom,
            "request_state": _check_request,
            "request_states": _check_request,
        }
        self._types: Mapping[str, Callable[[Message], None]] = {
            "kernel_info_request": _check_empty,
            "comm_info_request": _check_comm_info,
            "comm_open": _check_comm_open,
            "comm_close": _check_comm_close,
            "comm_msg": self._check_comm_msg,
        }

    def check(self, message: Message) -> None:
        """Checks a message of a page.

        Raises:
            FrameError: "type", "target" of a comm, "method", "trait" or "value".
        """
        check = self._types.get(message.type)
        if check is None:
            raise FrameError("type")
        check(message)

    def _check_comm_msg(self, message: Message) -> None:
        content = message.content
        _expect(content.keys() == {"comm_id", "data"} and message.metadata == {} and _is_id(content["comm_id"]))
        data = content["data"]
        _expect(isinstance(data, dict))
        method = data.get("method")
        _expect(isinstance(method, str) and method in self._methods, "method")
        self._methods[method](data, message.buffers)

    def _check_update(self, data: dict, buffers: list[bytes]) -> None:
        _expect(data.keys() == {"method", "state", "buffer_paths"})
        state, paths = data["state"], data["buffer_paths"]
        _expect(isinstance(state, dict) and isinstance(paths, list) and len(paths) == len(buffers))
        _expect(state.keys() <= self.traits, "trait")
        arrays = [name for name, value in state.items() if isinstance(value, dict)]
        _expect(paths == [[name, "value"] for name in arrays])
        values = state | {name: (state[name], buffer) for name, buffer in zip(arrays, buffers, strict=True)}
        _expect(all(self._checks[name](value) for name, value in values.items()))

    def _check_custom(self, data: dict, buffers: list[bytes]) -> None:
        """A message of a widget's own protocol."""
        _expect(data.keys() == {"method", "content"} and isinstance(data["content"], dict) and not buffers)
        content = data["content"]
        kind = content.get("type")
        _expect(isinstance(kind, str) and kind in self._custom, "method")
        checks = self._custom[kind]
        _expect(content.keys() == {"type", *checks})
        _expect(all(check(content[name]) for name, check in checks.items()))


def _expect(holds: bool, reason: str = "value") -> None:
    if not holds:
        raise FrameError(reason)


def _check_empty(message: Message) -> None:
    _expect(message.content == {} == message.metadata and not message.buffers)


def _check_comm_info(message: Message) -> None:
    _expect(message.content in ({}, {"target_name": "jupyter.widget"}) and message.metadata == {} and not message.buffers)


def _check_comm_open(message: Message) -> None:
    """Only the widget manager's own comm: any other target would make a widget."""
    content = message.content
    _expect(content.get("target_name") == CONTROL, "target")
    _expect(content == {"comm_id": content.get("comm_id"), "target_name": CONTROL, "data": {}} and not message.buffers)
    _expect(_is_id(content["comm_id"]) and message.metadata == {"version": "1.0.0"})


def _check_comm_close(message: Message) -> None:
    content = message.content
    _expect(content.keys() == {"comm_id", "data"} and content["data"] == {} and message.metadata == {} and not message.buffers)
    _expect(_is_id(content["comm_id"]))


def _check_request(data: dict, buffers: list[bytes]) -> None:
    _expect(data.keys() == {"method"} and not buffers)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_ID


def _mapping(value: Any, key: str, name: str) -> dict:
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise DescriptionError(f"{name} must have {key!r} with a mapping, but it is {value!r:.200}.")
    return found


def _field_checks(kind: str, fields: Any) -> dict[str, Check]:
    """The checks of the fields of a message that a widget takes."""
    if not isinstance(fields, dict):
        raise DescriptionError(f"The message {kind} must have a mapping of fields, but it has {fields!r}.")
    return {name: compiled(rule, f"{kind}.{name}") for name, rule in fields.items()}


NOTHING = Allowlist({"traits": {}, "messages": {}})
