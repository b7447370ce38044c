"""The supervisor of the zygote: it starts one, and another one when that has died."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

from gradient.server.descriptors import note_shortage
from gradient.server.zygote import ForkRequest
from gradient.server.zygote_client import ForkedProcess, NoZygoteError, ZygoteClient

_LOG = logging.getLogger(__name__)
_MAX_FAILURES = 3
_RETRY_SECONDS = 1.0


class ZygoteSupervisor:
    """Keeps a zygote alive as long as the server runs.

    Attributes:
        starts: how many zygotes it has started.
        description: what pages of the notebook may set, as `gradient.allowlist` describes it; None until a zygote has said so.
        decided: set while a zygote can fork, and for good when zygotes have been given up.
    """

    def __init__(self, env: Mapping[str, str], notebook: str = "") -> None:
        """Takes the environment of zygotes, and the notebook that the first one describes."""
        self._env, self._notebook = env, notebook
        self._zygote: ZygoteClient | None = None
        self._parent_pipe: tuple[int, int] | None = None
        self._failures = 0
        self.description: Any = None
        self.starts = 0
        self.decided = asyncio.Event()
        if self._has_given_up:
            self.decided.set()

    @property
    def _has_given_up(self) -> bool:
        return self._failures >= _MAX_FAILURES or sys.platform != "linux"

    def start(self) -> None:
        """Starts a zygote, which needs seconds to be ready, unless there is one or they have been given up.

        If the system cannot start a process now, it tries again after a second.
        """
        if self._zygote is None and not self._has_given_up:
            try:
                self._zygote = self._start()
            except OSError as error:
                note_shortage(str(error.strerror))
                asyncio.get_running_loop().call_later(_RETRY_SECONDS, self.start)
                return
            self.starts += 1
            self._zygote.ready.add_done_callback(self._note_ready)

    def _start(self) -> ZygoteClient:
        if self._parent_pipe is None:
            self._parent_pipe = os.pipe()
        return ZygoteClient(self._env, self._parent_pipe[0], self._zygote_ended, self._notebook)

    async def spawn(self, request: ForkRequest) -> ForkedProcess:
        """Forks a kernel; waits until the zygote is ready, and starts another one if it has died.

        Raises:
            OSError: if the system cannot start another process.
            NoZygoteError: if zygotes have been given up.
        """
        for _ in range(2):
            self.start()
            if self._zygote is None:
                break
            with contextlib.suppress(NoZygoteError):
                return await self._zygote.fork(request)
        raise NoZygoteError("There is no zygote.")

    def stop(self) -> None:
        """Ends the zygote and all kernels, for good."""
        self._failures = _MAX_FAILURES
        if self._zygote:
            self._zygote.stop()
        for descriptor in self._parent_pipe or ():
            os.close(descriptor)
        self._zygote = self._parent_pipe = None

    def _note_ready(self, ready: asyncio.Future[None]) -> None:
        if ready.exception() is None and self._zygote:
            if self._zygote.description:
                self.description, self._notebook = self._zygote.description, ""
            self.decided.set()

    def _zygote_ended(self, zygote: ZygoteClient) -> None:
        failure = zygote.ready.exception()
        self._zygote = None
        self._failures = 0 if failure is None else _MAX_FAILURES if zygote.cannot_fork else self._failures + 1
        _LOG.warning("%s", failure or "The zygote has ended. Its kernels keep running.")
        if not self._has_given_up:
            self.decided.clear()
            self.start()
        else:
            self.decided.set()
            _LOG.error("There are no warm kernels here: each kernel takes seconds to start, and more memory.")
