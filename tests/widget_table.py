"""Which traits of ipywidgets' own widgets can be linked: a table that is made by trying."""

from collections import defaultdict
from typing import Any

import ipywidgets as widgets
import jax.numpy as jnp

from gradient.link import LinkError, jaxlink

TRAITS = ("value", "index", "selected_index", "disabled")
SELECTIONS = (
    *("Dropdown", "RadioButtons", "Select", "SelectionSlider", "ToggleButtons"),
    *("SelectMultiple", "SelectionRangeSlider"),
)
LEFT_OUT = ("Audio", "Controller", "FileUpload", "Image", "Video")  # they hold bytes, or what a device sends
# Those of which the trait is best seen; of all others, `disabled` is as of a button.
DISABLED = ("Button",)
RESULTS = {"a number": lambda x: x, "two numbers": lambda x: jnp.stack([x, x + 1]), "a text": lambda x: x}


def rows() -> list[tuple[str, str, str, str]]:
    """For each kind of widget and trait: the widgets, the trait, whether it can be an input, and what it takes as an output."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for name, widget in _widgets():
        for trait in TRAITS:
            if widget().has_trait(trait) and (trait != "disabled" or name in DISABLED):
                found[trait, _as_input(widget(), trait), _as_output(widget, trait)].append(name)
    return sorted((", ".join(names), *key) for key, names in found.items() if key[1:] != ("no", "no"))


def table() -> str:
    """The rows in Markdown."""
    lines = [f"| {names} | `{trait}` | {taken} | {given} |" for names, trait, taken, given in rows()]
    return "\n".join(["| widgets | trait | input | output |", "|---|---|---|---|", *lines])


def _widgets() -> list[tuple[str, Any]]:
    classes = {name: found for name, found in vars(widgets).items() if _is_control(found)}
    made: list[tuple[str, Any]] = [(name, _with_children(found)) for name, found in classes.items() if name not in SELECTIONS]
    for name in SELECTIONS:
        found = classes[name]
        made.append((f"{name} of numbers", lambda found=found: found(options=[1, 2.5, 4], index=_first(found))))
        made.append((f"{name} of texts", lambda found=found: found(options=["a", "b", "c"], index=_first(found))))
    return sorted(made, key=lambda each: each[0])


def _with_children(found: Any) -> Any:
    if "selected_index" not in found.class_traits():
        return found
    return lambda: found([widgets.Label() for _ in range(3)], selected_index=0)


def _first(selection: type) -> Any:
    return {"SelectMultiple": (0,), "SelectionRangeSlider": (0, 1)}.get(selection.__name__, 0)


def _is_control(found: Any) -> bool:
    if not (isinstance(found, type) and issubclass(found, widgets.DOMWidget)) or found.__name__ in LEFT_OUT:
        return False
    return found is widgets.Button or any(hasattr(found, name) for name in TRAITS[:3])


def _as_input(widget: Any, trait: str) -> str:
    try:
        link = jaxlink(lambda x: jnp.sum(x) * 1.0, inputs={"x": (widget, trait)}, outputs={"y": widgets.FloatText()})
    except LinkError:
        return "no"
    return "yes" if link.computing == "browser" else "in the kernel"


def _as_output(widget: Any, trait: str) -> str:
    taken = []
    for what, fun in RESULTS.items():
        target = (widget(), trait, *(("{y}",) if what == "a text" else ()))
        try:
            link = jaxlink(fun, inputs={"x": widgets.FloatText(0.0)}, outputs={"y": target}, where="kernel")
        except LinkError:
            continue
        if not link._kernel.failure():
            taken.append(what if not link._wiring.why_not_linkable() else f"{what}, in the kernel")
    return " or ".join(taken) or "no"
