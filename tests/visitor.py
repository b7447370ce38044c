"""A visitor without a browser: the page by HTTP, and the messages that it would exchange with its kernel."""

import asyncio
import itertools
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.server import BROWSER

PROTOCOL = "v1.kernel.websocket.jupyter.org"
PATIENCE = 60.0
_WORD = 8


class Message(NamedTuple):
    """A message from the kernel, and the id of the one that it answers, if any."""

    type: str
    content: dict
    parent: str


def frame(
    kind: str, content: Any, *, channel: str = "shell", metadata: Any = None, buffers: Sequence[bytes] = (), **header: Any
) -> bytes:
    """A message to the kernel, as JupyterLab's services write it; whatever is given for the header is put into it."""
    head = {"date": "2026-11-22T12:00:00.000Z", "msg_id": str(uuid.uuid4()), "msg_type": kind, "session": "tests"}
    head |= {"username": "", "version": "5.2"} | header
    return joined([channel.encode(), *(json.dumps(part).encode() for part in (head, {}, metadata or {}, content)), *buffers])


def joined(parts: Sequence[bytes]) -> bytes:
    """A frame of these parts: a table of offsets, then the parts."""
    ends = itertools.accumulate((len(part) for part in parts), initial=_WORD * (len(parts) + 2))
    return b"".join([_word(len(parts) + 1), *map(_word, ends), *parts])


def _word(number: int) -> bytes:
    return number.to_bytes(_WORD, "little")


def parsed(received: bytes) -> Message:
    """A message from the kernel."""
    ends = [
        int.from_bytes(received[_WORD * i : _WORD * (i + 1)], "little")
        for i in range(int.from_bytes(received[:_WORD], "little") + 1)
    ]
    header, parent, content = (json.loads(received[ends[i] : ends[i + 1]]) for i in (2, 3, 5))
    return Message(header["msg_type"], content, parent.get("msg_id", ""))


def update(comm_id: str, **state: Any) -> bytes:
    """The message that sets traits of a widget."""
    return frame("comm_msg", {"comm_id": comm_id, "data": {"method": "update", "state": state, "buffer_paths": []}})


def custom(comm_id: str, content: Any) -> bytes:
    """A message of a widget's own protocol."""
    return frame("comm_msg", {"comm_id": comm_id, "data": {"method": "custom", "content": content}})


