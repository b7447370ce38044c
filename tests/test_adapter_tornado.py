"""What gradient/adapters/tornado.py relies on: a real server, a real websocket."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect

from gradient.adapters.tornado import abandon, close_at_once, paced, peer_of, peer_of_connection, stream_of
from tests.adapters import relying_on

HEADERS = b"GET /abandoned HTTP/1.1\r\nHost: x\r\n\r\n"


class Echo(WebSocketHandler):
    """Sends back what it gets, and hangs up at once when it is told to."""

    paces = 0
    opened: "Echo"

    def get_websocket_protocol(self) -> Any:
        return paced(self, super().get_websocket_protocol())

    async def pace(self) -> None:
        Echo.paces += 1

    def open(self) -> None:
        Echo.opened = self

    def on_message(self, message: Any) -> None:
        if message == "close":
            close_at_once(self)
        else:
            self.write_message(message)


class Abandoned(RequestHandler):
    """Begins an answer and does not finish it."""

    peers: Any = ()

    async def get(self) -> None:
        Abandoned.peers = peer_of(self.request), peer_of_connection(self.request.connection)
        self.set_header("Content-Length", "9")
        self.write("1")
        await self.flush()
        abandon(self)


class Recording(HTTPServer):
    """Notes the streams of connections and of requests."""

    def initialize(self, *args: Any, **options: Any) -> None:
        self.streams: list[IOStream] = []
        super().initialize(*args, **options)

    def handle_stream(self, stream: IOStream, address: tuple) -> None:
        self.streams.append(stream)
        super().handle_stream(stream, address)

    def start_request(self, server_conn: Any, request_conn: Any) -> Any:
        assert stream_of(server_conn) is self.streams[-1]
        return super().start_request(server_conn, request_conn)


def served(act: Callable[[int], Coroutine[Any, Any, None]]) -> None:
    """Runs a coroutine with the port of a server, in a thread: the browser of other tests has a loop in this one."""

    async def run() -> None:
        server = Recording(Application([("/echo", Echo), ("/abandoned", Abandoned)]))
        socket, port = bind_unused_port()
        server.add_socket(socket)
        try:
            await asyncio.wait_for(act(port), 60)
        finally:
            server.stop()
            await server.close_all_connections()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(run())).result()


def test_each_frame_is_paced_and_a_websocket_is_closed_at_once() -> None:
    async def act(port: int) -> None:
        client: WebSocketClientConnection = await websocket_connect(f"ws://127.0.0.1:{port}/echo")
        await client.write_message("hello")
        assert await client.read_message() == "hello"
        before = Echo.paces
        assert before >= 1
        client.ping(b"")
        await client.write_message("again")
        assert await client.read_message() == "again"
        assert Echo.paces == before + 2, "A ping is a frame, too."
        await client.write_message("close")
        assert await client.read_message() is None
        assert client.close_code is None, "There was a closing handshake."
        client.close()

    with relying_on("tornado"):
        served(act)


def test_no_protocol_is_no_paced_one() -> None:
    assert paced(None, None) is None  # type: ignore[arg-type]


def test_an_answer_is_abandoned_and_its_peer_is_known() -> None:
    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEADERS)
        received = await reader.read()
        assert received.endswith(b"\r\n\r\n1"), received
        name = writer.get_extra_info("sockname")
        assert Abandoned.peers == (name, name)
        writer.close()

    with relying_on("tornado"):
        served(act)
