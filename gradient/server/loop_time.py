"""The processor time that a visitor's messages take of the event loop, and how long the next ones wait for it.

A message costs the loop about a third of a millisecond, in either direction, and nobody else is served meanwhile.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gradient.server.bucket import Bucket

# In seconds of processor time per second, as measured around the guard's methods. All that a message costs is two and a half
# times as much: it is also read from the network, and jupyter_server reads each answer once more.
_MOST, _MOST_BURST = 0.04, 1.0  # of one kernel: a tenth of the loop
_LITTLE, _LITTLE_BURST = 0.004, 0.1  # of one kernel that waits for no other
_TOGETHER, _TOGETHER_BURST = 0.12, 0.12  # of all others together: three tenths of the loop

TOGETHER = Bucket(_TOGETHER, _TOGETHER_BURST)


class LoopTime:
    """The time that the messages of one kernel take, from its pages and to them."""

    def __init__(
        self,
        together: Bucket = TOGETHER,
        now: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        """Starts with all bursts.

        Args:
            together: what all kernels with many messages share.
            now: a clock, in seconds.
            worked: the processor time of this thread, in seconds.
        """
        self._worked, self._together = worked, together
        self._most, self._little = Bucket(_MOST, _MOST_BURST, now), Bucket(_LITTLE, _LITTLE_BURST, now)

    @contextmanager
    def charged(self) -> Iterator[None]:
        """A block whose processor time is charged."""
        began = self._worked()
        try:
            yield
        finally:
            self.charge(self._worked() - began)

    def charge(self, seconds: float) -> None:
        """Charges processor time."""
        self._most.take(seconds)
        if self._little.take(seconds):
            self._together.take(seconds)

    def wait(self) -> float:
        """How many seconds the next message has to wait; 0 if it need not."""
        together = self._together.take(0.0) if self._little.take(0.0) else 0.0
        return max(self._most.take(0.0), together)
