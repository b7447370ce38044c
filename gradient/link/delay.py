"""Runs something once it has not been asked for again for a while."""

import asyncio
from collections.abc import Callable

from gradient.link.events import event


class Delay:
    """Calls a function after so many seconds, unless it is given another one before.

    Without an event loop, as in a script, or with no seconds to wait, it calls at once.
    """

    def __init__(
        self, seconds: float, running_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.get_running_loop
    ) -> None:
        """Takes the seconds, and what returns the event loop or raises a RuntimeError: tests have a clock of their own."""
        self._seconds, self._running_loop = seconds, running_loop
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, act: Callable[[], None]) -> None:
        """Calls `act` as an event of its own, later or at once."""
        self.cancel()
        try:
            loop = self._running_loop()
        except RuntimeError:
            act()
            return
        if self._seconds:
            self._timer = loop.call_later(self._seconds, self._act, act)
        else:
            act()

    def cancel(self) -> None:
        """Forgets what it was to call."""
        if self._timer:
            self._timer.cancel()

    def _act(self, act: Callable[[], None]) -> None:
        with event():
            act()
