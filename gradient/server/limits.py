"""Resource limits of one kernel."""

import contextlib
import os
import pathlib
import sys
from dataclasses import dataclass

from gradient.server.settings import Settings

if sys.platform == "linux":
    import resource

_OOM_SCORE = 1000  # the highest score: Linux kills such a process first when the memory runs out


@dataclass(frozen=True)
class Limits:
    """The limits of one kernel. They are Linux'; elsewhere there are none.

    Attributes:
        memory: bytes of data that it may map (RLIMIT_DATA: heap, arrays and stacks, used or not, but no files). Beyond it
            Python raises MemoryError, and C++ libraries abort.
        cpu_seconds: total processor time (RLIMIT_CPU); then SIGXCPU ends it.
        niceness: 0 to 19; the higher, the more its work yields to the server's.
        files: open file descriptors (RLIMIT_NOFILE).
        file_size: bytes of a file that it writes (RLIMIT_FSIZE).
    """

    memory: int = Settings.kernel_limit_mb << 20
    cpu_seconds: int = Settings.kernel_cpu_seconds
    niceness: int = 10
    files: int = 256
    file_size: int = 64 << 20

    def apply(self, pid: int = 0) -> None:
        """Sets the limits of this process, or of another one of the same user that has no threads yet.

        If the machine's memory runs out anyway, the system kills a kernel rather than the server.
        """
        if sys.platform != "linux":
            return
        for kind, soft, hard in (
            (resource.RLIMIT_DATA, self.memory, self.memory),
            (resource.RLIMIT_CPU, self.cpu_seconds, self.cpu_seconds + 5),  # the hard limit sends SIGKILL
            (resource.RLIMIT_NOFILE, self.files, self.files),
            (resource.RLIMIT_FSIZE, self.file_size, self.file_size),
            (resource.RLIMIT_CORE, 0, 0),
        ):
            _lower(pid, kind, soft, hard)
        os.setpriority(os.PRIO_PROCESS, pid, self.niceness)
        with contextlib.suppress(OSError):  # some containers forbid it
            pathlib.Path(f"/proc/{pid or 'self'}/oom_score_adj").write_text(str(_OOM_SCORE))


def _lower(pid: int, kind: int, soft: int, hard: int) -> None:
    """Sets a limit, unless a stricter one is set."""
    highest = resource.prlimit(pid, kind)[1]
    if highest != resource.RLIM_INFINITY:
        soft, hard = min(soft, highest), min(hard, highest)
    resource.prlimit(pid, kind, (soft, hard))
