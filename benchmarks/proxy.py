"""A TCP proxy on 127.0.0.1 that makes loopback as slow as a network with a given round trip time (RTT).

It adds latency only: every chunk arrives half a round trip after it was sent, in order, however many are in flight.
Bandwidth, packet loss and TCP's slow start are not modelled, so a page that downloads megabytes takes at least this long.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

HOST = "127.0.0.1"
CHUNK_BYTES = 65536
END_OF_STREAM = b""


class ByteCounter:
    """Bytes that a proxy has delivered to its clients, headers and websocket frames included."""

    def __init__(self) -> None:
        self.total = 0


class Latency(NamedTuple):
    """The latency of one connection.

    Loopback connects at once. On a network the first bytes wait one round trip for TCP's handshake, so nothing counts as
    sent before `connected_at`; a connection that a browser opened ahead of its first request has had its handshake by then.

    Attributes:
        one_way: seconds from sending a chunk to its arrival.
        connected_at: when the handshake ends, in the event loop's seconds.
    """

    one_way: float
    connected_at: float

    def arrival(self, now: float) -> float:
        """When a chunk that is sent `now` arrives; both in the event loop's seconds."""
        return max(now, self.connected_at) + self.one_way


Queue = asyncio.Queue[tuple[float, bytes]]


@contextlib.contextmanager
def delayed(port: int, rtt_ms: float, received: ByteCounter | None = None) -> Iterator[int]:
    """Forwards to 127.0.0.1:`port` with a round trip time in milliseconds, in a thread; yields the proxy's port.

    Args:
        received: counts what the clients receive.
    """
    with _event_loop_in_thread() as loop:
        proxy = _proxying(port, rtt_ms / 1000, received or ByteCounter())
        proxy_port = asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result()
        try:
            yield proxy_port
        finally:
            asyncio.run_coroutine_threadsafe(proxy.__aexit__(None, None, None), loop).result()


@contextlib.contextmanager
def _event_loop_in_thread() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="latency proxy", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextlib.asynccontextmanager
async def _proxying(port: int, rtt: float, received: ByteCounter) -> AsyncIterator[int]:
    connections: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_connect(reader, writer, port, rtt, received))
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


async def _connect(
    client: asyncio.StreamReader, reply: asyncio.StreamWriter, port: int, rtt: float, received: ByteCounter
) -> None:
    """Forwards one client's connection, until both directions have ended or one of them broke."""
    latency = Latency(rtt / 2, asyncio.get_running_loop().time() + rtt)
    with contextlib.closing(reply):
        try:
            server, request = await asyncio.open_connection(HOST, port)
            with contextlib.closing(request):
                async with asyncio.TaskGroup() as directions:
                    directions.create_task(_forward(client, request, latency, ByteCounter()))
                    directions.create_task(_forward(server, reply, latency, received))
        except* ConnectionError:
            pass  # either end may vanish at any time, as a closed browser tab does


async def _forward(source: asyncio.StreamReader, sink: asyncio.StreamWriter, latency: Latency, delivered: ByteCounter) -> None:
    """Forwards one direction of a connection, until it ends."""
    queue: Queue = asyncio.Queue()
    async with asyncio.TaskGroup() as direction:
        direction.create_task(_receive(source, queue, latency))
        direction.create_task(_deliver(queue, sink, delivered))


async def _receive(source: asyncio.StreamReader, queue: Queue, latency: Latency) -> None:
    """Reads without waiting for what is in flight, so that latency does not limit throughput."""
    chunk = None
    while chunk != END_OF_STREAM:
        chunk = await source.read(CHUNK_BYTES)
        queue.put_nowait((latency.arrival(asyncio.get_running_loop().time()), chunk))


async def _deliver(queue: Queue, sink: asyncio.StreamWriter, delivered: ByteCounter) -> None:
    """Writes every chunk when it arrives; an end of stream closes this direction only (half-close)."""
    while (chunk := await _next_arrival(queue)) != END_OF_STREAM:
        sink.write(chunk)
        delivered.total += len(chunk)
        await sink.drain()
    sink.write_eof()


async def _next_arrival(queue: Queue) -> bytes:
    """The next chunk, at its time of arrival; without a trip through the event loop if that has passed."""
    arrival, chunk = await queue.get()
    remaining = arrival - asyncio.get_running_loop().time()
    if remaining > 0:
        await asyncio.sleep(remaining)
    return chunk
