"""What gradient/adapters/traitlets.py relies on."""

from traitlets import Float, Int, Tuple

from gradient.adapters.traitlets import item_traits
from tests.adapters import relying_on


def test_a_tuple_has_the_traits_of_its_items() -> None:
    with relying_on("traitlets"):
        assert [type(item) for item in item_traits(Tuple(Int(), Float()))] == [Int, Float]
        assert item_traits(Tuple()) == []
