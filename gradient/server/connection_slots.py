"""How many connections each client network has, and may have."""

from weakref import WeakKeyDictionary, WeakSet

from tornado.iostream import IOStream

from gradient.server.addresses import client_network

_MAX_NETWORKS = 10_000  # beyond which those without open connections are forgotten


class ConnectionSlots:
    """The connections of each client network, and how many it may have."""

    def __init__(self, most: int) -> None:
        """Takes the largest number that one network may have; 0 is no limit."""
        self._most = most
        self._held: dict[str, WeakSet[IOStream]] = {}
        self._owners: WeakKeyDictionary[IOStream, str] = WeakKeyDictionary()

    def claim(self, stream: IOStream, address: str) -> bool:
        """Assigns a connection to an address; returns whether its network may have it."""
        if not self._most:
            return True
        owner = client_network(address)
        if len(self._held.get(owner, ())) >= self._most:
            self._held[owner] = _open(self._held[owner])
        if len(self._held.get(owner, ())) >= self._most:
            return False
        self._held.setdefault(owner, WeakSet()).add(stream)
        self._owners[stream] = owner
        if len(self._held) > _MAX_NETWORKS:
            self._held = {name: still for name, held in self._held.items() if (still := _open(held))}
        return True

    def release(self, stream: IOStream) -> None:
        """Takes a connection away from the network that has it."""
        owner = self._owners.pop(stream, "")
        if owner in self._held:
            self._held[owner].discard(stream)
            if not self._held[owner]:
                del self._held[owner]


def _open(streams: WeakSet[IOStream]) -> WeakSet[IOStream]:
    return WeakSet(stream for stream in streams if not stream.closed())
