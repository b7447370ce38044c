"""The private parts of traitlets that this package uses."""

from typing import Any

from traitlets import Container, HasTraits, TraitType, Tuple
from traitlets.traitlets import _CallbackWrapper


def item_traits(trait: Tuple) -> list[TraitType]:
    """The trait of each item of a tuple of fixed length, which traitlets does not tell; empty if the items can be anything."""
    return list(trait._traits or ())


def item_trait(trait: TraitType) -> TraitType | None:
    """The trait of every item of a list or tuple of any length; None if it is no such trait, or the items can be anything."""
    item = trait._trait if isinstance(trait, Container) and not isinstance(trait, Tuple) else None
    return item if isinstance(item, TraitType) else None


def validated(owner: HasTraits, name: str, value: Any) -> Any:
    """What a trait would hold if it were set to a value. It need not fit to the other traits, which may be set with it.

    Raises:
        TraitError: if the trait does not take it.
    """
    with owner.cross_validation_lock:
        return getattr(type(owner), name)._validate(owner, value)


def validators_of(owner: HasTraits) -> list[Any]:
    """Everything that is asked whether a trait may get a value, and may give it another; traitlets keeps it in private."""
    return list(owner._trait_validators.values())


def observers_of(owner: HasTraits) -> list[Any]:
    """Everything that is called when a trait changes: functions, and handlers of the class; traitlets keeps it in private.

    What `on_trait_change` was given comes in a wrapper, in whose `cb` it is.
    """
    return [
        observer.cb if isinstance(observer, _CallbackWrapper) else observer
        for kinds in owner._trait_notifiers.values()
        for found in kinds.values()
        for observer in found
    ]
