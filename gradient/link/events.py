"""What is one event, and how traits are set in it.

A change of an input runs each function at most once, however many of its inputs one event changes, and the newest values
always win. Declare a `choose` before the `jaxlink` that reads what it sets: links run in the order of their declaration.

Callbacks come on the main thread in Voilà and on a subshell's thread in JupyterLab, so one lock serialises every event.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import numpy as np
from ipywidgets import Widget
from traitlets import HasTraits

from gradient.adapters.ipywidgets import is_set_by_page

Trait = tuple[HasTraits, str]

LOCK = threading.RLock()


class _Runnable(Protocol):
    def run(self) -> None: ...


_PENDING: list[_Runnable] = []
_RUNNING: list[bool] = []


@contextmanager
def event() -> Iterator[None]:
    """Makes all changes in its block one event: the links that they concern run once, when the outermost block ends."""
    with LOCK:
        outermost = not _RUNNING
        _RUNNING.append(True)
        try:
            yield
            while outermost and _PENDING:
                _PENDING.pop(0).run()
        finally:
            _RUNNING.pop()


def run_at_the_end(link: _Runnable) -> None:
    """Lets a link run when the present event ends, once."""
    with event():
        if link not in _PENDING:
            _PENDING.append(link)


def is_from_page(change: Any) -> bool:
    """Whether a browser made a change, which then has drawn its own conclusions from it."""
    return is_set_by_page(change.owner, change.name)


def is_on_page(trait: Trait) -> bool:
    """Whether a page knows a trait: a widget's, and one that it sends. A selection sends its index, not its value."""
    widget, name = trait
    return isinstance(widget, Widget) and name in widget.keys


@contextmanager
def _held(widget: HasTraits) -> Iterator[None]:
    """Makes several assignments one message, and validates them together, so that their order does not matter."""
    with ExitStack() as stack:
        if isinstance(widget, Widget):
            stack.enter_context(widget.hold_sync())
        stack.enter_context(widget.hold_trait_notifications())
        yield


def by_widget(values: Mapping[Trait, Any]) -> dict[HasTraits, dict[str, Any]]:
    """Values of traits, grouped by their widget."""
    grouped: dict[HasTraits, dict[str, Any]] = defaultdict(dict)
    for (widget, name), value in values.items():
        grouped[widget][name] = value
    return grouped


def assign(widget: HasTraits, values: Mapping[str, Any]) -> None:
    """Sets several traits of one widget, in as few messages as its browser can follow."""
    for part in _stages(widget, values):
        with _held(widget):
            for name, value in part.items():
                setattr(widget, name, value)


def _stages(widget: Any, values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The assignments in the order that a browser can follow, each of which is one message.

    A slider in a browser takes a value before the limits that come with it, cuts it at the old ones, and says so. So limits
    that change together with the value are first as wide as the old and the new ones, then the value comes, then the rest.
    """
    if not {"min", "max", "value"} <= values.keys():
        return [values]
    wide = {"min": min(widget.min, values["min"]), "max": max(widget.max, values["max"])}
    return [wide, {"value": values["value"]}, values]


def as_json(value: Any, _: object = None) -> Any:
    """A value as a page takes it: widgets as references, arrays as bytes with their type and shape, at any depth."""
    if isinstance(value, Widget):
        return f"IPY_MODEL_{value.model_id}"
    if isinstance(value, np.ndarray):
        return _array_as_json(value)
    if isinstance(value, Mapping):
        return {key: as_json(part) for key, part in value.items()}
    if isinstance(value, list | tuple | range):
        return [as_json(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def _array_as_json(array: np.ndarray) -> dict:
    narrow = {"int64": "int32", "uint64": "uint32", "bool": "uint8"}  # what bqplot's JavaScript has no type for
    data = np.ascontiguousarray(array, narrow.get(str(array.dtype)))
    return {"value": data.tobytes(), "dtype": str(data.dtype), "shape": list(data.shape)}
