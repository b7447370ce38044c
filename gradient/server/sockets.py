"""The websockets between pages and kernels: who may open one, how many, and how fast it may send."""

import asyncio
import base64
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamBufferFullError
from tornado.websocket import WebSocketClosedError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from gradient.adapters.jupyter_server import forget_session
from gradient.adapters.tornado import PacedProtocol, close_at_once, paced
from gradient.server import metrics
from gradient.server.bucket import Bucket
from gradient.server.guard import PROTOCOL, GuardedConnection
from gradient.server.loop_time import LoopTime
from gradient.server.models import Models
from gradient.server.visitor import OwnerOnlyHandler, refusal

TRY_AGAIN_LATER = 1013  # a close code registered with IANA

# A page that follows its slider at 144 frames a second sends at most three messages with each, each in a frame of its own.
_FRAMES, _FRAMES_BURST = 450, 900  # a second, and at once
_BYTES, _BYTES_BURST = 1 << 18, 1 << 20
_READING = 5e-5  # seconds of processor time for a frame, be it a message or not
_OPEN_RATE, _OPEN_BURST = 0.5, 10.0  # sockets of one kernel
_MAX_SOCKETS = 2  # of one kernel: its page's, and one that a broken network has not ended yet
_PENDING_SECONDS = 30.0  # within which the kernel has to answer one of the pending messages
_POLL_SECONDS = 1.0  # between two checks whether the kernel that a socket waits for is still running
_MAX_SESSION = 64  # characters


@dataclass(eq=False)
class _SocketSlots:
    """The sockets of one kernel."""

    open: WeakSet["KernelSocket"] = field(default_factory=WeakSet)
    rate: Bucket = field(default_factory=lambda: Bucket(_OPEN_RATE, _OPEN_BURST))
    loop_time: LoopTime = field(default_factory=LoopTime)


_SLOTS: WeakKeyDictionary[Any, _SocketSlots] = WeakKeyDictionary()  # by the kernel's manager


class KernelSocket(OwnerOnlyHandler, VoilaKernelWebsocketHandler):
    """A websocket to a kernel: for its owner only, in protocol v1, and no faster than a page sends."""

    _slots: _SocketSlots | None = None
    connection: GuardedConnection | None = None

    async def prepare(self, *args: Any, **options: Any) -> None:
        """Refuses a socket before it costs anything.

        Raises:
            HTTPError: 400 without a handshake, the subprotocol or a valid session, 403 for a foreign origin, 404 for somebody
                else's kernel, 429 for too many sockets.
        """
        await super().prepare(*args, **options)
        if not _is_handshake(self.request.headers):
            raise refusal(400, "handshake")
        if PROTOCOL not in map(str.strip, self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")):
            raise refusal(400, "subprotocol")
        session = self.get_query_argument("session_id", "")
        if not (session.isascii() and session.isprintable() and 0 < len(session) <= _MAX_SESSION):
            raise refusal(400, "session")
        slots = _SLOTS.setdefault(self.kernel_manager.get_kernel(self.kernel_id_in_path), _SocketSlots())
        if len(slots.open) >= _MAX_SOCKETS or not slots.rate.try_take():
            raise refusal(429, "number")
        slots.open.add(self)
        self._slots, self._loop_time = slots, slots.loop_time
        self._frames, self._bytes = Bucket(_FRAMES, _FRAMES_BURST), Bucket(_BYTES, _BYTES_BURST)

    def get_websocket_protocol(self) -> PacedProtocol | None:
        """The protocol that reads the frames."""
        return paced(self, super().get_websocket_protocol())

    async def pace(self) -> None:
        """Waits if frames come too fast, or have taken much of the loop; the next one is not read until this returns."""
        self._loop_time.charge(_READING)
        await _wait(max(self._frames.take(), self._loop_time.wait()))

    async def pre_get(self) -> None:
        """Waits until the kernel answers, and until the server knows what its page may send.

        Raises:
            HTTPError: 400 for a client that has gone meanwhile, and must not be connected; 404 if the kernel has.
        """
        kernels: Any = self.kernel_manager
        allowlist = await kernels.allowlist()
        await self._wait_for_kernel()
        if self.connection is None:
            raise refusal(400, "gone")
        kernel = kernels.get_kernel(self.kernel_id_in_path)
        kernel.models = kernel.models or Models(allowlist.links)  # those of the page's sockets before this one
        self.connection.allowlist, self.connection.models = allowlist, kernel.models
        self.connection.loop_time = self._loop_time

    async def _wait_for_kernel(self) -> None:
        """Waits until the kernel answers; jupyter_server would wait for one that has ended, and then fail."""
        answers = asyncio.ensure_future(super().pre_get())
        try:
            while not (await asyncio.wait([answers], timeout=_POLL_SECONDS))[0]:
                if self.kernel_id_in_path not in self.kernel_manager:
                    raise refusal(404, "kernel")
        finally:
            answers.cancel()
        if answers.exception() and self.kernel_id_in_path not in self.kernel_manager:
            raise refusal(404, "kernel")
        await answers

    async def open(self, kernel_id: str) -> None:
        """Connects the page with its kernel, or cleans up after a failed attempt."""
        self.set_nodelay(True)  # or an answer waits until the browser has acknowledged the one before, 40 ms later
        try:
            await super().open(kernel_id)
        except BaseException:
            self.on_connection_close()  # Tornado does not call it before the first frame
            raise

    def on_close(self) -> None:
        """Frees the socket's slot."""
        self._free_slot()
        if self.connection:
            super().on_close()

    def on_finish(self) -> None:
        """Frees the slot of a request that did not become a socket, that is, was not answered with status 101."""
        if self.get_status() != 101:
            self._free_slot()
            if self.connection:
                forget_session(self.connection)
        super().on_finish()

    def _free_slot(self) -> None:
        if self._slots:
            self._slots.open.discard(self)

    async def on_message(self, ws_message: Any) -> None:
        """Takes one frame. The next one is not read until this returns, so a flood waits in the network."""
        await _wait(self._bytes.take(len(ws_message)))
        connection = self.connection
        if connection is None:
            return
        super().on_message(ws_message)
        if connection.has_capacity.is_set():
            return
        metrics.frames_delayed.inc()
        try:
            await asyncio.wait_for(connection.has_capacity.wait(), _PENDING_SECONDS)
        except TimeoutError:
            self.close(TRY_AGAIN_LATER, "the kernel does not answer")

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Sends to the page, or disconnects it if it does not read what was sent before."""
        try:
            sent = super().write_message(message, binary)
        except WebSocketClosedError:
            return None
        except StreamBufferFullError:
            metrics.sockets_refused.labels("slow").inc()
            close_at_once(self)
            return None
        if sent:
            sent.add_done_callback(lambda future: future.cancelled() or future.exception())
        return sent


def _is_handshake(headers: HTTPHeaders) -> bool:
    """Whether a request asks for a websocket as RFC 6455, section 4.2.1, requires. Tornado asks when all else is prepared."""
    try:
        key = base64.b64decode(headers.get("Sec-WebSocket-Key", ""), validate=True)
    except ValueError:
        return False
    upgrades = {word.strip().lower() for word in headers.get("Connection", "").split(",")}
    is_upgrade = headers.get("Upgrade", "").lower() == "websocket" and "upgrade" in upgrades
    return len(key) == 16 and is_upgrade and headers.get("Sec-WebSocket-Version") == "13"


async def _wait(seconds: float) -> None:
    if seconds:
        metrics.frames_delayed.inc()
        await asyncio.sleep(seconds)
