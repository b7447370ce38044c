"""What an operator sees of a server: whether it is alive and ready, its metrics and who may read them."""

import asyncio
import http.client
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from tornado.httputil import HTTPHeaders

from gradient.server import zygote_client
from gradient.server.operation import may_read
from gradient.server.supervisor import ZygoteSupervisor
from gradient.server.zygote import ForkRequest
from gradient.server.zygote_client import NoZygoteError
from tests.conftest import PYTHONPATH, Server
from tests.processes import eventually
from tests.server import ask, check_metrics_are_not_for_proxies, hardened, metrics, visit
from tests.visits import Visits, write_notebook

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

# Makes a zygote wait until the other end of a pipe is opened.
HELD = """
import os, sys
if "gradient.server.zygote" in sys.orig_argv:
    open(os.environ["MPL_TEST_GATE"]).close()
"""


class Gate(NamedTuple):
    """Holds a zygote back: the environment of a server whose zygote waits, and the pipe that it waits for."""

    environment: dict[str, str]
    pipe: Path

    def open(self) -> None:
        self.pipe.open("w").close()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    pipe = tmp_path / "gate"
    os.mkfifo(pipe)
    (tmp_path / "sitecustomize.py").write_text(HELD)
    # By a name that the zygote is told.
    return Gate({"PYTHONPATH": os.pathsep.join([str(tmp_path), PYTHONPATH]), "MPL_TEST_GATE": str(pipe)}, pipe)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page as small as one can be."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text("<html><head></head><body></body></html>")
    return folder


@contextmanager
def kept_alive(server: Server) -> Iterator[Callable[[str], tuple[int, str]]]:
    """Requests one path after the other on one connection, as proxies do."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)

    def answer(path: str) -> tuple[int, str]:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()

    assert answer("/healthz")[0] == 200
    yield answer
    connection.close()


def ready(server: Server) -> tuple[int, str]:
    answer = ask(f"{server.url}readyz")
    return answer.status, answer.text


def test_a_server_is_alive_at_once_and_ready_when_kernels_are_warm(gate: Gate, folder: Path) -> None:
    with hardened(TECHNI_SITE=str(folder), **gate.environment) as server:
        assert ask(f"{server.url}healthz").status == 200
        status, words = ready(server)
        assert status == 503
        assert "warmed up" in words
        gate.open()
        eventually(lambda: ready(server) == (200, "ready\n"))
        assert ask(f"{server.url}readyz", "HEAD").status == 200
        assert visit(server.url).kernel


@pytest.mark.parametrize(
    ("address", "headers", "expected"),
    [
        ("127.0.0.1", {}, {"local", "direct", "public"}),
        ("::1", {}, {"local", "direct", "public"}),
        ("10.0.0.7", {}, {"direct", "public"}),
        ("2001:db8::7", {}, {"direct", "public"}),
        *(("127.0.0.1", {name: "x"}, {"public"}) for name in ("X-Forwarded-For", "x-real-ip", "Forwarded", "Via")),
        ("10.0.0.7", {"X-Forwarded-For": "127.0.0.1"}, {"public"}),
    ],
)
def test_metrics_are_for_the_audience_that_is_set(address: str, headers: dict[str, str], expected: set[str]) -> None:
    request: Any = SimpleNamespace(headers=HTTPHeaders(headers), remote_ip=address)
    assert {audience for audience in ("local", "direct", "public") if may_read(audience, request)} == expected


def test_a_static_root_page_is_ready_and_stops_without_waiting_for_kernels(gate: Gate, folder: Path) -> None:
    """Its zygote never gets ready."""
    options = {"TECHNI_ROOT_PAGE": "static", "TECHNI_TRUSTED_PROXIES": "1"}
    with hardened(TECHNI_SITE=str(folder), **options, **gate.environment) as server:
        assert ready(server)[0] == 200
        check_metrics_are_not_for_proxies(server)
        os.kill(server.process.pid, signal.SIGTERM)
        assert server.process.wait(60) == 0
        assert not server.has_traceback, server.log


def test_a_server_that_stops_is_alive_and_not_ready_and_completes_the_page_under_way(folder: Path) -> None:
    with hardened(TECHNI_SITE=str(folder), TECHNI_WARM="no", TECHNI_STOP_SECONDS="60") as server:
        assert ready(server)[0] == 200, "Without warm kernels there is nothing to wait for."
        pages = []
        asking = threading.Thread(target=lambda: pages.append(visit(server.url)))
        with kept_alive(server) as connection:
            asking.start()
            eventually(lambda: "Kernel started" in server.log)
            os.kill(server.process.pid, signal.SIGTERM)
            eventually(lambda: '"stopping"' in server.log)
            assert connection("/healthz") == (200, "ok\n")
            status, words = connection("/readyz")
            assert status == 503
            assert "the server stops" in words
        asking.join()
        assert server.process.wait(30) == 0
    (page,) = pages
    assert page.text.rstrip().endswith("</html>")
    assert "widget-view+json" in page.text


@pytest.mark.soak
def test_an_empty_cache_is_named_filled_once_and_shared(tmp_path: Path) -> None:
    """The zygote fills it: the kernels find everything there, and so does the next server."""
    cache, unprepared = tmp_path / "cache", "python -m gradient.prepare"
    code = "from gradient import App\nApp()\nfrom jax._src import xla_bridge\nfound = xla_bridge.backends_are_initialized()"
    for is_empty in (True, False):
        with hardened(write_notebook(tmp_path), TECHNI_CACHE=str(cache)) as server:
            assert (unprepared in server.log) is is_empty
            assert Visits(server, tmp_path).get(code) is False, "The kernel has compiled something."
            stored = {file.name: file.stat().st_mtime_ns for file in cache.iterdir() if file.is_file()}
            if is_empty:
                first = stored
    assert len(first) > 10
    assert stored == first


@pytest.mark.soak
def test_an_unwritable_cache_is_named_and_pages_are_served_anyway(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with hardened(TECHNI_CACHE=str(tmp_path / "file" / "cache"), TECHNI_SITE=str(tmp_path)) as server:
        assert visit(server.url).kernel
        assert "Make that folder writable" in server.log


@pytest.mark.soak
def test_a_visitor_before_the_kernels_are_warm_does_not_wait_forever(gate: Gate, folder: Path) -> None:
    with hardened(TECHNI_SITE=str(folder), **gate.environment) as server:
        page = visit(server.url)
        assert page.status == 200
        assert "The server has just started" in page.text
        assert metrics(server)['techni_kernels_refused_total{reason="starting"}'] == 1


def test_a_zygote_that_is_never_ready_is_killed_and_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zygote_client, "_START_SECONDS", 0.1)  # the imports alone take several times as long

    async def wait() -> int:
        supervisor = ZygoteSupervisor(os.environ)
        supervisor.start()
        await supervisor.settled.wait()
        with pytest.raises(NoZygoteError):
            await supervisor.spawn(ForkRequest([], {}, "/", {}))
        supervisor.stop()
        return supervisor.starts

    with ThreadPoolExecutor(1) as thread:  # the browser of other tests has a loop in this one
        assert thread.submit(asyncio.run, wait()).result() == 3
