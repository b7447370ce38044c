"""What gradient/adapters/traitlets.py relies on."""

from typing import Any

import numpy as np
from traitlets import HasTraits, TraitType

from gradient.adapters.traitlets import set_trait
from tests.adapters import relying_on


class Numbers(TraitType[Any, Any]):
    """An array that is equal to another in all or nothing."""

    def set(self, obj: Any, value: Any) -> None:
        set_trait(obj, self, value, np.array_equal)


class Owner(HasTraits):
    """An object with such a trait."""

    numbers = Numbers(np.zeros(2))


def test_observers_are_called_when_the_value_is_not_equal() -> None:
    with relying_on("traitlets"):
        owner, changes = Owner(), list[Any]()
        owner.observe(lambda change: changes.append((*change.old, *change.new)), "numbers")
        owner.numbers = np.zeros(2)
        assert changes == []
        owner.numbers = np.ones(2)
        owner.numbers = np.ones(2)
        assert changes == [(0, 0, 1, 1)]
        assert owner.numbers.tolist() == [1, 1]
