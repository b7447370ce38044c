"""Where a request comes from: the client's address, behind trusted proxies or not, and the network that it belongs to."""

from ipaddress import ip_address, ip_network
from typing import Any

from tornado.httputil import HTTPHeaders, HTTPServerRequest

from gradient.adapters.tornado import peer_of


def address_of(request: HTTPServerRequest, trusted_proxies: int) -> str:
    """The client's address.

    Args:
        request: its X-Forwarded-For header can start with anything; each proxy appends the address that it has seen.
        trusted_proxies: how many of the last entries can be believed.
    """
    return address_in(request.headers, peer_of(request), trusted_proxies)


def address_in(headers: HTTPHeaders, peer: Any, trusted_proxies: int) -> str:
    """The client's address, for a request of which only the headers have arrived.

    Args:
        headers: of the request.
        peer: the other end of the socket, a pair of address and port; anything else means that it is unknown.
        trusted_proxies: as above.
    """
    seen = [entry.strip() for entry in headers.get("X-Forwarded-For", "").split(",")]
    seen.append(peer[0] if isinstance(peer, tuple) else "")
    return seen[max(0, len(seen) - 1 - trusted_proxies)]


def client_network(address: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 network of an IPv6 address; "" for text that is no address."""
    try:
        version = ip_address(address).version
    except ValueError:
        return ""
    return str(ip_network(f"{address}/64", strict=False)) if version == 6 else address
