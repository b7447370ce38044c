"""The server's end of a zygote: starts it, asks it for kernels, and learns how they end. `zygote.py` has the protocol."""

import asyncio
import contextlib
import errno
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

from gradient.server.output import LineLog, read_some
from gradient.server.zygote import MAX_PACKET, ForkRequest

_LOG = logging.getLogger(__name__)
_START_SECONDS = 60.0  # with an empty cache it compiles everything; the next one finds what it has compiled by then
_FORK_SECONDS = 10.0
_UNKNOWN_STATUS = 1
_NUM_DESCRIPTORS = 2  # of a fork: its pidfd, and the read end of its output
# One allocator arena instead of one for each of a kernel's threads; large blocks go back to the system when they are freed.
_MALLOC = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
# No threads on import, so that forking is safe.
_ZYGOTE_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **_MALLOC}


class NoZygoteError(Exception):
    """There is no zygote now: a kernel has to start the ordinary way."""


class ForkedProcess:
    """A kernel's process, with the part of `subprocess.Popen` that a provisioner uses.

    Its pidfd stands for this very process, even when the number belongs to another one.

    Attributes:
        pid: its number.
        stdout: the pipe to which it writes.
        returncode: its exit status, or minus the signal that ended it; None while it runs.
        is_orphan: whether its zygote has ended, so that nobody will report the status.
    """

    stdin = stderr = None

    def __init__(self, pid: int, descriptor: int, output: int, receive: Callable[[], None]) -> None:
        """Takes its number, its pidfd, the read end of its output, and what reads the messages that the zygote has sent."""
        self.pid, self._descriptor, self._receive = pid, descriptor, receive
        self.stdout = open(output, "rb", buffering=0)  # noqa: SIM115 (whoever waits for the process closes it)
        self.returncode: int | None = None
        self.is_orphan = False

    def poll(self) -> int | None:
        """Its `returncode`. Needs no running event loop."""
        if self.returncode is None and _has_ended(self._descriptor):
            self._receive()
            if self.is_orphan and self.returncode is None:
                self.note_exit(_UNKNOWN_STATUS)
        return self.returncode

    def wait(self) -> int | None:
        """The same: a provisioner waits by asking again."""
        return self.poll()

    def note_exit(self, status: int) -> None:
        """Notes that it has ended, with this status."""
        self.returncode = status
        os.close(self._descriptor)

    def send_signal(self, number: int) -> None:
        """Sends it a signal, if it is still running."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)


def _has_ended(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


class ZygoteClient:
    """One zygote process, from its start to its end. All methods belong to the event loop in which it was made.

    Attributes:
        ready: done when it can fork; fails with NoZygoteError if it ends before.
        cannot_fork: whether it must not fork, which would be the same for another one.
        description: what pages of the notebook may set, as `gradient.allowlist` describes it; None until it is known.
    """

    def __init__(
        self, env: Mapping[str, str], parent_pipe: int, on_end: Callable[["ZygoteClient"], None], notebook: str = ""
    ) -> None:
        """Starts the process.

        Args:
            env: its environment.
            parent_pipe: see `zygote.py`.
            on_end: called with this client if the zygote ends by itself.
            notebook: that it describes; "" for none.

        Raises:
            OSError: if the system cannot start another process.
        """
        self._loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.cannot_fork, self.description = False, None
        self._pieces: list[str] = []  # of the description
        self._on_end = on_end
        self._requests: deque[asyncio.Future[ForkedProcess]] = deque()
        self._forks: dict[int, ForkedProcess] = {}
        self._control, remote = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        try:
            with remote:
                self._process = _start(env, remote.fileno(), parent_pipe, notebook)
        except OSError:
            self._control.close()
            raise
        output: Any = self._process.stdout
        self._output = output
        os.set_blocking(self._output.fileno(), False)
        self._lines = LineLog("zygote")
        self._loop.add_reader(self._control, self._receive)
        self._loop.add_reader(self._output, self._read_output)
        self._deadline = self._loop.call_later(_START_SECONDS, self._process.kill)

    async def fork(self, request: ForkRequest) -> ForkedProcess:
        """Forks a kernel.

        Raises:
            OSError: if the system cannot start another process.
            NoZygoteError: if the zygote ends meanwhile, or does not answer.
        """
        await asyncio.shield(self.ready)
        answer: asyncio.Future[ForkedProcess] = self._loop.create_future()
        self._requests.append(answer)
        try:
            await self._loop.sock_sendall(self._control, json.dumps(request._asdict()).encode())
            return await asyncio.wait_for(answer, _FORK_SECONDS)
        except (TimeoutError, ConnectionError) as error:
            self._process.kill()  # its end is noticed like any other
            raise NoZygoteError(f"The zygote does not answer ({error!r}).") from error

    def stop(self) -> None:
        """Ends it. Its kernels keep running."""
        self._deadline.cancel()
        if self._control.fileno() != -1:
            if not self._loop.is_closed():
                self._loop.remove_reader(self._control)
            self._control.close()
        self._process.kill()
        self._process.wait()
        self._close_output()
        self._fail_requests()

    def _read_output(self) -> bytes:
        """Logs what the process has written; returns that."""
        received = read_some(self._output.fileno())
        self._lines.feed(received)
        if not received and not self._loop.is_closed():
            self._loop.remove_reader(self._output)  # its other end is closed
        return received

    def _close_output(self) -> None:
        if not self._output.closed:
            self._read_output()
            self._lines.end()
            if not self._loop.is_closed():
                self._loop.remove_reader(self._output)
            self._output.close()

    def _receive(self) -> None:
        """Handles everything that the zygote has sent, its end included."""
        while self._control.fileno() != -1:
            try:
                packet, descriptors, *_ = socket.recv_fds(self._control, MAX_PACKET, _NUM_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
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
            case {"described": ""}:
                self.description = json.loads("".join(self._pieces))
            case {"described": piece}:
                self._pieces.append(piece)
            case {"warning": text}:
                _LOG.warning("%s", text)
            case {"cannot_fork": reason}:
                self.cannot_fork = True
                self.ready.set_exception(NoZygoteError(reason))
            case {"pid": pid}:
                self._handle_fork(pid, descriptors)
            case {"error": text} if not (request := self._requests.popleft()).done():
                request.set_exception(OSError(text))
            case {"ended": pid, "status": status}:
                if fork := self._forks.pop(pid, None):
                    fork.note_exit(status)

    def _handle_fork(self, pid: int, descriptors: list[int]) -> None:
        """Hands a kernel over to whoever waits for it, or ends it if this process has had no room for its descriptors."""
        request = self._requests.popleft()
        if len(descriptors) == _NUM_DESCRIPTORS:
            descriptor, output = descriptors
            self._forks[pid] = ForkedProcess(pid, descriptor, output, self._receive)
            self._deliver(request, self._forks[pid])
            return
        for received in descriptors:
            os.close(received)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if not request.done():
            request.set_exception(OSError(errno.EMFILE, os.strerror(errno.EMFILE)))

    def _deliver(self, request: asyncio.Future[ForkedProcess], fork: ForkedProcess) -> None:
        if request.done():
            fork.send_signal(signal.SIGKILL)  # nobody waits for it any more
            fork.stdout.close()
        else:
            request.set_result(fork)

    def _fail_requests(self) -> None:
        """Fails everything that waits for the zygote, and makes its kernels orphans."""
        waiting: list[asyncio.Future] = [self.ready, *self._requests]
        for future in waiting:
            if not future.done():
                future.set_exception(NoZygoteError("The zygote has ended."))
        self.ready.exception()  # marks it as retrieved: perhaps nobody has waited for it
        self._requests.clear()
        for fork in self._forks.values():
            fork.is_orphan = True
        self._forks.clear()


def _start(env: Mapping[str, str], control: int, parent_pipe: int, notebook: str) -> subprocess.Popen:
    """Starts the zygote in a session of its own, because Ctrl-C in a terminal is meant for the server."""
    return subprocess.Popen(
        [sys.executable, "-m", "gradient.server.zygote", str(control), str(parent_pipe), notebook],
        env={**env, **_ZYGOTE_ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(control, parent_pipe),
        start_new_session=True,
    )
