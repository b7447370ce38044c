"""What strangers do to a server on the internet. After each attack a visitor's slider is answered.

A flood does not keep others waiting: somebody who asks after it has been sent is answered before it is worked off.

`make soak` has the same in full size.
"""

import asyncio
import itertools
import json
import os
import random
import re
import resource
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

from tests.conftest import ROOT, Server
from tests.processes import children, descriptors, eventually, zygote_of
from tests.server import hard_work, hardened, let_time_pass, wait_until_ready
from tests.visitor import PROTOCOL, Visitor, closed, custom, fetch, frame, update

Run = Callable[[Coroutine], Any]
MAX_KERNELS = 8
SETTINGS = {
    "TECHNI_MAX_KERNELS": str(MAX_KERNELS),
    "TECHNI_STARTS_PER_MINUTE": "0",
    "TECHNI_CONNECT_SECONDS": "30",
    "TECHNI_CONNECTIONS_PER_ADDRESS": "0",  # all come from one
}
CHANNELS = ("shell", "control", "stdin", "iopub")
CODE_REQUESTS = {
    "comm_open": {"comm_id": "1", "target_name": "jupyter.widget", "data": {"state": {"_model_name": "ButtonModel"}}},
    "execute_request": {"code": "import os; os._exit(1)", "silent": False},
    "shutdown_request": {"restart": False},
    "interrupt_request": {},
    "debug_request": {"command": "evaluate"},
    "input_reply": {"value": "1"},
}


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs a coroutine in the event loop that all visitors of these tests share."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))  # for a thousand sockets
    # In a thread of its own: the browser of other tests has a loop in this one.
    with ThreadPoolExecutor(1) as thread:
        runner = asyncio.Runner()
        yield lambda coroutine: thread.submit(runner.run, coroutine).result()
        thread.submit(runner.close).result()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a static page as small as one can be."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<html><head></head><body></body></html>")
    with hardened(ROOT / "techni.ipynb", TECHNI_SITE=str(folder), **SETTINGS) as server:
        wait_until_ready(server)
        yield server
        assert '"error"' not in server.log, server.log


@pytest.fixture(scope="module")
def visitor(server: Server, run: Run) -> Iterator[Visitor]:
    visitor = run(Visitor.open(server.url))
    yield visitor
    run(visitor.leave())


@pytest.fixture
def attacker(server: Server, run: Run) -> Iterator[Visitor]:
    attacker = run(Visitor.join(server.url))
    yield attacker
    run(attacker.leave())


@pytest.fixture(autouse=True)
def survives(visitor: Visitor, run: Run) -> Iterator[None]:
    """An attack is survived: then a visitor's slider is answered."""
    yield
    assert len({run(visitor.move(rate)) for rate in (0.05, 0.06, 0.1)}) == 3


