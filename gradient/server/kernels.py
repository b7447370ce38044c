"""The server's kernels: how many there may be, and when one is ended."""

import asyncio
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.ioloop import IOLoop
from traitlets import DottedObjectName, Instance, Integer, default

from gradient.server import counters
from gradient.server.admission import Admission, RefusedError
from gradient.server.guard import Connection
from gradient.server.limits import Limits
from gradient.server.nursery import Nursery
from gradient.server.periodic import Periodic
from gradient.server.provisioner import Kernel, scrubbed
from gradient.server.settings import Settings
from gradient.server.visitor import claim

_GOING_AWAY = 1001  # a code of RFC 6455

# The kernels that the present request has started.
_started: ContextVar[list[str] | None] = ContextVar("_started", default=None)


class Kernels(AsyncMappingKernelManager):
    """All kernels of the server.

    Attributes:
        admission: which has a say in every start.
        connect_timeout: after how many seconds without a connection a kernel is ended.
        nursery: where their processes come from; None if warm kernels are switched off.
        limits: what each of them may use.
    """

    kernel_manager_class = DottedObjectName("gradient.server.provisioner.Kernel")
    admission = Instance(Admission)
    connect_timeout = Integer(60, config=True)
    nursery = Instance(Nursery, allow_none=True)
    limits = Instance(Limits)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._num_starting = 0
        self._handed_out: set[str] = set()  # kernels whose page is being made
        if self.nursery:
            IOLoop.current().add_callback(self.nursery.start)

    @default("admission")
    def _default_admission(self) -> Admission:
        return Admission(self._settings)

    @default("nursery")
    def _default_nursery(self) -> Nursery | None:
        return Nursery(scrubbed(os.environ)) if self._settings.warm == "yes" else None

    @default("limits")
    def _default_limits(self) -> Limits:
        return Limits(memory=self._settings.kernel_limit_mb << 20, cpu_seconds=self._settings.kernel_cpu_seconds)

    @property
    def _settings(self) -> Settings:
        application: Any = self.parent
        return application.settings

    @contextmanager
    def handing_out(self) -> Iterator[list[str]]:
        """Kernels that are started in this block are spared until its end. Yields their ids."""
        started: list[str] = []
        token = _started.set(started)
        try:
            yield started
        finally:
            _started.reset(token)
            self._handed_out.difference_update(started)
            for kernel_id in started:
                self._note_leave(kernel_id)

    @property
    def is_handing_out(self) -> bool:
        """Whether a page is being made."""
        return bool(self._handed_out or self._num_starting)

    @property
    def why_not_ready(self) -> str:
        """Why the next page with a kernel cannot be made at once: "stopping", "starting", or "" if it can.

        A server that is full is ready: it has a page for everybody, and the visitors of its kernels have to reach it.
        """
        if not self.admission.is_open:
            return "stopping"
        return "starting" if self.nursery and not self.nursery.settled.is_set() else ""

    async def warm_up(self, seconds: float) -> None:
        """Waits until a kernel can be started at once.

        Raises:
            RefusedError: if that takes longer.
        """
        if self.nursery:
            try:
                await asyncio.wait_for(self.nursery.settled.wait(), seconds)
            except TimeoutError:
                raise RefusedError("starting") from None

    def processes(self) -> dict[str, int]:
        """The number of the process of each kernel that may be ended, by the kernel's id."""
        spared = self._handed_out
        found = {name: kernel.provisioner for name, kernel in self._kernels.items() if name not in spared}
        return {name: provisioner.pid for name, provisioner in found.items() if provisioner and provisioner.pid}

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override]
        """Starts a kernel for a visitor; returns its id.

        Raises:
            RefusedError: if there is no room.
        """
        self.admission.check_room(len(self) + self._num_starting)
        self._num_starting += 1
        try:
            kernel_id = await super().start_kernel(**options)
        finally:
            self._num_starting -= 1
        claim(self.get_kernel(kernel_id))
        counters.kernels_started.inc()
        self._note_leave(kernel_id)
        if (started := _started.get()) is not None:
            started.append(kernel_id)
            self._handed_out.add(kernel_id)
        return kernel_id

    async def shutdown_kernel(self, kernel_id: str, now: bool = True, restart: bool = False) -> None:  # type: ignore[override]
        """Ends a kernel; what a visitor had is in the page, so no time is spent on farewells."""
        await super().shutdown_kernel(kernel_id, now=now, restart=restart)

    async def discard(self, kernel_ids: Iterable[str]) -> None:
        """Ends the kernels of a page that nobody has, as far as they are still there."""
        for kernel_id in kernel_ids:
            if kernel_id in self:
                await self.shutdown_kernel(kernel_id)

    def notify_connect(self, kernel_id: str) -> None:
        """Notes that a page has come."""
        super().notify_connect(kernel_id)
        if kernel_id in self._kernels:
            self._kernels[kernel_id].used_at = time.monotonic()

    def notify_disconnect(self, kernel_id: str) -> None:
        """Notes that a page has gone, or will be back soon."""
        super().notify_disconnect(kernel_id)
        self._note_leave(kernel_id)

    def _note_leave(self, kernel_id: str) -> None:
        if kernel_id in self._kernels:
            self._kernels[kernel_id].left_at = time.monotonic()

    def initialize_culler(self) -> None:
        """Begins to look for kernels that nobody misses; called when the first one starts."""
        if self._culler_callback is None:
            culler: Any = Periodic(self.cull_kernels, self.cull_interval)
            culler.start()
            self._culler_callback = culler

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Ends a kernel that nobody misses. Called for each kernel every `cull_interval` seconds."""
        kernel = self._kernels.get(kernel_id)
        if kernel and (reason := self._why_cull(kernel_id, kernel)):
            await self.end(kernel_id, reason)

    async def end(self, kernel_id: str, reason: str) -> None:
        """Ends a kernel, unless it has ended meanwhile; its page goes on in the browser.

        Args:
            kernel_id: of the kernel.
            reason: "left", "idle" or "memory".
        """
        if kernel_id in self._kernels:
            self.log.info("kernel culled", extra={"fields": {"kernel": kernel_id, "reason": reason}})
            counters.kernels_culled.labels(reason).inc()
            _hang_up(kernel_id)
            await self.shutdown_kernel(kernel_id)

    def _why_cull(self, kernel_id: str, kernel: Kernel) -> str:
        """Why a kernel is ended: "left", "idle", or "" for one that stays."""
        if kernel_id in self._handed_out:
            return ""
        now = time.monotonic()
        if not self._kernel_connections.get(kernel_id):  # a page that comes may take long to load
            return "left" if now - kernel.left_at > self.connect_timeout else ""
        is_idle = kernel.execution_state != "busy" and now - kernel.used_at > self.cull_idle_timeout
        return "idle" if is_idle else ""

    def _handle_kernel_died(self, kernel_id: str) -> None:
        """Forgets a kernel that has ended by itself; the page has been told."""
        counters.kernels_died.inc()
        super()._handle_kernel_died(kernel_id)

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override] # as in what it extends
        """Ends all kernels and what they came from."""
        await super().shutdown_all(now)
        if self.nursery:
            self.nursery.stop()


def _hang_up(kernel_id: str) -> None:
    """Closes the sockets of a kernel that is to be ended, so that its page knows, and goes on without it."""
    for connection in list(Connection._open_sockets):
        if connection.kernel_id == kernel_id:
            connection.websocket_handler.close(_GOING_AWAY, "the kernel was ended")
