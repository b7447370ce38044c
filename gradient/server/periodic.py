"""Something that is done again and again, by a clock that nobody sets."""

import asyncio
from collections.abc import Awaitable, Callable


class Periodic:
    """Does something every so many seconds; it does not begin again before it is done.

    It takes the place of Tornado's `PeriodicCallback`, which goes by the wall clock: once that has been set back by a day, it
    waits for a day.
    """

    def __init__(self, action: Callable[[], Awaitable[None]], seconds: float) -> None:
        self._action, self._seconds = action, seconds
        self._next: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_stopped = False

    def start(self) -> None:
        """Begins, after a first pause. Needs a running event loop."""
        self._next = asyncio.get_running_loop().call_later(self._seconds, self._begin)

    def stop(self) -> None:
        """Does it no more; what is under way is brought to its end."""
        self._is_stopped = True
        if self._next:
            self._next.cancel()

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._once())

    async def _once(self) -> None:
        try:
            await self._action()
        finally:
            if not self._is_stopped:
                self.start()
