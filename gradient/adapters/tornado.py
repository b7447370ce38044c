"""The private parts of Tornado that this package uses."""

from typing import Any

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.iostream import IOStream
from tornado.web import GZipContentEncoding, RequestHandler
from tornado.websocket import WebSocketHandler, WebSocketProtocol13


class PacedProtocol(WebSocketProtocol13):
    """A websocket whose handler has a coroutine `pace`, which is awaited after each frame, before the next one is read.

    A handler is told of whole messages only, so nothing else could slow down pings, pongs and fragments.
    """

    async def _receive_frame(self) -> None:
        await super()._receive_frame()
        handler: Any = self.handler
        await handler.pace()


def paced(handler: WebSocketHandler, protocol: object) -> PacedProtocol | None:
    """The same protocol as a paced one; None for none. Its parameters are on the protocol that the handler has made."""
    if not isinstance(protocol, WebSocketProtocol13):
        return None
    return PacedProtocol(handler, mask_outgoing=False, params=protocol.params)


class GzipTransform(GZipContentEncoding):
    """Compression of some answers. Tornado's own compresses even for a client that names gzip only to refuse it."""

    def __init__(self, request: HTTPServerRequest) -> None:
        """One for each request."""
        self._gzipping = self.is_accepted(request.headers.get("Accept-Encoding", ""))  # what Tornado decides by

    def is_accepted(self, accepted: str) -> bool:
        """Whether a header Accept-Encoding asks for gzip."""
        raise NotImplementedError

    def is_due(self, headers: HTTPHeaders) -> bool:
        """Whether an answer with these headers is one to compress."""
        raise NotImplementedError

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Tornado's method, which says in any case that the answer varies with the header."""
        self._gzipping = self._gzipping and self.is_due(headers)
        return super().transform_first_chunk(status_code, headers, chunk, finishing)


def close_at_once(handler: WebSocketHandler) -> None:
    """Closes the connection of a websocket without a closing handshake, which would wait behind everything unsent."""
    connection: Any = handler.ws_connection
    if connection:
        connection.stream.close()


def abandon(handler: RequestHandler) -> None:
    """Closes the connection of a request in the middle of its answer; `finish` would wait for what is unsent."""
    handler.detach().close()


def peer_of(request: HTTPServerRequest) -> Any:
    """The other end of a request's socket, as `socket.getpeername` has it; None if it is not known.

    `remote_ip` is no substitute: with `xheaders` it is what a header says.
    """
    return getattr(getattr(request.connection, "context", None), "address", None)


def peer_of_connection(connection: Any) -> Any:
    """The same for the connection of a request whose headers are just arriving."""
    return connection.context.address


def stream_of(server_connection: Any) -> IOStream:
    """The stream of a connection, by which a server's `handle_stream` and `start_request` speak of the same one."""
    return server_connection.stream
