"""Bounds for what a connection may take before a handler sees it: headers, bodies, time, and memory."""

import contextlib
import socket
from typing import Any
from weakref import WeakSet

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from gradient.server import counters

_HEADER_BYTES = 1 << 14
_BODY_BYTES = 1 << 10  # the only body is a farewell's, which is empty
_UNSENT_BYTES = 1 << 23


class BoundedServer(HTTPServer):
    """Tornado's server for clients that are slow, silent, many, or send too much.

    `HTTPServer.configure(BoundedServer, max_connections=...)` makes it the one that an application listens with.
    """

    def initialize(  # type: ignore[override]
        self, request_callback: Any, max_connections: int = 1000, request_seconds: float = 30, **options: Any
    ) -> None:
        """Takes what Tornado's server takes, and two bounds more.

        Args:
            request_callback: the application.
            max_connections: from all addresses together.
            request_seconds: in which a request's headers have to come, again its body, and in which a client has to take some
                of what is sent to it.
            options: see `tornado.httpserver.HTTPServer`.
        """
        self._max_connections, self._streams = max_connections, WeakSet[IOStream]()
        self._milliseconds = int(1000 * request_seconds)
        bounds = {
            "max_header_size": _HEADER_BYTES,
            "max_body_size": _BODY_BYTES,
            "idle_connection_timeout": request_seconds,
            "body_timeout": request_seconds,
        }
        super().initialize(request_callback, **(bounds | options))

    def handle_stream(self, stream: IOStream, address: tuple) -> None:
        """Takes a connection, or closes it if there are too many."""
        if len(self._streams) >= self._max_connections:
            self._streams = WeakSet(stream for stream in self._streams if not stream.closed())
        if len(self._streams) >= self._max_connections:
            counters.connections_refused.inc()
            stream.close()
            return
        self._streams.add(stream)
        stream.max_write_buffer_size = _UNSENT_BYTES
        with contextlib.suppress(AttributeError, OSError):  # where the operating system has no such thing
            stream.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self._milliseconds)
        super().handle_stream(stream, address)


def raise_open_files(wanted: int = 1 << 16) -> None:
    """Lets this process have up to so many open files, if the system permits: every connection is one."""
    with contextlib.suppress(ImportError):  # on Windows, which has no such limit
        import resource  # noqa: PLC0415

        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = wanted if most == resource.RLIM_INFINITY else min(most, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, most), most))
