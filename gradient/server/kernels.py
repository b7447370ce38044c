"""The server's kernels: how they start, who owns them, and when the server ends one."""

import asyncio
import errno
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop
from traitlets import DottedObjectName, Instance, Integer, default

from gradient.adapters.jupyter_server import KernelManagers, close_sockets_of
from gradient.server import descriptors, metrics
from gradient.server.addresses import client_network
from gradient.server.admission import Admission, AdmissionError
from gradient.server.allowlist import Allowlist
from gradient.server.description import load_allowlist
from gradient.server.limits import Limits
from gradient.server.output import KernelOutput
from gradient.server.periodic import Periodic
from gradient.server.provisioner import Kernel, kernel_environment
from gradient.server.settings import Settings
from gradient.server.supervisor import ZygoteSupervisor
from gradient.server.visitor import record_owner

_OUTPUT_SECONDS = 1.0  # between two reports of what kernels have written
_GOING_AWAY = 1001  # a close code of RFC 6455

# What the present request has: the kernels that it has started, and the client network that it comes from.
_started: ContextVar[list[str] | None] = ContextVar("_started", default=None)
_network: ContextVar[str] = ContextVar("_network", default="")


class Kernels(KernelManagers):
    """All kernels of the server.

    Attributes:
        admission: decides whether a kernel may start.
        connect_timeout: seconds after which a kernel without a connection is ended.
        supervisor: of the zygote that kernels are forked from; None if warm kernels are switched off.
        limits: what each kernel may use.
        output: what kernels have written since that was last reported.
    """

    kernel_manager_class = DottedObjectName("gradient.server.provisioner.Kernel")
    max_sockets = (1 << 16) - 1  # the most that ZeroMQ allows; the default is enough for 170 kernels
    admission = Instance(Admission)
    connect_timeout = Integer(60, config=True)
    supervisor = Instance(ZygoteSupervisor, allow_none=True)
    limits = Instance(Limits)
    output = Instance(KernelOutput, ())

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._starting: list[str] = []  # the client networks whose kernels are being started
        self._rendering: set[str] = set()  # kernels whose page is being rendered
        self._allowlist: asyncio.Task[Allowlist] | None = None
        if self.parent:
            IOLoop.current().add_callback(self._start)

    @default("admission")
    def _default_admission(self) -> Admission:
        application: Any = self.parent
        return Admission(self._settings, application.shares.kernels)

    @default("supervisor")
    def _default_supervisor(self) -> ZygoteSupervisor | None:
        is_warm = self._settings.warm == "yes"
        return ZygoteSupervisor(kernel_environment(os.environ), self._notebook) if is_warm else None

    @default("limits")
    def _default_limits(self) -> Limits:
        return Limits(memory=self._settings.kernel_limit_mb << 20, cpu_seconds=self._settings.kernel_cpu_seconds)

    @property
    def _settings(self) -> Settings:
        application: Any = self.parent
        return application.settings

    @property
    def _notebook(self) -> str:
        application: Any = self.parent
        return str(Path(application.notebook_path).resolve())

    async def _start(self) -> None:
        if self.supervisor:
            self.supervisor.start()
        Periodic(self._report_output, _OUTPUT_SECONDS).start()
        await self.allowlist()

    async def _report_output(self) -> None:
        for kernel in self.managers.values():
            if kernel.provisioner:
                kernel.provisioner.read_output()
        self.output.report()

    async def allowlist(self) -> Allowlist:
        """What pages may send to their kernels; waits until the notebook's widgets are described."""
        if self._allowlist is None:
            loading = load_allowlist(self._notebook, kernel_environment(os.environ), self.supervisor)
            self._allowlist = asyncio.get_running_loop().create_task(loading)
        return await asyncio.shield(self._allowlist)

    @contextmanager
    def rendering(self, address: str) -> Iterator[list[str]]:
        """A block that renders the page of a visitor with this address: no kernel started in it is culled before its end.

        Yields:
            The ids of these kernels, as they are started.
        """
        started: list[str] = []
        token = _started.set(started)
        _network.set(client_network(address))
        try:
            yield started
        finally:
            _started.reset(token)
            self._rendering.difference_update(started)
            for kernel_id in started:
                self._note_leave(kernel_id)

    @property
    def is_rendering(self) -> bool:
        """Whether any page is being rendered."""
        return bool(self._rendering or self._starting)

    @property
    def why_not_ready(self) -> str:
        """Why the next page could not start a kernel at once: "stopping", "starting", or "" if it could.

        A full server is ready: it has a page for everybody, and the visitors of its kernels have to reach it.
        """
        if not self.admission.is_open:
            return "stopping"
        return "starting" if self.supervisor and not self.supervisor.decided.is_set() else ""

    async def warm_up(self, seconds: float) -> None:
        """Waits until a kernel can start at once.

        Raises:
            AdmissionError: "starting", if that takes longer than so many seconds.
        """
        if self.supervisor:
            try:
                await asyncio.wait_for(self.supervisor.decided.wait(), seconds)
            except TimeoutError:
                raise AdmissionError("starting") from None

    def processes(self) -> dict[str, int]:
        """The process number of each kernel that may be ended, by the kernel's id."""
        found = {name: kernel.provisioner for name, kernel in self.managers.items() if name not in self._rendering}
        return {name: provisioner.pid for name, provisioner in found.items() if provisioner and provisioner.pid}

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override]
        """Starts a kernel for the visitor of the present `rendering`; returns its id.

        Raises:
            AdmissionError: if there is no room, or none for this visitor's network.
        """
        self.check_room()
        network = _network.get()
        self._starting.append(network)
        try:
            kernel_id = await super().start_kernel(**options)
        finally:
            self._starting.remove(network)
        self.managers[kernel_id].client_network = network
        record_owner(self.get_kernel(kernel_id))
        metrics.kernels_started.inc()
        self._note_leave(kernel_id)
        if (started := _started.get()) is not None:
            started.append(kernel_id)
            self._rendering.add(kernel_id)
        return kernel_id

    def check_room(self) -> None:
        """Checks whether there is room for one more kernel, and for one of this visitor's network.

        Raises:
            AdmissionError: if there is not.
        """
        if not descriptors.fit(len(self._starting) + 1):
            descriptors.note_shortage(os.strerror(errno.EMFILE))
            raise AdmissionError("full")
        networks = [*self._starting, *(kernel.client_network for kernel in self.managers.values())]
        self.admission.check_room(len(networks), networks.count(_network.get()))

    async def shutdown_kernel(self, kernel_id: str, now: bool = True, restart: bool = False) -> None:  # type: ignore[override]
        """Ends a kernel, at once: all that a visitor had is in the page."""
        await super().shutdown_kernel(kernel_id, now=now, restart=restart)

    async def discard(self, kernel_ids: Iterable[str]) -> None:
        """Ends the kernels of a page that nobody received, if they still run."""
        for kernel_id in kernel_ids:
            if kernel_id in self:
                await self.shutdown_kernel(kernel_id)

    async def cull(self, kernel_id: str, reason: str) -> None:
        """Ends a kernel unless it has ended already; its page carries on in the browser.

        Args:
            kernel_id: of the kernel.
            reason: "left", "idle" or "memory".
        """
        if kernel_id in self:
            self.log.info("kernel culled", extra={"fields": {"kernel": kernel_id, "reason": reason}})
            metrics.kernels_culled.labels(reason).inc()
            close_sockets_of(kernel_id, _GOING_AWAY, "the kernel was ended")
            await self.shutdown_kernel(kernel_id)

    def make_culler(self) -> Periodic:
        """Starts the timer that culls kernels."""
        culler = Periodic(self.cull_kernels, self.cull_interval)
        culler.start()
        return culler

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Ends a kernel that nobody uses. Called for each kernel every `cull_interval` seconds."""
        kernel = self.managers.get(kernel_id)
        if kernel and (reason := self._why_cull(kernel_id, kernel)):
            await self.cull(kernel_id, reason)

    def _why_cull(self, kernel_id: str, kernel: Kernel) -> str:
        """Why a kernel should end: "left", "idle", or "" if it should not."""
        if kernel_id in self._rendering:
            return ""
        now = time.monotonic()
        if not self.num_connections(kernel_id):  # its page may take long to load
            return "left" if now - kernel.left_at > self.connect_timeout else ""
        is_idle = kernel.execution_state != "busy" and now - kernel.used_at > self.cull_idle_timeout
        return "idle" if is_idle else ""

    def notify_connect(self, kernel_id: str) -> None:
        """Notes that a page has connected."""
        super().notify_connect(kernel_id)
        if kernel_id in self:
            self.managers[kernel_id].used_at = time.monotonic()

    def notify_disconnect(self, kernel_id: str) -> None:
        """Notes that a page has disconnected, for good or for a moment."""
        super().notify_disconnect(kernel_id)
        self._note_leave(kernel_id)

    def _note_leave(self, kernel_id: str) -> None:
        if kernel_id in self:
            self.managers[kernel_id].left_at = time.monotonic()

    def kernel_died(self, kernel_id: str) -> None:
        """Counts a kernel that has ended by itself; its page has been told."""
        metrics.kernels_died.inc()

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override] # as in the class it extends
        """Ends all kernels and the zygote."""
        await super().shutdown_all(now)
        self.output.report()
        if self.supervisor:
            self.supervisor.stop()
