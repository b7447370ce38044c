"""The timers of an event loop whose time passes when a test says so."""

from collections.abc import Callable
from typing import Any


class Timer:
    """What a clock is to call."""

    def __init__(self, due: float, act: Callable[[], Any]) -> None:
        self.due, self.act = due, act

    def cancel(self) -> None:
        """Makes the clock forget it."""
        self.act = lambda: None


class Clock:
    """Stands for the running loop: `Delay(seconds, clock.running)`.

    Attributes:
        time: the seconds that have passed.
    """

    def __init__(self) -> None:
        self.time = 0.0
        self._timers: list[Timer] = []

    def running(self) -> Any:
        """The running loop."""
        return self

    def call_later(self, seconds: float, act: Callable[..., Any], *arguments: Any) -> Timer:
        """Calls `act` when these seconds have passed."""
        timer = Timer(self.time + seconds, lambda: act(*arguments))
        self._timers.append(timer)
        return timer

    def wait(self, seconds: float) -> None:
        """Lets time pass: what is due meanwhile is called in its turn."""
        end = self.time + seconds
        while due := [timer for timer in self._timers if timer.due <= end]:
            timer = min(due, key=lambda timer: timer.due)
            self._timers.remove(timer)
            self.time = timer.due
            timer.act()
        self.time = end
