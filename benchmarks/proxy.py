"""A SOCKS5 proxy on 127.0.0.1 that makes loopback as slow as a network with a given round trip time (RTT).

It adds latency only: a connection is there one round trip after it was asked for, as with TCP's handshake, and every chunk
arrives half a round trip after it was sent, in order, however many are in flight. So a browser does what it does on a network:
while a connection is being made, a request takes another one that has become free. Bandwidth, packet loss and TCP's slow
start are not modelled, so a page that downloads megabytes takes at least this long.

The protocol is that of RFC 1928, without authentication. Only 127.0.0.1 can be reached.
"""

import asyncio
import contextlib
import ipaddress
import threading
from collections.abc import AsyncIterator, Iterator

HOST = "127.0.0.1"
CHUNK_BYTES = 65536
END_OF_STREAM = b""
VERSION, NO_AUTHENTICATION = 5, b"\x05\x00"
SUCCEEDED, NOT_ALLOWED = b"\x05\x00\x00\x01" + bytes(6), b"\x05\x02\x00\x01" + bytes(6)
ADDRESS_BYTES = {1: 4, 4: 16}  # by the type of an address, IPv4 or IPv6; a name, 3, says its own length


class ByteCounter:
    """Bytes that a proxy has delivered to its clients, headers and websocket frames included."""

    def __init__(self) -> None:
        self.total = 0


Queue = asyncio.Queue[tuple[float, bytes]]


@contextlib.contextmanager
def delayed(rtt_ms: float, received: ByteCounter | None = None) -> Iterator[str]:
    """Runs a proxy with a round trip time in milliseconds, in a thread; yields its address, as browsers take it.

    Args:
        received: counts what the clients receive.
    """
    with _event_loop_in_thread() as loop:
        proxy = _proxying(rtt_ms / 1000, received or ByteCounter())
        port = asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result()
        try:
            yield f"socks5://{HOST}:{port}"
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
async def _proxying(rtt: float, received: ByteCounter) -> AsyncIterator[int]:
    connections: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_connect(reader, writer, rtt, received))
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


async def _connect(client: asyncio.StreamReader, reply: asyncio.StreamWriter, rtt: float, received: ByteCounter) -> None:
    """Forwards one client's connection, until both directions have ended or one of them broke."""
    with contextlib.closing(reply):
        try:
            host, port = await _asked_for(client, reply)
            if host != HOST:
                reply.write(NOT_ALLOWED)
                return
            server, request = await asyncio.open_connection(HOST, port)
            with contextlib.closing(request):
                await asyncio.sleep(rtt)
                reply.write(SUCCEEDED)
                async with asyncio.TaskGroup() as directions:
                    directions.create_task(_forward(client, request, rtt / 2, ByteCounter()))
                    directions.create_task(_forward(server, reply, rtt / 2, received))
        except* (ConnectionError, asyncio.IncompleteReadError):
            pass  # either end may vanish at any time, as a closed browser tab does


async def _asked_for(client: asyncio.StreamReader, reply: asyncio.StreamWriter) -> tuple[str, int]:
    """The host and the port that a client asks for."""
    version, num_methods = await client.readexactly(2)
    assert version == VERSION
    await client.readexactly(num_methods)
    reply.write(NO_AUTHENTICATION)
    *_, kind = await client.readexactly(4)
    address = await client.readexactly(ADDRESS_BYTES.get(kind) or (await client.readexactly(1))[0])
    port = int.from_bytes(await client.readexactly(2), "big")
    return (str(ipaddress.ip_address(address)) if kind in ADDRESS_BYTES else address.decode()), port


async def _forward(source: asyncio.StreamReader, sink: asyncio.StreamWriter, one_way: float, delivered: ByteCounter) -> None:
    """Forwards one direction of a connection, with `one_way` seconds from sending a chunk to its arrival, until it ends."""
    queue: Queue = asyncio.Queue()
    async with asyncio.TaskGroup() as direction:
        direction.create_task(_receive(source, queue, one_way))
        direction.create_task(_deliver(queue, sink, delivered))


async def _receive(source: asyncio.StreamReader, queue: Queue, one_way: float) -> None:
    """Reads without waiting for what is in flight, so that latency does not limit throughput."""
    chunk = None
    while chunk != END_OF_STREAM:
        chunk = await source.read(CHUNK_BYTES)
        queue.put_nowait((asyncio.get_running_loop().time() + one_way, chunk))


async def _deliver(queue: Queue, sink: asyncio.StreamWriter, delivered: ByteCounter) -> None:
    """Writes every chunk when it arrives; an end of stream closes this direction only (half-close)."""
    while (chunk := await _next_arrival(queue)) != END_OF_STREAM:
        sink.write(chunk)
        delivered.total += len(chunk)
        await sink.drain()
    with contextlib.suppress(OSError):  # the other side may be gone
        sink.write_eof()


async def _next_arrival(queue: Queue) -> bytes:
    """The next chunk, at its time of arrival; without a trip through the event loop if that has passed."""
    arrival, chunk = await queue.get()
    remaining = arrival - asyncio.get_running_loop().time()
    if remaining > 0:
        await asyncio.sleep(remaining)
    return chunk
