"""Clients that connect and read nothing: they hold a bounded number of connections and of bytes, for a bounded time."""

import asyncio
import re
import signal
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from types import SimpleNamespace
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
from prometheus_client import REGISTRY
from tornado.httputil import HTTPHeaders, RequestStartLine
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from gradient.server import connections
from gradient.server.connection_slots import ConnectionSlots
from gradient.server.connections import BoundedServer, Bounds
from gradient.server.memory import measure
from gradient.server.requests import Request, RequestInTurn
from gradient.server.turns import Turns
from tests.clock import without_loop
from tests.conftest import Server
from tests.processes import descriptors, end, eventually, little_processor_time
from tests.server import Gate, ask, check_metrics_are_not_for_proxies, hardened, let_time_pass, metrics

MAX_CONNECTIONS = 20
SHARE = 5
MANY = MAX_CONNECTIONS + 10
LARGE = 6 << 20  # bytes: more than the system buffers of an unread response, and less than the server does


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose page and whose script are large, and whose zygote is never ready."""
    folder, gate = tmp_path_factory.mktemp("site"), Gate.in_folder(tmp_path_factory.mktemp("gate"))
    (folder / "assets").mkdir()
    (folder / "assets" / "script.js").write_text("/" * LARGE)
    (folder / "index.html").write_text(f"<html><head></head><body>{'x' * LARGE}</body></html>")
    limits = {"TECHNI_MAX_CONNECTIONS": str(MAX_CONNECTIONS), "TECHNI_CONNECTIONS_PER_ADDRESS": str(SHARE)}
    options = {"TECHNI_ROOT_PAGE": "static", "TECHNI_TRUSTED_PROXIES": "1", "TECHNI_REQUEST_SECONDS": "20", **gate.environment}
    with hardened(TECHNI_SITE=str(folder), **limits, **options) as server:
        yield server


@contextmanager
def unread(server: Server, path: str, headers: str = "") -> Iterator[socket.socket]:
    """A connection on which a file is requested, and never read."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((urlsplit(server.url).hostname, urlsplit(server.url).port))
        connection.sendall(f"GET /{path} HTTP/1.1\r\nHost: {urlsplit(server.url).netloc}\r\n{headers}\r\n".encode())
        yield connection


def wait_for_answers(connections: list[socket.socket]) -> None:
    """Waits until each connection has been answered or refused; it takes nothing of an answer."""
    for connection in connections:
        with suppress(ConnectionResetError):
            connection.recv(1, socket.MSG_PEEK)


def num_sockets(server: Server) -> int:
    return sum(name.startswith("socket:") for name in descriptors(server.process.pid))


def megabytes(server: Server) -> float:
    """The memory that would be free if the server ended."""
    return measure([server.process.pid]).own[server.process.pid] / (1 << 20)


@pytest.mark.skipif(sys.platform != "linux", reason="sockets are counted on Linux only")
@pytest.mark.parametrize("path", ["", "assets/script.js"])
def test_a_client_that_reads_nothing_is_disconnected(server: Server, path: str) -> None:
    assert len(ask(server.url + path).body) > LARGE - 1
    refused = metrics(server)["techni_connections_refused_total"]
    before, memory = num_sockets(server), megabytes(server)

    def is_disconnected() -> bool:
        let_time_pass(server.process.pid)  # for the server, but not for the system, which ends connections, too
        return num_sockets(server) <= before

    with ExitStack() as stack:
        clients = [f"X-Forwarded-For: 1.1.1.{number}\r\n" for number in range(MANY)]
        wait_for_answers([stack.enter_context(unread(server, path, client)) for client in clients])
        eventually(lambda: num_sockets(server) <= before + MAX_CONNECTIONS)
        assert num_sockets(server) >= MAX_CONNECTIONS
        assert megabytes(server) < memory + MAX_CONNECTIONS
        eventually(is_disconnected)
        assert metrics(server)["techni_connections_refused_total"] >= refused + MANY - MAX_CONNECTIONS
        assert ask(f"{server.url}assets/script.js").body == b"/" * LARGE


