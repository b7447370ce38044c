"""The memory that the server's processes take, and what is done when it runs out: kernels end, the largest first.

The cap on kernels goes by what a visitor usually takes. A kernel that computes one program after the other takes several times
that, and a few of them would bring the system to end processes of its own choice. Their pages go on in the browser.
"""

import asyncio
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from gradient.server import metrics
from gradient.server.kernels import Kernels
from gradient.server.periodic import Periodic


class MemoryUse(NamedTuple):
    """Memory in bytes, swapped out or not; 0 where Linux' /proc is missing.

    Attributes:
        total: of this process, its descendants and all kernels, a page that several share counted once.
        own: of each kernel, by the number of its process, what is free when it ends.
    """

    total: int
    own: dict[int, int]


def measure(kernels: Iterable[int]) -> MemoryUse:
    """What is in use now; takes some milliseconds for each process.

    Args:
        kernels: their processes, of which those whose zygote has died are nobody's descendants any more.
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
    """What Linux counts of a process' memory, in bytes; nothing if it has ended meanwhile."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return {}
    return {name: 1024 * int(number) for name, number in re.findall(r"^(\w+): +(\d+) kB$", text, re.MULTILINE)}


def _sum(counts: dict[str, int], *names: str) -> int:
    return sum(counts.get(name, 0) for name in names)


def largest(own: dict[str, int], excess: int) -> list[str]:
    """The fewest kernels that have to end so that an excess of bytes is gone, the largest first.

    Args:
        own: the bytes of each.
        excess: more than 0 if there is one.
    """
    names = sorted(own, key=own.__getitem__, reverse=True)
    before = itertools.accumulate((own[name] for name in names), initial=0)
    return [name for name, gone in zip(names, before, strict=False) if gone < excess]


class MemoryWatch:
    """Looks at the memory again and again, tells the admission, and ends kernels while there is too little left."""

    def __init__(self, kernels: Kernels, seconds: float) -> None:
        self._kernels = kernels
        self._timer = Periodic(self.check, seconds)
        self._thread = ThreadPoolExecutor(1, "memory")  # its own: it must not wait for what visitors can ask for

    async def start(self) -> None:
        """Looks now, and from now on every so many seconds."""
        self._timer.start()
        await self.check()

    async def check(self) -> None:
        """Looks once."""
        admission, num_kernels, processes = self._kernels.admission, len(self._kernels), self._kernels.processes()
        use = await asyncio.get_running_loop().run_in_executor(self._thread, measure, processes.values())
        metrics.memory.set(use.total)
        admission.update_memory(use.total, num_kernels)
        sizes = {kernel_id: use.own[pid] for kernel_id, pid in processes.items()}
        for kernel_id in largest(sizes, use.total - admission.limit):
            megabytes = {"taken_mb": use.total >> 20, "limit_mb": admission.limit >> 20, "kernel_mb": sizes[kernel_id] >> 20}
            self._kernels.log.warning("nearly all memory is taken, so a kernel ends", extra={"fields": megabytes})
            await self._kernels.end(kernel_id, "memory")
