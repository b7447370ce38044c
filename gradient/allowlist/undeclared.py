"""Finds widgets whose page could set something that their authors have not declared: the server would refuse it silently."""

import re
from collections.abc import Collection, Mapping
from typing import Any

import ipywidgets as widgets

from gradient.allowlist.controls import UNSUPPORTED

# Modules of JavaScript that set nothing, except for the classes that are named here.
_QUIET: Mapping[str, tuple[str, ...]] = {
    "@jupyter-widgets/base": (),
    "@jupyter-widgets/output": (),
    "@jupyter-widgets/controls": UNSUPPORTED,
    "bqplot": ("BrushIntervalSelector", "BrushSelector", "FastIntervalSelector", "HandDraw", "IndexSelector", "LassoSelector",
               "MultiSelector", "OneDSelector", "PanZoom", "TwoDSelector"),
    "bqscales": (),
    "jupyter-matplotlib": ("Canvas",),
}  # fmt: skip
_SET = re.compile(r"""\.set\(\s*(?:["'](\w+)["']|\{\s*(\w+)\s*:)""")
_SENDS = re.compile(r"\bmodel\.send\(")


def advice(widget: Any, settable: Collection[str], has_messages: bool) -> str:
    """What to do so that a widget's page can set what its JavaScript sets; "" if nothing is missing, as far as one can see.

    Args:
        widget: one that is alive.
        settable: its traits that a page may set.
        has_messages: whether a page may send messages to it.
    """
    if widget._model_module == "anywidget":
        unset = sorted(_names_in(str(widget._esm)) & set(widget.keys) - set(settable))
        is_undeclared = bool(unset) or (_SENDS.search(str(widget._esm)) and not has_messages)
    else:
        unset = []
        is_undeclared = not settable and not has_messages and not _is_quiet(widget)
    return _line(type(widget).__name__, unset) if is_undeclared else ""


def _names_in(script: str) -> set[str]:
    """The names that a script sets in any model."""
    return {quoted or plain for quoted, plain in _SET.findall(script)}


def _is_quiet(widget: widgets.Widget) -> bool:
    """Whether its JavaScript is known to set nothing."""
    names = {base.__name__ for base in type(widget).__mro__}
    return widget._model_module in _QUIET and names.isdisjoint(_QUIET[widget._model_module])


def _line(name: str, unset: list[str]) -> str:
    what = " and ".join(unset) or "what its traits hold, or send messages"
    return (
        f"A page may set {what} in {name}, and no declaration allows that. If it should, tag each such trait, "
        f"{name}.{(unset or ['TRAIT'])[0]}.tag(page_sets=True), and list messages in page_messages."
    )
