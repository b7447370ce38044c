"""The processes of a server, as Linux shows them: their children, their open files, and when they end."""

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

PATIENCE_SECONDS = 60.0
LITTLE_SECONDS = 20
Found = TypeVar("Found")


def children(pid: int) -> list[int]:
    """The children of a process, including those that have ended and that it has not waited for."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def zygote_of(server: int) -> int:
    """The process from which a server's kernels come."""
    (zygote,) = [child for child in children(server) if "gradient.server.zygote" in command_of(child)]
    return zygote


def descriptors(pid: int) -> set[str]:
    """The open files of a process, which may close some meanwhile."""
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(link))
    return found


def end(pid: int, number: int = signal.SIGKILL) -> None:
    """Sends a process a signal, and waits until it has ended."""
    descriptor = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(descriptor, number)
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        assert poll.poll(PATIENCE_SECONDS * 1000), f"process {pid} does not end"
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def little_processor_time() -> Iterator[None]:
    """A block that takes some milliseconds of processor time if its work grows with its input, and hours if it grows faster."""

    def give_up(*_: object) -> None:
        raise AssertionError(f"{LITTLE_SECONDS} s of processor time were not enough")

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, LITTLE_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def eventually(find: Callable[[], Found]) -> Found:
    """Polls until `find` returns something true; returns that."""
    deadline, never = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while not (found := find()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        never.wait(0.02)
    return found
