"""The server's file descriptors: how many the system permits, who gets them, and what happens when none is left."""

import contextlib
import errno
import logging
import os
import time
from typing import NamedTuple

_LOG = logging.getLogger(__name__)
_OWN = 40  # of the server itself, whatever its visitors do
_PER_KERNEL = 30  # as measured: with two sockets that connect at the same time, besides those of their connections
_PER_CONNECTION = 2  # its socket, and a file that is sent
_MAX_BURST = 128  # connections beyond their bound, while it is decided which ones are closed
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_EPISODE_SECONDS = 60.0  # without a shortage, after which the next one is worth another line in the log
_SCARCE = (
    "The system lets this process open %d files, which are enough for %d of %d kernels and %d of %d connections. "
    "Let it open %d (`ulimit -n`, or LimitNOFILE in a unit of systemd), or lower TECHNI_MAX_KERNELS and TECHNI_MAX_CONNECTIONS."
)


class Shares(NamedTuple):
    """What the descriptors are enough for.

    Attributes:
        kernels: at the same time.
        connections: at the same time.
        burst: connections beyond that, while it is decided which ones are closed.
    """

    kernels: int
    connections: int
    burst: int


def needed(kernels: int, connections: int) -> int:
    """How many descriptors are enough for so many kernels and connections."""
    return max(
        _OWN + kernels * _PER_KERNEL + (connections + _MAX_BURST) * _PER_CONNECTION,
        _OWN + 2 * kernels * _PER_KERNEL,
    )


def shares(files: int, kernels: int, connections: int) -> Shares:
    """Divides descriptors: kernels get what they need, up to a half, and connections what is left.

    Args:
        files: how many there are.
        kernels: how many are wanted; with few descriptors there are none.
        connections: how many are wanted; there is always one.
    """
    free = max(0, files - _OWN)
    kernels = min(kernels, free // 2 // _PER_KERNEL)
    all_connections = (free - kernels * _PER_KERNEL) // _PER_CONNECTION
    burst = min(_MAX_BURST, all_connections // 4)
    return Shares(kernels, max(1, min(connections, all_connections - burst)), burst)


def share_open_files(kernels: int, connections: int) -> Shares:
    """Divides what the system permits, and logs a warning if that is not enough for so many kernels and connections."""
    enough = needed(kernels, connections)
    files = _raise_open_files(enough)
    found = shares(files, kernels, connections)
    if found[:2] != (kernels, connections):
        _LOG.warning(_SCARCE, files, found.kernels, kernels, found.connections, connections, enough)
    return found


def _raise_open_files(wanted: int) -> int:
    """Raises the limit of this process's open files to a number, or as far as the system permits.

    Returns:
        The limit that there is now; the number, where there is none.
    """
    try:
        import resource  # noqa: PLC0415 (Windows has neither the module nor such a limit)
    except ImportError:
        return wanted
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now == resource.RLIM_INFINITY:
        return wanted
    raised = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    if raised > now:
        with contextlib.suppress(OSError, ValueError):  # some systems have another limit, which they do not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, most))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def fit(kernels: int) -> bool:
    """Whether so many more kernels find the descriptors that each of them needs. ZeroMQ ends the process if it finds none."""
    limit = _raise_open_files(0)
    try:
        return not limit or len(os.listdir("/dev/fd")) + kernels * _PER_KERNEL <= limit
    except FileNotFoundError:  # on Windows
        return True
    except OSError:  # there is none to look with
        return False


def shortage(error: BaseException) -> str:
    """What the system says if it has no descriptor, or no memory of its own, for what was tried; "" for any other error."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if number in _EXHAUSTED else ""


class _Episodes:
    """Shortages of descriptors: those that follow one another are one episode, and one line in the log."""

    def __init__(self) -> None:
        self._last: float | None = None

    def note(self, words: str) -> None:
        """Notes that a connection or a kernel has to wait; takes what the system says."""
        now = time.monotonic()
        if self._last is None or now - self._last > _EPISODE_SECONDS:
            _LOG.warning("New connections and kernels have to wait: %s.", words)
        self._last = now


note_shortage = _Episodes().note
