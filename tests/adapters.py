"""What a test of an adapter says when a library has changed."""

import contextlib
from collections.abc import Iterator
from importlib.metadata import version
from typing import TypeVar

T = TypeVar("T")

_KEPT: list[object] = []


def keep_until_exit(manager: T) -> T:
    """Keeps a manager of kernels alive: one that is collected waits for all sockets of its context, perhaps for ever."""
    _KEPT.append(manager)
    return manager


@contextlib.contextmanager
def relying_on(distribution: str) -> Iterator[None]:
    """Names the library and its version if what is used of it in the block is not what it was."""
    try:
        yield
    except Exception as error:
        raise AssertionError(
            f"{distribution} {version(distribution)} has changed something that gradient/adapters relies on: {error!r}. "
            "Mend the adapter, or pin an earlier version."
        ) from error
