"""The guard between a page and its kernel: it checks and paces what comes in, and takes secrets out of what goes out.

A page that sends what the app's page sends never notices. Anything else is dropped and counted. A change of a widget that is
refused is answered as the kernel would answer it, so that the control takes the next one: an honest page can have sent it. A
socket that keeps sending anything else is closed, and its page carries on in the browser.
"""

import asyncio
from typing import Any

from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from gradient.adapters.jupyter_server import note_open
from gradient.server import frames, metrics
from gradient.server.allowlist import NOTHING, WidgetError
from gradient.server.frames import FrameError, Message
from gradient.server.loop_time import LoopTime
from gradient.server.models import Models

PROTOCOL = "v1.kernel.websocket.jupyter.org"
POLICY_VIOLATION = 1008  # a close code of RFC 6455

_MAX_REFUSED = 20  # frames, after which a socket is closed
_MAX_PENDING = 64  # messages that the kernel has not answered yet

# How often a socket may ask for something expensive. A page does so once each time it connects, or once for each widget.
_QUOTA = {"comm_open": 8, "request_states": 8, "request_state": 1000}

_OF_MANAGER = ("comm_close", "request_states")  # what a page asks of the comm that it has opened, and of no other

# What is in those messages of a comm that tell of a model, or of references to one.
_OF_MODELS = (b'"_model_name"', b'"IPY_MODEL_')

_ERROR = {"ename": "Error", "evalue": "An error occurred on the server.", "traceback": []}


class GuardedConnection(ZMQChannelsWebsocketConnection):
    """The connection between a websocket and a kernel.

    Attributes:
        allowlist: which messages pass.
        models: of the kernel's widgets.
        loop_time: what its messages are charged to.
        has_capacity: set while the kernel can take another message.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.allowlist, self.models, self.loop_time = NOTHING, Models({}), LoopTime()
        self.has_capacity = asyncio.Event()
        self.has_capacity.set()
        self._pending: set[str] = set()
        self._quota = dict(_QUOTA)
        self._comms: set[str] = set()
        self._num_refused = 0
        self._is_counted = self._is_left = False

    def connect(self) -> Any:
        """Connects to the kernel; returns a future that is done when the page can talk to it."""
        self._count()
        return super().connect()

    def disconnect(self) -> None:  # type: ignore[override] # as in the class it extends
        """Disconnects, once, also a page that leaves before it is connected: disconnecting undoes what connecting counts."""
        if not self._is_left:
            self._is_left = True
            if not self._is_counted:
                self.multi_kernel_manager.notify_connect(self.kernel_id)
            self._count()
            super().disconnect()

    def _count(self) -> None:
        self._is_counted = True
        note_open(self)

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Passes a frame on if a page may send it, and counts it otherwise."""
        if self.subprotocol != PROTOCOL:  # a socket that is closing has none, and its frames would be read in the older format
            return
        with self.loop_time.charged():
            self._take(incoming_msg)

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Passes on what the kernel sends, without tracebacks and without its error stream."""
        with self.loop_time.charged():
            self._pass_on(stream, outgoing_msg)

    def _take(self, incoming_msg: Any) -> None:
        try:
            message = frames.read(incoming_msg)
            if self._is_refused_change(message):
                return
            self._admit(message)
        except FrameError as error:
            self._refuse(error.reason)
            return
        super().handle_incoming_message(incoming_msg)

    def _pass_on(self, stream: Any, outgoing_msg: list[Any]) -> None:
        _, parts = self.session.feed_identities(outgoing_msg)
        _, header, parent, _, content = parts[:5]
        kind = self.session.unpack(header)["msg_type"]
        if kind == "status":
            self._note_status(parent, content)
        elif kind == "error":
            outgoing_msg = [*outgoing_msg[: -len(parts)], *parts[:4], self.session.pack(_ERROR), *parts[5:]]
        elif kind.startswith("comm_"):
            self._note_models(kind, content)
        elif kind == "stream" and self.session.unpack(content)["name"] == "stderr":
            return
        super().handle_outgoing_message(stream, outgoing_msg)

    def on_kernel_restarted(self) -> None:
        """Waits for no more answers of the kernel before."""
        self._pending.clear()
        self.has_capacity.set()
        super().on_kernel_restarted()

    def _admit(self, message: Message) -> None:
        """Records what a message asks of the kernel.

        Raises:
            FrameError: "malformed" for an id that is in use, "quota" for one expensive request too many, "target" for a comm
                that takes no such message from this page.
        """
        if message.id in self._pending:
            raise FrameError("malformed")
        request = message.content["data"]["method"] if message.type == "comm_msg" else message.type
        if self._quota.get(request) == 0:
            raise FrameError("quota")
        self._track_comms(message, request)
        if request in self._quota:
            self._quota[request] -= 1
        self._pending.add(message.id)
        if len(self._pending) >= _MAX_PENDING:
            self.has_capacity.clear()

    def _track_comms(self, message: Message, request: str) -> None:
        """Notes the comms of the widget manager. A widget takes no request for all states, and the manager's takes no other."""
        comm_id = message.content.get("comm_id", "")
        if request == "comm_open":
            self._comms.add(comm_id)
        elif message.type in ("comm_msg", "comm_close") and (comm_id in self._comms) != (request in _OF_MANAGER):
            raise FrameError("target")
        elif request == "comm_close":
            self._comms.remove(comm_id)

    def _note_models(self, kind: str, content: Any) -> None:
        if kind in ("comm_open", "comm_close") or (kind == "comm_msg" and any(sign in content for sign in _OF_MODELS)):
            self.models.note(kind, self.session.unpack(content))

    def _note_status(self, parent: Any, content: Any) -> None:
        if self.session.unpack(content).get("execution_state") == "idle":
            self._pending.discard(self.session.unpack(parent).get("msg_id", ""))
        if len(self._pending) < _MAX_PENDING:
            self.has_capacity.set()

    def _is_refused_change(self, message: Message) -> bool:
        """Checks a message. If it changes a widget in a way that is refused, that is answered here, and counted only.

        Raises:
            FrameError: for anything else that no page sends.
        """
        try:
            self.allowlist.check(message, self.models)
        except WidgetError as error:
            metrics.frames_refused.labels(error.reason).inc()
            self._answer(message)
            return True
        return False

    def _answer(self, message: Message) -> None:
        """Answers a change as a kernel does that does not make it: with its echo, and by being idle again.

        Until then a page keeps back the model's next change, and ignores what the kernel says of these traits.
        """
        comm_id, data = message.content["comm_id"], message.content["data"]
        if data["method"] == "update" and not message.buffers:
            self._tell("comm_msg", {"comm_id": comm_id, "data": {**data, "method": "echo_update"}}, message)
        self._tell("status", {"execution_state": "idle"}, message)

    def _tell(self, kind: str, content: dict, message: Message) -> None:
        """Sends an answer to a message, in the kernel's place."""
        told = self.session.msg(kind, content, parent={"header": message.header})
        self.write_message(serialize_msg_to_ws_v1(told, "iopub", self.session.pack), binary=True)

    def _refuse(self, reason: str) -> None:
        metrics.frames_refused.labels(reason).inc()
        self._num_refused += 1
        if self._num_refused == _MAX_REFUSED:
            self.websocket_handler.close(POLICY_VIOLATION, "unexpected messages")
