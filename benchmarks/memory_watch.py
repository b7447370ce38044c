"""Watches the memory of a server's processes, and kills them if it exceeds a limit."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from benchmarks.processes import is_kernel, processes_of, shared_megabytes

POLL_SECONDS = 0.1
_LEAVE_SECONDS = 0.5  # between two looks whether the last kernels have ended, which takes long and needs no precision


@dataclass
class MemoryWatch:
    """What was observed of a server's processes.

    Attributes:
        peak: the most memory that they used together, in megabytes.
        num_kernels: the largest number of kernels at the same time.
        exceeded_after: seconds after which the limit was exceeded, or None.
        num_killed: how many processes the system has killed at the limit.
    """

    peak: float = 0.0
    num_kernels: int = 0
    exceeded_after: float | None = None
    num_killed: int = 0


@contextlib.contextmanager
def watching_memory(pid: int, limit_mb: int) -> Iterator[MemoryWatch]:
    """Watches a server during the block."""
    watch, done = MemoryWatch(), threading.Event()
    thread = threading.Thread(target=_poll, args=(pid, limit_mb, watch, done), name="memory watch")
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()


def _poll(pid: int, limit_mb: int, watch: MemoryWatch, done: threading.Event) -> None:
    start = time.perf_counter()
    while not done.wait(POLL_SECONDS) and watch.exceeded_after is None:
        processes = processes_of(pid)
        watch.peak = max(watch.peak, sum(map(shared_megabytes, processes)))
        watch.num_kernels = max(watch.num_kernels, sum(map(is_kernel, processes)))
        if watch.peak > limit_mb:
            watch.exceeded_after = time.perf_counter() - start
            for process in reversed(processes):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()


def wait_until_no_kernel(pid: int, timeout: float) -> int:
    """Waits until a server has no kernels, at most `timeout` seconds; returns how many it still has."""
    end = time.monotonic() + timeout
    while (num := sum(map(is_kernel, processes_of(pid)))) and time.monotonic() < end:
        time.sleep(_LEAVE_SECONDS)
    return num
