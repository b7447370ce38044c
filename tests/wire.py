"""The kernel's end of the connection to a browser: what widgets send, and what a browser sends to them."""

from typing import Any, NamedTuple

import comm
import pytest
from comm.base_comm import BaseComm
from ipywidgets import Widget

from gradient import App


class Message(NamedTuple):
    """One message to the browser: `method` is update, echo_update or custom."""

    comm_id: str
    method: str
    state: dict
    content: Any = None


class Wire:
    """Records all messages of the widgets that are made from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[Message] = []
        wire = self

        class RecordingComm(BaseComm):
            def publish_msg(
                self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
            ) -> None:
                if msg_type == "comm_msg":
                    wire.messages.append(Message(self.comm_id, data["method"], data.get("state", {}), data.get("content")))

        monkeypatch.setattr(comm, "create_comm", RecordingComm)

    def receive(self, widget: Widget, state: dict) -> list[Message]:
        """Sets traits of a widget as a browser does. Returns what is sent in answer."""
        return self._handle(widget, {"method": "update", "state": state, "buffer_paths": []})

    def receive_custom(self, widget: Widget, content: dict) -> list[Message]:
        """Sends a custom message to a widget as a browser does. Returns what is sent in answer."""
        return self._handle(widget, {"method": "custom", "content": content})

    def request(self, link: Widget, number: int = 1) -> list[Message]:
        """Asks a link to compute in the kernel, as a page does. Returns what is sent in answer."""
        return self.receive_custom(link, {"type": "request", "id": number})

    def _handle(self, widget: Widget, data: dict) -> list[Message]:
        before = len(self.messages)
        widget._handle_msg({"content": {"data": data}, "buffers": []})
        return self.messages[before:]


def to(widget: Widget, messages: list[Message], method: str | None = None) -> list[Message]:
    """The messages of one widget, of one method if given."""
    return [m for m in messages if m.comm_id == widget.model_id and method in (None, m.method)]


def opened(wire: Wire) -> App:
    """An app on a page that has just shown every picture."""
    app = App()
    for picture in app.field.pictures:
        wire.receive_custom(picture.canvas, {"type": "initialized"})
        wire.receive_custom(picture.canvas, {"type": "draw"})
    return app
