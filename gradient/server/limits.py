"""What one kernel may use of the machine."""

import contextlib
import os
import pathlib
import sys
from dataclasses import dataclass

if sys.platform == "linux":
    import resource

_OOM_SCORE = 1000  # the highest of the badness scores that Linux lets a process give itself


@dataclass(frozen=True)
class Limits:
    """The limits of one kernel, as Linux knows them; elsewhere there are none.

    Attributes:
        memory: bytes of data that it may map (RLIMIT_DATA: heap, arrays and threads' stacks, touched or not, but no files).
            Beyond it Python raises MemoryError, and a library in C++ ends the kernel.
        cpu_seconds: processor time of its whole life (RLIMIT_CPU); then SIGXCPU ends it.
        niceness: 0 to 19: how far its work stands behind the server's.
        files: open descriptors (RLIMIT_NOFILE).
        file_size: bytes of one file that it writes (RLIMIT_FSIZE).
    """

    memory: int = 1024 << 20
    cpu_seconds: int = 600
    niceness: int = 10
    files: int = 256
    file_size: int = 64 << 20

    def apply(self, pid: int = 0) -> None:
        """Sets them for this process, or for another one of the same user that has no threads yet.

        Should the machine's memory run out all the same, the system ends a kernel, and not the server.
        """
        if sys.platform != "linux":
            return
        for kind, soft, hard in (
            (resource.RLIMIT_DATA, self.memory, self.memory),
            (resource.RLIMIT_CPU, self.cpu_seconds, self.cpu_seconds + 5),  # at the hard one it would be SIGKILL
            (resource.RLIMIT_NOFILE, self.files, self.files),
            (resource.RLIMIT_FSIZE, self.file_size, self.file_size),
            (resource.RLIMIT_CORE, 0, 0),
        ):
            _lower(pid, kind, soft, hard)
        os.setpriority(os.PRIO_PROCESS, pid, self.niceness)
        with contextlib.suppress(OSError):  # some containers let nobody write there
            pathlib.Path(f"/proc/{pid or 'self'}/oom_score_adj").write_text(str(_OOM_SCORE))


def _lower(pid: int, kind: int, soft: int, hard: int) -> None:
    """Sets a limit, unless a stricter one is set already."""
    highest = resource.prlimit(pid, kind)[1]
    if highest != resource.RLIM_INFINITY:
        soft, hard = min(soft, highest), min(hard, highest)
    resource.prlimit(pid, kind, (soft, hard))
