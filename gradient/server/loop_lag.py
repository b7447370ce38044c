"""How late the event loop is: what everybody waits for while it is busy with one."""

import asyncio
import time

from gradient.server import metrics

_INTERVAL = 0.02  # seconds


async def observe_loop_lag() -> None:
    """Measures, for as long as the loop runs, how much later than asked for it comes back, and how long it has worked.

    Work is processor time of the loop's own thread: a machine that is busy with other things does not add to it.
    """
    loop = asyncio.get_running_loop()
    while True:
        due, worked = loop.time() + _INTERVAL, time.thread_time()
        await asyncio.sleep(_INTERVAL)
        metrics.loop_lag.observe(max(0.0, loop.time() - due))
        metrics.loop_work.observe(time.thread_time() - worked)
