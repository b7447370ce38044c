"""The guard of the kernels' websockets: what comes in is checked and paced, and what goes out tells no secrets.

A page that says what the app's page says never notices. What it should not say is dropped and counted; a socket that goes on
like that is closed, and its page computes on in the browser.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.iostream import StreamBufferFullError
from tornado.websocket import WebSocketClosedError, WebSocketProtocol13
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from gradient.server import frames, metrics, visitor
from gradient.server.allowlist import NOTHING
from gradient.server.bucket import Bucket
from gradient.server.frames import FrameError, Message
from gradient.server.visitor import OwnerOnlyHandler, refusal

PROTOCOL = "v1.kernel.websocket.jupyter.org"

POLICY, TRY_AGAIN_LATER = 1008, 1013  # codes of RFC 6455 with which a socket is closed

# A page that follows its slider at 144 frames a second sends at most three messages with each, each in one frame of its own.
_FRAMES, _BURST = 450, 900
_BYTES, _BYTES_BURST = 1 << 18, 1 << 20
_MAX_REFUSED = 20  # frames, after which a socket is closed
_MAX_PENDING = 64  # messages that the kernel has not yet dealt with
_PENDING_SECONDS = 30.0  # seconds that a kernel may take to deal with any of them
_MAX_SOCKETS = 2  # of one kernel: its page's, and the one that a lost network has not yet ended
_OPEN_RATE, _OPEN_BURST = 0.5, 10.0  # of sockets in a second, and at once
_MAX_SESSION = 64  # characters

# How often a socket may ask for what is costly: a page does once each time that it connects, or once for each widget.
_QUOTA = {"comm_open": 8, "request_states": 8, "request_state": 1000}

_ERROR = {"ename": "Error", "evalue": "An error occurred on the server.", "traceback": []}


class GuardedConnection(ZMQChannelsWebsocketConnection):
    """Between a websocket and a kernel: passes on what a page may say, and what it may know.

    Attributes:
        allowlist: which messages are let through.
        has_capacity: set while the kernel can take another message.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.allowlist = NOTHING
        self.has_capacity = asyncio.Event()
        self.has_capacity.set()
        self._pending: set[str] = set()
        self._quota = dict(_QUOTA)
        self._comms: set[str] = set()
        self._num_refused = 0
        self._is_counted = self._is_left = False

    def connect(self) -> Any:
        """Connects to the kernel; returns what is done when the page can speak with it."""
        self._count()
        return super().connect()

    def disconnect(self) -> None:  # type: ignore[override] # as in what it extends
        """Leaves the kernel, once. A page can go before it is connected; leaving takes back what connecting has counted."""
        if not self._is_left:
            self._is_left = True
            if not self._is_counted:
                self.multi_kernel_manager.notify_connect(self.kernel_id)
            self._count()
            super().disconnect()

    def _count(self) -> None:
        self._is_counted = True
        self._open_sockets.add(self)

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Lets a frame through if it is one that a page sends; counts it otherwise."""
        if self.subprotocol != PROTOCOL:  # a socket that is being closed has none any more, and would be read in another one
            return
        try:
            message = frames.read(incoming_msg)
            self.allowlist.check(message)
            self._admit(message)
        except FrameError as refusal:
            self._refuse(refusal.reason)
            return
        super().handle_incoming_message(incoming_msg)

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Passes on what a kernel says, but no traceback, and nothing of what it writes to its error stream."""
        _, parts = self.session.feed_identities(outgoing_msg)
        _, header, parent, _, content = parts[:5]
        kind = self.session.unpack(header)["msg_type"]
        if kind == "status":
            self._note_status(parent, content)
        elif kind == "error":
            outgoing_msg = [*outgoing_msg[: -len(parts)], *parts[:4], self.session.pack(_ERROR), *parts[5:]]
        elif kind == "stream" and self.session.unpack(content)["name"] == "stderr":
            return
        super().handle_outgoing_message(stream, outgoing_msg)

    def on_kernel_restarted(self) -> None:
        """Expects no more answers from the kernel before."""
        self._pending.clear()
        self.has_capacity.set()
        super().on_kernel_restarted()

    def _admit(self, message: Message) -> None:
        """Refuses what is well formed and once too often; knows from now on what has been asked of the kernel."""
        if message.id in self._pending:
            raise FrameError("malformed")
        asked = message.content["data"]["method"] if message.type == "comm_msg" else message.type
        if self._quota.get(asked) == 0:
            raise FrameError("quota")
        self._track_comms(message)
        if asked in self._quota:
            self._quota[asked] -= 1
        self._pending.add(message.id)
        if len(self._pending) >= _MAX_PENDING:
            self.has_capacity.clear()

    def _track_comms(self, message: Message) -> None:
        """Sees that a page closes only what it has opened."""
        if message.type == "comm_open":
            self._comms.add(message.content["comm_id"])
        elif message.type == "comm_close":
            if message.content["comm_id"] not in self._comms:
                raise FrameError("target")
            self._comms.remove(message.content["comm_id"])

    def _note_status(self, parent: Any, content: Any) -> None:
        if self.session.unpack(content).get("execution_state") == "idle":
            self._pending.discard(self.session.unpack(parent).get("msg_id", ""))
        if len(self._pending) < _MAX_PENDING:
            self.has_capacity.set()

    def _refuse(self, reason: str) -> None:
        metrics.frames_refused.labels(reason).inc()
        self._num_refused += 1
        if self._num_refused == _MAX_REFUSED:
            self.websocket_handler.close(POLICY, "unexpected messages")


