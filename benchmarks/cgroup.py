"""A memory cgroup of either version, in which Linux enforces a memory limit, as for a container."""

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path("/sys/fs/cgroup")


class Cgroup(NamedTuple):
    """The files of a cgroup: its processes, its limit, its peak use, and its events, such as kills."""

    processes: Path
    limit: Path
    peak: Path
    events: Path

    def entering(self, command: Sequence[str]) -> list[str]:
        """A command that runs another one in the cgroup."""
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.processes), *command]

    def megabytes(self) -> float:
        """Its peak use."""
        return int(self.peak.read_text()) / (1 << 20)

    def num_killed(self) -> int:
        """How many processes the system has killed because the limit was reached."""
        return sum(map(int, re.findall(r"^oom_kill (\d+)", self.events.read_text(), re.MULTILINE)))


@contextlib.contextmanager
def cgroup_of(limit_mb: int) -> Iterator[Cgroup | None]:
    """A new cgroup with a limit, or None where none can be made, which takes Linux and usually root."""
    name = f"techni-{os.getpid()}"
    with contextlib.ExitStack() as stack:
        yield _make(ROOT / "memory" / name, limit_mb, stack) or _make(ROOT / name, limit_mb, stack)


def _make(folder: Path, limit_mb: int, stack: contextlib.ExitStack) -> Cgroup | None:
    try:
        folder.mkdir()
        stack.callback(_remove, folder)
        return _limited(folder, limit_mb)
    except OSError:
        return None


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):  # a process that has not ended yet keeps its cgroup
        folder.rmdir()


def _limited(folder: Path, limit_mb: int) -> Cgroup:
    """Sets the limit. Raises OSError if the folder is not a cgroup with a memory controller."""
    names = ("memory.max", "memory.peak", "memory.events")
    if not (folder / "memory.max").exists():
        names = ("memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control")
    cgroup = Cgroup(folder / "cgroup.procs", *(folder / name for name in names))
    with cgroup.limit.open("r+") as file:
        file.write(str(limit_mb << 20))
    cgroup.megabytes()
    return cgroup
