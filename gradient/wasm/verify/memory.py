"""Checks of the memory plan: every buffer has a place of its own."""

from collections.abc import Iterable
from itertools import pairwise

from gradient.wasm.ir import Buffer
from gradient.wasm.verify.errors import InvalidProgram


def check_memory(buffers: Iterable[Buffer], memory_bytes: int, alignment: int) -> None:
    """Checks that buffers are aligned, do not overlap and lie inside the memory, with a margin around each.

    Raises:
        InvalidProgram: if they do not.
    """
    ordered = sorted(buffers, key=lambda buffer: buffer.offset)
    for buffer in ordered:
        if buffer.offset % alignment or buffer.offset < alignment:
            raise InvalidProgram("memory plan", f"{buffer} is not aligned to {alignment} bytes")
        if buffer.offset + buffer.num_bytes + alignment > memory_bytes:
            raise InvalidProgram("memory plan", f"{buffer} ends beyond the {memory_bytes} bytes of the memory")
    for first, second in pairwise(ordered):
        if first.offset + first.num_bytes + alignment > second.offset:
            raise InvalidProgram("memory plan", f"{first} overlaps {second}")
