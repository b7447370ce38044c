"""Finds the memory that the server may use: Linux can limit a group of processes (a cgroup) to less than the machine has."""

import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUPS = Path("/proc/self/cgroup")


def memory_limit() -> int:
    """The bytes that this process and its children may use: the machine's memory, or the lowest limit of its cgroups."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 1 << 30
    return min([physical, *_cgroup_limits()])


def _cgroup_limits() -> list[int]:
    """The memory limits of all cgroups that this process is in, of version 1 or 2."""
    files = [ancestor / name for folder, name in _cgroup_folders() for ancestor in (folder, *folder.parents)]
    return [limit for file in files if file.is_relative_to(_CGROUPS) and (limit := _number(file))]


def _cgroup_folders() -> list[tuple[Path, str]]:
    """The folders of the cgroups that limit memory, and the name of the file with the limit."""
    if not _OWN_CGROUPS.exists():
        return []
    folders = []
    for line in _OWN_CGROUPS.read_text().splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            folders.append((_CGROUPS / path.lstrip("/"), "memory.max"))
        elif "memory" in controllers.split(","):
            folders.append((_CGROUPS / "memory" / path.lstrip("/"), "memory.limit_in_bytes"))
    return folders


def _number(file: Path) -> int:
    """The number in a file; 0 for a cgroup without a limit, whose file says "max" or is missing."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0
