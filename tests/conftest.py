"""Real servers and a real browser for the tests: nothing here waits for time to pass, all wait for something to happen."""

import contextlib
import fcntl
import gc
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import brotli
import hypothesis
import jax
import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright
from xdist.scheduler import LoadFileScheduling

from gradient.cache_paths import compilation_options
from tests.app_page import AppPage
from tests.jax_options import QUICK_FLAGS
from tests.links_anywhere import CELL
from tests.processes import eventually
from tests.wire import Wire

ROOT = Path(__file__).parent.parent
PYTHONPATH = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
BIN = Path(sys.executable).parent
START_SECONDS = 60
BROTLI_QUALITY = 9  # of 11, which takes ten times as long
hypothesis.settings.register_profile("tests", deadline=None)  # by default, an example that takes 200 ms fails
hypothesis.settings.load_profile("tests")
WAIT_MS = 60_000  # after which a page hangs, however slow the machine is
expect.set_options(timeout=WAIT_MS)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Chromium's address bar is a page of its own, which would load beside the first page of each window.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
]

# To look for garbage goes through all that tests, JAX and Matplotlib keep: done this seldom, it saves a twentieth of the time.
gc.set_threshold(100_000, 50, 100)


# XLA takes seconds for a frame. What one process of the tests has compiled, no other compiles again; what is compiled quickly
# is not worth a file.
COMPILED_ONCE = {name.upper(): str(value) for name, value in compilation_options(os.environ).items()}
for _name, _value in compilation_options(os.environ).items():
    jax.config.update(_name, _value)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
jax.config.update("jax_traceback_filtering", "off")  # each call that traces pays for it, whether it fails or not
# Read when JAX starts, which is at once, so that servers and kernels compile as they do anywhere.
with patch.dict(os.environ, XLA_FLAGS=QUICK_FLAGS):
    jax.devices()

# JupyterLab takes long to start, so the files that use it run in one process.
IN_JUPYTERLAB = {"test_page", "test_notebook", "test_example", "test_examples", "test_reconnected"}


