"""Where a request comes from: the client's address, behind trusted proxies or not, and the network that it belongs to."""

import re
from ipaddress import ip_address, ip_network
from typing import Any

from tornado.httputil import HTTPHeaders, HTTPServerRequest

from gradient.adapters.tornado import peer_of

UNKNOWN = "unknown"  # the network of all clients whose address is not known; together they may have what one may have
# An IPv6 address in brackets, or an IPv4 address, either with a port or none; or an IPv6 address with a zone or none.
# No part of a text fits in two ways, so that no text takes long.
_ADDRESS = re.compile(r"\[([^\]%]+)(?:%[^\]]*)?\](?::\d*)?|([\d.]+)(?::\d*)?|([^\]\[%:]*:[^\]\[%]*+)(?:%.*)?")


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
    forwarded = headers.get("X-Forwarded-For", "")
    seen = [entry.strip() for entry in forwarded.split(",")] if forwarded else []
    seen.append(peer[0] if isinstance(peer, tuple) else "")
    return seen[max(0, len(seen) - 1 - trusted_proxies)]


def client_network(address: str) -> str:
    """What counts as one client: an IPv4 address, the /64 network of an IPv6 address, or `UNKNOWN` for all other text.

    A port is no part of it, and an IPv4 address within an IPv6 address, as sockets for both have it, is an IPv4 address.
    """
    found = _ADDRESS.fullmatch(address.strip())
    try:
        ip = ip_address(found[1] or found[2] or found[3]) if found else None
    except ValueError:
        ip = None
    if ip is None:
        return UNKNOWN
    if ip.version == 4:
        return str(ip)
    return str(ip.ipv4_mapped or ip_network((int(ip), 64), strict=False))
