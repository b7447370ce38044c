"""What one event is, and how traits are set in it.

However many inputs of a link an event changes, the link runs once, with the newest values. Links run in the order in which they
were declared, so declare a `choose` before the `jaxlink` that reads what it sets.

Callbacks run on the main thread in Voilà and on a subshell's thread in JupyterLab. One lock serialises all events.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple, Protocol

from ipywidgets import Widget
from traitlets import HasTraits

from gradient.adapters.ipywidgets import is_set_by_page

Trait = tuple[HasTraits, str]

LOCK = threading.RLock()


class Cause(NamedTuple):
    """What a change follows from.

    Attributes:
        traits: the trait that a visitor or Python has set, and those that links have set since.
        is_rounded: whether a control has rounded one of the values in between.
        rounds: how often links have set one of these traits again: they are a circle.
    """

    traits: frozenset[Trait] = frozenset()
    is_rounded: bool = False
    rounds: int = 0

    def joined(self, other: "Cause") -> "Cause":
        """Both causes as one."""
        return Cause(self.traits | other.traits, self.is_rounded or other.is_rounded, max(self.rounds, other.rounds))


class _Runnable(Protocol):
    order: int  # of declaration

    def run(self) -> None: ...


_PENDING: list[_Runnable] = []
_FOLLOWERS: dict[Trait, list[_Runnable]] = defaultdict(list)
_OPEN_EVENTS: list[bool] = []
_WRITING: list[Cause] = []  # why links are setting traits right now, the innermost last


@contextmanager
def event() -> Iterator[None]:
    """Makes all changes in its block one event: each link that they concern runs once, when the outermost block ends."""
    with LOCK:
        is_outermost = not _OPEN_EVENTS
        _OPEN_EVENTS.append(True)
        try:
            yield
            while is_outermost and _PENDING:
                first = min(_PENDING, key=lambda link: link.order)
                _PENDING.remove(first)
                first.run()
        finally:
            _OPEN_EVENTS.pop()


def schedule(link: _Runnable) -> None:
    """Makes a link run once when the present event ends, or now if there is none."""
    with event():
        if link not in _PENDING:
            _PENDING.append(link)


def follow(link: _Runnable, trait: Trait) -> None:
    """Notes that a link runs when a trait changes; see `schedule_followers`."""
    _FOLLOWERS[trait].append(link)


def unfollow(link: _Runnable) -> None:
    """Forgets what a link follows."""
    for trait, links in list(_FOLLOWERS.items()):
        if link in links:
            links.remove(link)
        if not links:
            del _FOLLOWERS[trait]


def schedule_followers(trait: Trait) -> None:
    """Makes all links that follow a trait run when the present event ends, those included that hear of its change later."""
    for link in _FOLLOWERS.get(trait, ()):
        schedule(link)


@contextmanager
def writing(cause: Cause) -> Iterator[None]:
    """Gives the changes in its block a cause."""
    _WRITING.append(cause)
    try:
        yield
    finally:
        _WRITING.pop()


def cause_of(change: Any) -> Cause:
    """What a change follows from: itself, unless a link makes it."""
    return Cause(frozenset({(change.owner, change.name)})).joined(_WRITING[-1] if _WRITING else Cause())


def is_from_page(change: Any) -> bool:
    """Whether a browser made a change. It has then already run the links that it can run."""
    return is_set_by_page(change.owner, change.name)


def is_on_page(trait: Trait) -> bool:
    """Whether a page has a trait: a widget's trait that is synchronised. A selection sends its index, not its value."""
    widget, name = trait
    return isinstance(widget, Widget) and name in widget.keys


def by_widget(values: Mapping[Trait, Any]) -> dict[HasTraits, dict[str, Any]]:
    """Groups the values of traits by their widget."""
    grouped: dict[HasTraits, dict[str, Any]] = defaultdict(dict)
    for (widget, name), value in values.items():
        grouped[widget][name] = value
    return grouped


def assign(widget: HasTraits, values: Mapping[str, Any]) -> None:
    """Sets several traits of one widget in as few messages as possible, and validates them together: their order is free."""
    with ExitStack() as stack:
        if isinstance(widget, Widget):
            stack.enter_context(widget.hold_sync())
        is_new = {"min", "max", "value"} <= values.keys() and any(getattr(widget, name) != values[name] for name in values)
        with widget.hold_trait_notifications():
            for name, value in values.items():
                setattr(widget, name, value)
        if is_new and isinstance(widget, Widget):
            _send_in_order(widget, values)


def _send_in_order(slider: Widget, names: Iterable[str]) -> None:
    """Sends the value after the limits and the step. What ipywidgets itself then sends, in any order, changes nothing.

    A slider in a browser applies the traits of a message one after the other. It would move the value to a place between its
    old limits, and send that back.
    """
    slider.send_state(sorted(names, key="value".__eq__))
