"""Who gets a kernel: as many visitors as the memory has place for, of one address not too many, nor too many in a minute."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from tornado.httputil import HTTPHeaders, HTTPServerRequest

from gradient.server.cgroups import memory_limit
from gradient.server.settings import Settings

_MB = 1 << 20
_NEARLY_ALL = 0.9
_WINDOW = 60.0  # seconds
_MAX_ADDRESSES = 10_000


class AdmissionError(Exception):
    """No kernel is started for a visitor.

    Attributes:
        reason: "full", "share", "rate", "starting" or "stopping".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Admission:
    """Decides about each kernel that is asked for.

    Attributes:
        limit: how many bytes all processes may take: nearly all of the memory. The rest is for what else the system counts,
            and for what they take before it is looked at again.
        capacity: how many kernels there may be at the same time.
        is_open: whether kernels are started at all; a server that stops closes it.
    """

    def __init__(self, settings: Settings, now: Callable[[], float] = time.monotonic) -> None:
        memory = settings.memory_mb * _MB or memory_limit()
        self.limit = int(_NEARLY_ALL * memory)
        self.capacity = settings.max_kernels or capacity(settings, memory)
        self._share = settings.kernels_per_address or math.ceil(self.capacity / 2)
        self._expected = settings.kernel_mb * _MB
        self._taken = self._num_measured = 0
        self.is_open = True
        self._limit = settings.starts_per_minute
        self._starts: OrderedDict[str, deque[float]] = OrderedDict()
        self._now = now

    def check_room(self, num_kernels: int, num_own: int = 0) -> None:
        """Raises `AdmissionError` if there cannot be one kernel more.

        Args:
            num_kernels: that there are.
            num_own: those of them that the client network has which asks for one.
        """
        if not self.is_open:
            raise AdmissionError("stopping")
        if num_kernels >= self.capacity or not self._fits(num_kernels):
            raise AdmissionError("full")
        if num_own >= self._share:
            raise AdmissionError("share")

    def update_memory(self, taken: int, num_kernels: int) -> None:
        """Notes how many bytes all processes take, so many kernels among them."""
        self._taken, self._num_measured = taken, num_kernels

    def _fits(self, num_kernels: int) -> bool:
        """Whether one kernel more, and those that nobody has looked at, leave the memory below its limit."""
        num_unseen = max(0, num_kernels - self._num_measured)
        return self._taken + (num_unseen + 1) * self._expected <= self.limit

    def count_start(self, address: str) -> None:
        """Counts a start for an address; raises `AdmissionError` if it has had its share of this minute."""
        if not self._limit:
            return
        starts = self._starts.setdefault(client_network(address), deque(maxlen=self._limit))
        self._starts.move_to_end(client_network(address))
        if len(self._starts) > _MAX_ADDRESSES:
            self._starts.popitem(last=False)
        if len(starts) == self._limit and self._now() - starts[0] < _WINDOW:
            raise AdmissionError("rate")
        starts.append(self._now())


def address_of(request: HTTPServerRequest, trusted_proxies: int) -> str:
    """The address that a request comes from.

    Args:
        request: whose header X-Forwarded-For anybody can begin with anything; each proxy adds what it has seen to its end.
        trusted_proxies: how many of the last entries are true.
    """
    context = getattr(request.connection, "context", None)
    return address_in(request.headers, getattr(context, "address", None), trusted_proxies)


def address_in(headers: HTTPHeaders, peer: Any, trusted_proxies: int) -> str:
    """The same for a request of which the headers have come.

    Args:
        headers: of the request.
        peer: the socket's other end: a pair of its address and port, or anything else for a socket without.
        trusted_proxies: see above.
    """
    seen = [entry.strip() for entry in headers.get("X-Forwarded-For", "").split(",")]
    seen.append(peer[0] if isinstance(peer, tuple) else "")
    return seen[max(0, len(seen) - 1 - trusted_proxies)]


def client_network(address: str) -> str:
    """An address, of which IPv6 gives everybody a network full; "" for what is none."""
    try:
        version = ip_address(address).version
    except ValueError:
        return ""
    return str(ip_network(f"{address}/64", strict=False)) if version == 6 else address


def capacity(settings: Settings, memory: int) -> int:
    """How many kernels fit into some bytes, at least one."""
    return max(1, (memory // _MB - settings.server_mb) // settings.kernel_mb)
