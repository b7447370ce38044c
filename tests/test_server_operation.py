"""What an operator sees of a server: whether it is alive and ready, its metrics and who may read them."""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders

from gradient.server import zygote_client
from gradient.server.operation import may_read
from gradient.server.supervisor import ZygoteSupervisor
from gradient.server.zygote import ForkRequest
from gradient.server.zygote_client import NoZygoteError
from tests.conftest import Server
from tests.processes import eventually
from tests.server import WITH_HOOKS, Gate, ask, hardened, metrics, visit
from tests.visits import Visits, write_notebook

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate.in_folder(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page as small as one can be."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text("<html><head></head><body></body></html>")
    return folder


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


def test_a_zygote_that_is_never_ready_is_killed_and_given_up(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zygote_client, "_START_SECONDS", 0.1)

    async def wait() -> int:
        supervisor = ZygoteSupervisor({**os.environ, "PYTHONPATH": WITH_HOOKS, **gate.environment})
        supervisor.start()
        await supervisor.decided.wait()
        with pytest.raises(NoZygoteError):
            await supervisor.spawn(ForkRequest([], {}, "/", {}))
        supervisor.stop()
        return supervisor.starts

    with ThreadPoolExecutor(1) as thread:  # the browser of other tests has a loop in this one
        assert thread.submit(asyncio.run, wait()).result() == 3
