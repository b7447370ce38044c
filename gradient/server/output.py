"""What other processes of the server write to their standard streams: a bounded part of it, in the log, as JSON.

The words of an error in a kernel may quote a visitor. So the log says of kernels' output only how much there was, which error
came last, and where it was raised. The zygote and the process that describes the notebook know no visitor: the log has their
lines.
"""

import builtins
import importlib.util
import logging
import os
import re
from typing import Any

from gradient.server.logs import MAX_PLACES, place

_LOG = logging.getLogger(__name__)
MAX_BYTES = 1 << 16  # that are read at once: as many as a pipe holds on Linux
_MAX_LINES = 200  # of one process without visitors
_MAX_LINE = 1000  # bytes of such a line
_HEADING = b"Traceback (most recent call last):\n"
_TRACEBACK = re.compile(rb"((?: .*\n)+)([A-Za-z_][\w.]{0,99})(?::|$)", re.MULTILINE)
_FRAME = re.compile(rb'^  File "(.+)", line (\d{1,9})', re.MULTILINE)


def read_some(descriptor: int) -> bytes:
    """What lies in a non-blocking pipe, up to 64 kB; nothing if it is empty, or has been closed at its other end."""
    try:
        return os.read(descriptor, MAX_BYTES)
    except BlockingIOError:
        return b""


class KernelOutput:
    """Sums up what kernels have written since the last report."""

    def __init__(self) -> None:
        self._num_bytes = self._num_lines = 0
        self._traceback = b""  # the last one, and what follows it

    def note(self, received: bytes) -> None:
        """Notes what was read of a kernel's output."""
        self._num_bytes += len(received)
        self._num_lines += received.count(b"\n")
        if (start := received.rfind(_HEADING)) >= 0:
            self._traceback = received[start + len(_HEADING) :]

    def report(self) -> None:
        """Logs one record if there is anything to report."""
        if self._num_bytes:
            fields = {"lines": self._num_lines, "bytes": self._num_bytes, **_described(self._traceback)}
            _LOG.warning("kernels have written to their standard streams", extra={"fields": fields})
        self._num_bytes, self._num_lines, self._traceback = 0, 0, b""


def _described(traceback: bytes) -> dict[str, Any]:
    """The class of a printed error and where it was raised, as in other records of errors; empty if there is none.

    A visitor's text may look like a traceback. So only names of classes and files are taken that can exist; cells have no file.
    """
    if not (found := _TRACEBACK.match(traceback)):
        return {}
    name = found[2].decode()
    frames = [(os.fsdecode(file), int(line)) for file, line in _FRAME.findall(found[1])]
    places = [place(file if os.path.isfile(file) else "<cell>", line) for file, line in frames[-MAX_PLACES:]]
    return {"error": name if _may_exist(name) else "unknown", "at": places}


def _may_exist(name: str) -> bool:
    """Whether Python prints a class of errors like this: one of its own, or one from an installed package."""
    package, _, rest = name.partition(".")
    if rest:
        return package != "__main__" and importlib.util.find_spec(package) is not None
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)


class LineLog:
    """Logs the lines of a process that knows no visitor, up to a number of them."""

    def __init__(self, source: str) -> None:
        """Takes what the records say the lines come from."""
        self._fields = {"source": source}
        self._rest, self._num_left = b"", _MAX_LINES

    def feed(self, received: bytes) -> None:
        """Takes what was read, and logs the lines that it completes."""
        *lines, rest = (self._rest + received).split(b"\n")
        self._rest = rest[:_MAX_LINE]
        for line in lines[: self._num_left]:
            if line.strip():
                _LOG.warning("%s", line[:_MAX_LINE].decode(errors="replace"), extra={"fields": self._fields})
        if 0 < self._num_left < len(lines):
            _LOG.warning("There is more, which is not logged.", extra={"fields": self._fields})
        self._num_left = max(0, self._num_left - len(lines))

    def end(self) -> None:
        """Logs what is left: a line without an end."""
        self.feed(b"\n")
