"""A TCP proxy on 127.0.0.1 that makes loopback as slow as a network of a given round trip time.

It adds latency only: every chunk arrives half a round trip after it was sent, in order, however many are on their way.
Bandwidth, loss and TCP's slow start are not modelled, so a page that downloads megabytes loads at best this fast.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

HOST = "127.0.0.1"
CHUNK_BYTES = 65536
END = b""


class Meter:
    """Bytes delivered to the clients of a proxy, headers and websocket frames included."""

    def __init__(self) -> None:
        self.downstream = 0


class Line(NamedTuple):
    """The latency of one connection.

    Loopback connects at once. On a network the first bytes wait one round trip for TCP's handshake, so nothing counts as
    sent before `ready`; a connection that a browser opened ahead of its first request has then had its handshake.

    Attributes:
        one_way: seconds a chunk is under way.
        ready: when the handshake ends, in the event loop's seconds.
    """

    one_way: float
    ready: float

    def due(self, now: float) -> float:
        """When a chunk sent `now` arrives; both in the event loop's seconds."""
        return max(now, self.ready) + self.one_way


Queue = asyncio.Queue[tuple[float, bytes]]


@contextlib.asynccontextmanager
async def delaying(port: int, rtt_ms: float, meter: Meter | None = None) -> AsyncIterator[int]:
    """Forward to 127.0.0.1:`port` with a round trip time in milliseconds; yields the proxy's port."""
    connections: set[asyncio.Task[None]] = set()
    meter = meter or Meter()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_connect(reader, writer, port, rtt_ms / 1000, meter))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_server(accept, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


@contextlib.contextmanager
def delayed(port: int, rtt_ms: float, meter: Meter | None = None) -> Iterator[int]:
    """Same as `delaying`, for code without an event loop: the proxy runs in a thread of its own."""
    with _loop_in_thread() as loop:
        proxy = delaying(port, rtt_ms, meter)
        proxy_port = asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result()
        try:
            yield proxy_port
        finally:
            asyncio.run_coroutine_threadsafe(proxy.__aexit__(None, None, None), loop).result()


@contextlib.contextmanager
def _loop_in_thread() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in another thread meanwhile."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="latency proxy", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _connect(client: asyncio.StreamReader, reply: asyncio.StreamWriter, port: int, rtt: float, meter: Meter) -> None:
    """Carry one client's connection, until both ways have ended or one of them broke."""
    line = Line(rtt / 2, asyncio.get_running_loop().time() + rtt)
    with contextlib.closing(reply):
        try:
            server, request = await asyncio.open_connection(HOST, port)
            with contextlib.closing(request):
                async with asyncio.TaskGroup() as ways:
                    ways.create_task(_carry(client, request, line, Meter()))
                    ways.create_task(_carry(server, reply, line, meter))
        except* ConnectionError:
            pass  # either end may vanish at any time, as a closed browser tab does


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter, line: Line, meter: Meter) -> None:
    """One way of a connection, to its end."""
    queue: Queue = asyncio.Queue()
    async with asyncio.TaskGroup() as way:
        way.create_task(_receive(source, queue, line))
        way.create_task(_deliver(queue, sink, meter))


async def _receive(source: asyncio.StreamReader, queue: Queue, line: Line) -> None:
    """Read without waiting for what is under way, so that latency does not limit throughput."""
    chunk = None
    while chunk != END:
        chunk = await source.read(CHUNK_BYTES)
        queue.put_nowait((line.due(asyncio.get_running_loop().time()), chunk))


async def _deliver(queue: Queue, sink: asyncio.StreamWriter, meter: Meter) -> None:
    """Write every chunk when it is due; an end of stream closes this way only (half-close)."""
    while (chunk := await _next_due(queue)) != END:
        sink.write(chunk)
        meter.downstream += len(chunk)
        await sink.drain()
    sink.write_eof()


async def _next_due(queue: Queue) -> bytes:
    """The next chunk, once it is due; without a trip through the event loop if it is due already."""
    due, chunk = await queue.get()
    left = due - asyncio.get_running_loop().time()
    if left > 0:
        await asyncio.sleep(left)
    return chunk
