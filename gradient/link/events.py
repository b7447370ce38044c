"""What one event is, and how traits are set in it.

However many inputs of a link an event changes, the link runs once, with the newest values. Links run in the order in which they
were declared, so declare a `choose` before the `jaxlink` that reads what it sets.

Callbacks run on the main thread in Voilà and on a subshell's thread in JupyterLab. One lock serialises all events.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from ipywidgets import Widget
from traitlets import HasTraits

from gradient.adapters.ipywidgets import is_set_by_page

Trait = tuple[HasTraits, str]

LOCK = threading.RLock()


class _Runnable(Protocol):
    def run(self) -> None: ...


_PENDING: list[_Runnable] = []
_OPEN_EVENTS: list[bool] = []


@contextmanager
def event() -> Iterator[None]:
    """Makes all changes in its block one event: each link that they concern runs once, when the outermost block ends."""
    with LOCK:
        is_outermost = not _OPEN_EVENTS
        _OPEN_EVENTS.append(True)
        try:
            yield
            while is_outermost and _PENDING:
                _PENDING.pop(0).run()
        finally:
            _OPEN_EVENTS.pop()


def schedule(link: _Runnable) -> None:
    """Makes a link run once when the present event ends, or now if there is none."""
    with event():
        if link not in _PENDING:
            _PENDING.append(link)


def is_from_page(change: Any) -> bool:
    """Whether a browser made a change. It has then already run the links that it can run."""
    return is_set_by_page(change.owner, change.name)


def is_on_page(trait: Trait) -> bool:
    """Whether a page has a trait: a widget's trait that is synchronised. A selection sends its index, not its value."""
    widget, name = trait
    return isinstance(widget, Widget) and name in widget.keys


@contextmanager
def _as_one_message(widget: HasTraits) -> Iterator[None]:
    """Sends the assignments of its block as one message, and validates them together, so that their order does not matter."""
    with ExitStack() as stack:
        if isinstance(widget, Widget):
            stack.enter_context(widget.hold_sync())
        stack.enter_context(widget.hold_trait_notifications())
        yield


def by_widget(values: Mapping[Trait, Any]) -> dict[HasTraits, dict[str, Any]]:
    """Groups the values of traits by their widget."""
    grouped: dict[HasTraits, dict[str, Any]] = defaultdict(dict)
    for (widget, name), value in values.items():
        grouped[widget][name] = value
    return grouped


def assign(widget: HasTraits, values: Mapping[str, Any]) -> None:
    """Sets several traits of one widget in as few messages as possible."""
    for message in _messages(widget, values):
        with _as_one_message(widget):
            for name, value in message.items():
                setattr(widget, name, value)


def _messages(widget: Any, values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Splits assignments into messages that a browser applies correctly in turn.

    A slider in a browser applies a value before the limits in the same message, clips it to the old limits, and sends the
    clipped value back. So the first message widens the limits to hold the old and the new range, the second sets the value, and
    the third sets the new limits.
    """
    if not {"min", "max", "value"} <= values.keys():
        return [values]
    widened = {"min": min(widget.min, values["min"]), "max": max(widget.max, values["max"])}
    return [widened, {"value": values["value"]}, values]