def test_an_address_has_its_share_of_a_proxys_connections_while_it_uses_them(server: Server) -> None:
    script = f"{server.url}assets/script.js"
    host = urlsplit(server.url).netloc
    with ExitStack() as stack:
        for _ in range(SHARE + 1):  # connections that a proxy keeps open for its next client
            kept = HTTPConnection(host)
            stack.callback(kept.close)
            kept.request("GET", "/healthz", headers={"X-Forwarded-For": "1.1.1.1"})
            assert kept.getresponse().read() == b"ok\n"
        through = "X-Forwarded-For: 9.9.9.9, 1.1.1.1\r\n"
        wait_for_answers([stack.enter_context(unread(server, "assets/script.js", through)) for _ in range(SHARE)])
        refused = ask(script, X_Forwarded_For="1.1.1.1")
        assert (refused.status, refused.headers["Connection"]) == (429, "close")
        assert ask(script, X_Forwarded_For="2.2.2.2").body == b"/" * LARGE
        assert ask(f"{server.url}healthz").status == 200, "a probe of the machine's own"
    eventually(lambda: ask(f"{server.url}healthz", X_Forwarded_For="1.1.1.1").status == 200)


_UNFINISHED = ("", "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx")


@pytest.mark.parametrize("sent", _UNFINISHED)
def test_connections_without_a_whole_request_keep_nobody_out(server: Server, sent: str) -> None:
    """When all connections are taken, the oldest of these goes."""
    place = (urlsplit(server.url).hostname, urlsplit(server.url).port)
    with ExitStack() as stack:
        for _ in range(2):
            for _ in range(MANY):
                silent = stack.enter_context(socket.create_connection(place))
                silent.sendall(sent.encode())
            assert ask(f"{server.url}healthz", X_Forwarded_For="4.4.4.4").body == b"ok\n"


def test_a_request_under_way_keeps_its_connection() -> None:
    """Then it is the newest connection that goes."""

    async def run() -> list[bytes]:
        may_answer = asyncio.Event()

        class Slow(RequestHandler):
            """Answers when it may."""

            async def get(self) -> None:
                await may_answer.wait()
                self.finish("late")

        server = BoundedServer(Application([("/", Slow)]), bounds=Bounds(max_connections=3))
        (listening,) = bind_sockets(0, "127.0.0.1")
        place = listening.getsockname()
        server.add_socket(listening)
        answers, writers = [], []
        for _ in range(5):
            reader, writer = await asyncio.open_connection(*place)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answers.append(asyncio.ensure_future(reader.read()))
            writers.append(writer)
        await asyncio.wait(answers[-2:])  # which are refused
        may_answer.set()
        whole = await asyncio.gather(*answers, return_exceptions=True)
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
        server.stop()
        return [answer.split(b"\r\n\r\n")[-1] if isinstance(answer, bytes) else b"" for answer in whole]

    with ThreadPoolExecutor(1) as thread:  # another test's browser may have left an event loop in this one
        received = thread.submit(asyncio.run, run()).result()
    assert received == [b"late", b"late", b"late", b"", b""]


def num_refused() -> float:
    """How many connections this process has closed because there were too many."""
    return REGISTRY.get_sample_value("techni_connections_refused_total") or 0.0


def test_a_request_that_comes_with_many_connections_without_one_is_answered() -> None:
    async def run(stack: ExitStack) -> bytes:
        loop, before = asyncio.get_running_loop(), num_refused()

        class Slow(RequestHandler):
            """Answers when there are no more connections than may be."""

            async def get(self) -> None:
                while num_refused() < before + 4:
                    await asyncio.sleep(0)
                self.finish("late")

        server = BoundedServer(Application([("/", Slow)]), bounds=Bounds(max_connections=2))
        (listening,) = bind_sockets(0, "127.0.0.1")
        place = listening.getsockname()
        server.add_socket(listening)
        for _ in range(5):  # all of which the server accepts at once
            silent = stack.enter_context(socket.create_connection(place))
            silent.sendall(b"GET / HTTP/1.1\r\n")
        client = stack.enter_context(socket.create_connection(place))
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        client.setblocking(False)
        received = b""
        with suppress(ConnectionResetError):
            while part := await loop.sock_recv(client, 1 << 10):
                received += part
        server.stop()
        await server.close_all_connections()
        return received

    with ThreadPoolExecutor(1) as thread, ExitStack() as stack:
        assert thread.submit(asyncio.run, run(stack)).result().endswith(b"late")


