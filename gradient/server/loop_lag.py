"""The lag of the event loop: how long everybody waits while it serves one request."""

import asyncio
import time

from gradient.server import metrics

_INTERVAL = 0.02  # seconds


async def observe_loop_lag() -> None:
    """Measures, for as long as the loop runs, how late its timers are and how much processor time it uses between two of them.

    Processor time is that of the loop's own thread, so other work on the machine does not count.
    """
    loop = asyncio.get_running_loop()
    while True:
        due, worked = loop.time() + _INTERVAL, time.thread_time()
        await asyncio.sleep(_INTERVAL)
        metrics.loop_lag.observe(max(0.0, loop.time() - due))
        metrics.loop_work.observe(time.thread_time() - worked)
