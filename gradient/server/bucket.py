"""The rate limiter: a token bucket, and one bucket for each client network."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

_MAX_KEYS = 10_000  # the ones used longest ago are forgotten


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


class KeyedBuckets:
    """A bucket for each key, all of the same rate and burst."""

    def __init__(self, rate: float, burst: float, now: Callable[[], float] = time.monotonic) -> None:
        self._make: Callable[[], Bucket] = lambda: Bucket(rate, burst, now)
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def try_take(self, key: str) -> bool:
        """Takes a token from the key's bucket if there is one; returns whether there was."""
        bucket = self._buckets.setdefault(key, self._make())
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MAX_KEYS:
            self._buckets.popitem(last=False)
        return bucket.try_take()
