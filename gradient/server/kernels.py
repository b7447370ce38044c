"""The server's kernels: how many there may be, and when one is ended."""

import asyncio
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.ioloop import IOLoop
from traitlets import DottedObjectName, Instance, Integer, default

from gradient.server import metrics
from gradient.server.admission import Admission, AdmissionError, client_network
from gradient.server.allowlist import Allowlist
from gradient.server.description import load_allowlist
from gradient.server.guard import GuardedConnection
from gradient.server.limits import Limits
from gradient.server.periodic import Periodic
from gradient.server.provisioner import Kernel, kernel_environment
from gradient.server.settings import Settings
from gradient.server.supervisor import ZygoteSupervisor
from gradient.server.visitor import record_owner

_GOING_AWAY = 1001  # a code of RFC 6455
_MOST_SOCKETS = (1 << 16) - 1  # that ZeroMQ allows at most; by default there are enough for 170 kernels

# The kernels that the present request has started.
_started: ContextVar[list[str] | None] = ContextVar("_started", default=None)
_client_network: ContextVar[str] = ContextVar("_client_network", default="")


class Kernels(AsyncMappingKernelManager):
    """All kernels of the server.

    Attributes:
        admission: which has a say in every start.
        connect_timeout: after how many seconds without a connection a kernel is ended.
        supervisor: where their processes come from; None if warm kernels are switched off.
        limits: what each of them may use.
    """

    kernel_manager_class = DottedObjectName("gradient.server.provisioner.Kernel")
    admission = Instance(Admission)
    connect_timeout = Integer(60, config=True)
    supervisor = Instance(ZygoteSupervisor, allow_none=True)
    limits = Instance(Limits)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._starting: list[str] = []  # the client networks whose kernels are being started
        self._pages_under_way: set[str] = set()  # kernels whose page is being made
        self._allowlist: asyncio.Task[Allowlist] | None = None
        if self.parent:
            IOLoop.current().add_callback(self._start)

    @default("context")
    def _context_default(self) -> Any:
        context: Any = super()._context_default()
        context.max_sockets = _MOST_SOCKETS
        return context

    @default("admission")
    def _default_admission(self) -> Admission:
        return Admission(self._settings)

    @default("supervisor")
    def _default_supervisor(self) -> ZygoteSupervisor | None:
        return ZygoteSupervisor(kernel_environment(os.environ), self._notebook) if self._settings.warm == "yes" else None

    @default("limits")
    def _default_limits(self) -> Limits:
        return Limits(memory=self._settings.kernel_limit_mb << 20, cpu_seconds=self._settings.kernel_cpu_seconds)

    async def allowlist(self) -> Allowlist:
        """What pages may send to their kernels; waits until the notebook's widgets are described."""
        if self._allowlist is None:
            loading = load_allowlist(self._notebook, kernel_environment(os.environ), self.supervisor)
            self._allowlist = asyncio.get_running_loop().create_task(loading)
        return await asyncio.shield(self._allowlist)

    @property
    def _settings(self) -> Settings:
        application: Any = self.parent
        return application.settings

    @property
    def _notebook(self) -> str:
        application: Any = self.parent
        return str(Path(application.notebook_path).resolve())

    async def _start(self) -> None:
        """Starts the zygote, and learns what pages may set."""
        if self.supervisor:
            self.supervisor.start()
        await self.allowlist()

    @contextmanager
    def page_under_way(self, address: str) -> Iterator[list[str]]:
        """Kernels that are started in this block, for a visitor's address, are spared until its end. Yields their ids."""
        started: list[str] = []
        token = _started.set(started)
        _client_network.set(client_network(address))
        try:
            yield started
        finally:
            _started.reset(token)
            self._pages_under_way.difference_update(started)
            for kernel_id in started:
                self._note_leave(kernel_id)

    @property
    def is_making_pages(self) -> bool:
        """Whether a page is being made."""
        return bool(self._pages_under_way or self._starting)

    @property
    def why_not_ready(self) -> str:
        """Why the next page with a kernel cannot be made at once: "stopping", "starting", or "" if it can.

        A server that is full is ready: it has a page for everybody, and the visitors of its kernels have to reach it.
        """
        if not self.admission.is_open:
            return "stopping"
        return "starting" if self.supervisor and not self.supervisor.settled.is_set() else ""

    async def warm_up(self, seconds: float) -> None:
        """Waits until a kernel can be started at once.

        Raises:
            AdmissionError: if that takes longer.
        """
        if self.supervisor:
            try:
                await asyncio.wait_for(self.supervisor.settled.wait(), seconds)
            except TimeoutError:
                raise AdmissionError("starting") from None

    def processes(self) -> dict[str, int]:
        """The number of the process of each kernel that may be ended, by the kernel's id."""
        spared = self._pages_under_way
        found = {name: kernel.provisioner for name, kernel in self._kernels.items() if name not in spared}
        return {name: provisioner.pid for name, provisioner in found.items() if provisioner and provisioner.pid}

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override]
        """Starts a kernel for a visitor; returns its id.

        Raises:
            AdmissionError: if there is no room, or not for this visitor's network.
        """
        self.check_room()
        owner = _client_network.get()
        self._starting.append(owner)
        try:
            kernel_id = await super().start_kernel(**options)
        finally:
            self._starting.remove(owner)
        self._kernels[kernel_id].client_network = owner
        record_owner(self.get_kernel(kernel_id))
        metrics.kernels_started.inc()
        self._note_leave(kernel_id)
        if (started := _started.get()) is not None:
            started.append(kernel_id)
            self._pages_under_way.add(kernel_id)
        return kernel_id

    def check_room(self) -> None:
        """Raises `AdmissionError` if there is no room, or not for the client network of this block of `page_under_way`."""
        owners = [*self._starting, *(kernel.client_network for kernel in self._kernels.values())]
        self.admission.check_room(len(owners), owners.count(_client_network.get()))

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
            metrics.kernels_culled.labels(reason).inc()
            _close_sockets(kernel_id)
            await self.shutdown_kernel(kernel_id)

    def _why_cull(self, kernel_id: str, kernel: Kernel) -> str:
        """Why a kernel is ended: "left", "idle", or "" for one that stays."""
        if kernel_id in self._pages_under_way:
            return ""
        now = time.monotonic()
        if not self._kernel_connections.get(kernel_id):  # a page that comes may take long to load
            return "left" if now - kernel.left_at > self.connect_timeout else ""
        is_idle = kernel.execution_state != "busy" and now - kernel.used_at > self.cull_idle_timeout
        return "idle" if is_idle else ""

    def _handle_kernel_died(self, kernel_id: str) -> None:
        """Forgets a kernel that has ended by itself; the page has been told."""
        metrics.kernels_died.inc()
        self.stop_watching_activity(kernel_id)
        super()._handle_kernel_died(kernel_id)
        self._kernel_connections.pop(kernel_id, None)
        self._kernel_ports.pop(kernel_id, None)

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override] # as in what it extends
        """Ends all kernels and what they came from."""
        await super().shutdown_all(now)
        if self.supervisor:
            self.supervisor.stop()


def _close_sockets(kernel_id: str) -> None:
    """Closes the sockets of a kernel that is to be ended, so that its page knows, and goes on without it."""
    for connection in list(GuardedConnection._open_sockets):
        if connection.kernel_id == kernel_id:
            connection.websocket_handler.close(_GOING_AWAY, "the kernel was ended")
