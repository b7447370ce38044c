"""A server that may open few files: kernels and connections share them, and when none is left, it waits instead of failing."""

import asyncio
import logging
import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from gradient.server.connections import BoundedServer
from gradient.server.descriptors import needed, share_open_files, shares
from tests.conftest import Server
from tests.processes import descriptors, eventually
from tests.server import ask, hardened, leave, metrics, visit, wait_until_ready
from tests.visitor import Visitor
from tests.visits import write_notebook

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted on Linux only")

FILES = 128
NUM_IDLE = 128
FULL = "All kernels are in use"


@pytest.mark.parametrize(
    ("files", "wanted", "found"),
    [
        (1 << 16, (40, 2000), (40, 2000, 128)),
        (4096, (40, 2000), (40, 1300, 128)),
        (FILES, (8, 2000), (1, 22, 7)),
        (64, (8, 2000), (0, 9, 3)),
        (10, (8, 2000), (0, 1, 0)),
    ],
)
def test_kernels_get_up_to_half_of_the_descriptors_and_connections_what_is_left(
    files: int, wanted: tuple[int, int], found: tuple[int, int, int]
) -> None:
    assert shares(files, *wanted) == found


@pytest.mark.parametrize("wanted", [(0, 1), (1, 1), (8, 200), (100, 10), (40, 60_000)])
def test_what_is_said_to_be_needed_is_enough(wanted: tuple[int, int]) -> None:
    assert shares(needed(*wanted), *wanted)[:2] == wanted


def test_a_limit_that_is_high_enough_stays(caplog: pytest.LogCaptureFixture) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert share_open_files(1, 10)[:2] == (1, 10)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
    assert not caplog.records


@contextmanager
def no_descriptors() -> Iterator[None]:
    """A block in which this process can open nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (1 + max(map(int, os.listdir("/proc/self/fd"))), hard))
    try:
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)


class Health(RequestHandler):
    """Answers."""

    def get(self) -> None:
        self.finish("ok")


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    return head.split(b"\r\n")[0] + await reader.readexactly(2)


async def _run_out() -> None:
    """Clients that connect while there is no descriptor are answered when there are some, and the one before meanwhile."""
    server = BoundedServer(Application([("/", Health)]))
    (listening,) = bind_sockets(0, "127.0.0.1")
    place = listening.getsockname()
    server.add_socket(listening)
    served = await asyncio.open_connection(*place)
    assert await _asked(*served) == b"HTTP/1.1 200 OKok"
    waiting = [socket.socket() for _ in range(3)]
    with no_descriptors():
        for client in waiting:
            client.connect(place)
        for _ in range(20):
            assert await _asked(*served) == b"HTTP/1.1 200 OKok"
    late = [await asyncio.open_connection(sock=client) for client in waiting]
    assert [await _asked(*client) for client in late] == [b"HTTP/1.1 200 OKok"] * 3
    for _, writer in (served, *late):
        writer.close()
        await writer.wait_closed()
    server.stop()


def test_a_server_without_descriptors_waits_for_some_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    with ThreadPoolExecutor(1) as thread:  # another test's browser may have left an event loop in this one
        thread.submit(asyncio.run, _run_out()).result()
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.getMessage() == "New connections and kernels have to wait: Too many open files."


@contextmanager
def idle_connections(server: Server, number: int = NUM_IDLE) -> Iterator[None]:
    """A block in which clients are connected that say nothing."""
    place = (urlsplit(server.url).hostname, urlsplit(server.url).port)
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(socket.create_connection(place))
        yield


def num_complaints(server: Server) -> int:
    """How many lines of the log are warnings or errors."""
    return sum('"level": "info"' not in line for line in server.lines)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may open few files, with a notebook and a static page as small as they can be."""
    folder = tmp_path_factory.mktemp("few")
    (folder / "next_cell.py").write_text("")
    (folder / "index.html").write_text("<html><head></head><body></body></html>")
    settings = {"TECHNI_MAX_KERNELS": "8", "TECHNI_CONNECTIONS_PER_ADDRESS": "0", "TECHNI_SITE": str(folder)}
    with hardened(write_notebook(folder), TEST_OPEN_FILES=str(FILES), **settings) as server:
        wait_until_ready(server)
        yield server


def test_few_descriptors_bound_kernels_and_connections_and_the_log_says_so_once(server: Server) -> None:
    (line,) = [line for line in server.lines if "open 128 files" in line]
    assert "1 of 8 kernels and 22 of 2000 connections" in line
    assert metrics(server)["techni_kernels_capacity"] == 1


def test_idle_connections_up_to_the_limit_leave_descriptors_for_others(server: Server) -> None:
    page = visit(server.url)
    assert page.kernel
    num_before = num_complaints(server)
    with idle_connections(server):
        for _ in range(10):
            assert ask(f"{server.url}healthz").body == b"ok\n"
            assert len(descriptors(server.process.pid)) < FILES
        assert FULL in visit(server.url).text
        assert metrics(server)["techni_kernels_live"] == 1
    assert num_complaints(server) == num_before
    leave(server, page)
    eventually(lambda: metrics(server)["techni_kernels_live"] == 0)
    page = visit(server.url)
    assert page.kernel
    leave(server, page)
    eventually(lambda: metrics(server)["techni_kernels_live"] == 0)


def test_a_kernel_for_which_there_are_too_few_descriptors_is_one_too_many(server: Server) -> None:
    """However few they are. ZeroMQ would end the server."""
    pid, limits = server.process.pid, resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    for spare in (2, 6, 20):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")) + spare, limits[1]))
        page = visit(server.url)
        assert (page.status, FULL in page.text) == (200, True)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
    assert server.log.count("have to wait") == 1
    assert visit(server.url).kernel


@pytest.mark.soak
def test_idle_connections_at_a_low_limit_for_a_minute(server: Server) -> None:
    """Clients connect anew all the time. `/healthz` is asked all along, and one page with two sockets stays connected."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _attack(server)).result()


async def _attack(server: Server) -> None:
    guest = await Visitor.arrive(server.url)
    for _ in range(2):
        await guest.connect()
    num_before, num_asked, most, slowest = num_complaints(server), 0, 0, 0.0
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with idle_connections(server):
            for _ in range(20):
                begun = time.monotonic()
                assert ask(f"{server.url}healthz").body == b"ok\n"
                slowest = max(slowest, time.monotonic() - begun)
                most = max(most, len(os.listdir(f"/proc/{server.process.pid}/fd")))
                num_asked += 1
    print(f"/healthz asked {num_asked} times, {1000 * slowest:.0f} ms at most; {most} descriptors at most")
    assert most < FILES
    assert num_complaints(server) == num_before
    await guest.leave()
