"""What a page may say to its kernel: the messages of a page of widgets, and nothing that runs code or makes widgets.

The lists are what the app's page was recorded to send, in all of its features and on screens of both kinds. A kernel's own
widgets check the values once more; here they only have to be of the kind and size that a page's are.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from gradient.server.frames import FrameError, Message

CONTROL = "jupyter.widget.control"

_MAX_ID = 64
_MAX_TEXT = 500
_LARGEST = 1e12
_MAX_SIDE = 1 << 14
_SIZES = {"float32": 4, "float64": 8, "int32": 4}  # bytes of an array's number


def check(message: Message) -> None:
    """Passes a message that a page of widgets may send.

    Raises:
        FrameError: "type", "target" of a comm, "method", "trait" or "value".
    """
    checks = _TYPES.get(message.type)
    if checks is None:
        raise FrameError("type")
    checks(message)


def _expect(holds: bool, reason: str = "value") -> None:
    if not holds:
        raise FrameError(reason)


def _nothing(message: Message) -> None:
    _expect(message.content == {} == message.metadata and not message.buffers)


def _comm_info(message: Message) -> None:
    _expect(message.content in ({}, {"target_name": "jupyter.widget"}) and message.metadata == {} and not message.buffers)


def _comm_open(message: Message) -> None:
    """Only the widget manager's own comm: any other target would make a widget."""
    content = message.content
    _expect(content.get("target_name") == CONTROL, "target")
    _expect(content == {"comm_id": content.get("comm_id"), "target_name": CONTROL, "data": {}} and not message.buffers)
    _expect(_is_id(content["comm_id"]) and message.metadata == {"version": "1.0.0"})


def _comm_close(message: Message) -> None:
    content = message.content
    _expect(content.keys() == {"comm_id", "data"} and content["data"] == {} and message.metadata == {} and not message.buffers)
    _expect(_is_id(content["comm_id"]))


def _comm_msg(message: Message) -> None:
    content = message.content
    _expect(content.keys() == {"comm_id", "data"} and message.metadata == {} and _is_id(content["comm_id"]))
    data = content["data"]
    _expect(isinstance(data, dict))
    method = data.get("method")
    _expect(isinstance(method, str) and method in _METHODS, "method")
    _METHODS[method](data, message.buffers)


def _request(data: dict, buffers: list[bytes]) -> None:
    _expect(data.keys() == {"method"} and not buffers)


def _custom(data: dict, buffers: list[bytes]) -> None:
    """What ipympl's canvas says; it has no other events, as the app's own layer lies over it."""
    _expect(data.keys() == {"method", "content"} and isinstance(data["content"], dict) and not buffers)
    content = data["content"]
    kind = content.get("type")
    _expect(isinstance(kind, str) and kind in _CUSTOM, "method")
    names = _CUSTOM[kind]
    _expect(content.keys() == {"type", *names})
    _expect(all(_is_number(content[name]) and 0 <= content[name] <= _MAX_SIDE for name in names))


def _update(data: dict, buffers: list[bytes]) -> None:
    _expect(data.keys() == {"method", "state", "buffer_paths"})
    state, paths = data["state"], data["buffer_paths"]
    _expect(isinstance(state, dict) and isinstance(paths, list) and len(paths) == len(buffers))
    _expect(state.keys() <= TRAITS.keys(), "trait")
    arrays = [name for name in state if TRAITS[name] is _is_array]
    _expect(paths == [[name, "value"] for name in arrays])
    _expect(all(_is_array_of(state[name], buffer) for name, buffer in zip(arrays, buffers, strict=True)))
    _expect(all(TRAITS[name](value) for name, value in state.items()))


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_ID


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) <= _LARGEST  # which infinity is not


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and abs(value) <= _LARGEST


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_TEXT


def _is_point(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_is_number, value))


def _is_array(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"dtype", "shape", "type"} and value["type"] is None


def _is_array_of(value: Any, buffer: bytes) -> bool:
    """Whether an array's description fits its bytes."""
    if not (_is_array(value) and isinstance(value["dtype"], str) and isinstance(value["shape"], list)):
        return False
    shape = value["shape"]
    is_shape = len(shape) <= 2 and all(isinstance(side, int) and 0 <= side <= _MAX_SIDE for side in shape)
    return is_shape and math.prod(shape) * _SIZES.get(value["dtype"], 0) == len(buffer)


# The traits that a page writes, by name, whatever their widget.
TRAITS: Mapping[str, Callable[[Any], bool]] = {
    # sliders, check boxes, dropdowns; their limits come with the choice of a problem
    **dict.fromkeys(("value", "min", "max", "step"), _is_number),
    **dict.fromkeys(("index", "speed", "resets", "shown", "asked_kernel"), _is_count),
    **dict.fromkeys(("repeat", "visible"), _is_flag),
    "readout_format": _is_text,
    "picked": _is_point,
    # the data of a chosen problem
    "x": _is_array,
    "y": _is_array,
    # where a link computes, and why not in the browser
    **dict.fromkeys(("where", "computing", "reason", "unable"), _is_text),
}

_METHODS: Mapping[str, Callable[[dict, list[bytes]], None]] = {
    "update": _update,
    "custom": _custom,
    "request_state": _request,
    "request_states": _request,
}

_CUSTOM: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("draw", "initialized", "refresh", "send_image_mode"), ()),
    "resize": ("width", "height"),
    "set_dpi_ratio": ("dpi_ratio",),
    "set_device_pixel_ratio": ("device_pixel_ratio",),
}

_TYPES: Mapping[str, Callable[[Message], None]] = {
    "kernel_info_request": _nothing,
    "comm_info_request": _comm_info,
    "comm_open": _comm_open,
    "comm_close": _comm_close,
    "comm_msg": _comm_msg,
}