class Visitor:
    """Somebody with a page, a cookie and a kernel.

    Attributes:
        url: of the server.
        kernel_id, cookie: of the page.
        socket: the one to the kernel.
        models: the state of each widget by its id, as at the beginning.
        seen: the types of all messages that have come.
    """

    def __init__(self, url: str, kernel_id: str, cookie: str) -> None:
        self.url, self.kernel_id, self.cookie = url, kernel_id, cookie
        self.models: dict[str, dict] = {}
        self.seen: list[Message] = []
        self._num_asked = 0
        self._sockets: list[WebSocketClientConnection] = []

    @classmethod
    async def arrive(cls, url: str, cookie: str = "") -> Self:
        """Loads the page, and nothing else."""
        page = await fetch(url, cookie)
        found = re.search(r'"kernelId":\s*"([^"]+)"', page.body.decode())
        assert found, page.body[:2000]
        given = [line.partition(";")[0] for line in page.headers.get_list("Set-Cookie")]
        return cls(url, found[1], "; ".join(given) or cookie)

    @classmethod
    async def open(cls, url: str, cookie: str = "") -> Self:
        """Loads the page, connects to its kernel, learns of its widgets, and has the server compute."""
        visitor = await cls.join(url, cookie)
        await visitor.let_kernel_compute()
        return visitor

    @classmethod
    async def join(cls, url: str, cookie: str = "") -> Self:
        """Loads the page, connects to its kernel, and learns of its widgets; the page would compute."""
        visitor = await cls.arrive(url, cookie)
        visitor.socket = await visitor.connect()
        await visitor._restore()
        visitor.link = next(
            key for key, model in visitor.models.items() if "learning_rate" in model.get("spec", {}).get("inputs", {})
        )
        return visitor

    async def let_kernel_compute(self) -> None:
        """Uses the switch, and waits for the first result."""
        await self.say(update(self.link, where="kernel", state="kernel"))
        await self.hear_of(self.model(gradient_norm=None), "loss")

    socket: WebSocketClientConnection
    link: str

    async def connect(self, **changes: Any) -> WebSocketClientConnection:
        """A socket to the kernel; `changes` replace what a page has: kernel_id, cookie, subprotocols, origin, session."""
        kernel_id = changes.get("kernel_id", self.kernel_id)
        session = changes.get("session", uuid.uuid4())
        url = f"{self.url.replace('http', 'ws', 1)}api/kernels/{kernel_id}/channels?session_id={session}"
        headers = {"Cookie": changes.get("cookie", self.cookie), "Origin": changes.get("origin", self.url.rstrip("/"))}
        request = HTTPRequest(url, headers=headers, request_timeout=PATIENCE, connect_timeout=PATIENCE)
        protocols = changes.get("subprotocols", [PROTOCOL])
        self._sockets.append(await websocket_connect(request, subprotocols=protocols, max_message_size=1 << 26))
        return self._sockets[-1]

    async def leave(self) -> None:
        """Closes all sockets, and says farewell as a page does."""
        for socket in self._sockets:
            socket.close()
        await fetch(f"{self.url}voila/api/shutdown/{self.kernel_id}", self.cookie, method="POST", body="")
        for socket in self._sockets:
            await closed(socket)

    async def say(self, sent: bytes) -> None:
        """Sends a frame."""
        await self.socket.write_message(sent, binary=True)

    async def hear(self, socket: WebSocketClientConnection | None = None) -> Message:
        """The next message."""
        received = await asyncio.wait_for((socket or self.socket).read_message(), PATIENCE)
        assert isinstance(received, bytes), "The server has closed the socket."
        self.seen.append(parsed(received))
        return self.seen[-1]

    async def hear_of(self, comm_id: str, *names: str) -> dict:
        """The next state of a widget with these traits in it."""
        while True:
            content = (await self.hear()).content
            data = content.get("data", {}) if content.get("comm_id") == comm_id else {}
            if data.get("method") == "update" and data["state"].keys() >= set(names):
                return data["state"]

    async def answers(self, message_id: str) -> list[Message]:
        """What answers a message, until the kernel is idle again."""
        while self.seen[-1].parent != message_id or self.seen[-1].content.get("execution_state") != "idle":
            await self.hear()
        return [message for message in self.seen if message.parent == message_id]

    async def move(self, learning_rate: float) -> float:
        """Moves a slider and lets the server compute; returns the loss that it answers with."""
        self._num_asked += 1
        await self.say(update(self.model(description="Learning rate"), value=learning_rate))
        await self.say(custom(self.link, {"type": "request", "id": self._num_asked}))
        return (await self.hear_of(self.model(gradient_norm=None), "loss"))["loss"]

    async def echo(self, learning_rate: float) -> float:
        """Moves a slider of a page that computes itself; returns the value that its kernel confirms."""
        self._num_asked += 1
        asked = f"echo-{self._num_asked}"
        data = {"method": "update", "state": {"value": learning_rate}, "buffer_paths": []}
        content = {"comm_id": self.model(description="Learning rate"), "data": data}
        await self.say(frame("comm_msg", content, msg_id=asked))
        while True:  # a change that was refused before has an echo too
            message = await self.hear()
            if message.parent == asked and message.content.get("data", {}).get("method") == "echo_update":
                return message.content["data"]["state"]["value"]

    def model(self, **state: Any) -> str:
        """The id of the widget that has these traits; None stands for any value."""
        fitting = [
            model_id
            for model_id, model in self.models.items()
            if all(name in model and wanted in (None, model[name]) for name, wanted in state.items())
        ]
        assert fitting, state
        return fitting[0]

    async def _restore(self) -> None:
        control = uuid.uuid4().hex
        opening = {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}}
        await self.say(frame("comm_open", opening, metadata={"version": "1.0.0"}))
        await self.say(frame("comm_msg", {"comm_id": control, "data": {"method": "request_states"}}))
        while "states" not in (data := (await self.hear()).content.get("data", {})):
            pass
        self.models = {model_id: model["state"] for model_id, model in data["states"].items()}


async def closed(socket: WebSocketClientConnection) -> int | None:
    """The code with which a socket is closed; whatever comes before is read."""
    async with asyncio.timeout(PATIENCE):
        while socket.close_code is None and await socket.read_message() is not None:
            pass
    return socket.close_code


async def fetch(url: str, cookie: str = "", headers: Mapping[str, str] | None = None, **options: Any) -> HTTPResponse:
    """A request; its answer, whatever the status."""
    head = {**BROWSER, **({"Cookie": cookie} if cookie else {}), **(headers or {})}
    return await AsyncHTTPClient().fetch(url, headers=head, request_timeout=PATIENCE, raise_error=False, **options)
