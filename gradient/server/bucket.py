"""A token bucket: how much of something there may be in a second, and at once."""

import math
import time
from collections.abc import Callable


class Bucket:
    """Fills with `rate` tokens in a second, up to `burst`; whoever takes more than there are has to wait.

    Taking is always granted, on credit: what it answers is for how many seconds nothing more should be taken.
    """

    def __init__(self, rate: float, burst: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._now = rate, burst, now
        self._level, self._filled = burst, now()

    def take(self, tokens: float = 1.0) -> float:
        """Takes tokens; returns the seconds until the bucket is out of debt, 0 if it is in none."""
        now = self._now()
        self._level = min(self._burst, self._level + (now - self._filled) * self._rate) - tokens
        self._filled = now
        return max(0.0, -self._level / self._rate)

    def try_take(self, tokens: float = 1.0) -> bool:
        """Takes tokens if there are so many; returns whether there were."""
        if math.isclose(self.take(tokens), 0.0):
            return True
        self._level += tokens
        return False
