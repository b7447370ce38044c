"""What this package uses of traitlets that it does not promise."""

from collections.abc import Callable
from typing import Any

from traitlets import HasTraits, TraitType


def set_trait(owner: HasTraits, trait: TraitType, value: Any, is_equal: Callable[[Any, Any], bool]) -> None:
    """Does what `TraitType.set` does after validation, with a comparison of one's own.

    `TraitType.set` compares with `==`, takes an array of results for a change, and offers no hook.
    """
    assert trait.name
    old = owner._trait_values.get(trait.name, trait.default_value)
    owner._trait_values[trait.name] = value
    if not is_equal(old, value):
        owner._notify_trait(trait.name, old, value)
