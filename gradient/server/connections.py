"""Bounds for connections, before any handler is involved: their number, headers, bodies, time and memory."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPMessageDelegate
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream

from gradient.adapters.tornado import peer_of_connection, stream_of
from gradient.server import metrics
from gradient.server.addresses import address_in, client_network
from gradient.server.connection_slots import ConnectionSlots
from gradient.server.listening import pausing
from gradient.server.requests import LimitedRequest, Request, RequestInTurn
from gradient.server.turns import Turns

_HEADER_BYTES = 1 << 14
_BODY_BYTES = 1 << 10  # the only request with a body says that a page is closed, and its body is empty
_UNSENT_BYTES = 1 << 23
PIECE_BYTES = 1 << 14  # of an answer that are written at once, and wait in memory for a client that reads slowly
_TURNS = 10  # of the event loop, in which what has come becomes a request
_SEARCHED = 8  # connections, for one that can be closed at once
_PRUNE_SECONDS = 0.1  # between two searches for connections that have been closed


@dataclass(frozen=True)
class Bounds:
    """The bounds of connections.

    Attributes:
        max_connections: from all addresses together.
        burst: connections beyond that, while it is decided which ones are closed.
        per_address: from one client network; 0 is no limit. A proxy's connection counts for the client of its current request,
            and for nobody between two requests.
        trusted_proxies: how many of the last entries of X-Forwarded-For can be believed.
        request_seconds: within which a request's headers have to arrive, and again its body, and within which a client has to
            read some of what is sent to it.
    """

    max_connections: int = 1000
    burst: int = 128
    per_address: int = 200
    trusted_proxies: int = 0
    request_seconds: float = 30


def _has_unread(stream: IOStream) -> bool:
    """Whether bytes have arrived that the server has not read yet; in a burst they may be a whole request."""
    try:
        return not stream.closed() and bool(stream.socket.recv(1, socket.MSG_PEEK))
    except OSError:  # nothing has come, or the connection is lost
        return False


class BoundedServer(HTTPServer):
    """Tornado's server, with bounds against clients that are slow, silent, too many, or send too much.

    `HTTPServer.configure(BoundedServer, bounds=Bounds(...))` makes applications use it.
    """

    def initialize(self, request_callback: Any, bounds: Bounds = Bounds(), **options: Any) -> None:  # type: ignore[override]
        """Takes the application, the bounds, and the options of Tornado's server."""
        self._bounds, self._slots, self._turns = bounds, ConnectionSlots(bounds.per_address), Turns()
        self._streams, self._pruned_at = WeakKeyDictionary[IOStream, None](), 0.0
        # In the order in which they began to wait: connections without a whole request yet, and those between two requests.
        self._silent, self._idle = WeakKeyDictionary[IOStream, None](), WeakKeyDictionary[IOStream, None]()
        self._answered = WeakKeyDictionary[IOStream, float]()  # those with a whole request, and since when
        self._is_closing = False
        limits = {
            "max_header_size": _HEADER_BYTES,
            "max_body_size": _BODY_BYTES,
            "idle_connection_timeout": bounds.request_seconds,
            "body_timeout": bounds.request_seconds,
        }
        super().initialize(request_callback, **(limits | options))

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Accepts connections on listening sockets, which it takes over, and waits while there is no descriptor for one."""
        super().add_sockets([pausing(listening) for listening in sockets])

    def handle_stream(self, stream: IOStream, address: tuple) -> None:
        """Serves a connection, or closes it if there are too many. One beyond the bound may be a visitor's: `_dispensable`."""
        has_room = self._excess() < self._bounds.burst or self._close_silent()
        if not has_room or not (self._bounds.trusted_proxies or self._slots.claim(stream, address[0])):
            self._refuse(stream)
            return
        self._streams[stream] = self._silent[stream] = None
        stream.max_write_buffer_size = _UNSENT_BYTES
        with contextlib.suppress(AttributeError, OSError):  # not on every operating system
            milliseconds = int(1000 * self._bounds.request_seconds)
            stream.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        turn = None if self._bounds.trusted_proxies else self._turns.take(client_network(address[0]))
        if turn:
            turn.add_done_callback(lambda _: self._serve(stream, address))
        else:
            self._serve(stream, address)
        self._close_excess()

    def _serve(self, stream: IOStream, address: tuple) -> None:
        if not stream.closed():
            super().handle_stream(stream, address)

    def _excess(self) -> int:
        """By how many connections the bound is exceeded. To save time, it does not search for closed ones each time."""
        most = self._bounds.max_connections
        if len(self._streams) >= most and time.monotonic() - self._pruned_at > _PRUNE_SECONDS:
            self._prune()
        return len(self._streams) - most

    def _prune(self) -> None:
        """Forgets closed connections."""
        self._pruned_at = time.monotonic()
        for stream in [stream for stream in self._streams if stream.closed()]:
            del self._streams[stream]

    def _close_silent(self) -> bool:
        """Closes the connection that has waited longest for its first request, if there is one; returns whether there was."""
        silent = next((stream for stream in islice(self._silent, _SEARCHED) if not _has_unread(stream)), None)
        if silent:
            self._refuse(silent)
        return silent is not None

    def _close_excess(self) -> None:
        if self._excess() > 0 and not self._is_closing:
            self._is_closing = True
            IOLoop.current().spawn_callback(self._close_some)

    async def _close_some(self) -> None:
        """Closes connections down to the bound, once the bytes that have arrived have become requests."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        self._is_closing = False
        self._prune()  # or too many would be closed
        for stream in self._dispensable(max(0, self._excess())):
            self._refuse(stream)
        self._close_excess()  # the next time those that have something unread now

    def _dispensable(self, number: int) -> list[IOStream]:
        """At most so many connections that can be closed, none of which has unread bytes of a request.

        First go those that have waited longest for their first request, then those that wait for another one, then those that
        have not read an answer for longer than a request may take, then the newest: those that wait first, since a request may
        still be on its way, then those whose request has come.
        """
        newest = list(self._streams)[: -number - 1 : -1]
        waiting = [stream for stream in [*self._silent, *self._idle] if not (stream.closed() or _has_unread(stream))]
        older, newer = ([stream for stream in waiting if (stream in newest) is is_new] for is_new in (False, True))
        under_way = [stream for stream in newest if stream in self._answered]
        return list(dict.fromkeys([*older, *self._slow(), *newer, *under_way]))[:number]

    def _slow(self) -> list[IOStream]:
        """Connections whose clients read slower than the server writes, the slowest first."""
        until = time.monotonic() - self._bounds.request_seconds
        return [stream for stream, since in self._answered.items() if since < until and stream.writing()]

    def _refuse(self, stream: IOStream) -> None:
        for streams in (self._streams, self._silent, self._idle, self._answered):
            streams.pop(stream, None)
        metrics.connections_refused.inc()
        stream.close()

    def start_request(self, server_conn: Any, request_conn: Any) -> HTTPMessageDelegate:
        """Expects the next request on a connection."""
        delegate, stream = super().start_request(server_conn, request_conn), stream_of(server_conn)
        self._answered.pop(stream, None)
        if stream not in self._silent:
            self._idle[stream] = None
        proxies, peer = self._bounds.trusted_proxies, peer_of_connection(request_conn)
        if proxies:
            self._slots.release(stream)
            delegate = LimitedRequest(delegate, request_conn, stream, self._slots, proxies)
        delegate = RequestInTurn(delegate, self._turns, lambda headers: address_in(headers, peer, proxies))
        return Request(delegate, lambda: self._note_request(stream))

    def _note_request(self, stream: IOStream) -> None:
        self._silent.pop(stream, None)
        self._idle.pop(stream, None)
        self._answered[stream] = time.monotonic()
