"""What waits until nothing asks for it anew: the latest wins, once, as an event of its own; and links whose function waits."""

import asyncio
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import ipywidgets as widgets
import pytest

from gradient.link import JaxLink, jaxlink
from gradient.link.delay import Delay
from gradient.link.events import schedule
from tests.clock import Clock, no_loop, without_loop

SECONDS = 0.25


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def called() -> list[str]:
    return []


@pytest.fixture
def note(called: list[str]) -> Callable[[str], Callable[[], None]]:
    """Makes what notes in `called` that it was called."""
    return lambda name: lambda: called.append(name)


def test_it_waits(clock: Clock, called: list, note: Any) -> None:
    Delay(SECONDS, clock.running)(note("a"))
    clock.wait(SECONDS - 0.01)
    assert called == []
    clock.wait(0.02)
    assert called == ["a"]
    clock.wait(10 * SECONDS)
    assert called == ["a"]


def test_the_latest_wins_and_waits_as_long_again(clock: Clock, called: list, note: Any) -> None:
    delay = Delay(SECONDS, clock.running)
    for name in "abcd":
        delay(note(name))
        clock.wait(0.9 * SECONDS)
    assert called == []
    clock.wait(0.2 * SECONDS)
    assert called == ["d"]
    delay(note("e"))
    clock.wait(SECONDS)
    assert called == ["d", "e"]


def test_two_delays_do_not_know_of_each_other(clock: Clock, called: list, note: Any) -> None:
    one, other = Delay(SECONDS, clock.running), Delay(2 * SECONDS, clock.running)
    other(note("late"))
    one(note("soon"))
    clock.wait(2 * SECONDS)
    assert called == ["soon", "late"]


def test_what_is_cancelled_is_forgotten(clock: Clock, called: list, note: Any) -> None:
    delay = Delay(SECONDS, clock.running)
    delay.cancel()  # there is nothing yet
    delay(note("a"))
    delay.cancel()
    clock.wait(2 * SECONDS)
    assert called == []
    delay(note("b"))
    clock.wait(SECONDS)
    delay.cancel()  # it has been called
    assert called == ["b"]


def test_with_no_seconds_to_wait_it_calls_at_once(clock: Clock, called: list, note: Any) -> None:
    Delay(0, clock.running)(note("a"))
    assert called == ["a"]


def test_without_an_event_loop_it_calls_at_once_and_forgets_what_waits(clock: Clock, called: list, note: Any) -> None:
    is_running = [True, False]
    delay = Delay(SECONDS, lambda: clock.running() if is_running.pop(0) else no_loop())
    delay(note("a"))
    delay(note("b"))
    assert called == ["b"]
    clock.wait(2 * SECONDS)
    assert called == ["b"]


def test_an_event_loop_is_found_where_one_runs(called: list, note: Any) -> None:
    async def ask() -> None:
        delay = Delay(1e-3)
        delay(note("a"))
        assert called == []
        done = asyncio.Event()
        delay(done.set)  # the latest
        await done.wait()

    without_loop(lambda: asyncio.run(ask()))
    assert called == []


def test_what_fails_stops_nothing(clock: Clock, called: list, note: Any) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    delay = Delay(SECONDS, clock.running)
    delay(fail)
    with pytest.raises(ZeroDivisionError):  # the loop reports it
        clock.wait(SECONDS)
    delay(note("a"))
    clock.wait(SECONDS)
    assert called == ["a"]


def test_it_calls_as_one_event(clock: Clock, called: list, note: Any) -> None:
    """The links that it concerns run once, when it is done."""
    link = SimpleNamespace(run=note("link"), order=0)

    def act() -> None:
        schedule(link)
        schedule(link)
        called.append("done")

    Delay(SECONDS, clock.running)(act)
    clock.wait(SECONDS)
    assert called == ["done", "link"]


# A link whose function waits in the kernel.


@pytest.fixture
def slider() -> widgets.FloatSlider:
    return widgets.FloatSlider(value=1.0, max=10.0)


@pytest.fixture
def shown() -> widgets.FloatText:
    return widgets.FloatText()


def link_inverse(slider: widgets.FloatSlider, shown: widgets.FloatText, clock: Clock, **options: Any) -> tuple[JaxLink, list]:
    """A link that waits, and a list of what its runs are given. Its first run, where no loop runs yet, did not wait."""
    inputs, outputs = {"x": (slider, "value")}, {"y": (shown, "value")}
    settings = {"inputs": inputs, "outputs": outputs, "where": "kernel", "delay": SECONDS, **options}
    link = without_loop(lambda: jaxlink(lambda x: {"y": 1 / x}, **settings))
    link._delay._running_loop = clock.running
    runs, compute = list[float](), link._kernel.compute

    def counted(inputs: Any, static: Any) -> Any:
        runs.append(float(inputs["x"]))
        return compute(inputs, static)

    link._kernel.compute = counted
    return link, runs


def test_a_link_runs_once_with_the_newest_values(slider: Any, shown: Any, clock: Clock) -> None:
    _, runs = link_inverse(slider, shown, clock)
    for value in (2.0, 4.0, 8.0):
        slider.value = value
    assert (runs, shown.value) == ([], 1.0)
    clock.wait(SECONDS)
    assert (runs, shown.value) == ([8.0], 0.125)


def test_a_link_that_is_back_where_it_was_does_not_run(slider: Any, shown: Any, clock: Clock) -> None:
    _, runs = link_inverse(slider, shown, clock)
    slider.value = 2.0
    clock.wait(SECONDS)
    slider.value = 4.0
    slider.value = 2.0
    clock.wait(SECONDS)
    assert runs == [2.0]


def test_a_link_does_not_run_where_the_page_computes_by_then(slider: Any, shown: Any, clock: Clock) -> None:
    link, runs = link_inverse(slider, shown, clock)
    slider.value = 2.0
    link.where = "browser"
    clock.wait(SECONDS)
    assert runs == []


def test_a_link_that_is_closed_by_then_does_not_run(slider: Any, shown: Any, clock: Clock) -> None:
    link, runs = link_inverse(slider, shown, clock)
    slider.value = 2.0
    link.close()
    clock.wait(SECONDS)
    assert (runs, shown.value) == ([], 1.0)


def test_a_link_that_fails_says_so_and_runs_again(
    slider: Any, shown: Any, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    errors = widgets.Text()
    link, runs = link_inverse(slider, shown, clock, errors=(errors, "value"))
    compute = link._kernel.compute
    link._kernel.compute = lambda *_: 1 / 0  # type: ignore[method-assign]
    slider.value = 2.0
    with caplog.at_level(logging.CRITICAL):
        clock.wait(SECONDS)
    assert errors.value == "The computation failed (ZeroDivisionError: division by zero). The page shows the last result."
    link._kernel.compute = compute  # type: ignore[method-assign]
    slider.value = 4.0
    clock.wait(SECONDS)
    assert (runs, shown.value, errors.value) == ([4.0], 0.25, "")
