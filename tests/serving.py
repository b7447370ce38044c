"""Real servers for the tests: each runs until a block ends, and nothing here waits for time to pass."""

import contextlib
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

import nbformat

from tests.cheap_jax import COMPILED_ONCE
from tests.processes import eventually

ROOT = Path(__file__).parent.parent
PYTHONPATH = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
BIN = Path(sys.executable).parent
START_SECONDS = 60

_LEFT = re.compile(
    r"Task exception was never retrieved\nfuture: .*exception=WebSocketClosedError\(\)>\n"
    r"(?:.*\n)*?tornado\.websocket\.WebSocketClosedError\n"
)


class Server:
    """A server process, its address and what it has printed."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process, self.url, self.lines = process, url, list[str]()
        self.ready = threading.Event()

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def accepts(self) -> bool:
        """Whether it takes connections at its address, if it is given one."""
        address = urlsplit(self.url)
        with socket.socket() as probe:
            return not address.port or probe.connect_ex((address.hostname or "", address.port)) == 0

    @property
    def has_traceback(self) -> bool:
        """Whether anything failed but Tornado's writing to a page that was left meanwhile."""
        return "Traceback" in _LEFT.sub("", self.log)


# Each process of the tests has its own ports, below those that the system gives to clients: a server that finds its port taken
# may listen on another one.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PORTS = itertools.count(20_000 + 4000 * _WORKER + os.getpid() % 3000)


def free_port() -> int:
    """A port that nobody listens on at 127.0.0.1."""
    for port in _PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("there are more ports than this")


@contextlib.contextmanager
def serve(command: list[str], url: str, ready: str, cwd: Path = ROOT, **environment: str) -> Iterator[Server]:
    """Runs a server until the block ends; `ready` is what it prints when it can be asked."""
    env = {**os.environ, **environment, "PATH": f"{BIN}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    server = Server(process, url)
    reader = threading.Thread(target=_read, args=(server, ready))
    reader.start()
    try:
        assert server.ready.wait(START_SECONDS), f"{command} did not start:\n{server.log}"
        assert process.poll() is None, f"{command} stopped:\n{server.log}"
        eventually(server.accepts)  # Jupyter's servers say where they run before they listen there
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):  # a test may have ended it
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        reader.join()
        assert process.stdout
        process.stdout.close()


def _read(server: Server, ready: str) -> None:
    assert server.process.stdout
    for line in server.process.stdout:
        server.lines.append(line)
        if ready in line:
            server.ready.set()
    server.ready.set()


@contextlib.contextmanager
def voila_of(notebook: Path) -> Iterator[Server]:
    """Voilà over a notebook anywhere."""
    port = free_port()
    command = [sys.executable, "-m", "voila", str(notebook), f"--port={port}", "--no-browser"]
    environment = {"PYTHONPATH": PYTHONPATH, **COMPILED_ONCE}
    with serve(command, f"http://127.0.0.1:{port}/", "is running at", cwd=notebook.parent, **environment) as server:
        yield server
        assert not server.has_traceback, server.log


@contextlib.contextmanager
def static_server(folder: Path) -> Iterator[Server]:
    """A plain server of files, which has this folder under the prefix `some/prefix/`."""
    port = free_port()
    command = [sys.executable, "-u", "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with serve(command, f"http://127.0.0.1:{port}/some/prefix/", "Serving HTTP", cwd=folder.parents[1]) as server:
        yield server


def readme_example(beginning: str) -> str:
    """The README's Python example that begins like this."""
    (example,) = re.findall(rf"```python\n({re.escape(beginning)}.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return example


def notebook_of(*sources: str) -> nbformat.NotebookNode:
    """A notebook of these code cells."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources], metadata=kernel)


def publish(notebook: nbformat.NotebookNode, place: Path, *options: str) -> Path:
    """Publishes a notebook into some/prefix/ of a place, without compressing, and returns that folder.

    Raises:
        SystemExit: what the command ends with if it fails.
    """
    from gradient.publish.folder import SiteFolder  # noqa: PLC0415 (as below)

    file, folder = place / "notebook.ipynb", place / "some" / "prefix"
    nbformat.write(notebook, file)
    with patch.object(SiteFolder, "compress"):
        run_publisher(str(folder), "--notebook", str(file), *options)
    return folder


def run_publisher(*arguments: str) -> None:
    """Does what the command with these arguments does, but in this process, which has imported all of it."""
    from gradient.publish.__main__ import main  # noqa: PLC0415 (it takes a second, and few tests need it)

    with patch.object(sys, "argv", ["publish", *arguments]), contextlib.chdir(ROOT):
        main()
