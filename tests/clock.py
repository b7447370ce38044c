"""Event loops for tests of what waits: none, or the timers of one whose time passes when a test says so."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn


def no_loop() -> NoReturn:
    """Stands for the running loop where none runs."""
    raise RuntimeError("no running event loop")


def without_loop(function: Callable[[], Any]) -> Any:
    """Calls a function in a thread where no event loop runs, as one may do in a test's own: Playwright's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function).result()


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
