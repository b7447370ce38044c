"""The same bits in browsers as in wasmtime, where all other tests run the modules."""

import pytest

from benchmarks.browsers import CHROMIUM, FIREFOX, differing


# Firefox is installed by `make soak`.
@pytest.mark.parametrize("names", [CHROMIUM, pytest.param(FIREFOX, marks=pytest.mark.soak)], ids=["chromium", "firefox"])
def test_a_browser_computes_the_same_bits(names: tuple[str, ...]) -> None:
    _, count, wrong = differing(names)
    assert count > 20
    assert wrong == []
