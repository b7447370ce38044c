"""What a page may set in its kernel, read from the widgets themselves: which traits, of what type and within what bounds.

A page of a public server can send anything. The server passes on what this description allows, and it follows from the app:

- A trait that a widget's own JavaScript sets is tagged where it is defined: `Int(0).tag(sync=True, page_sets=True)`, or with
  bounds, `page_sets={"low": 0, "high": 200}`. `_LIMITS` has the bounds of each type, and their defaults.
- A widget's method `page_sets` lists the traits of other widgets that a page sets on its behalf: those that `choose`, `jaxlink`
  and `remember` make have one.
- A widget that takes messages of its own lists them in `page_messages`: for each type its fields, and the bounds of each.
- `CONTROLS` lists what the views of ipywidgets' own controls set. A control of another kind needs a row there.

`python -m gradient.allowlist NOTEBOOK` runs a notebook's cells and prints the description of the widgets that they make. The
server's zygote does the same in a fork when it starts.
"""

import contextlib
import importlib
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import traitlets

from gradient.adapters.ipywidgets import live_widgets
from gradient.adapters.traitlets import item_traits

Rule = dict[str, Any]

# For each control of ipywidgets, the trait that its view sets.
CONTROLS: Mapping[str, str] = {
    **dict.fromkeys(("FloatSlider", "FloatLogSlider", "IntSlider", "BoundedFloatText", "BoundedIntText", "Play"), "value"),
    **dict.fromkeys(("Checkbox", "ToggleButton"), "value"),
    **dict.fromkeys(("Dropdown", "RadioButtons", "Select", "ToggleButtons", "SelectionSlider"), "index"),
}

# The bounds of each type, which a tag can override.
_LIMITS: Mapping[str, Rule] = {
    "number": {"low": -1e12, "high": 1e12},
    "integer": {"low": -(10**12), "high": 10**12},
    "boolean": {},
    "text": {"max_length": 500},
    "array": {"dtypes": ["float32", "float64", "int32"], "max_ndim": 2, "max_side": 1 << 14},
}
# The rule type of each trait type. No trait type here is a subclass of another one: traitlets' `Bool` is no `Int`.
_TYPES: Mapping[type, str] = {
    traitlets.Bool: "boolean",
    traitlets.Int: "integer",
    traitlets.Float: "number",
    traitlets.Unicode: "text",
}


def describe(notebook: str = "") -> dict[str, Any]:
    """What pages may set, given all widgets that exist after a notebook's cells have run.

    Args:
        notebook: its path; empty to describe the widgets that exist already.

    Returns:
        `traits`: for each trait, by its name, a list of rules; a value has to meet one of them. `messages`: for each type of
        message that a widget takes, its fields, each with a rule. A rule has a `type` and the bounds of this type. `failures`:
        a line for each cell that failed, and for each trait that is tagged but has a type that no page can set.
    """
    importlib.import_module("gradient.app")  # any notebook can use its widgets
    failures = _run_cells(Path(notebook)) if notebook else []
    traits: dict[str, list[Rule]] = {}
    for name, trait, bounds in _settable():
        try:
            rule = rule_of(trait, bounds)
        except TypeError as error:
            failures.append(str(error))
        else:
            traits.setdefault(name, []).extend([] if rule in traits.get(name, []) else [rule])
    return {"traits": traits, "messages": dict(_messages()), "failures": failures}


def rule_of(trait: traitlets.TraitType, bounds: Mapping[str, Any] | None = None) -> Rule:
    """The rule for values of a trait.

    Raises:
        TypeError: if no page can set a trait of this type, or if this type does not have such bounds.
    """
    if isinstance(trait, traitlets.Enum):
        return {"type": "enum", "values": list(trait.values or ())}
    if isinstance(trait, traitlets.Tuple):
        return {"type": "list", "items": [rule_of(item) for item in item_traits(trait)]}
    kind = next((name for base, name in _TYPES.items() if isinstance(trait, base)), None)
    kind = kind or ("array" if "array" in type(trait).__name__.lower() else None)
    if kind is None:
        raise TypeError(f"{_named(trait)} is a {type(trait).__name__}, which no page can set. Use one of {sorted(_LIMITS)}.")
    if unknown := set(bounds or ()) - _LIMITS[kind].keys():
        raise TypeError(f"{_named(trait)} has no bounds {sorted(unknown)}. Those of a {kind} are {sorted(_LIMITS[kind])}.")
    return {"type": kind, **_LIMITS[kind], **(bounds or {})}


def _named(trait: traitlets.TraitType) -> str:
    return f"{getattr(trait.this_class, '__name__', '')}.{trait.name}"


def _settable() -> Iterator[tuple[str, traitlets.TraitType, Mapping[str, Any] | None]]:
    """Each trait that a page sets: its name, the trait, and the bounds that its tag gives, if any."""
    for control, name in CONTROLS.items():
        yield name, getattr(widgets, control).class_traits()[name], None
    for widget_class in _subclasses(widgets.Widget):
        for name, trait in widget_class.class_traits(page_sets=bool).items():
            bounds = trait.metadata["page_sets"]
            yield name, trait, bounds if isinstance(bounds, Mapping) else None
    for live in live_widgets():
        for widget, name in getattr(live, "page_sets", list)():
            yield name, widget.traits()[name], None


def _messages() -> Iterator[tuple[str, Mapping[str, Rule]]]:
    for widget_class in _subclasses(widgets.Widget):
        for kind, fields in vars(widget_class).get("page_messages", {}).items():
            yield kind, {name: {"type": "number", **bounds} for name, bounds in fields.items()}


def _subclasses(base: type) -> set[Any]:
    return {base}.union(*map(_subclasses, base.__subclasses__()))


def _run_cells(notebook: Path) -> list[str]:
    """Runs all code cells of a notebook, even if some fail; returns a line for each that does."""
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415 -- 0.2 s that only this needs
    from traitlets.config import Config  # noqa: PLC0415

    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    os.chdir(notebook.parent)
    failures = []
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] == "code":
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                result = shell.run_cell("".join(cell["source"]), silent=True)
            if error := result.error_before_exec or result.error_in_exec:
                failures.append(f"Cell {number} of {notebook.name} failed: {error!r}")
    return failures


def main() -> None:
    """Prints the description of a notebook as JSON."""
    if len(sys.argv) != 2:
        sys.exit("Name a notebook: python -m gradient.allowlist techni.ipynb")
    print(json.dumps(describe(sys.argv[1])))


if __name__ == "__main__":
    main()
