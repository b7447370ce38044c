"""Which messages a page may send to its kernel: those of a page of widgets, and nothing that runs code or makes widgets.

Which traits it may set, and to what, follows from the widgets: `gradient.allowlist` runs the notebook in another process and
describes them, and this module compiles the description into checks. The widgets check the values once more in the kernel.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gradient.server.frames import FrameError, Message
from gradient.server.models import Models
from gradient.server.rules import Check, DescriptionError, checks_of

CONTROL = "jupyter.widget.control"

_MAX_ID = 64


class WidgetError(FrameError):
    """A change of a widget, or a message to one, that is refused. An honest page can send it: of a control that the notebook's
    author has not declared, or a value beyond a bound. So it is answered.
    """


class _Model(NamedTuple):
    """The checks of what pages may send to one kind of model.

    Attributes:
        traits: of each trait that a page may set.
        linked: of the traits that it may set besides if a link refers to the model.
        messages: for each field that names a message, and each name, the checks of the other fields.
    """

    traits: Mapping[str, Check]
    linked: Mapping[str, Check]
    messages: Mapping[str, Mapping[str, Mapping[str, Check]]]


class Allowlist:
    """The checks of every message from pages.

    Attributes:
        links: the kinds of models that refer to others, in which a page may set more; each with what it may set in the link.
    """

    def __init__(self, description: Any) -> None:
        """Compiles a description; see `gradient.allowlist.describe`.

        Raises:
            DescriptionError: if it is not one.
        """
        models = _mapping(description, "models", "the description")
        self._models = {kind: _model(model, kind) for kind, model in models.items()}
        self.links = {kind: frozenset(self._model_of(kind).traits) for kind in _list(description, "links")}
        self._types: Mapping[str, Callable[[Message, Models], None]] = {
            "kernel_info_request": _check_empty,
            "comm_info_request": _check_comm_info,
            "comm_open": _check_comm_open,
            "comm_close": _check_comm_close,
            "comm_msg": self._check_comm_msg,
        }

    def check(self, message: Message, models: Models) -> None:
        """Checks a message of a page.

        Args:
            message: what it sends.
            models: those of its kernel.

        Raises:
            WidgetError: "trait", "value", "method", or "target" for a model that the kernel has not told of.
            FrameError: "type", "target" of a comm, "method" or "value".
        """
        check = self._types.get(message.type)
        if check is None:
            raise FrameError("type")
        check(message, models)

    def _check_comm_msg(self, message: Message, models: Models) -> None:
        content = message.content
        _expect(content.keys() == {"comm_id", "data"} and message.metadata == {} and _is_id(content["comm_id"]))
        comm_id, data = content["comm_id"], content["data"]
        _expect(isinstance(data, dict))
        method = data.get("method")
        if method in ("request_state", "request_states"):
            _expect(data.keys() == {"method"} and not message.buffers)
        elif method == "update":
            self._check_update(data, message.buffers, self._traits(comm_id, models))
        else:
            _expect(method == "custom", "method")
            self._check_custom(data, message.buffers, self._model_of(models.kind(comm_id)))

    def _model_of(self, kind: str | None) -> _Model:
        return self._models.get(kind or "", _UNKNOWN)

    def _traits(self, comm_id: str, models: Models) -> Mapping[str, Check]:
        model = self._model_of(models.kind(comm_id))
        return {**model.linked, **model.traits} if model.linked and models.is_linked(comm_id) else model.traits

    def _check_update(self, data: dict, buffers: list[bytes], checks: Mapping[str, Check]) -> None:
        _expect(data.keys() == {"method", "state", "buffer_paths"})
        state, paths = data["state"], data["buffer_paths"]
        _expect(isinstance(state, dict) and isinstance(paths, list) and len(paths) == len(buffers))
        _expect(state.keys() <= checks.keys(), "trait", WidgetError)
        arrays = [name for name in state if [name, "value"] in paths]
        _expect(paths == [[name, "value"] for name in arrays] and all(isinstance(state[name], dict) for name in arrays))
        values = state | {name: (state[name], buffer) for name, buffer in zip(arrays, buffers, strict=True)}
        _expect(all(checks[name](value) for name, value in values.items()), "value", WidgetError)

    def _check_custom(self, data: dict, buffers: list[bytes], model: _Model) -> None:
        """A message of a widget's own protocol."""
        _expect(data.keys() == {"method", "content"} and isinstance(data["content"], dict) and not buffers)
        content = data["content"]
        field = next((name for name in model.messages if name in content), "")
        known, name = model.messages.get(field, {}), content.get(field)
        _expect(isinstance(name, str) and name in known, "method", WidgetError)
        checks = known[name]
        _expect(content.keys() == {field, *checks}, "value", WidgetError)
        _expect(all(check(content[key]) for key, check in checks.items()), "value", WidgetError)


def _expect(holds: bool, reason: str = "value", error: type[FrameError] = FrameError) -> None:
    if not holds:
        raise error(reason)


def _check_empty(message: Message, _: Models) -> None:
    _expect(message.content == {} == message.metadata and not message.buffers)


def _check_comm_info(message: Message, _: Models) -> None:
    _expect(message.content in ({}, {"target_name": "jupyter.widget"}) and message.metadata == {} and not message.buffers)


def _check_comm_open(message: Message, _: Models) -> None:
    """Only the widget manager's own comm: any other target would make a widget."""
    content = message.content
    _expect(content.get("target_name") == CONTROL, "target")
    _expect(content == {"comm_id": content.get("comm_id"), "target_name": CONTROL, "data": {}} and not message.buffers)
    _expect(_is_id(content["comm_id"]) and message.metadata == {"version": "1.0.0"})


def _check_comm_close(message: Message, _: Models) -> None:
    content = message.content
    _expect(content.keys() == {"comm_id", "data"} and content["data"] == {} and message.metadata == {} and not message.buffers)
    _expect(_is_id(content["comm_id"]))


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_ID


def _mapping(value: Any, key: str, name: str, default: Any = None) -> dict:
    found = value.get(key, default) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise DescriptionError(f"{name} must have {key!r} with a mapping, but it is {value!r:.200}.")
    return found


def _list(value: Any, key: str) -> list:
    found = value.get(key) if isinstance(value, dict) else None
    if not (isinstance(found, list) and all(isinstance(item, str) for item in found)):
        raise DescriptionError(f"the description must have {key!r} with a list of texts, but it is {value!r:.200}.")
    return found


def _model(model: Any, kind: str) -> _Model:
    """The checks of one kind of model."""
    traits, linked, messages = (_mapping(model, part, kind, {}) for part in ("traits", "linked", "messages"))
    named = {
        field: {name: checks_of(_mapping(names, name, kind), f"{kind}.{name}") for name in _mapping(messages, field, kind)}
        for field, names in messages.items()
    }
    return _Model(checks_of(traits, kind), checks_of(linked, kind), named)


_UNKNOWN = _Model({}, {}, {})
NOTHING = Allowlist({"models": {}, "links": []})
