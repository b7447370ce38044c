"""A server for a benchmark, and how a browser is started to visit it."""

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from benchmarks.proxy import HOST

START_SECONDS = 60
STOP_SECONDS = 10
POLL_SECONDS = 0.02
CHROMIUM_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Chromium's address bar is a page of its own, whose 400 files would load beside the first page of each window.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",
)


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
    """A port nobody listens on."""
    with socket.create_server((HOST, 0)) as server:
        return server.getsockname()[1]


@contextlib.contextmanager
def stopping(command: list[str], directory: Path, log: IO[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A running process, asked to stop in the end so that Voilà can end its kernels, and killed if it does not."""
    with subprocess.Popen(command, cwd=directory, stdout=log, stderr=subprocess.STDOUT) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_until_listening(port: int, process: subprocess.Popen[bytes], log: IO[str]) -> None:
    """Return as soon as somebody listens on `port`."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((HOST, port)):
            return
        time.sleep(POLL_SECONDS)
    log.seek(0)
    raise BenchmarkError(f"the server does not listen on port {port}:\n{log.read()}")
