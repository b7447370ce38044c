"""What this package uses of ipywidgets that it does not promise."""

from ipywidgets import Widget
from ipywidgets.widgets import widget as _widget


def is_set_by_page(widget: object, name: str) -> bool:
    """Whether a message from a page is setting a trait right now.

    A widget keeps what a message sets in `_property_lock` while it sets it. No observer is told who made a change.
    """
    return isinstance(widget, Widget) and name in widget._property_lock


def live_widgets() -> list[Widget]:
    """Every widget that has not been closed.

    ipywidgets has them in `_instances`, by their ids; what it offers in public is their state, without the widgets.
    """
    return list(_widget._instances.values())
