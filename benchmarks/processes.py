"""A server's processes, and the memory that they use. Linux only."""

import contextlib

import psutil

MEGABYTE = 1 << 20
ZYGOTE = "gradient.server.zygote"


def processes_of(pid: int) -> list[psutil.Process]:
    """A process and all that it has started; nothing if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        server = psutil.Process(pid)
        return [server, *server.children(recursive=True)]
    return []


def is_kernel(process: psutil.Process) -> bool:
    """Whether a process is a kernel that is running: one that was started as such, or a fork of the zygote."""
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = process.parent()
        return _runs("ipykernel_launcher", process) or (_runs(ZYGOTE, process) and parent is not None and _runs(ZYGOTE, parent))
    return False


def _runs(module: str, process: psutil.Process) -> bool:
    return any(module in argument for argument in process.cmdline())


def unique_megabytes(process: psutil.Process) -> float:
    """The memory that would be freed if the process ended (USS); 0 if it has ended."""
    return _full_memory(process, "uss")


def shared_megabytes(process: psutil.Process) -> float:
    """The memory of a process with its share of what it shares with others (PSS); 0 if it has ended."""
    return _full_memory(process, "pss")


def _full_memory(process: psutil.Process, name: str) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        return getattr(process.memory_full_info(), name) / MEGABYTE
    return 0.0
