"""What a test of an adapter says when a library has changed."""

import contextlib
from collections.abc import Iterator
from importlib.metadata import version


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
