"""The private parts of ipywidgets that this package uses."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ipywidgets import CallbackDispatcher, Dropdown, Widget
from ipywidgets.widgets import widget as _widget
from traitlets import Bunch, List, TraitError, Tuple, Unicode, observe, validate


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


def message_handlers(widget: Widget) -> list[Any]:
    """What is called by the messages of a page about a widget, such as a click.

    Each kind has a private dispatcher: an attribute, or in a dictionary, such as that in which traitlets keeps all values.
    """
    kept = vars(widget).values()
    found = [part for value in kept for part in (value.values() if isinstance(value, dict) else [value])]
    return [handler for each in found if isinstance(each, CallbackDispatcher) for handler in each.callbacks]


def function_of_interactive_output(callback: Any) -> Callable[..., Any] | None:
    """The author's function, if a callback is the one that `interactive_output` makes, which holds it in a closure."""
    is_made = getattr(callback, "__qualname__", "") == "interactive_output.<locals>.observer"
    return inspect.getclosurevars(callback).nonlocals["f"] if is_made else None


def option_values(widget: object) -> list[Any]:
    """The values of a selection's options; empty for anything else. `options` has them in five forms, of which one is kept."""
    return [value for _, value in getattr(widget, "_options_full", None) or ()]


def option_count(widget: object) -> int | None:
    """How many options a selection has; None for anything else. Its labels, which are private, tell."""
    labels = getattr(widget, "_options_labels", None)
    return None if labels is None else len(labels)


def model_kind(widget_class: type[Widget]) -> str:
    """The kind of model that a class of widgets has on a page: the module and the name of the model's JavaScript.

    All widgets of anywidget have one and the same model, which has the name of the Python class in its state.
    """
    traits = widget_class.class_traits()
    module, name = (traits[key].default_value for key in ("_model_module", "_model_name"))
    own = f"{widget_class.__module__}.{widget_class.__name__}" if module == "anywidget" else ""
    return f"{module} {name} {own}".strip()


class NamedDropdown(Dropdown):
    """A dropdown of texts whose `value` can also be set by another name of an option; `aliases` has the option of each.

    A page may show other labels, in another language: those of the trait that `labels` names. Their names stay the options.

    Attributes:
        names: the options, by which addresses and scripts call them in every language.

    Raises:
        TraitError: for a name of no option, with all options listed. ipywidgets says "value not found" alone.
    """

    # ipywidgets has it read-only, so that only new options could change what is shown.
    _options_labels = Tuple(help="The labels for the options.").tag(sync=True)
    names = List(Unicode()).tag(sync=True)

    def __init__(self, *, aliases: Mapping[str, str] | None = None, **traits: Any) -> None:
        self._aliases = dict(aliases or {})
        super().__init__(**traits)

    def labels(self) -> tuple[Widget, str]:
        """The trait that holds what a page shows of the options."""
        return self, "_options_labels"

    @observe("options")
    def _name_options(self, change: Bunch) -> None:
        self.names = list(change.new)

    # ipywidgets has a validator for `value` already, and traitlets takes a second one only if it has the name of the first.
    @validate("value")
    def _validate_value(self, proposal: Bunch) -> str | None:
        options = list(self.options)
        if proposal.value is None or proposal.value in options:
            return proposal.value
        value = self._aliases.get(proposal.value)
        if value not in options:
            raise TraitError(
                f"{self.description} has no option {proposal.value!r}. Choose one of {', '.join(map(repr, options))}."
            )
        return value
