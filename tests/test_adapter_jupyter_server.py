"""What gradient/adapters/jupyter_server.py relies on: a real kernel that starts, connects, and dies."""

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpec
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from gradient.adapters.jupyter_server import (
    KernelManagers,
    KernelProvisioner,
    KernelRestarter,
    close_sockets_of,
    note_open,
)
from tests.adapters import keep_until_exit, relying_on


class Stoppable:
    """A timer."""

    is_stopped = False

    def stop(self) -> None:
        self.is_stopped = True


class Managers(KernelManagers):
    """Kernels whose deaths are noted."""

    max_sockets = 2000

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.cullers: list[Stoppable] = []
        self.died = asyncio.Queue[str]()

    def make_culler(self) -> Stoppable:
        self.cullers.append(Stoppable())
        return self.cullers[-1]

    def kernel_died(self, kernel_id: str) -> None:
        assert kernel_id in self.managers, "It is told before it is forgotten."
        self.died.put_nowait(kernel_id)


class Restarter(KernelRestarter):
    """A restarter with a timer of its own."""

    timer: Stoppable | None = None

    def make_timer(self) -> Stoppable:
        self.timer = Stoppable()
        return self.timer


class Provisioner(KernelProvisioner):
    """Kernels are told nothing but one word."""

    def kernel_environment(self, env: dict[str, str]) -> dict[str, str]:
        return {"PATH": env["PATH"], "WORD": "word"}


def test_a_kernel_is_counted_culled_and_forgotten(tmp_path: Path) -> None:
    async def act() -> None:
        managers = keep_until_exit(Managers(connection_dir=str(tmp_path), root_dir=str(tmp_path)))
        assert managers.context.get(zmq.MAX_SOCKETS) == 2000
        kernel_id = await managers.start_kernel(kernel_name="python3", cwd=str(tmp_path))
        assert list(managers.managers) == [kernel_id]
        assert len(managers.cullers) == 1
        assert managers.num_connections(kernel_id) == 0
        managers.notify_connect(kernel_id)
        assert managers.num_connections(kernel_id) == 1
        provisioner = managers.managers[kernel_id].provisioner
        managers.managers[kernel_id]._restarter.restart_limit = 0
        os.kill(provisioner.pid, signal.SIGKILL)
        assert await asyncio.wait_for(managers.died.get(), 60) == kernel_id
        await asyncio.sleep(0)
        assert not managers.managers
        assert not managers._kernel_connections
        assert not managers._kernel_ports

    with relying_on("jupyter_server"):
        in_a_loop(act)


def in_a_loop(act: Any) -> None:
    """Runs a coroutine in a thread of its own: the browser of other tests has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(act())).result()


def test_a_restarter_has_the_timer_that_is_made() -> None:
    with relying_on("jupyter_client"):
        restarter = Restarter()
        restarter.start()
        assert restarter.timer
        restarter.start()
        restarter.stop()
        assert restarter.timer.is_stopped


def test_the_last_word_on_the_environment_is_had(tmp_path: Path) -> None:
    async def act() -> None:
        provisioner = Provisioner(kernel_id="1", kernel_spec=KernelSpec(env={"FROM_SPEC": "1"}))
        env = {"PATH": os.environ["PATH"], "SECRET": "1"}
        provisioner._finalize_env(env)
        assert env == {"PATH": os.environ["PATH"], "WORD": "word"}

    with relying_on("jupyter_client"):
        in_a_loop(act)


class Handler:
    """The handler of a websocket."""

    closed: tuple = ()

    def close(self, code: int, reason: str) -> None:
        self.closed = code, reason


class Connection:
    """As much of a connection as is used."""

    def __init__(self, kernel_id: str) -> None:
        self.kernel_id, self.websocket_handler = kernel_id, Handler()
        self._open_sockets = ZMQChannelsWebsocketConnection._open_sockets


def test_the_sockets_of_one_kernel_are_closed() -> None:
    with relying_on("jupyter_server"):
        first, second = Connection("1"), Connection("2")
        for connection in (first, second):
            note_open(connection)  # type: ignore[arg-type]
        close_sockets_of("1", 1001, "it ended")
        assert (first.websocket_handler.closed, second.websocket_handler.closed) == ((1001, "it ended"), ())
        for connection in (first, second):
            ZMQChannelsWebsocketConnection._open_sockets.discard(connection)  # type: ignore[arg-type]