class _FileScheduling(LoadFileScheduling):
    """Lets the tests of a file run in one process, one after the other, and those of JupyterLab's files in one, too.

    xdist's own marks do not: it writes a group behind a test's id, which pytest 9.2 does not read there.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0]).stem
        return "lab" if file in IN_JUPYTERLAB else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return _FileScheduling(config, log)


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


def readme_example(beginning: str) -> str:
    """The README's Python example that begins like this."""
    (example,) = re.findall(rf"```python\n({re.escape(beginning)}.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return example


def notebook_of(*sources: str) -> nbformat.NotebookNode:
    """A notebook of these code cells."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources], metadata=kernel)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as instance:
        yield instance


def launch_chromium(playwright: Playwright, *flags: str) -> Browser:
    """A Chromium that is installed, or else Playwright's own."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the first takes the least work
    found = [path for name in names if (path := shutil.which(name))]
    return playwright.chromium.launch(executable_path=found[0] if found else None, args=[*FLAGS, *flags])


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    instance = launch_chromium(playwright)
    yield instance
    instance.close()


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
def alone(tmp_path_factory: pytest.TempPathFactory, what: str) -> Iterator[Path]:
    """The folder that all processes of the tests share, while no other of them does the same."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    with (shared / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield shared


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The app's programs are in the cache: else each process that opens an app at the same time would compile all of them."""
    with alone(tmp_path_factory, "prepare"):
        subprocess.run([sys.executable, "-m", "gradient.prepare"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def voila(prepared: None) -> Iterator[Server]:
    with voila_of(ROOT / "techni.ipynb") as server:
        yield server


@pytest.fixture(scope="session")
def hardened_server(prepared: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The hardened server, whose pages get a forked kernel at once: for what is true of every Voilà."""
    from tests.server import hardened  # noqa: PLC0415 (it imports this module)

    with hardened(TECHNI_SITE=str(tmp_path_factory.mktemp("no site"))) as server:
        yield server
        assert not server.has_traceback, server.log


@pytest.fixture(scope="session")
def site_folder(prepared: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook's static site, built once for all processes of the tests; it lies two folders deep, to be served there.

    Its files are compressed as far as takes no seconds.
    """
    with alone(tmp_path_factory, "publish") as shared:
        folder = shared / "static" / "some" / "prefix"
        if not folder.exists():
            with patch.object(brotli, "compress", partial(brotli.compress, quality=BROTLI_QUALITY)):
                run_publisher(str(folder))
    return folder


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


@contextlib.contextmanager
def static_server(folder: Path) -> Iterator[Server]:
    """A plain server of files, which has this folder under the prefix `some/prefix/`."""
    port = free_port()
    command = [sys.executable, "-u", "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with serve(command, f"http://127.0.0.1:{port}/some/prefix/", "Serving HTTP", cwd=folder.parents[1]) as server:
        yield server


@pytest.fixture(scope="session")
def site(site_folder: Path) -> Iterator[Server]:
    """The static site on a plain server of files."""
    with static_server(site_folder) as server:
        yield server


def complaints_of(context: BrowserContext) -> list[str]:
    """What the pages of a context write to the console as an error, or fail with, from now on."""
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if is_error(message) else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    return complaints


@contextlib.contextmanager
def watched(context: BrowserContext) -> Iterator[BrowserContext]:
    """A browser context whose pages must end with nothing on the console and no error shown."""
    context.set_default_timeout(WAIT_MS)
    complaints = complaints_of(context)
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


# What ipywidgets says on a busy machine, when it stops waiting for a model; `views/shell.js` waits longer (tests/test_slow.py).
LATE = "widget model not found"


def is_error(message) -> bool:
    """Whether a console message is an error that is not excepted."""
    return message.type == "error" and message.location["url"] not in _EXCEPTED and LATE not in message.text


@pytest.fixture(scope="session")
def lab(prepared: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab over a folder with the notebook, `own.ipynb`, where its last cell is no comment, the README's example,
    `anywhere.ipynb` with the cell for all places, and the folder `examples`.
    """
    notebook = nbformat.read(ROOT / "techni.ipynb", as_version=4)
    folder, own = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("settings")
    nbformat.write(notebook, folder / "techni.ipynb")
    lines = notebook.cells[-1].source.splitlines()
    assert all(line.startswith("#") for line in lines)
    notebook.cells[-1].source = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)
    nbformat.write(notebook, folder / "own.ipynb")
    nbformat.write(notebook_of(readme_example("import ipywidgets")), folder / "example.ipynb")
    nbformat.write(notebook_of(CELL), folder / "anywhere.ipynb")
    shutil.copytree(ROOT / "examples", folder / "examples")
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1"]
    command += ["--IdentityProvider.token=", "--LabApp.news_url=None", "--LabApp.expose_app_in_browser=True"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    places = {"JUPYTERLAB_WORKSPACES_DIR": str(own), "JUPYTERLAB_SETTINGS_DIR": str(own), "JUPYTER_CONFIG_DIR": str(own)}
    environment = {"PYTHONPATH": PYTHONPATH, **places, **COMPILED_ONCE}
    with serve(command, f"http://127.0.0.1:{port}/lab/tree/", "is running at", cwd=folder, **environment) as server:
        yield server


SIZES: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2},
}
SERVERS = {"voila": "voila", "hardened": "hardened_server", "lab": "lab", "site": "site"}
PLACES = {"browser": "browser", "kernel": "server"}  # which of them computes in Voilà


@contextlib.contextmanager
def opened_in(setting: str, size: str, request: pytest.FixtureRequest) -> Iterator[AppPage]:
    """The app where visitors meet it: in Voilà, in JupyterLab, or as a static site."""
    browser, server = request.getfixturevalue("browser"), request.getfixturevalue(SERVERS[setting])
    # To keep a page for visits without a network, Chromium compiles all of its scripts, which takes longer than to open it.
    with watched(browser.new_context(**SIZES[size], service_workers="block")) as context:
        context.route(lambda url: not url.startswith(server.url.partition("/lab/")[0]), lambda route: route.abort())
        page = context.new_page()
        app = AppPage.open_lab(page, f"{server.url}techni.ipynb") if setting == "lab" else AppPage.open(page, server.url)
        yield app
        if setting == "lab":
            app.shut_down()


# Which page of this process a setting of a wide window uses. Voilà's is the page of two: of the browser and of its kernel.
SHARED = {"browser": "wide_in_voila", "kernel": "wide_in_voila", "site": "wide_on_site"}


@pytest.fixture(scope="session")
def wide_in_voila(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    with opened_in("voila", "wide", request) as app:
        yield app


@pytest.fixture(scope="session")
def wide_on_site(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    with opened_in("site", "wide", request) as app:
        yield app


@pytest.fixture(scope="module")
def wide(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    """The app at 1440 x 900, shared by the tests of all modules; in Voilà, computed by the browser, unless parametrized."""
    setting = getattr(request, "param", "browser")
    if setting not in SHARED:
        with opened_in(setting, "wide", request) as app:
            yield app
        return
    app = request.getfixturevalue(SHARED[setting])
    complaints = complaints_of(app.page.context)
    if setting in PLACES:
        app.compute_in(PLACES[setting])
    yield app
    assert not complaints, complaints


@pytest.fixture(scope="module")
def phone_in_voila(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    with opened_in("voila", "phone", request) as app:
        yield app


@pytest.fixture(scope="module")
def phone(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    """The app on a phone of 390 x 844 with touch, shared by the tests of a module; as above."""
    setting = getattr(request, "param", "browser")
    if setting not in PLACES:
        with opened_in(setting, "phone", request) as app:
            yield app
        return
    app = request.getfixturevalue("phone_in_voila")
    app.compute_in(PLACES[setting])
    yield app


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    """The wire of every widget that a module's tests make."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Wire(monkeypatch)
