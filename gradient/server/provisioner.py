"""How one kernel is started, watched and ended: by a fork of the zygote where there is one, else by its command, and either way
with limits and with little to find in its environment.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.ioloop import AsyncIOLoopKernelRestarter
from jupyter_client.provisioning import LocalProvisioner
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import Float, Instance, Integer, Type, Unicode, default, observe

from gradient.folders import compilation_options
from gradient.server.limits import Limits
from gradient.server.periodic import Periodic
from gradient.server.supervisor import ZygoteSupervisor
from gradient.server.zygote import ForkRequest
from gradient.server.zygote_client import NoZygoteError

# All that a kernel is told. What else the platform puts into the server's environment, keys and passwords, stays there, and so
# does what Voilà adds to it about a visitor's request.
_ALLOWED = {
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
    *("TECHNI_CACHE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "IPYTHONDIR"),
}
_ALLOWED_BEGINNINGS = ("LC_", "JAX_", "XLA_", "MPL", "FONTCONFIG_")

# No file of what was run. What a library writes to a descriptor is for the log, and not for the page. That a kernel speaks
# without encryption to a server on the same machine need not be said once for each visitor.
_FLAGS = ["--HistoryManager.enabled=False", "--IPKernelApp.capture_fd_output=False", "--IPKernelApp.log_level=ERROR"]
_NO_POLLING = "--IPKernelApp.parent_handle=1"  # a fork hears by its parent_pipe that the server is gone


def kernel_environment(env: Mapping[str, str]) -> dict[str, str]:
    """What of an environment a kernel may know, and that what one of them has compiled is kept for all."""
    allowed = {name: value for name, value in env.items() if name in _ALLOWED or name.startswith(_ALLOWED_BEGINNINGS)}
    options = {name.upper(): str(value) for name, value in compilation_options(env).items()}
    return options | allowed


class Provisioner(LocalProvisioner):
    """The process of one kernel.

    Attributes:
        supervisor: where forks come from; None for ordinary processes only.
        limits: what the kernel may use.
    """

    supervisor = Instance(ZygoteSupervisor, allow_none=True)
    limits = Instance(Limits, ())

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Starts the kernel.

        Raises:
            OSError: if the system lets no more processes start.
        """
        if self.supervisor and "ipykernel_launcher" in cmd:
            try:
                return await self._fork(self.supervisor, cmd, **kwargs)
            except NoZygoteError as error:
                self.log.warning("%s This kernel starts cold.", error)
        info = await super().launch_kernel([*cmd, *_FLAGS], **kwargs)
        assert self.pid
        self.limits.apply(self.pid)
        return info

    async def _fork(
        self, supervisor: ZygoteSupervisor, cmd: list[str], env: dict[str, str], cwd: str, **_: Any
    ) -> KernelConnectionInfo:
        arguments = [*cmd[cmd.index("ipykernel_launcher") + 1 :], *_FLAGS, _NO_POLLING]
        fork: Any = await supervisor.spawn(ForkRequest(arguments, env, cwd, vars(self.limits)))
        self.process, self.pid, self.cwd = fork, fork.pid, cwd
        return self.connection_info

    def _finalize_env(self, env: dict[str, str]) -> None:
        super()._finalize_env(env)
        allowed = kernel_environment(env)
        env.clear()
        env.update(allowed)


class KernelWatcher(AsyncIOLoopKernelRestarter):
    """Notices that a kernel has ended by itself, says how, and frees what it held.

    It is not started again: a new one would know nothing of the page, which goes on without.
    """

    restart_limit = Integer(0)
    time_to_dead = Float(1.0)  # seconds between two looks

    def start(self) -> None:
        """Begins to look after the kernel."""
        if self._pcallback is None:
            looks: Any = Periodic(self.poll, self.time_to_dead)
            looks.start()
            self._pcallback = looks

    async def poll(self) -> None:  # type: ignore[override] # as in what it extends
        """Looks after the kernel."""
        kernel: Any = self.kernel_manager
        if not kernel.shutting_down and not await kernel.is_alive():
            self.log.warning("The kernel %s has ended by itself: %s.", kernel.kernel_id, await kernel.provisioner.poll())
            await kernel.cleanup_resources()
            await super().poll()


class Kernel(ServerKernelManager):
    """One kernel of the server's; its parent, `Kernels`, says where forks come from.

    Attributes:
        used_at: when it last computed something, on a clock that nobody sets.
        left_at: when its last connection was closed, or its page was sent.
        client_network: of the visitor whom it was started for.
    """

    restarter_class = Type(KernelWatcher, klass=AsyncIOLoopKernelRestarter)
    used_at = Float()
    left_at = Float()
    client_network = Unicode()

    @default("left_at")
    def _default_left_at(self) -> float:  # of a kernel that is being started, as nobody can have left it
        return time.monotonic()

    @observe("last_activity")
    def _note_use(self, _: Any) -> None:
        self.used_at = time.monotonic()

    async def start_kernel(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override] # as in what it extends
        """Starts the kernel's process.

        Raises:
            OSError: if the connection file cannot be written, or no more processes start.
        """
        if self.provisioner is None:
            kernels: Any = self.parent
            own = {"kernel_id": kwargs["kernel_id"], "kernel_spec": self.kernel_spec}
            self.provisioner = Provisioner(parent=self, supervisor=kernels.supervisor, limits=kernels.limits, **own)
        try:
            await super().start_kernel(*args, **kwargs)
        except BaseException:
            await self._end_what_began()
            await self.cleanup_resources()
            Path(self.connection_file).unlink(missing_ok=True)  # half of one, if the disk is full
            raise

    async def _end_what_began(self) -> None:
        self.stop_restarter()
        if self.provisioner and self.provisioner.has_process:
            await self.provisioner.kill()
            await self.provisioner.wait()
