"""Reads the frames of a kernel's websocket (protocol v1) in a way that no sender can make expensive.

A frame is a table of offsets and the parts that it delimits: channel, header, parent header, metadata, content, buffers. The
table is checked against the frame's length before any part is read, and the small parts before the large one.
"""

import itertools
import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

MAX_BYTES = 1 << 16  # the app's largest, with the data of a problem in it, has 1,300
MAX_BUFFERS = 4
_WORD = 8
_PARTS = 5  # besides the buffers
_MAX_HEADER = 512
_MAX_DEPTH = 32  # of a message's content; a page's own is 8 deep. What is answered is written again, at any depth that was read
_MAX_TEXT = 128
# What a message's header holds. A kernel would print what it cannot read, with what a visitor sent in it.
_WORD_OR_NOTHING = re.compile(rf"[\w.:@+-]{{0,{_MAX_TEXT}}}", re.ASCII)
_HEADER = {
    "date": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)", re.ASCII),
    "version": re.compile(r"\d{1,2}\.\d{1,2}", re.ASCII),
    **dict.fromkeys(("msg_id", "msg_type", "session", "username"), _WORD_OR_NOTHING),
}


class FrameError(Exception):
    """A frame that is refused; `reason` is one of a few words, by which refusals are counted."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Message:
    """The content of a frame: its header, metadata and content from JSON, and its buffers."""

    header: dict
    metadata: dict
    content: dict
    buffers: list[bytes]

    @property
    def id(self) -> str:
        """Its id, which the kernel's answers name."""
        return self.header["msg_id"]

    @property
    def type(self) -> str:
        """Its type."""
        return self.header["msg_type"]


def read(frame: object) -> Message:
    """Reads a frame. Only messages on the shell channel that answer nothing are accepted.

    Raises:
        FrameError: "size", "malformed" or "channel".
    """
    if not isinstance(frame, bytes):
        raise FrameError("malformed")
    if len(frame) > MAX_BYTES:
        raise FrameError("size")
    channel, header, parent, metadata, content, *buffers = _parts(frame)
    if channel != b"shell":
        raise FrameError("channel")
    if len(header) > _MAX_HEADER or parent != b"{}" or len(metadata) > _MAX_HEADER:
        raise FrameError("malformed")
    head = _object(header)
    if head.keys() != _HEADER.keys() or not all(isinstance(text, str) for text in head.values()):
        raise FrameError("malformed")
    if not all(_HEADER[name].fullmatch(text) for name, text in head.items()):
        raise FrameError("malformed")
    return Message(head, _object(metadata), _object(content), buffers)


def _parts(frame: bytes) -> list[bytes]:
    count = int.from_bytes(frame[:_WORD], "little")
    if not _PARTS < count <= _PARTS + 1 + MAX_BUFFERS or len(frame) < _WORD * (count + 1):
        raise FrameError("malformed")
    ends = [int.from_bytes(frame[_WORD * i : _WORD * (i + 1)], "little") for i in range(1, count + 1)]
    if ends[0] != _WORD * (count + 1) or ends[-1] != len(frame) or any(a > b for a, b in itertools.pairwise(ends)):
        raise FrameError("malformed")
    return [frame[start:end] for start, end in itertools.pairwise(ends)]


def _object(part: bytes) -> dict[str, Any]:
    try:
        value = json.loads(part.decode(), parse_constant=_no_number, parse_float=_finite)
        if b"\\u" in part:
            json.dumps(value, ensure_ascii=False).encode()  # fails for half a surrogate pair, which is no text
    except (ValueError, RecursionError):  # also for invalid UTF-8, and for an integer of thousands of digits
        raise FrameError("malformed") from None
    if not isinstance(value, dict) or (part.count(b"[") + part.count(b"{") > _MAX_DEPTH and _is_deeper(value, _MAX_DEPTH)):
        raise FrameError("malformed")
    return value


def _no_number(constant: str) -> NoReturn:
    """Refuses NaN and Infinity, which Python reads although they are not JSON; browsers do not send them."""
    raise ValueError(constant)


def _finite(text: str) -> float:
    """Refuses 1e999, too, which Python reads as infinity."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    return levels == 0 or any(_is_deeper(inner, levels - 1) for inner in (value.values() if isinstance(value, dict) else value))
