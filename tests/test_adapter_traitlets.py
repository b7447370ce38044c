"""What gradient/adapters/traitlets.py relies on."""

from typing import Any

from traitlets import Float, HasTraits, Int, Tuple, observe, validate

from gradient.adapters.traitlets import item_traits, observers_of, validators_of
from tests.adapters import relying_on


def test_a_tuple_has_the_traits_of_its_items() -> None:
    with relying_on("traitlets"):
        assert [type(item) for item in item_traits(Tuple(Int(), Float()))] == [Int, Float]
        assert item_traits(Tuple()) == []


def test_observers_and_validators_are_listed() -> None:
    class Counted(HasTraits):
        number = Int()

        @observe("number")
        def changed(self, _: object) -> None:
            pass

        @validate("number")
        def even(self, proposal: Any) -> int:
            return proposal.value // 2 * 2

    def follow(_: object) -> None:
        pass

    counted = Counted()
    counted.observe(follow, "number")
    with relying_on("traitlets"):
        assert follow in observers_of(counted)
        assert [found.name for found in observers_of(counted) if found is not follow] == ["changed"]
        assert [found.name for found in validators_of(counted)] == ["even"]
