"""Real servers and a real browser for the tests: nothing here waits for time to pass, all wait for something to happen."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from tests.app_page import AppPage
from tests.wire import Wire

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
START_SECONDS = 60
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Server:
    """A server process, its address and what it has printed."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process, self.url, self.lines = process, url, list[str]()
        self.ready = threading.Event()

    @property
    def log(self) -> str:
        return "".join(self.lines)


def free_port() -> int:
    """A port that nobody listens on at 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
        yield server
    finally:
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


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as instance:
        yield instance


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    found = [path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))]
    instance = playwright.chromium.launch(executable_path=found[0] if found else None, args=FLAGS)
    yield instance
    instance.close()


@pytest.fixture(scope="session")
def voila() -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "voila", "techni.ipynb", f"--port={port}", "--no-browser"]
    with serve(command, f"http://127.0.0.1:{port}/", "is running at") as server:
        yield server
        assert "Traceback" not in server.log, server.log


@contextlib.contextmanager
def watched(context: BrowserContext) -> Iterator[BrowserContext]:
    """A browser context whose pages must end with nothing on the console and no error shown."""
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if _is_error(message) else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    try:
        yield context
        shown = [element.inner_text() for page in context.pages for element in page.locator(".techni-error").all()]
        assert not any(shown), shown
        assert not complaints, complaints
    finally:
        context.close()


# Voilà's own template asks another host for two style sheets of icons, which nothing here uses.
_EXCEPTED = {
    f"https://cdn.jsdelivr.net/npm/@fortawesome/fontawesome-free@%5E5/css/{name}.min.css" for name in ("all", "v4-shims")
}


def _is_error(message) -> bool:
    return message.type == "error" and message.location["url"] not in _EXCEPTED


@pytest.fixture(scope="module")
def wide(browser: Browser, voila: Server) -> Iterator[AppPage]:
    """The app at 1440 x 900, shared by the tests of a module."""
    with watched(browser.new_context(viewport={"width": 1440, "height": 900})) as context:
        yield AppPage.open(context.new_page(), voila.url)


@pytest.fixture(scope="module")
def phone(browser: Browser, voila: Server) -> Iterator[AppPage]:
    """The app on a phone of 390 x 844 with touch."""
    options = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
    with watched(browser.new_context(**options)) as context:  # type: ignore[arg-type]
        yield AppPage.open(context.new_page(), voila.url)


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    """The wire of every widget that a module's tests make."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Wire(monkeypatch)
