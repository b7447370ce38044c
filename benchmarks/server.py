"""Starts a server for a benchmark, and stops it."""

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from benchmarks.proxy import HOST

START_TIMEOUT = 60  # seconds
STOP_TIMEOUT = 10
POLL_SECONDS = 0.02


class BenchmarkError(Exception):
    """The page cannot be measured; the message says why."""


@contextlib.contextmanager
def server(command: Sequence[str], directory: Path) -> Iterator[int]:
    """Runs a command, with a free port for "{port}" in it, until the block ends; yields the port."""
    port = free_port()
    filled = [part.replace("{port}", str(port)) for part in command]
    with tempfile.TemporaryFile("w+") as log, stopping(filled, directory, log) as process:
        wait_until_listening(port, process, log)
        yield port


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server((HOST, 0)) as server:
        return server.getsockname()[1]


@contextlib.contextmanager
def stopping(command: list[str], directory: Path, log: IO[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs for the block. It is asked to stop, so that Voilà can end its kernels, and killed if it does not."""
    with subprocess.Popen(command, cwd=directory, stdout=log, stderr=subprocess.STDOUT) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_until_listening(port: int, process: subprocess.Popen[bytes], log: IO[str]) -> None:
    """Returns as soon as a server accepts connections on `port`.

    Raises:
        BenchmarkError: if the process has ended, or a minute has passed.
    """
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((HOST, port)):
            return
        time.sleep(POLL_SECONDS)
    log.seek(0)
    raise BenchmarkError(f"The server does not accept connections on port {port}. Its output:\n{log.read()}")
