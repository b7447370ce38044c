"""The private parts of jupyter_server and jupyter_client that this package uses."""

from typing import Any

from jupyter_client.ioloop import AsyncIOLoopKernelRestarter
from jupyter_client.provisioning import LocalProvisioner
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import default


class KernelManagers(AsyncMappingKernelManager):
    """jupyter_server's kernels, with names for what a subclass needs of them.

    Attributes:
        max_sockets: how many ZeroMQ sockets there may be; each kernel takes six.
    """

    max_sockets = 1023

    @default("context")
    def _context_default(self) -> Any:
        """The ZeroMQ context, whose size has to be set before its first socket."""
        context: Any = super()._context_default()
        context.max_sockets = self.max_sockets
        return context

    @property
    def managers(self) -> dict[str, Any]:
        """The manager of each kernel, by the kernel's id; in public there is only a lookup of one id."""
        return self._kernels

    def num_connections(self, kernel_id: str) -> int:
        """How many websockets a kernel has; the public model counts them anew, with everything else that it says."""
        return self._kernel_connections.get(kernel_id, 0)

    def make_culler(self) -> Any:
        """Starts the culler of idle kernels and returns it, an object with `stop`. Called once, for the first kernel."""
        raise NotImplementedError

    def initialize_culler(self) -> None:
        """Uses `make_culler` instead of Tornado's PeriodicCallback, which has no public place."""
        if self._culler_callback is None:
            self._culler_callback = self.make_culler()

    def kernel_died(self, kernel_id: str) -> None:
        """Called when a kernel has ended by itself, before it is forgotten."""

    def _handle_kernel_died(self, kernel_id: str) -> None:
        """Forgets the kernel completely: by itself jupyter_server keeps its counts and ports, and watches it for ever."""
        self.kernel_died(kernel_id)
        self.stop_watching_activity(kernel_id)
        super()._handle_kernel_died(kernel_id)
        self._kernel_connections.pop(kernel_id, None)
        self._kernel_ports.pop(kernel_id, None)


class KernelRestarter(AsyncIOLoopKernelRestarter):
    """jupyter_client's restarter, whose timer a subclass makes."""

    def make_timer(self) -> Any:
        """Starts a timer that calls `poll` again and again, and returns it, an object with `stop`."""
        raise NotImplementedError

    def start(self) -> None:
        """Uses `make_timer` instead of Tornado's PeriodicCallback, which has no public place."""
        if self._pcallback is None:
            self._pcallback = self.make_timer()


class KernelProvisioner(LocalProvisioner):
    """jupyter_client's provisioner, which lets a subclass have the last word on a kernel's environment."""

    def kernel_environment(self, env: dict[str, str]) -> dict[str, str]:
        """The environment that a kernel is started with, from the one that it would have."""
        return env

    def _finalize_env(self, env: dict[str, str]) -> None:
        """The last step before the launch; everything public is called earlier, and Voilà adds variables after it."""
        super()._finalize_env(env)
        allowed = self.kernel_environment(dict(env))
        env.clear()
        env.update(allowed)


def close_sockets_of(kernel_id: str, code: int, reason: str) -> None:
    """Closes a kernel's websockets, for which jupyter_server has no public way; it keeps a list of all."""
    for connection in list(ZMQChannelsWebsocketConnection._open_sockets):
        if connection.kernel_id == kernel_id:
            connection.websocket_handler.close(code, reason)


def note_open(connection: ZMQChannelsWebsocketConnection) -> None:
    """Lists a websocket as open before it is connected, so that `close_sockets_of` finds it, too."""
    connection._open_sockets.add(connection)


def forget_session(connection: ZMQChannelsWebsocketConnection) -> None:
    """Frees the session of a websocket that was prepared and never opened: jupyter_server would close it for each later one."""
    if connection._open_sessions.get(connection.session_key) is connection.websocket_handler:
        del connection._open_sessions[connection.session_key]
