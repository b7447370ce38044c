"""A test of an adapter names the library that has changed."""

from importlib.metadata import version

import pytest

from tests.adapters import relying_on


def test_a_change_is_told_with_the_version() -> None:
    with (
        pytest.raises(AssertionError, match=rf"traitlets {version('traitlets')} has changed .*AttributeError"),
        relying_on("traitlets"),
    ):
        raise AttributeError("gone")


def test_nothing_is_told_when_all_is_as_it_was() -> None:
    with relying_on("traitlets"):
        pass
