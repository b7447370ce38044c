"""Widgets inside of widgets."""

from collections.abc import Iterator

from ipywidgets import Widget


def descendants(widget: Widget) -> Iterator[Widget]:
    """Every widget that a widget holds in its synced traits, at any depth, each once."""
    seen = {widget}
    holders = [widget]
    while holders:
        found = set(_held(holders.pop())) - seen
        seen |= found
        holders.extend(found)
        yield from found


def _held(holder: Widget) -> Iterator[Widget]:
    for value in [getattr(holder, name) for name in holder.keys]:
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
        yield from (part for part in parts if isinstance(part, Widget))
