"""What a caller means by a trait, and which values a trait takes."""

import difflib
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from ipywidgets import FloatLogSlider, FloatRangeSlider, FloatSlider, IntRangeSlider, IntSlider, Widget
from traitlets import Bool, Container, Float, HasTraits, Int, TraitError, TraitType, Tuple, Unicode

from gradient.adapters.ipywidgets import option_values
from gradient.adapters.traitlets import item_trait, item_traits, validated
from gradient.link.constants import Kind
from gradient.link.errors import LinkError
from gradient.link.events import Trait

INDEX = "index"


_LISTS = {
    Kind.INTEGER: Kind.INTEGERS,
    Kind.NUMBER: Kind.NUMBERS,
    Kind.BOOLEAN: Kind.NUMBERS,
    Kind.TEXT: Kind.TEXTS,
    Kind.INTEGERS: Kind.INTEGERS,
    Kind.NUMBERS: Kind.NUMBERS,  # lists of lists
}
# Their `value` is always one of their steps on a page.
SLIDERS = (FloatSlider, IntSlider, FloatLogSlider, FloatRangeSlider, IntRangeSlider)
_KINDS = ((Unicode, Kind.TEXT), (Bool, Kind.BOOLEAN), (Int, Kind.INTEGER), (Float, Kind.NUMBER))