@dataclass(eq=False)
class _SocketSlots:
    """The sockets of one kernel."""

    open: WeakSet["KernelSocket"] = field(default_factory=WeakSet)
    rate: Bucket = field(default_factory=lambda: Bucket(_OPEN_RATE, _OPEN_BURST))


_SLOTS: WeakKeyDictionary[Any, _SocketSlots] = WeakKeyDictionary()  # by the kernel's manager


class _PacedProtocol(WebSocketProtocol13):
    """Takes pings, pongs and pieces of messages no faster than messages, of which alone the handler hears."""

    async def _receive_frame(self) -> None:
        await super()._receive_frame()
        socket: Any = self.handler
        await socket.pace()


class KernelSocket(OwnerOnlyHandler, VoilaKernelWebsocketHandler):
    """The websocket of a page with its kernel: for this kernel's visitor, in protocol v1, and no faster than a page speaks."""

    _slots: _SocketSlots | None = None
    connection: GuardedConnection | None = None

    async def prepare(self, *args: Any, **options: Any) -> None:
        """Refuses a socket before it costs anything.

        Raises:
            HTTPError: 400 without the subprotocol or with no fitting name of a session, 403 for a foreign origin, 404 for
                somebody else's kernel, 429 for too many.
        """
        await super().prepare(*args, **options)
        if PROTOCOL not in self.request.headers.get("Sec-WebSocket-Protocol", "").replace(" ", "").split(","):
            raise refusal(400, "subprotocol")
        session = self.get_query_argument("session_id", "")
        if not (session.isascii() and session.isprintable() and 0 < len(session) <= _MAX_SESSION):
            raise refusal(400, "session")
        slots = _SLOTS.setdefault(self.kernel_manager.get_kernel(self.asked_kernel), _SocketSlots())
        if len(slots.open) >= _MAX_SOCKETS or not slots.rate.try_take():
            raise refusal(429, "number")
        slots.open.add(self)
        self._slots = slots
        self._frames, self._bytes = Bucket(_FRAMES, _BURST), Bucket(_BYTES, _BYTES_BURST)

    def get_websocket_protocol(self) -> _PacedProtocol | None:
        """What reads the frames."""
        plain = super().get_websocket_protocol()
        return _PacedProtocol(self, mask_outgoing=False, params=plain.params) if plain else None

    async def pace(self) -> None:
        """Waits if frames have come too fast. Until this is done the next is not read."""
        await _wait(self._frames.take())

    async def pre_get(self) -> None:
        """Waits until the kernel answers.

        Raises:
            HTTPError: 400 for a client that has gone meanwhile, which is not to be connected.
        """
        kernels: Any = self.kernel_manager
        allowlist = await kernels.allowlist()
        await super().pre_get()
        if self.connection is None:
            raise refusal(400, "gone")
        self.connection.allowlist = allowlist

    async def open(self, kernel_id: str) -> None:
        """Connects the page with its kernel, or leaves nothing of the attempt."""
        try:
            await super().open(kernel_id)
        except BaseException:
            self.on_connection_close()  # nobody else says so to a socket that has not come to its first frame
            raise

    def on_close(self) -> None:
        """Makes place for another socket."""
        self._leave()
        if self.connection:
            super().on_close()

    def on_finish(self) -> None:
        """The same if it has not come to a socket, which is an answer with the status 101."""
        if self.get_status() != 101:
            self._leave()
        super().on_finish()

    def _leave(self) -> None:
        if self._slots:
            self._slots.open.discard(self)

    async def on_message(self, ws_message: Any) -> None:
        """Takes one frame. Until this is done the next is not read, so that who floods waits in the network."""
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
        """Sends to the page, or hangs up if it has not taken what was sent before."""
        try:
            sent = super().write_message(message, binary)
        except WebSocketClosedError:
            return None
        except StreamBufferFullError:
            metrics.sockets_refused.labels("slow").inc()
            if self.ws_connection:
                self.ws_connection.stream.close()  # a farewell would wait behind all that was not taken
            return None
        if sent:
            sent.add_done_callback(lambda future: future.cancelled() or future.exception())
        return sent


async def _wait(seconds: float) -> None:
    if seconds:
        metrics.frames_delayed.inc()
        await asyncio.sleep(seconds)


HANDLERS: dict[str, type] = {**visitor.HANDLERS, "VoilaKernelWebsocketHandler": KernelSocket}
