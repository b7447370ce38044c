"""Visitors whose kernels answer as much as they can do not keep the server's loop from others."""

import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from gradient.server.bucket import Bucket
from gradient.server.loop_time import LoopTime
from tests.conftest import Server
from tests.flooding import flooded, wait_for_lines
from tests.server import hardened, metrics, wait_until_ready
from tests.visitor import Visitor, fetch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

COST = 0.0005  # seconds of the loop's processor time for a message and its answers


class Clock:
    """A clock that a test sets."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def taken(*rates: float, seconds: float = 100.0) -> list[float]:
    """The shares of the loop that kernels take in so many seconds, whose pages send at these rates unless they have to wait."""
    now = Clock()
    together = Bucket(0.12, 0.12, now)
    kernels = [LoopTime(together, now) for _ in rates]
    due, shares = [0.0] * len(rates), [0.0] * len(rates)
    while (first := min(range(len(rates)), key=due.__getitem__)) is not None and due[first] < seconds:
        now.seconds = due[first]
        kernels[first].charge(COST)
        shares[first] += COST / seconds
        due[first] += max(1 / rates[first], kernels[first].wait())
    return shares


def test_one_kernel_takes_a_little_of_the_loop_and_any_number_not_much_more() -> None:
    assert taken(450) == pytest.approx([0.05], abs=0.001)  # with the burst
    assert sum(taken(*[450] * 3)) < 0.14
    assert sum(taken(*[450] * 30)) < 0.18
    assert min(taken(*[450] * 30)) == pytest.approx(max(taken(*[450] * 30)), rel=0.1)


def test_a_page_that_sends_little_waits_for_nobody() -> None:
    assert taken(7, *[450] * 30)[0] == pytest.approx(7 * COST, rel=0.01)
    assert taken(60)[0] == pytest.approx(60 * COST, rel=0.01)


def test_a_block_is_charged_for_its_processor_time_even_if_it_fails() -> None:
    worked = Clock()
    loop_time = LoopTime(Bucket(1.0, 0.0, Clock()), Clock(), worked)
    with suppress(ValueError), loop_time.charged():
        worked.seconds += 2.0
        raise ValueError
    assert loop_time.wait() == pytest.approx((2.0 - 1.0) / 0.04)


class Moment(NamedTuple):
    """How long a server runs, and the processor time of its loop, in seconds."""

    elapsed: float
    worked: float

    @classmethod
    def of(cls, server: Server) -> "Moment":
        return cls(time.monotonic(), metrics(server)["techni_loop_work_seconds_sum"])

    def share_since(self, before: "Moment") -> float:
        return (self.worked - before.worked) / (self.elapsed - before.elapsed)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with hardened(TECHNI_MAX_KERNELS="8", TECHNI_SITE=str(tmp_path)) as server:
        wait_until_ready(server)
        yield server


async def waits(visitor: Visitor, seconds: float) -> list[list[float]]:
    """For how long /healthz and the visitor's slider keep somebody waiting who asks again and again for so many seconds."""
    found: list[list[float]] = [[], []]
    end = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        await fetch(f"{visitor.url}healthz")
        asked = time.perf_counter()
        await visitor.echo(0.001 + len(found[0]) % 500 / 1000)
        found[0].append(asked - begun)
        found[1].append(time.perf_counter() - asked)
    return found


@pytest.mark.soak
def test_a_minute_of_four_floods_leaves_others_answered(server: Server) -> None:
    """It prints how long they wait before and meanwhile; see the figures in docs/measured.md."""

    async def act() -> float:
        visitor = await Visitor.join(server.url)
        calm = await waits(visitor, 10)
        with flooded(server.url, processes=4, visitors=1) as floods:
            for flood in floods:
                await asyncio.to_thread(wait_for_lines, flood, 4)
            before = Moment.of(server)
            busy = await waits(visitor, 60)
            share = Moment.of(server).share_since(before)
        await visitor.leave()
        for when, kinds in (("before", calm), ("during", busy)):
            for name, seconds in zip(("/healthz", "slider"), kinds, strict=True):
                print(f"{name} {when}: median {1e3 * statistics.median(seconds):.1f} ms, {1e3 * max(seconds):.0f} ms at most")
        print(f"loop: {share:.2f}")
        return share

    with ThreadPoolExecutor(1) as thread:  # the browser of other tests has a loop in this one
        assert thread.submit(asyncio.run, act()).result() < 0.6
