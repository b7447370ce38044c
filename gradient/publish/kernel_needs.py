"""What a page lacks without the notebook's kernel: links that no browser can compute, and functions that widgets call."""

import asyncio
import functools
import sys
import threading
from collections.abc import Iterator
from typing import Any

import traitlets
from ipywidgets import Widget, interactive
from ipywidgets.widgets.widget_link import Link

from gradient.adapters.ipywidgets import function_of_interactive_output, live_widgets, message_handlers
from gradient.adapters.traitlets import observers_of, validators_of
from gradient.link import Choice, JaxLink
from gradient.link.constants import BROWSER

Need = tuple[str, str]  # the id of a widget, and what does not work without a kernel
_NO_WIDGET = ""
_NOTEBOOK = "__main__"  # the module of a notebook's own functions
_PACKAGES = ("site-packages", "dist-packages")
_TRAIT_LINKS = (traitlets.link, traitlets.directional_link)


def kernel_needs() -> list[Need]:
    """Everything that needs the kernel. Links that run in it by choice run in the browser from now on, if they can."""
    needs = [(widget.model_id, need) for widget in live_widgets() for need in _needs(widget)]
    return list(dict.fromkeys([*needs, *((_NO_WIDGET, need) for need in _running())]))


def _running() -> Iterator[str]:
    """What the notebook's own functions still do in threads and tasks."""
    for thread in threading.enumerate():
        target = _whole(getattr(thread, "function", None) or getattr(thread, "_target", None))  # the first is a Timer's
        if target and _module(target) == _NOTEBOOK:
            yield f"the function `{_name(target)}` is still running in a thread, which needs a kernel."
    for task in _tasks():
        frame = getattr(task.get_coro(), "cr_frame", None)
        if frame and frame.f_globals.get("__name__") == _NOTEBOOK:
            yield f"the function `{frame.f_code.co_qualname}` is still running in a task of asyncio, which needs a kernel."


def _tasks() -> set[asyncio.Task]:
    """The tasks of the kernel's loop; there is none outside a kernel."""
    try:
        return asyncio.all_tasks()
    except RuntimeError:
        return set()


def _needs(widget: Widget) -> Iterator[str]:
    if isinstance(widget, JaxLink):
        yield from _link_needs(widget)
    elif isinstance(widget, Choice):
        if reason := widget.why_kernel():
            yield f"a choose needs a kernel. {reason}"
    elif isinstance(widget, Link):
        yield from _empty_source(widget)
    for callback in map(_whole, (*observers_of(widget), *validators_of(widget), *message_handlers(widget))):
        owner = getattr(callback, "__self__", None)
        if isinstance(owner, _TRAIT_LINKS):
            yield from _trait_link(owner, widget)
        elif not _is_internal(callback):
            yield f"{described(widget)} calls {_name(callback)}, Python code that needs a kernel."


def _trait_link(link: traitlets.link | traitlets.directional_link, end: Widget) -> Iterator[str]:
    """What to do about a link of traitlets; reported at the first of its ends that is a widget, although both may call it."""
    (source, name), (target, target_name) = link.source, link.target
    if end is source or not isinstance(source, Widget):
        kind, instead = ("link", "jslink") if isinstance(link, traitlets.link) else ("dlink", "jsdlink")
        ends = f"from {type(source).__name__}.{name} to {type(target).__name__}.{target_name}"
        yield f"traitlets.{kind} {ends} needs a kernel; use {instead}."


def _link_needs(link: JaxLink) -> Iterator[str]:
    link.where = BROWSER
    if reason := link.why_kernel():
        yield f"the jaxlink of {link.signature()} needs a kernel. {reason}"


def links_from_nothing() -> list[Link]:
    """Each `jslink` that passes on None where a trait has no value yet. A kernel refuses it and sends its own value back."""
    return [link for link in live_widgets() if isinstance(link, Link) and _passes_nothing(link)]


def _passes_nothing(link: Link) -> bool:
    (source, name), (target, target_name) = link.source, link.target
    return getattr(source, name) is None and not target.traits()[target_name].allow_none


def _empty_source(link: Link) -> Iterator[str]:
    (source, name), (target, target_name) = link.source, link.target
    if _passes_nothing(link):
        yield (
            f"the jslink from {described(source)} takes the {target_name} from {described(target)}, for its {name} is None. "
            "Give it a value first."
        )


def _whole(callback: Any) -> Any:
    """The function of which a callback may have some arguments already."""
    return _whole(callback.func) if isinstance(callback, functools.partial) else callback


def _is_internal(callback: Any) -> bool:
    """Whether a function belongs to a link, which a page has too, or to how a library's widget is made."""
    module = _module(callback)
    if module.partition(".")[0] == __package__.partition(".")[0]:
        return True
    owner = getattr(callback, "__self__", None) or getattr(callback, "this_class", None)
    is_widgets = isinstance(owner, Widget) or (isinstance(owner, type) and issubclass(owner, Widget))
    return is_widgets and not isinstance(owner, interactive) and _is_installed(module)


def _module(callback: Any) -> str:
    """The module that defines a function, or the class whose handler it is."""
    return getattr(getattr(callback, "this_class", callback), "__module__", None) or type(callback).__module__


def _is_installed(module: str) -> bool:
    """Whether a module comes with a library, not with the notebook."""
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return any(folder in file for folder in _PACKAGES)


def described(widget: Widget) -> str:
    """A widget, for messages."""
    description = getattr(widget, "description", "")
    name = type(widget).__name__
    article = "an" if name[0].upper() in "AEIO" else "a"
    return f"the {name} {description!r}" if description else f"{article} {name}"


def _name(callback: Any) -> str:
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, interactive):
        return f"{_name(owner.f)} by interact"
    if function := function_of_interactive_output(callback):
        return f"{_name(function)} by interactive_output"
    if isinstance(callback, traitlets.EventHandler):
        return f"{getattr(callback.this_class, '__qualname__', '')}.{callback.name}"
    name = getattr(callback, "__qualname__", type(callback).__name__)
    return f"{_module(callback).partition('.')[0]}.{name}" if _is_installed(_module(callback)) else name
