"""One kernel's process: forked from the zygote if there is one, or else started by its command; with limits, and without the
server's environment.
"""

import asyncio
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import Float, Instance, Integer, Type, Unicode, default, observe

from gradient.adapters.jupyter_server import KernelProvisioner, KernelRestarter
from gradient.cache_paths import compilation_options
from gradient.server.limits import Limits
from gradient.server.models import Models
from gradient.server.output import KernelOutput, read_some
from gradient.server.periodic import Periodic
from gradient.server.supervisor import ZygoteSupervisor
from gradient.server.zygote import ForkRequest
from gradient.server.zygote_client import NoZygoteError

# The variables that a kernel gets. Keys and passwords in the server's environment are not among them, nor are those that
# Voilà adds about a visitor's request.
_ALLOWED = {
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
    *("TECHNI_CACHE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "IPYTHONDIR"),
}
_ALLOWED_PREFIXES = ("LC_", "JAX_", "XLA_", "MPL", "FONTCONFIG_")

# No history file. What libraries write to a file descriptor goes to the server, and not to the page. Errors only: each kernel
# would warn that it talks to the server on this machine without encryption.
_FLAGS = ["--HistoryManager.enabled=False", "--IPKernelApp.capture_fd_output=False", "--IPKernelApp.log_level=ERROR"]
# Windows has no pipes that do not block; there, what a kernel writes is lost.
_STREAMS = {"stdout": subprocess.PIPE if os.name == "posix" else subprocess.DEVNULL, "stderr": subprocess.STDOUT}
_POLL_SECONDS = 0.1  # between two checks whether a kernel that is to end has ended
_NO_POLLING = "--IPKernelApp.parent_handle=1"  # a fork learns from its parent pipe that the server has ended


def kernel_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that a kernel gets, with the settings that make JAX store what it compiles for all kernels."""
    allowed = {name: value for name, value in env.items() if name in _ALLOWED or name.startswith(_ALLOWED_PREFIXES)}
    options = {name.upper(): str(value) for name, value in compilation_options(env).items()}
    return options | allowed


class Provisioner(KernelProvisioner):
    """Starts and watches the process of one kernel.

    Attributes:
        supervisor: of the zygote; None to start ordinary processes only.
        limits: what the kernel may use.
        output: what takes note of what kernels write to their standard streams.
    """

    supervisor = Instance(ZygoteSupervisor, allow_none=True)
    limits = Instance(Limits, ())
    output = Instance(KernelOutput, ())
    _pipe: Any = None  # the read end of the kernel's output

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Starts the kernel.

        Raises:
            OSError: if the system cannot start another process.
        """
        if self.supervisor and "ipykernel_launcher" in cmd:
            try:
                return await self._fork(self.supervisor, cmd, **kwargs)
            except NoZygoteError as error:
                self.log.warning("%s This kernel starts cold.", error)
        info = await super().launch_kernel([*cmd, *_FLAGS], **_STREAMS, **kwargs)
        assert self.pid
        self.limits.apply(self.pid)
        self._set_up_output()
        return info

    async def _fork(
        self, supervisor: ZygoteSupervisor, cmd: list[str], env: dict[str, str], cwd: str, **_: Any
    ) -> KernelConnectionInfo:
        arguments = [*cmd[cmd.index("ipykernel_launcher") + 1 :], *_FLAGS, _NO_POLLING]
        fork: Any = await supervisor.spawn(ForkRequest(arguments, env, cwd, vars(self.limits)))
        self.process, self.pid, self.cwd = fork, fork.pid, cwd
        self._set_up_output()
        return self.connection_info

    def _set_up_output(self) -> None:
        process: Any = self.process
        self._pipe = process.stdout
        if self._pipe:
            os.set_blocking(self._pipe.fileno(), False)

    def read_output(self) -> None:
        """Takes note of some of what the kernel has written since the last time. One that writes more than that waits."""
        if self._pipe and not self._pipe.closed:
            self.output.note(read_some(self._pipe.fileno()))

    async def wait(self) -> int | None:
        """Waits until the process has ended, and takes note of its last words before their pipe is closed."""
        while await self.poll() is None:
            await asyncio.sleep(_POLL_SECONDS)
        self.read_output()
        return await super().wait()

    async def cleanup(self, restart: bool = False) -> None:
        """Frees what the kernel had, also if it has ended by itself, so that nobody waits for it."""
        self.read_output()
        if self._pipe:
            self._pipe.close()
        await super().cleanup(restart)

    def kernel_environment(self, env: dict[str, str]) -> dict[str, str]:
        """The environment that the kernel starts with."""
        return kernel_environment(env)


class KernelWatcher(KernelRestarter):
    """Notices when a kernel has ended by itself, logs how, and frees its resources.

    It does not restart the kernel: a new one would know nothing of the page, which carries on without.
    """

    restart_limit = Integer(0)
    time_to_dead = Float(1.0)  # seconds between two checks

    def make_timer(self) -> Periodic:
        """Starts the timer that checks the kernel."""
        timer = Periodic(self.poll, self.time_to_dead)
        timer.start()
        return timer

    async def poll(self) -> None:  # type: ignore[override] # as in the class it extends
        """Checks whether the kernel is running."""
        kernel: Any = self.kernel_manager
        if not kernel.shutting_down and not await kernel.is_alive():
            self.log.warning("The kernel %s has ended by itself: %s.", kernel.kernel_id, await kernel.provisioner.poll())
            await kernel.cleanup_resources()
            await super().poll()


class Kernel(ServerKernelManager):
    """The manager of one kernel; its parent is `Kernels`.

    Attributes:
        used_at: when it last computed something, on the monotonic clock.
        left_at: when its last connection was closed, or else when its page was sent.
        client_network: of the visitor it was started for.
        models: of its widgets; None until a page connects.
    """

    restarter_class = Type(KernelWatcher, klass=KernelRestarter)
    used_at = Float()
    left_at = Float()
    client_network = Unicode()
    models = Instance(Models, allow_none=True)

    @default("left_at")
    def _default_left_at(self) -> float:  # for a kernel that is starting, which nobody can have left
        return time.monotonic()

    @observe("last_activity")
    def _note_use(self, _: Any) -> None:
        self.used_at = time.monotonic()

    async def start_kernel(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override] # as in the class it extends
        """Starts the kernel's process.

        Raises:
            OSError: if the connection file cannot be written, or the system cannot start another process.
        """
        if self.provisioner is None:
            kernels: Any = self.parent
            own = {"kernel_id": kwargs["kernel_id"], "kernel_spec": self.kernel_spec}
            shared = {"supervisor": kernels.supervisor, "limits": kernels.limits, "output": kernels.output}
            self.provisioner = Provisioner(parent=self, **shared, **own)
        try:
            await super().start_kernel(*args, **kwargs)
        except BaseException:
            await self._end_process()
            await self.cleanup_resources()
            Path(self.connection_file).unlink(missing_ok=True)  # it may be incomplete, on a full disk
            raise

    async def _end_process(self) -> None:
        self.stop_restarter()
        if self.provisioner and self.provisioner.has_process:
            await self.provisioner.kill()
            await self.provisioner.wait()
