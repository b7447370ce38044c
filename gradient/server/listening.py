"""Listening sockets that wait when the system has no descriptor for another connection."""

import socket
from typing import Any

from tornado.ioloop import IOLoop

from gradient.server.descriptors import note_shortage, shortage

_PAUSE_SECONDS = 1.0  # as asyncio's own servers wait


class PausingSocket(socket.socket):
    """A listening socket that accepts nothing for a second when there is no descriptor for a connection.

    It is for Tornado's servers, which would try again at once, and log an error each time.
    """

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection and its address.

        Raises:
            BlockingIOError: if there is none, or no descriptor for it.
        """
        try:
            return super().accept()
        except OSError as error:
            if not (words := shortage(error)):
                raise
            note_shortage(words)
            self._pause()
            raise BlockingIOError from error

    def _pause(self) -> None:
        loop = IOLoop.current()
        loop.update_handler(self, 0)
        loop.call_later(_PAUSE_SECONDS, self._resume)

    def _resume(self) -> None:
        if self.fileno() != -1:  # the server has not stopped meanwhile
            IOLoop.current().update_handler(self, IOLoop.READ)


def pausing(listening: socket.socket) -> PausingSocket:
    """The same socket as one that pauses; the other object is closed."""
    made = PausingSocket(listening.family, listening.type, listening.proto, fileno=listening.detach())
    made.setblocking(False)
    return made