def resolve(given: Any, argument: str) -> Trait:
    """The trait that is meant: a widget alone means its `value`.

    Args:
        given: a widget, or a pair of an object with traits and a trait's name.
        argument: what it was given as, for the error.

    Raises:
        LinkError: if there is no such trait, or its widget is closed.
    """
    if isinstance(given, HasTraits):
        given = (given, "value")
    is_pair = isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], HasTraits) and isinstance(given[1], str)
    if not is_pair:
        raise LinkError(f'{argument} is {short(given)}. Give a widget, or a pair such as (slider, "value").')
    owner, name = cast(Trait, given)
    if not owner.has_trait(name):
        near = difflib.get_close_matches(name, owner.trait_names(), 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise LinkError(f"{argument}: {type(owner).__name__} has no trait {name!r}.{hint}")
    if isinstance(owner, Widget) and owner.comm is None:
        raise LinkError(f"{argument}: the {type(owner).__name__} is closed. Make a new one.")
    return owner, name


def resolve_choice(given: Any, argument: str) -> Trait:
    """The trait that holds the index of a choice, or a boolean: for a widget alone its `index`, or its `value` if it has none.

    Raises:
        LinkError: if there is no such trait, or it holds something else.
    """
    has_index = isinstance(given, HasTraits) and given.has_trait(INDEX)
    owner, name = resolve((given, INDEX) if has_index else given, argument)
    value = getattr(owner, name)
    if value is None or isinstance(value, bool | int | np.integer):
        return owner, name
    instead = f' Give its "{INDEX}" instead.' if owner.has_trait(INDEX) and name != INDEX else ""
    raise LinkError(f"{argument}: {type(owner).__name__}.{name} holds {short(value)}, and a choice is an index.{instead}")


def check_value(trait: Trait, value: Any, argument: str) -> None:
    """Checks that a trait takes a value.

    Raises:
        LinkError: if not.
    """
    if is_selected(trait) and value is not None and value not in option_values(trait[0]):
        raise LinkError(f"{argument}: {type(trait[0]).__name__} has no option {short(value)}.")
    try:
        validated(*trait, value)
    except TraitError as error:
        raise LinkError(f"{argument}: {error}") from None


def is_selected(trait: Trait) -> bool:
    """Whether a trait is the `value` of a selection, of which a page has the index only."""
    owner, name = trait
    has_index = isinstance(owner, Widget) and isinstance(getattr(type(owner), INDEX, None), Int)
    return has_index and name == "value" and name not in owner.keys  # type: ignore[attr-defined]


def is_choice(trait: Trait) -> bool:
    """Whether a trait is the `value` of a selection, of one option or of several."""
    owner, name = trait
    return name == "value" and owner.has_trait(INDEX) and owner.has_trait("options")


def takes(trait: Trait, value: Any) -> bool:
    """Whether a trait can hold a value, and a page can be told of it."""
    to_json = _declared(trait).metadata.get("to_json")
    try:
        validated(*trait, value)
        if to_json:
            to_json(value, trait[0])
    except (TraitError, AttributeError, TypeError, ValueError):
        return False
    return True


def kind_of(trait: Trait) -> Kind:
    """Which values a trait takes."""
    if numeric_options(trait):
        return Kind.ANY
    kind = _kind_of(_declared(trait))
    if not (isinstance(trait[0], SLIDERS) and trait[1] == "value"):
        return kind
    return Kind.SLIDERS if kind in (Kind.NUMBERS, Kind.INTEGERS) else Kind.SLIDER


def length_of(trait: Trait) -> int | None:
    """How many values a trait takes if it takes a certain number of them."""
    found = _declared(trait)
    return len(item_traits(found)) or None if isinstance(found, Tuple) else None


def numeric_options(trait: Trait) -> list[float] | None:
    """The numbers that a selection's `value` can be; None for any other trait, and if an option is no number.

    A page has no `value` of a selection, only the index of the option.
    """
    if not is_selected(trait):
        return None
    values = option_values(trait[0])
    return values if values and all(isinstance(value, bool | int | float | np.number) for value in values) else None


def page_trait(trait: Trait) -> Trait:
    """The trait that a page has for this one: the index of a selection for its value."""
    return (trait[0], INDEX) if numeric_options(trait) else trait


def check_input(name: str, trait: Trait) -> None:
    """Checks that a trait holds numbers.

    Raises:
        LinkError: if it does not.
    """
    value = getattr(*trait)
    where = f"{type(trait[0]).__name__}.{trait[1]}"
    words = [option for option in option_values(trait[0]) if not _is_numeric(option)] if is_choice(trait) else []
    has_numbers = not words and _is_numeric(_placeholder(trait) if value is None else value)
    if not has_numbers or kind_of(trait) is Kind.TEXTS or _is_empty_list(trait, value):
        holds = f"can be {short(words[0])}" if words else f"holds {short(value)}"
        instead = f'its "{INDEX}" instead' if is_choice(trait) else f'a FloatText, or the "{INDEX}" of a choice'
        raise LinkError(
            f"inputs[{name!r}]: {where} {holds}, and a function takes numbers, booleans and arrays. Link {instead}."
        )


def present(trait: Trait) -> Any:
    """A trait's value, or an example of its type if that is None."""
    value, options = getattr(*trait), numeric_options(trait)
    value = _placeholder(trait) if value is None else value
    return float(value) if options and not all(isinstance(option, int) for option in options) else value


def _declared(trait: Trait) -> TraitType:
    """The declaration of a trait. (`traits()` would make a dictionary of all of them.)"""
    return getattr(type(trait[0]), trait[1])


def _placeholder(trait: Trait) -> Any:
    options = numeric_options(trait)
    return options[0] if options else {Kind.INTEGER: 0, Kind.NUMBER: 0.0, Kind.BOOLEAN: False}.get(kind_of(trait))


def _is_empty_list(trait: Trait, value: Any) -> bool:
    """Whether a value is an empty list of something other than numbers, such as uploaded files."""
    return isinstance(_declared(trait), Container) and kind_of(trait) is Kind.ANY and not value


def _is_numeric(value: Any) -> bool:
    try:
        return not isinstance(value, bytes | memoryview) and np.asarray(value).dtype.kind in "biuf"
    except ValueError:  # lists of different lengths
        return False


def _kind_of(trait: TraitType | None) -> Kind:
    if isinstance(trait, Container):
        items = item_traits(trait) if isinstance(trait, Tuple) else [item_trait(trait)]
        kinds = {_kind_of(item) for item in items if item}
        return _LISTS.get(kinds.pop(), Kind.ANY) if len(kinds) == 1 else Kind.NUMBERS
    return next((kind for cls, kind in _KINDS if isinstance(trait, cls)), Kind.ANY)


def check_boolean(argument: str, given: Any) -> None:
    """Checks that an argument is True or False.

    Raises:
        LinkError: if not.
    """
    if not isinstance(given, bool):
        raise LinkError(f"{argument} is {short(given)}. Give True or False.")


def short(value: Any) -> str:
    """A value as an error shows it."""
    text = repr(value)
    return text if len(text) <= 40 else f"a {type(value).__name__}"


def names(found: Sequence[str]) -> str:
    """Names for an error: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(found[:-1]), *found[-1:])))
