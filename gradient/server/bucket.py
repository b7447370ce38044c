"""A token bucket, which paces what arrives faster than a steady rate."""

import math
import time
from collections.abc import Callable


class Bucket:
    """Fills at `rate` tokens a second, up to `burst`."""

    def __init__(self, rate: float, burst: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._now = rate, burst, now
        self._level, self._filled = burst, now()

    def take(self, tokens: float = 1.0) -> float:
        """Takes tokens, on credit if need be; returns how many seconds to wait until the debt is paid, 0 without debt."""
        now = self._now()
        self._level = min(self._burst, self._level + (now - self._filled) * self._rate) - tokens
        self._filled = now
        return max(0.0, -self._level / self._rate)

    def try_take(self, tokens: float = 1.0) -> bool:
        """Takes tokens if there are enough; returns whether there were."""
        if math.isclose(self.take(tokens), 0.0):
            return True
        self._level += tokens
        return False
