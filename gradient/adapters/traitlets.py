"""What this package uses of traitlets that it does not promise."""

from traitlets import TraitType, Tuple


def item_traits(trait: Tuple) -> list[TraitType]:
    """The trait of each item of a tuple of fixed length, which traitlets does not tell; empty if the items can be anything."""
    return list(trait._traits or ())
