"""Clients that connect and take nothing: they hold a bounded number of connections and of bytes, for a bounded time."""

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from gradient.server.memory import measure
from tests.conftest import Server
from tests.processes import descriptors, eventually
from tests.server import ask, hardened, metrics

MAX_CONNECTIONS = 20
MANY = MAX_CONNECTIONS + 10
LARGE = 6 << 20  # bytes: more than the system keeps of an answer that nobody takes, and less than the server does


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose page and whose script are large."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "assets").mkdir()
    (folder / "assets" / "script.js").write_text("/" * LARGE)
    (folder / "index.html").write_text(f"<html><head></head><body>{'x' * LARGE}</body></html>")
    limits = {"TECHNI_MAX_CONNECTIONS": str(MAX_CONNECTIONS), "TECHNI_REQUEST_SECONDS": "5"}
    with hardened(TECHNI_SITE=str(folder), TECHNI_FRONT="static", TECHNI_WARM="no", **limits) as server:
        yield server


@contextmanager
def unread(server: Server, path: str) -> Iterator[None]:
    """A connection on which a file is asked for, and never read."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((urlsplit(server.url).hostname, urlsplit(server.url).port))
        connection.sendall(f"GET /{path} HTTP/1.1\r\nHost: {urlsplit(server.url).netloc}\r\n\r\n".encode())
        yield


def num_sockets(server: Server) -> int:
    return sum(name.startswith("socket:") for name in descriptors(server.process.pid))


def megabytes(server: Server) -> float:
    """What is a server's own of the memory."""
    return measure([server.process.pid]).own[server.process.pid] / (1 << 20)


@pytest.mark.skipif(sys.platform != "linux", reason="sockets are counted on Linux only")
@pytest.mark.parametrize("path", ["", "assets/script.js"])
def test_who_reads_nothing_is_left(server: Server, path: str) -> None:
    assert len(ask(server.url + path).body) > LARGE - 1
    refused = metrics(server)["techni_connections_refused_total"]
    before, memory, taken = num_sockets(server), megabytes(server), list[float]()

    def is_left() -> bool:
        taken.append(megabytes(server))
        return num_sockets(server) <= before

    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(unread(server, path))
        eventually(lambda: num_sockets(server) >= MAX_CONNECTIONS)
        eventually(is_left)
        assert max(taken) < memory + MAX_CONNECTIONS
        assert metrics(server)["techni_connections_refused_total"] >= refused + MANY - MAX_CONNECTIONS
        assert ask(f"{server.url}assets/script.js").body == b"/" * LARGE
