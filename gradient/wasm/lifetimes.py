"""Which arrays are still needed. An update writes into a buffer that nothing else reads, instead of copying it.

Arrays are functions of an index and read their buffers late, so that a store into a buffer changes all of them. `Lifetimes`
knows every array that will be read again: those of the variables of the jaxprs being lowered, and those that a loop pins.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gradient.adapters.jax import is_literal
from gradient.wasm.arrays import Array
from gradient.wasm.ir import Buffer


@dataclass(eq=False)
class Frame:
    """The arrays of the variables of one jaxpr.

    Attributes:
        block: the statements that the jaxpr is lowered to; None if its arrays cannot be replaced by copies.
        known: the array of each variable, as long as it is used.
        uses: how many equations and results are still to use each variable.
    """

    block: object
    known: dict[Any, Array]
    uses: Counter

    def release(self, variables: Sequence[Any]) -> None:
        """Counts one use of each variable, and forgets those that had no other."""
        for var in variables:
            if not is_literal(var):
                self.uses[var] -= 1
                if not self.uses[var]:
                    self.known.pop(var, None)


class Lifetimes:
    """The frames of the jaxprs that are being lowered, outermost first."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []

    @contextmanager
    def frame(self, frame: Frame) -> Iterator[Frame]:
        """Keeps the arrays of a frame alive."""
        self._frames.append(frame)
        try:
            yield frame
        finally:
            self._frames.pop()

    @contextmanager
    def pinned(self, arrays: Sequence[Array]) -> Iterator[None]:
        """Keeps arrays alive that a rule itself reads again, such as those that every iteration of a loop reads."""
        with self.frame(Frame(None, dict(enumerate(arrays)), Counter(range(len(arrays))))):
            yield

    def replace_readers(self, buffer: Buffer, block: object, limit: int, copied: Callable[[Array], Array]) -> bool:
        """Replaces all arrays that read a buffer by copies of them, if a block can do that with less than `limit` elements."""
        readers = [
            (frame, var, array)
            for frame in self._frames
            for var, array in frame.known.items()
            if frame.uses[var] and array.reads(buffer)
        ]
        arrays = {id(array): array for _, _, array in readers}
        if any(frame.block is not block for frame, _, _ in readers) or sum(a.size for a in arrays.values()) >= limit:
            return False
        copies = {key: copied(array) for key, array in arrays.items()}
        for array in (array for frame in self._frames for array in frame.known.values() if array.materialized):
            array.forget_copy_in(buffer)
        for frame, var, array in readers:
            frame.known[var] = copies[id(array)]
        return True
