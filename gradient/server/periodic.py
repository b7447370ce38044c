"""A periodic task on the monotonic clock."""

import asyncio
from collections.abc import Awaitable, Callable


class Periodic:
    """Runs a coroutine every so many seconds, counted from the end of one run to the start of the next.

    Tornado's `PeriodicCallback` follows the wall clock: if that is set back by a day, it pauses for a day.
    """

    def __init__(self, action: Callable[[], Awaitable[None]], seconds: float) -> None:
        self._action, self._seconds = action, seconds
        self._next: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_stopped = False

    def start(self) -> None:
        """Schedules the next run. Needs a running event loop."""
        self._next = asyncio.get_running_loop().call_later(self._seconds, self._begin)

    def stop(self) -> None:
        """Cancels the next run; a run that is under way finishes."""
        self._is_stopped = True
        if self._next:
            self._next.cancel()

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._action()
        finally:
            if not self._is_stopped:
                self.start()
