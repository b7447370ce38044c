"""Admission control: whether one more kernel may start. Memory and descriptors bound their number; each network has a share."""

import math
import time
from collections.abc import Callable

from gradient.server.addresses import client_network
from gradient.server.cgroups import memory_limit
from gradient.server.rate_limit import RateLimit
from gradient.server.settings import Settings

_MB = 1 << 20
_USABLE = 0.9  # of the memory
_MINUTE = 60.0  # seconds


class AdmissionError(Exception):
    """A visitor can have no kernel now.

    Attributes:
        reason: "full", "share", "rate", "starting" or "stopping".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Admission:
    """Decides whether a kernel may start.

    Attributes:
        limit: bytes that all processes together may take: nine tenths of the memory. The last tenth is for whatever else the
            system counts, and for what is allocated between two measurements.
        capacity: how many kernels may run at the same time.
        is_open: whether any kernel may start; a server that is stopping clears it.
    """

    def __init__(self, settings: Settings, max_kernels: int | None = None, now: Callable[[], float] = time.monotonic) -> None:
        """Takes the settings, and the capacity if it is not what they ask for."""
        self.limit = int(_USABLE * _memory(settings))
        self.capacity = wanted_kernels(settings) if max_kernels is None else max_kernels
        self.is_open = True
        self._max_per_network = settings.kernels_per_address or math.ceil(self.capacity / 2)
        self._expected = settings.kernel_mb * _MB
        self._taken = self._num_measured = 0
        self._starts = RateLimit(settings.starts_per_minute, _MINUTE, now) if settings.starts_per_minute else None

    def check_room(self, num_kernels: int, num_own: int = 0) -> None:
        """Checks whether one more kernel may run.

        Args:
            num_kernels: how many run already.
            num_own: how many of them belong to the client network that asks.

        Raises:
            AdmissionError: "stopping", "full" or "share".
        """
        if not self.is_open:
            raise AdmissionError("stopping")
        if num_kernels >= self.capacity or not self._fits(num_kernels):
            raise AdmissionError("full")
        if num_own >= self._max_per_network:
            raise AdmissionError("share")

    def count_start(self, address: str) -> None:
        """Counts a kernel that starts for an address.

        Raises:
            AdmissionError: "rate", if the address has started as many within the last minute as it may.
        """
        if self._starts and not self._starts.try_count(client_network(address)):
            raise AdmissionError("rate")

    def update_memory(self, taken: int, num_kernels: int) -> None:
        """Notes a measurement: the bytes that all processes take, and how many kernels that includes."""
        self._taken, self._num_measured = taken, num_kernels

    def _fits(self, num_kernels: int) -> bool:
        """Whether the memory is enough for one more kernel, and for those that have started since the last measurement."""
        num_unmeasured = max(0, num_kernels - self._num_measured)
        return self._taken + (num_unmeasured + 1) * self._expected <= self.limit


def wanted_kernels(settings: Settings) -> int:
    """How many kernels the settings ask for, or as many as fit into the memory."""
    return settings.max_kernels or capacity(settings, _memory(settings))


def _memory(settings: Settings) -> int:
    """The bytes that all processes may use."""
    return settings.memory_mb * _MB or memory_limit()


def capacity(settings: Settings, memory: int) -> int:
    """How many kernels fit into this many bytes, at least one."""
    return max(1, (memory // _MB - settings.server_mb) // settings.kernel_mb)