def test_a_client_begins_once_in_each_turn_of_the_loop() -> None:
    async def run() -> str:
        loop, turns, seen = asyncio.get_running_loop(), Turns(), list[str]()

        def tick() -> None:
            seen.append("|")
            loop.call_soon(tick)

        async def begin(network: str) -> None:
            if turn := turns.take(network):
                await turn
            seen.append(network)

        tick()
        await asyncio.gather(*(begin(network) for network in "aaaabb"))
        return "".join(seen)

    seen = without_loop(lambda: asyncio.run(run()))
    assert sorted(seen.replace("|", "")) == [*"aaaabb"]
    assert not re.search(r"a[^|]*a|b[^|]*b", seen), seen
    assert re.search(r"ab", seen)


def test_requests_of_one_client_wait_for_each_other_and_not_for_anybody_elses() -> None:
    async def run() -> list[bool]:
        turns, line, delegate = Turns(), RequestStartLine("GET", "/", "HTTP/1.1"), Mock()
        delegate.headers_received.return_value = None
        request = RequestInTurn(delegate, turns, lambda headers: headers["X"])
        addresses = ("1.1.1.1", "1.1.1.1:80", "::ffff:1.1.1.1", "2.2.2.2")
        begun = [request.headers_received(line, HTTPHeaders({"X": address})) for address in addresses]
        for later in filter(None, begun):
            await later
        assert delegate.headers_received.call_count == 4
        return [later is None for later in begun]

    assert without_loop(lambda: asyncio.run(run())) == [True, False, False, True]


def test_who_has_not_read_an_answer_for_long_goes_before_who_has_just_come(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(connections, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    class Large(RequestHandler):
        """Sends more than the system takes."""

        def get(self) -> None:
            self.finish("x" * LARGE)

    async def run(stack: ExitStack) -> int:
        loop, server = asyncio.get_running_loop(), BoundedServer(Application([("/", Large)]), bounds=Bounds(max_connections=3))
        (listening,) = bind_sockets(0, "127.0.0.1")
        place = listening.getsockname()
        server.add_socket(listening)
        clients = []
        for seconds in (0, 20, 25, 40):  # an answer may take 30 to be read
            clock[0], before = seconds, num_refused()
            clients.append(stack.enter_context(socket.socket()))
            clients[-1].setblocking(False)
            await loop.sock_connect(clients[-1], place)
            while len(clients) == 4 and num_refused() == before:
                await asyncio.sleep(0)
            await loop.sock_sendall(clients[-1], b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await loop.sock_recv(clients[-1], 4) == b"HTTP", "The newest has been closed."
        num_received = await num_left(loop, clients[0])
        server.stop()
        await server.close_all_connections()
        return num_received

    async def num_left(loop: asyncio.AbstractEventLoop, client: socket.socket) -> int:
        number = 0
        with suppress(ConnectionResetError):
            while part := await loop.sock_recv(client, 1 << 20):
                number += len(part)
        return number

    with ThreadPoolExecutor(1) as thread, ExitStack() as stack:
        assert thread.submit(asyncio.run, run(stack)).result() < LARGE


def test_no_target_of_a_request_takes_long() -> None:
    delegate, line = Mock(), RequestStartLine("GET", "http://" + "a" * 1_000_000 + "#", "HTTP/1.1")
    with little_processor_time():
        Request(delegate, Mock()).headers_received(line, HTTPHeaders({"Host": "x"}))
    assert delegate.headers_received.call_args[0][0] == line


def test_connections_between_two_requests_go_after_those_without_one(server: Server) -> None:
    with ExitStack() as stack:
        kept = [HTTPConnection(urlsplit(server.url).netloc) for _ in range(MANY)]
        for connection in kept:
            stack.callback(connection.close)
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b"ok\n"
        assert ask(f"{server.url}healthz").status == 200


def test_an_address_without_a_proxy_has_its_share() -> None:
    with ExitStack() as stack:
        streams = [IOStream(stack.enter_context(socket.socket())) for _ in range(4)]
        slots = ConnectionSlots(2)
        assert [slots.claim(stream, "2001:db8::1") for stream in streams] == [True, True, False, False]
        assert slots.claim(streams[2], "2001:db8:0:1::1")
        streams[0].close()
        assert [slots.claim(stream, "2001:db8::2") for stream in streams[2:]] == [True, False]
        slots.release(streams[1])
        assert slots.claim(streams[3], "2001:db8::2")


def test_a_static_root_page_is_ready_and_stops_without_waiting_for_kernels(server: Server) -> None:
    """The last test of this server."""
    assert ask(f"{server.url}readyz").status == 200
    check_metrics_are_not_for_proxies(server)
    end(server.process.pid, signal.SIGTERM)
    assert server.process.wait() == 0
    assert not server.has_traceback, server.log
