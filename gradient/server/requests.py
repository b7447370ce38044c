"""Requests before any handler sees them: taken in turn, and refused if a proxy could see another end of them, or too many."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.httputil import HTTPHeaders, HTTPInputError, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream

from gradient.adapters.tornado import peer_of_connection
from gradient.server import metrics
from gradient.server.addresses import address_in, client_network
from gradient.server.connection_slots import ConnectionSlots
from gradient.server.turns import Turns

# Possessive, so that no target takes long: each part has one way to fit.
_ABSOLUTE = re.compile(r"https?://(?P<host>[^/?#@]++)(?P<path>[^#]*+)", re.IGNORECASE)


class Request(HTTPMessageDelegate):
    """A request; `on_whole` is called when all of it is there.

    Its target may be a whole URL, which is taken for its path and its host (RFC 9112, section 3.2.2). One whose end a proxy may
    see elsewhere is refused (section 6.1).
    """

    def __init__(self, delegate: HTTPMessageDelegate, on_whole: Callable[[], None]) -> None:
        self._delegate, self._on_whole = delegate, on_whole
        self.data_received = delegate.data_received  # type: ignore[method-assign]
        self.on_connection_close = delegate.on_connection_close  # type: ignore[method-assign]

    def finish(self) -> None:
        """Takes the end of the request."""
        self._on_whole()
        self._delegate.finish()

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Takes the beginning of the request, with its target as a path."""
        assert isinstance(start_line, RequestStartLine)
        if start_line.version == "HTTP/1.0" and "Transfer-Encoding" in headers:
            raise HTTPInputError("HTTP/1.0 has no encodings, so a proxy may see another end of this request.")
        if found := _ABSOLUTE.fullmatch(start_line.path):
            if len(headers.get_list("Host")) == 1:  # Tornado refuses any other number
                headers["Host"] = found["host"]
            path = found["path"] if found["path"].startswith("/") else f"/{found['path']}"
            start_line = start_line._replace(path=path)
        return self._delegate.headers_received(start_line, headers)


class RequestInTurn(HTTPMessageDelegate):
    """A request that begins when its client's network has a turn; `address` tells the client's address by the headers."""

    def __init__(self, delegate: HTTPMessageDelegate, turns: Turns, address: Callable[[HTTPHeaders], str]) -> None:
        self._delegate, self._turns, self._address = delegate, turns, address
        self.data_received, self.finish = delegate.data_received, delegate.finish  # type: ignore[method-assign]
        self.on_connection_close = delegate.on_connection_close  # type: ignore[method-assign]

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Takes the beginning of the request, when it is its turn."""
        turn = self._turns.take(client_network(self._address(headers)))
        return self._begin_later(turn, start_line, headers) if turn else self._delegate.headers_received(start_line, headers)

    async def _begin_later(
        self, turn: Awaitable[None], start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        await turn
        begun = self._delegate.headers_received(start_line, headers)
        if begun is not None:
            await begun


class LimitedRequest(HTTPMessageDelegate):
    """A request through a proxy: refused if its client has too many under way.

    It gets an answer, because a proxy whose connection is closed without one tries another server.
    """

    def __init__(
        self, delegate: HTTPMessageDelegate, connection: Any, stream: IOStream, slots: ConnectionSlots, trusted_proxies: int
    ) -> None:
        self._delegate, self._connection, self._stream = delegate, connection, stream
        self._slots, self._trusted_proxies = slots, trusted_proxies
        self.data_received, self.finish = delegate.data_received, delegate.finish  # type: ignore[method-assign]
        self.on_connection_close = delegate.on_connection_close  # type: ignore[method-assign]

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Takes the beginning of the request, or answers it with 429."""
        address = address_in(headers, peer_of_connection(self._connection), self._trusted_proxies)
        if self._slots.claim(self._stream, address):
            return self._delegate.headers_received(start_line, headers)
        metrics.connections_refused.inc()
        return self._refuse()

    async def _refuse(self) -> None:
        headers = HTTPHeaders({"Content-Length": "0", "Connection": "close", "Retry-After": "30"})
        await self._connection.write_headers(ResponseStartLine("HTTP/1.1", 429, "Too Many Requests"), headers)
        self._connection.detach().close()
