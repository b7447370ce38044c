"""The hardened server, started as operators start it, and what it answers."""

import contextlib
import json
import os
import re
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Self

from tests.processes import children, eventually, zygote_of
from tests.serving import PYTHONPATH, ROOT, Server, free_port, serve

# What a person's browser sends. A program that sends less is taken for a robot, and gets no kernel.
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "Accept": "text/html,*/*;q=0.8"}
PATIENCE_SECONDS = 60
WITH_HOOKS = os.pathsep.join([str(ROOT / "tests" / "hooks"), PYTHONPATH])


@contextlib.contextmanager
def hardened(notebook: Path = ROOT / "techni.ipynb", port: int = 0, /, **environment: str) -> Iterator[Server]:
    """A server until the block ends, with its `url` and its `log`.

    Args:
        notebook: what it serves.
        port: where it listens; 0 stands for any free one.
        environment: TECHNI_* variables.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "gradient.server", f"--port={port}", "--no-browser", str(notebook)]
    alone = {
        "TECHNI_SITE": str(ROOT / "tests"),  # without a page: one that `make site` has left would take the root page's place
        "TECHNI_STARTS_PER_MINUTE": "0",  # as the next: all visitors come from one address
        "TECHNI_KERNELS_PER_ADDRESS": "1000",
    }
    environment = {"PYTHONPATH": WITH_HOOKS, **alone, **environment}
    with serve(command, f"http://127.0.0.1:{port}/", "is running at", ROOT, **environment) as server:
        yield server


@contextlib.contextmanager
def stopped_by(number: int, **environment: str) -> Iterator[Server]:
    """A server that has kernels when the block ends: told to stop, it ends them, leaves no file, and exits with 0."""
    with TemporaryDirectory() as place, hardened(TMPDIR=place, **environment) as server:
        yield server
        assert list(Path(place).glob("*/kernel-*.json"))
        zygote = zygote_of(server.process.pid)
        pids = [zygote, *children(zygote)]
        assert len(pids) > 1
        for nothing in (signal.SIGUSR1, signal.SIGUSR2):
            os.kill(server.process.pid, nothing)
        assert ask(f"{server.url}healthz").status == 200
        os.kill(server.process.pid, number)
        assert server.process.wait(30) == 0
        assert list(Path(place).iterdir()) == []
        eventually(lambda: not [pid for pid in pids if Path(f"/proc/{pid}").exists()])
    assert json.loads(server.log.splitlines()[-1])["message"] == "stopped"


def wait_until_ready(server: Server) -> None:
    """Waits until a page would start a kernel at once."""
    eventually(lambda: ask(f"{server.url}readyz").status == 200)


def let_time_pass(pid: int) -> None:
    """A hundred seconds pass for a server's process at once, and whatever it does after some time, it does now.

    So a test needs no setting that makes the server impatient, which a slow machine would feel, too. A server that is not ready
    loses its zygote by it: see `wait_until_ready`.
    """
    os.kill(pid, signal.SIGRTMIN)


@contextlib.contextmanager
def hard_work(pid: int) -> Iterator[None]:
    """A block during which each piece of work seems to take a server's process 20 ms of processor time.

    At its end so much time passes that nobody waits for it any more; see `let_time_pass`.
    """
    os.kill(pid, signal.SIGRTMIN + 1)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGRTMIN + 1)
        let_time_pass(pid)


class Gate(NamedTuple):
    """Holds zygotes back: the environment of a server whose zygotes wait before they import anything, and the pipe to open."""

    environment: dict[str, str]
    pipe: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """A closed gate. A server behind it has no kernels, nor the cost of preparing them."""
        pipe = folder / "gate"
        os.mkfifo(pipe)
        return cls({"MPL_TEST_GATE": str(pipe)}, pipe)

    def open(self) -> None:
        """Lets them go on."""
        self.pipe.open("w").close()


class Answer(NamedTuple):
    """A server's answer, whatever its status."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def kernel(self) -> str:
        """The id of the kernel that a page was made with, or ""."""
        found = re.search(r'"kernelId":\s*"([^"]+)"', self.text)
        return found[1] if found else ""


def ask(url: str, method: str = "GET", **headers: str) -> Answer:
    """One request with exactly these headers, in which `_` stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, headers={"User-Agent": "", **named}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def visit(url: str, language: str = "") -> Answer:
    """The page as a person's browser asks for it."""
    return ask(url, User_Agent=BROWSER["User-Agent"], Accept=BROWSER["Accept"], Accept_Language=language)


def leave(server: Server, page: Answer) -> Answer:
    """The farewell of a page that is closed."""
    cookies = "; ".join(line.partition(";")[0] for line in page.headers.get_all("Set-Cookie", []))
    address = f"{server.url}voila/api/shutdown/{page.kernel}"
    return ask(address, "POST", Cookie=cookies, Origin=server.url.rstrip("/"))


def metrics(server: Server) -> dict[str, float]:
    """What /metrics says, by name and labels."""
    lines = ask(f"{server.url}metrics").text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}


def check_metrics_are_not_for_proxies(server: Server) -> None:
    """Even if they say that they come from this machine; they are told who may read them."""
    assert "techni_kernels_live" in ask(f"{server.url}metrics").text
    for header in ("X_Forwarded_For", "X_Real_Ip", "Via", "CF_Ray", "Forwarded", "X_Request_Id", "WL_Proxy_Client_IP"):
        refused = ask(f"{server.url}metrics", **{header: "127.0.0.1"})
        assert (refused.status, "techni_kernels_live" in refused.text) == (403, False)
        assert "TECHNI_METRICS" in refused.text