async def count(server: Server, name: str, **labels: str) -> float:
    """A counter of /metrics."""
    text = (await fetch(server.url + "metrics")).body.decode()
    ending = "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}" if labels else ""
    found = re.search(rf"^techni_{name}{re.escape(ending)} (.+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def malformed(server: Server) -> float:
    return await count(server, "frames_refused_total", reason="malformed")


async def until(condition: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    """Polls until a condition holds."""
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.1)


async def flood(connection: WebSocketClientConnection, frames: list[bytes]) -> None:
    """Sends frames as fast as the network accepts them, until the socket is closed."""
    with suppress(WebSocketClosedError):
        for sent in frames:
            await connection.write_message(sent, binary=True)


@contextmanager
def raw(server: Server, sent: bytes = b"", source: str = "") -> Iterator[socket.socket]:
    """A connection, perhaps from a certain address, on which some bytes have been sent."""
    place = (urlsplit(server.url).hostname, urlsplit(server.url).port)
    with socket.create_connection(place, 60, (source, 0) if source else None) as connection:
        connection.sendall(sent)
        yield connection


NUM_QUESTIONS = 50
QUESTION = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
LAST_QUESTION = QUESTION.replace(b"Host: x", b"Host: x\r\nConnection: close")


@contextmanager
def expect_others_are_answered(server: Server, counter: str = "techni_frames_delayed_total") -> Iterator[None]:
    """Expects that somebody else is answered again and again while the flood that the block sends is worked off.

    The server sleeps until all of the flood and all questions lie ready, so no machine is too slow to ask in time. Then only a
    few frames can be delayed from one answer to the next; or what else a counter counts.
    """
    with raw(server, QUESTION, "127.0.0.2") as connection:  # so it is there before the flood
        os.kill(server.process.pid, signal.SIGSTOP)
        try:
            yield
            connection.sendall(QUESTION * NUM_QUESTIONS + LAST_QUESTION)
        finally:
            os.kill(server.process.pid, signal.SIGCONT)
        answers = all_received(connection)
    lines = re.findall(rf"^{re.escape(counter)} (\S+)$".encode(), answers, re.MULTILINE)
    counts = [float(number) for number in lines]
    assert len(counts) == NUM_QUESTIONS + 2
    assert counts[-1] > counts[0], "The flood has waited until all questions were answered."
    assert max(after - before for before, after in itertools.pairwise(counts)) <= 20


def answer(server: Server, sent: bytes) -> bytes:
    """All that comes back until the server closes the connection."""
    with raw(server) as connection:
        with suppress(ConnectionResetError, BrokenPipeError):  # a server that reads no more may have said why
            connection.sendall(sent)
        return all_received(connection)


def all_received(connection: socket.socket) -> bytes:
    """All that comes on a connection until it is closed."""
    received = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(1 << 16):
            received += part
    return received


def test_a_socket_without_the_protocol_is_refused(server: Server, attacker: Visitor, run: Run) -> None:
    before = run(count(server, "sockets_refused_total", reason="subprotocol"))
    for protocols in ([], ["v2.kernel.websocket.jupyter.org"], [PROTOCOL.replace("v1.", "v1. ")]):
        with pytest.raises(HTTPClientError, match="400"):
            run(attacker.connect(subprotocols=protocols))
    assert run(count(server, "sockets_refused_total", reason="subprotocol")) == before + 3


def test_a_frame_of_ones_is_refused_and_the_socket_stays_open(server: Server, attacker: Visitor, run: Run) -> None:
    before = run(malformed(server))
    run(attacker.say(b"\xff" * 8))
    assert run(attacker.echo(0.2))
    assert run(malformed(server)) == before + 1


def random_frames(number: int, seed: int) -> list[bytes]:
    """Frames of random bytes, and a page's frames with random bytes in them."""
    chance, valid = random.Random(seed), update("0" * 32, value=1.0)
    frames = [chance.randbytes(chance.randrange(200)) for _ in range(number)]
    for i in range(0, number, 2):
        spoilt = bytearray(valid)
        for _ in range(chance.randrange(1, 9)):
            spoilt[chance.randrange(16)] = chance.randrange(256)
        frames[i] = bytes(spoilt)
    return frames


async def send_random_frames(attacker: Visitor, number: int, seed: int) -> int | None:
    """Sends them on a socket of their own, as soon as one is accepted; returns its close code."""
    async with asyncio.timeout(120):
        while True:
            with suppress(HTTPClientError):
                connection = await attacker.connect()
                await flood(connection, random_frames(number, seed))
                return await closed(connection)
            await asyncio.sleep(0.1)


async def attack_with_random_frames(attacker: Visitor, number: int, turn: int = 0, at_once: int = 5000) -> set[int | None]:
    seeds = range(turn * number // at_once, (turn + 1) * number // at_once)
    codes = await asyncio.gather(*(send_random_frames(attacker, at_once, seed) for seed in seeds))
    return set(codes)


def test_random_frames_close_their_sockets(server: Server, attacker: Visitor, run: Run) -> None:
    before = run(malformed(server))
    attacker.socket.close()
    assert run(attack_with_random_frames(attacker, 20_000)) == {1008}
    assert run(malformed(server)) >= before + 4 * 20


@pytest.mark.soak
def test_a_million_random_frames_close_their_sockets(server: Server, visitor: Visitor, attacker: Visitor, run: Run) -> None:
    """It takes minutes, during which a visitor's slider keeps working."""
    before = run(malformed(server))
    attacker.socket.close()
    for turn in range(50):
        assert run(attack_with_random_frames(attacker, 20_000, turn)) == {1008}
        assert run(visitor.move(0.05 + turn / 1000))
    assert run(malformed(server)) >= before + 200 * 20


def test_no_channel_executes_code(server: Server, attacker: Visitor, run: Run) -> None:
    before = [run(count(server, "frames_refused_total", reason=reason)) for reason in ("channel", "type", "target")]
    connection = run(attacker.connect())
    requests = [frame(kind, content, channel=channel) for kind, content in CODE_REQUESTS.items() for channel in CHANNELS]
    run(flood(connection, requests))
    assert run(closed(connection)) == 1008
    assert run(attacker.echo(0.2))
    after = [run(count(server, "frames_refused_total", reason=reason)) for reason in ("channel", "type", "target")]
    assert [new - old for new, old in zip(after, before, strict=True)] == [15, 4, 1]  # the twentieth closes the socket


INVALID_VALUES: list[Any] = [10**400, -(10**400), float("nan"), float("inf"), "nan", "1e9", "x" * 60_000, None, [1], {"a": 1}]
INVALID_VALUES += ["\ud800", "\udc80", json.loads("[" * 900 + "]" * 900)]  # which could not be written in an answer


def test_a_value_of_another_type_is_refused(server: Server, attacker: Visitor, run: Run) -> None:
    async def refused() -> float:
        return await count(server, "frames_refused_total", reason="value") + await malformed(server)

    before = run(refused())
    for value in INVALID_VALUES:
        run(attacker.say(update(attacker.model(description="Learning rate"), value=value)))
    assert run(attacker.echo(0.2))
    assert run(refused()) == before + len(INVALID_VALUES)


def test_a_value_out_of_range_is_answered(attacker: Visitor, run: Run) -> None:
    run(attacker.let_kernel_compute())
    for name in ("Learning rate", "Steps", "Initial w", "Momentum", "Random start"):
        for value in (1e9, -1e9):
            run(attacker.say(update(attacker.model(description=name), min=-1e9, max=1e9, value=value)))
            run(attacker.say(update(attacker.model(description=name), value=value)))
    assert run(attacker.move(0.2)) is not None


def test_an_error_in_the_kernel_is_told_without_its_traceback(attacker: Visitor, run: Run) -> None:
    run(attacker.say(update(attacker.model(description="Problem"), index=99)))
    assert run(attacker.echo(0.2))
    errors = [message.content for message in attacker.seen if message.type == "error"]
    assert errors
    assert all(error["traceback"] == [] and "index" not in str(error) for error in errors)
    assert not any(
        "Traceback" in str(message) or ".py" in str(message) for message in attacker.seen if message.type != "comm_msg"
    )


def test_a_canvas_is_not_resized_to_any_size(server: Server, attacker: Visitor, run: Run) -> None:
    before = run(count(server, "frames_refused_total", reason="value"))
    canvas = attacker.model(_model_name="MPLCanvasModel")
    run(attacker.say(custom(canvas, {"type": "initialized"})))
    for content in ({"width": 1e9, "height": 1e9}, {"width": -1, "height": 5}, {"width": "9", "height": 5}):
        run(attacker.say(custom(canvas, {"type": "resize"} | content)))
    for content in (
        {"type": "set_device_pixel_ratio", "device_pixel_ratio": 16384},
        {"type": "resize", "width": 16384, "height": 16384},
    ):
        run(attacker.say(custom(canvas, content)))
    run(attacker.say(custom(canvas, {"type": "draw"})))
    assert run(attacker.echo(0.2))
    assert run(count(server, "frames_refused_total", reason="value")) == before + 3


FLOOD = 1500  # frames: 600 more than are let through at once


def test_a_flood_of_valid_messages_is_slowed(server: Server, attacker: Visitor, run: Run) -> None:
    before, slider = run(count(server, "frames_delayed_total")), attacker.model(description="Learning rate")
    run(flood(attacker.socket, [update(slider, value=0.001 * (i % 1000 + 1)) for i in range(FLOOD)]))
    assert run(attacker.echo(0.2))

    async def is_slowed() -> bool:
        return await count(server, "frames_delayed_total") > before

    run(until(is_slowed))


@pytest.mark.parametrize(("first", "opcode"), [((True, 0x9), 0x9), ((True, 0xA), 0xA), ((False, 0x2), 0x0)])
def test_a_flood_of_frames_that_are_no_messages_is_slowed_and_others_are_answered(
    server: Server, attacker: Visitor, run: Run, first: tuple[bool, int], opcode: int
) -> None:
    """Pings, pongs, and pieces of a message that never ends."""
    protocol: Any = attacker.socket.protocol

    async def send() -> None:
        protocol._write_frame(*first, b"")
        for _ in range(FLOOD):
            protocol._write_frame(opcode != 0x0, opcode, b"")

    with expect_others_are_answered(server):
        run(send())


def test_a_flood_of_requests_on_many_connections_leaves_others_answered(server: Server) -> None:
    question = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
    assert answer(server, question.replace(b"x", b"x\r\nConnection: close"))  # so that the counter is there
    with ExitStack() as stack, expect_others_are_answered(server, 'techni_responses_total{status="4xx"}'):
        for _ in range(100):
            stack.enter_context(raw(server, 5 * question))


def test_messages_that_take_much_of_the_loop_are_slowed_and_others_are_not(
    server: Server, visitor: Visitor, attacker: Visitor, run: Run
) -> None:
    """The loop seems to need 20 ms for each: for what a page sends, and for each answer."""

    async def delayed(sender: Visitor) -> float:
        before = await count(server, "frames_delayed_total")
        await sender.echo(0.2)
        return await count(server, "frames_delayed_total") - before

    let_time_pass(server.process.pid)  # or what they said in other tests would count
    with hard_work(server.process.pid):
        assert sum(run(delayed(attacker)) for _ in range(6)) > 0
        assert run(delayed(visitor)) == 0


def test_a_drag_at_144_frames_a_second_is_not_slowed(server: Server, visitor: Visitor, run: Run) -> None:
    """Three seconds of it, as fast as the kernel answers, and faster than any browser."""
    before = run(count(server, "frames_delayed_total"))
    assert len({run(visitor.move(0.01 + 0.0005 * i)) for i in range(100)}) > 90
    assert run(count(server, "frames_delayed_total")) == before


def test_expensive_requests_have_a_quota(server: Server, attacker: Visitor, run: Run) -> None:
    before = run(count(server, "frames_refused_total", reason="quota"))
    opening = {"target_name": "jupyter.widget.control", "data": {}}
    for i in range(9):
        run(attacker.say(frame("comm_open", {"comm_id": f"{i}", **opening}, metadata={"version": "1.0.0"})))
        run(attacker.say(frame("comm_msg", {"comm_id": f"{i}", "data": {"method": "request_states"}})))
    assert run(attacker.echo(0.2))
    assert run(count(server, "frames_refused_total", reason="quota")) == before + 4  # each once with the page's own


def test_a_page_that_does_not_read_is_disconnected(server: Server, attacker: Visitor, run: Run) -> None:
    before = run(count(server, "sockets_refused_total", reason="slow"))

    async def ask_and_not_read() -> None:
        for _ in range(60):  # and the client stops reading while nobody takes the messages it has
            await attacker.say(frame("comm_msg", {"comm_id": attacker.link, "data": {"method": "request_state"}}))
        await until(is_disconnected)

    async def is_disconnected() -> bool:
        return await count(server, "sockets_refused_total", reason="slow") > before

    run(ask_and_not_read())


def test_a_thousand_sockets_are_opened_and_closed(server: Server, run: Run) -> None:
    with ExitStack() as stack:
        for i in range(1000):
            stack.enter_context(raw(server, b"GET / HTTP/1.1\r\n" if i % 2 else b""))
        assert run(fetch(server.url + "healthz")).code == 200


def test_a_kernel_has_few_sockets(server: Server, attacker: Visitor, run: Run) -> None:
    before = run(count(server, "sockets_refused_total", reason="number"))

    async def one_more() -> bool:
        with suppress(HTTPClientError):
            await attacker.connect()
            return True
        return False

    assert sum(run(one_more()) for _ in range(100)) == 1  # besides the attacker's first
    assert run(count(server, "sockets_refused_total", reason="number")) == before + 99
    assert run(attacker.echo(0.2))


def upgrade(server: Server, guest: Visitor) -> bytes:
    """The request with which a page opens its socket."""
    lines = [
        f"GET /api/kernels/{guest.kernel_id}/channels?session_id=s HTTP/1.1",
        f"Host: {urlsplit(server.url).netloc}\r\nCookie: {guest.cookie}",
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: {PROTOCOL}",
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("line", [b"Sec-WebSocket-Key", b"Sec-WebSocket-Version", b"Upgrade: ", b"Connection"])
def test_half_a_handshake_leaves_no_session_behind(server: Server, run: Run, line: bytes) -> None:
    """The page that then comes with the same session is connected."""
    guest = run(Visitor.arrive(server.url))
    whole = upgrade(server, guest)
    half = b"\r\n".join(part for part in whole.split(b"\r\n") if not part.startswith(line))
    with raw(server, half.replace(b"\r\nCookie", b"\r\nX: y\r\nCookie")) as connection:
        assert connection.recv(12) in {b"HTTP/1.1 400", b"HTTP/1.1 426"}
    with raw(server, whole) as connection:
        assert connection.recv(12) == b"HTTP/1.1 101"


def test_a_socket_whose_kernel_ends_is_told_so(server: Server, run: Run) -> None:
    """Also while the server waits for that kernel's first answer."""
    others = set(children(zygote_of(server.process.pid)))
    guest = run(Visitor.arrive(server.url))
    (kernel,) = set(children(zygote_of(server.process.pid))) - others
    os.kill(kernel, signal.SIGSTOP)
    with raw(server, upgrade(server, guest)) as connection:
        for _ in range(3):
            run(fetch(server.url + "healthz"))
        os.kill(kernel, signal.SIGKILL)
        assert connection.recv(12) == b"HTTP/1.1 404"


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted on Linux only")
def test_a_socket_closed_before_it_is_open_leaves_nothing_behind(server: Server, run: Run) -> None:
    """While the server waits for a kernel that does not answer."""
    pid = server.process.pid
    others = set(children(zygote_of(pid)))
    guest = run(Visitor.arrive(server.url))
    (kernel,) = set(children(zygote_of(pid))) - others
    before = len(descriptors(pid))
    os.kill(kernel, signal.SIGSTOP)
    try:
        for _ in range(3):
            with raw(server, upgrade(server, guest)):
                for _ in range(3):  # answers that come after the server has begun to wait
                    run(fetch(server.url + "healthz"))
    finally:
        os.kill(kernel, signal.SIGCONT)
    route = f"{server.url}api/kernels/{guest.kernel_id}"
    assert json.loads(run(fetch(route, guest.cookie)).body)["connections"] == 0
    eventually(lambda: len(descriptors(pid)) <= before)
    run(guest.leave())


@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST /voila/api/shutdown/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1"]
)
def test_an_incomplete_request_is_timed_out(server: Server, run: Run, sent: bytes) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(raw(server, sent)) for _ in range(50)]
        assert run(fetch(server.url + "healthz")).code == 200  # and so the server has begun to wait for the others
        let_time_pass(server.process.pid)
        for connection in slow:
            with suppress(ConnectionResetError):
                while connection.recv(1 << 16):
                    pass


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"POST /voila/api/shutdown/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n",
        b"POST /voila/api/shutdown/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
        b"\x16\x03\x01" + bytes(100) + b"\r\n\r\n",
    ],
    ids=["path", "headers", "cookie", "body", "chunk", "no HTTP"],
)  # fmt: skip
def test_an_oversized_request_is_not_read(server: Server, sent: bytes) -> None:
    received = answer(server, sent)
    assert received == b"" or received.startswith((b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 431"))


ROOTS = ("/", "/voila/static/", "/voila/templates/", "/voila/labextensions/", "/voila/files/", "/assets/", "/voila/api/themes/")
WAYS = ("../" * 12 + "etc/passwd", "%2e%2e/" * 12 + "etc/passwd", "..%2f" * 12 + "etc/passwd", "/etc/passwd", "techni.ipynb")


@pytest.mark.parametrize("root", ROOTS)
def test_no_path_escapes_the_folder(server: Server, root: str) -> None:
    for way in WAYS:
        received = answer(server, f"GET {root}{way} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert re.match(rb"HTTP/1.1 (30[127]|400|403|404)", received), received[:200]
        assert b"root:" not in received
        assert b'"cells"' not in received


def test_a_kernel_answers_only_to_its_visitor(server: Server, visitor: Visitor, attacker: Visitor, run: Run) -> None:
    before = run(count(server, "sockets_refused_total", reason="owner"))
    name, _, value = attacker.cookie.partition("techni_visitor=")
    for cookie in ("", attacker.cookie, name + "techni_visitor=" + value[:-8] + "00000000"):
        with pytest.raises(HTTPClientError, match="404"):
            run(attacker.connect(kernel_id=visitor.kernel_id, cookie=cookie))
        route = f"{server.url}api/kernels/{visitor.kernel_id}"
        assert run(fetch(route, cookie)).code == 404
        assert run(fetch(route, cookie, method="DELETE")).code == 404
        assert run(fetch(f"{server.url}voila/api/shutdown/{visitor.kernel_id}", cookie, method="POST", body="")).code == 404
    assert run(count(server, "sockets_refused_total", reason="owner")) == before + 12
    assert run(fetch(f"{server.url}api/kernels/{visitor.kernel_id}", visitor.cookie)).code == 200


def test_another_sites_page_reaches_no_kernel(server: Server, visitor: Visitor, run: Run) -> None:
    for origin in ("https://example.com", "null", "https://[::1"):  # the last of which is no URL
        with pytest.raises(HTTPClientError, match="403"):
            run(visitor.connect(origin=origin))
    route = f"{server.url}voila/api/shutdown/{visitor.kernel_id}"
    headers = {"Origin": "https://example.com"}
    assert run(fetch(route, visitor.cookie, headers, method="POST", body="")).code == 404
    assert run(fetch(f"{server.url}api/kernels/{visitor.kernel_id}", visitor.cookie)).code == 200


ROUTES = ("api/kernels", "api/sessions", "api/contents", "api/terminals", "api/me", "terminals", "voila/tree", "login")


def test_other_routes_are_closed(server: Server, run: Run) -> None:
    codes = {route: run(fetch(server.url + route, follow_redirects=False)).code for route in (*ROUTES, "voila/execution/1")}
    assert set(codes.values()) == {404}, codes


def test_a_flood_of_page_requests_gets_as_many_kernels_as_fit(server: Server, visitor: Visitor, run: Run) -> None:
    async def load_all() -> list[int]:
        return [answer.code for answer in await asyncio.gather(*(fetch(server.url) for _ in range(200)))]

    assert set(run(load_all())) == {200}
    assert run(count(server, "kernels_live")) <= MAX_KERNELS
    let_time_pass(server.process.pid)

    async def is_calm() -> bool:
        return await count(server, "kernels_live") <= 1

    run(until(is_calm))  # the kernels that nobody has connected to are ended
