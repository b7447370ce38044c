"""The server's end of one zygote: starts it, asks it for kernels, hears when they end."""

import asyncio
import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from gradient.server.zygote import MAX_PACKET, ForkRequest

_LOG = logging.getLogger(__name__)
_START_SECONDS = 60.0  # on an empty cache it compiles everything, and what is done stays done for the next one
_FORK_SECONDS = 10.0
_UNKNOWN = 1
# No allocator arena for each of a kernel's threads, and what is large goes back to the system when it is freed.
_MALLOC = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
# No thread on import, so that a fork is safe.
_ZYGOTE_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **_MALLOC}


class NoZygoteError(Exception):
    """There is no zygote now: a kernel has to be started the ordinary way."""


class ForkedProcess:
    """A kernel's process, with as much of `subprocess.Popen` as a provisioner asks for.

    Its descriptor means this very process for ever, even after its number belongs to another one.

    Attributes:
        pid: its number.
        returncode: how it ended: minus a signal's number, or what it returned. None while it runs.
        is_orphan: whether its zygote is gone and nobody will say how it ends.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, descriptor: int, receive: Callable[[], None]) -> None:
        self.pid, self._descriptor, self._receive = pid, descriptor, receive
        self.returncode: int | None = None
        self.is_orphan = False

    def poll(self) -> int | None:
        """How it ended, or None while it runs. Needs no running event loop."""
        if self.returncode is None and _is_over(self._descriptor):
            self._receive()
            if self.is_orphan and self.returncode is None:
                self.note_exit(_UNKNOWN)
        return self.returncode

    def wait(self) -> int | None:
        """The same: a provisioner waits by asking again."""
        return self.poll()

    def note_exit(self, status: int) -> None:
        """Records how it ended."""
        self.returncode = status
        os.close(self._descriptor)

    def send_signal(self, number: int) -> None:
        """Sends it a signal; one that has ended gets none."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)


def _is_over(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


class ZygoteClient:
    """One zygote process, from its start to its end. All methods belong to the event loop in which it was made.

    Attributes:
        ready: done when it can fork; an exception, NoZygoteError, if it ended before.
        cannot_fork: whether it must not fork, and another one would have to say the same.
        description: what pages of the notebook may set, as `gradient.allowlist` describes it; None until it is known.
    """

    def __init__(
        self, env: Mapping[str, str], parent_pipe: int, on_end: Callable[["ZygoteClient"], None], notebook: str = ""
    ) -> None:
        """Starts it with this environment; `on_end` is called with it if it ends by itself."""
        self._loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.cannot_fork, self.description = False, None
        self._on_end = on_end
        self._asked: deque[asyncio.Future[ForkedProcess]] = deque()
        self._forks: dict[int, ForkedProcess] = {}
        self._control, remote = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        command = [sys.executable, "-m", "gradient.server.zygote", str(remote.fileno()), str(parent_pipe), notebook]
        with remote:
            # A session of its own: Ctrl-C in a terminal is for the server.
            self._process = subprocess.Popen(
                command,
                env={**env, **_ZYGOTE_ENVIRONMENT},
                stdin=subprocess.DEVNULL,
                pass_fds=(remote.fileno(), parent_pipe),
                start_new_session=True,
            )
        self._loop.add_reader(self._control, self._receive)
        self._deadline = self._loop.call_later(_START_SECONDS, self._process.kill)

    async def fork(self, request: ForkRequest) -> ForkedProcess:
        """The process of a new kernel.

        Raises:
            OSError: if the system lets it start no more processes.
            NoZygoteError: if the zygote dies meanwhile, or does not answer.
        """
        await asyncio.shield(self.ready)
        answer: asyncio.Future[ForkedProcess] = self._loop.create_future()
        self._asked.append(answer)
        try:
            await self._loop.sock_sendall(self._control, json.dumps(request._asdict()).encode())
            return await asyncio.wait_for(answer, _FORK_SECONDS)
        except (TimeoutError, ConnectionError) as error:
            self._process.kill()  # its end is noticed like any other
            raise NoZygoteError(f"The zygote does not answer ({error!r}).") from error

    def stop(self) -> None:
        """Ends it. Its kernels live on."""
        self._deadline.cancel()
        if self._control.fileno() != -1:
            if not self._loop.is_closed():
                self._loop.remove_reader(self._control)
            self._control.close()
        self._process.kill()
        self._process.wait()
        self._fail()

    def _receive(self) -> None:
        """Takes in all that the zygote has said, its end included."""
        while self._control.fileno() != -1:
            try:
                packet, descriptors, *_ = socket.recv_fds(self._control, MAX_PACKET, 1, socket.MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                return
            except OSError:
                packet, descriptors = b"", []
            if packet:
                self._handle(json.loads(packet), descriptors)
            else:
                self.stop()
                self._on_end(self)

    def _handle(self, message: dict[str, Any], descriptors: list[int]) -> None:
        match message:
            case {"ready": True}:
                self._deadline.cancel()
                self.ready.set_result(None)
            case {"allowlist": description}:
                self.description = description
            case {"warning": text}:
                _LOG.warning("%s", text)
            case {"cannot_fork": reason}:
                self.cannot_fork = True
                self.ready.set_exception(NoZygoteError(reason))
            case {"pid": pid}:
                self._forks[pid] = ForkedProcess(pid, descriptors[0], self._receive)
                self._deliver(self._asked.popleft(), self._forks[pid])
            case {"error": text} if not (asked := self._asked.popleft()).done():
                asked.set_exception(OSError(text))
            case {"ended": pid, "status": status}:
                self._forks.pop(pid).note_exit(status)

    def _deliver(self, asked: asyncio.Future[ForkedProcess], fork: ForkedProcess) -> None:
        if asked.done():
            fork.send_signal(signal.SIGKILL)  # nobody waits for it any more
        else:
            asked.set_result(fork)

    def _fail(self) -> None:
        """Leaves nobody waiting."""
        waiting: list[asyncio.Future] = [self.ready, *self._asked]
        for future in waiting:
            if not future.done():
                future.set_exception(NoZygoteError("The zygote has ended."))
        self.ready.exception()  # nobody need have waited for it
        self._asked.clear()
        for fork in self._forks.values():
            fork.is_orphan = True
        self._forks.clear()
