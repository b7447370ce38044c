"""The fixtures of the tests: servers and pages that they share, and which tests share a process.

Servers are in serving.py, the browser in pages.py, and what makes JAX cheap in cheap_jax.py; tests import all of it from here.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import brotli
import hypothesis
import nbformat
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright
from xdist.scheduler import LoadFileScheduling

from tests.app_page import AppPage
from tests.cheap_jax import COMPILED_ONCE
from tests.links_anywhere import CELL
from tests.pages import LATE, NEVER_IDLE, PLACES, SIZES, complaints_of, is_error, launch_chromium, opened_in, watched
from tests.server import hardened
from tests.serving import (
    BIN,
    PYTHONPATH,
    ROOT,
    Server,
    free_port,
    notebook_of,
    publish,
    readme_example,
    run_publisher,
    serve,
    static_server,
    voila_of,
)
from tests.wire import Wire

__all__ = [
    "BIN",
    "COMPILED_ONCE",
    "LATE",
    "NEVER_IDLE",
    "PLACES",
    "PYTHONPATH",
    "ROOT",
    "SIZES",
    "Server",
    "complaints_of",
    "free_port",
    "is_error",
    "launch_chromium",
    "notebook_of",
    "opened_in",
    "publish",
    "readme_example",
    "run_publisher",
    "serve",
    "static_server",
    "voila_of",
    "watched",
]

BROTLI_QUALITY = 9  # of 11, which takes ten times as long
hypothesis.settings.register_profile("tests", deadline=None)  # by default, an example that takes 200 ms fails
hypothesis.settings.load_profile("tests")

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


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as instance:
        yield instance


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    instance = launch_chromium(playwright)
    yield instance
    instance.close()


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


@pytest.fixture(scope="session")
def site(site_folder: Path) -> Iterator[Server]:
    """The static site on a plain server of files."""
    with static_server(site_folder) as server:
        yield server


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


# Which page of this process a setting of a wide window uses. Voilà's is the page of two: of the browser and of its kernel.
SHARED = {"browser": "wide_in_voila", "kernel": "wide_in_voila", "site": "wide_on_site"}


@pytest.fixture(scope="session")
def wide_in_voila(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    with opened_in("voila", "wide", request, warms_up=True) as app:
        yield app


@pytest.fixture(scope="session")
def wide_on_site(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    with opened_in("site", "wide", request, warms_up=True) as app:
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


PHONES = {"browser": "phone_in_voila", "kernel": "phone_in_voila", "hardened": "phone_on_server", "site": "phone_on_site"}


@pytest.fixture(scope="session")
def phone_in_voila(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    with opened_in("voila", "phone", request) as app:
        yield app


@pytest.fixture(scope="module")  # tests of the server end kernels, also that of a page that waits for its next file
def phone_on_server(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    with opened_in("hardened", "phone", request) as app:
        yield app


@pytest.fixture(scope="session")
def phone_on_site(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    with opened_in("site", "phone", request) as app:
        yield app


@pytest.fixture(scope="module")
def phone(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    """The app on a phone of 390 x 844 with touch, shared by the tests of all modules; as above."""
    setting = getattr(request, "param", "browser")
    app = request.getfixturevalue(PHONES[setting])
    complaints = complaints_of(app.page.context)
    if setting in PLACES:
        app.compute_in(PLACES[setting])
    app.reset()
    yield app
    assert not complaints, complaints


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    """The wire of every widget that a module's tests make."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Wire(monkeypatch)
