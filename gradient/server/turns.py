"""Turns: in each turn of the event loop, one request of each client network begins.

The loop handles whatever has come on all connections before it comes back to the first. A network with hundreds of connections
would have hundreds of requests handled in between, and everybody else's next message would wait for them.
"""

import asyncio
from collections import deque


class Turns:
    """Who has begun something in the present turn of the event loop, and who waits for a later one."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def take(self, network: str) -> asyncio.Future[None] | None:
        """Lets a client network begin something.

        Returns:
            None if it may begin now; else a future that is done when it may.
        """
        loop = asyncio.get_running_loop()
        if network not in self._waiting:
            self._waiting[network] = deque()
            loop.call_soon(self._give_next, network)
            return None
        turn = loop.create_future()
        self._waiting[network].append(turn)
        return turn

    def _give_next(self, network: str) -> None:
        if not self._waiting[network]:
            del self._waiting[network]
            return
        turn = self._waiting[network].popleft()
        if not turn.done():
            turn.set_result(None)
        asyncio.get_running_loop().call_soon(self._give_next, network)
