"""Describes what pages may set, given the widgets that exist."""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import traitlets

from gradient.adapters.ipywidgets import live_widgets, model_kind
from gradient.allowlist.cells import run_cells
from gradient.allowlist.controls import CONTROLS, MESSAGES, TRAITS
from gradient.allowlist.traits import CONTROL_LIMITS, LIMITS, Rule, plain, rules_of
from gradient.allowlist.undeclared import advice
from gradient.server.rules import any_of

_MAX_WORDS = 300  # of an error, whose text can hold anything


def describe(notebook: str = "") -> dict[str, Any]:
    """What pages may set, given all widgets that exist after a notebook's cells have run.

    Args:
        notebook: its path; empty to describe the widgets that exist already.

    Returns:
        `models`: for each kind of model, see `model_kind`, a mapping of

        - `traits`: for each trait that a page may set, a list of rules; a value has to meet one of them;
        - `linked`: the same for traits that a page may set in those models only that the state of a link refers to;
        - `messages`: for `type` and `event`, the names of the messages that it takes, and rules for each field of each.

        `links`: the kinds of these links. A rule has a `type` and the bounds of this type. `failures`: a line for the cell that
        failed, for each declaration that is wrong, and for each widget that seems to lack one.
    """
    app = importlib.import_module("gradient.app").App  # any notebook can use its widgets
    failures = run_cells(Path(notebook)) if notebook else []
    app.discard_ahead()
    description = _Description(failures)
    description.add_controls()
    for widget_class in sorted(_subclasses(widgets.Widget), key=model_kind):
        description.add_class(widget_class)
    for live in live_widgets():
        description.add_links(live)
    description.add_advice()
    return {"models": description.models, "links": sorted(description.links), "failures": list(dict.fromkeys(failures))}


class _Description:
    """A description in the making; see `describe` for what it consists of."""

    def __init__(self, failures: list[str]) -> None:
        self.models: dict[str, dict[str, dict[str, Any]]] = {}
        self.links: set[str] = set()
        self._failures = failures

    def add_controls(self) -> None:
        """Adds what ipywidgets' own controls set and send."""
        for control, names in CONTROLS.items():
            for name in names:
                trait = TRAITS.get((control, name)) or getattr(widgets, control).class_traits()[name]
                self._add(getattr(widgets, control), "traits", name, rules_of(trait, limits=CONTROL_LIMITS))
        for control, event in MESSAGES.items():
            self._part(getattr(widgets, control), "messages").setdefault("event", {})[event] = {}

    def add_class(self, widget_class: Any) -> None:
        """Adds the tagged traits and the messages of a class."""
        for name, trait in widget_class.class_traits().items():
            bounds = trait.metadata.get("page_sets", False)
            if bounds is not None and bounds is not False:
                with self._declaration(f"{_owner(trait)}.{name}"):
                    self._add(widget_class, "traits", name, rules_of(trait, bounds if isinstance(bounds, Mapping) else None))
        with self._declaration(f"{widget_class.__name__}.page_messages"):
            for kind, fields in _mapping(getattr(widget_class, "page_messages", {})).items():
                with self._declaration(f"{widget_class.__name__}.page_messages[{kind!r}]"):
                    rules = {name: [_field(bounds)] for name, bounds in _mapping(fields).items()}
                    for name, rule in rules.items():
                        any_of(rule, f"{kind}.{name}")
                    self._part(widget_class, "messages").setdefault("type", {})[str(kind)] = rules

    def add_links(self, live: Any) -> None:
        """Adds the traits of other widgets that the page of a widget sets."""
        method = getattr(live, "page_sets", None)
        if callable(method):
            with self._declaration(f"{type(live).__name__}.page_sets()"):
                for widget, name in method():
                    with self._declaration(f"{type(live).__name__}.page_sets() with {type(widget).__name__}.{name}"):
                        self._add(type(widget), "linked", name, rules_of(widget.traits()[name]))
                        self.links.add(model_kind(type(live)))

    def add_advice(self) -> None:
        """Adds a line for each kind of widget whose page could set something that is not allowed."""
        for live in live_widgets():
            model = self.models.get(model_kind(type(live)), {})
            if line := advice(live, [*model.get("traits", ()), *model.get("linked", ())], "messages" in model):
                self._failures.append(line)

    def _part(self, widget_class: type, part: str) -> dict[str, Any]:
        return self.models.setdefault(model_kind(widget_class), {}).setdefault(part, {})

    def _add(self, widget_class: type, part: str, name: str, rules: list[Rule]) -> None:
        """Adds rules for a trait; classes that have one kind of model share them."""
        any_of(rules, name)
        present = self._part(widget_class, part).setdefault(name, [])
        present += [rule for rule in rules if rule not in present]

    @contextmanager
    def _declaration(self, name: str) -> Iterator[None]:
        """What an author has declared, which can be anything: what is wrong with it is noted, and concerns nothing else."""
        try:
            yield
        except KeyError as error:
            self._failures.append(f"{name} does not count: there is no trait {error}.")
        except Exception as error:
            self._failures.append(f"{name} does not count. {str(error) or repr(error):.{_MAX_WORDS}}")


def _field(bounds: Any) -> Rule:
    """The rule for a field of a message, which is a number unless it says otherwise."""
    given = {name: plain(bound) for name, bound in _mapping(bounds).items()}
    return {"type": "number", **LIMITS.get(given.get("type", "number"), {}), **given}


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"It must be a mapping, but it is {value!r:.100}.")
    return value


def _owner(trait: traitlets.TraitType) -> str:
    return getattr(trait.this_class, "__name__", "")


def _subclasses(base: type) -> set[Any]:
    return {base}.union(*map(_subclasses, base.__subclasses__()))
