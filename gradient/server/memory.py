"""Measures the memory of all processes, and ends kernels when it runs out, the largest first.

The maximal number of kernels follows from what a kernel usually takes. One that compiles program after program takes several
times as much, and a few of those would make the system kill processes of its own choice. Their pages carry on in the browser.
"""

import asyncio
import ctypes
import itertools
import os
import re
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from gradient.server import metrics
from gradient.server.kernels import Kernels
from gradient.server.periodic import Periodic


class MemoryUse(NamedTuple):
    """Memory in bytes, including what is swapped out; 0 without Linux' /proc.

    Attributes:
        total: of this process, its descendants and all kernels; a memory page that several share counts once (PSS).
        own: of each kernel, by its process number: what would be free if it ended (USS).
    """

    total: int
    own: dict[int, int]


def measure(kernels: Iterable[int]) -> MemoryUse:
    """Measures the memory in use; takes some milliseconds for each process.

    Args:
        kernels: their process numbers; kernels whose zygote has died are not descendants of this process any more.
    """
    kernels = set(kernels)
    found = {pid: _rollup(pid) for pid in kernels.union(_family(os.getpid()))}
    total = sum(_sum(counts, "Pss", "SwapPss") for counts in found.values())
    return MemoryUse(total, {pid: _sum(found[pid], "Private_Clean", "Private_Dirty", "SwapPss") for pid in kernels})


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = [file.read_text().split() for file in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return
    for child in {int(name) for names in children for name in names}:
        yield from _family(child)


def _rollup(pid: int) -> dict[str, int]:
    """Linux' counts of a process's memory, in bytes, by their name; empty if it has ended meanwhile."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return {}
    return {name: 1024 * int(number) for name, number in re.findall(r"^(\w+): +(\d+) kB$", text, re.MULTILINE)}


def _sum(counts: dict[str, int], *names: str) -> int:
    return sum(counts.get(name, 0) for name in names)


def give_back() -> None:
    """Gives the memory that is free back to the system, where that is Linux' glibc.

    By itself it keeps what many connections have taken at once, for good, and that would be missing for kernels.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)


def largest(own: dict[str, int], excess: int) -> list[str]:
    """The fewest kernels whose end frees enough memory, the largest first.

    Args:
        own: the bytes of each.
        excess: the bytes to free; none if it is not positive.
    """
    names = sorted(own, key=own.__getitem__, reverse=True)
    before = itertools.accumulate((own[name] for name in names), initial=0)
    return [name for name, gone in zip(names, before, strict=False) if gone < excess]


class MemoryWatch:
    """Measures the memory regularly, tells the admission control, and ends kernels when too little is left."""

    def __init__(self, kernels: Kernels, seconds: float) -> None:
        self._kernels = kernels
        self._timer = Periodic(self.check, seconds)
        self._thread = ThreadPoolExecutor(1, "memory")  # of its own, so that it never waits for work that visitors cause

    async def start(self) -> None:
        """Checks now, and then every so many seconds."""
        self._timer.start()
        await self.check()

    async def check(self) -> None:
        """Checks once."""
        admission, num_kernels, processes = self._kernels.admission, len(self._kernels), self._kernels.processes()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, give_back)
        use = await loop.run_in_executor(self._thread, measure, processes.values())
        metrics.memory.set(use.total)
        admission.update_memory(use.total, num_kernels)
        sizes = {kernel_id: use.own[pid] for kernel_id, pid in processes.items()}
        for kernel_id in largest(sizes, use.total - admission.limit):
            megabytes = {"taken_mb": use.total >> 20, "limit_mb": admission.limit >> 20, "kernel_mb": sizes[kernel_id] >> 20}
            self._kernels.log.warning("memory is nearly exhausted, so a kernel ends", extra={"fields": megabytes})
            await self._kernels.cull(kernel_id, "memory")
