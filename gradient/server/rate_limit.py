"""A rate limit: how many events each key may have within a period, whenever the period begins."""

import time
from collections import Counter, deque
from collections.abc import Callable, Hashable


class RateLimit:
    """At most `most` events of each key in any `seconds`.

    It remembers the events of the last `seconds`, and nothing of keys that have had none since.
    """

    def __init__(self, most: int, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._now = most, seconds, now
        self._events: deque[tuple[float, Hashable]] = deque()
        self._counts: Counter[Hashable] = Counter()

    def try_count(self, key: Hashable) -> bool:
        """Counts an event if the key may have another one now; returns whether it may."""
        now = self._now()
        self._forget(now - self._seconds)
        if self._counts[key] >= self._most:
            return False
        self._events.append((now, key))
        self._counts[key] += 1
        return True

    def _forget(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            _, key = self._events.popleft()
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]
