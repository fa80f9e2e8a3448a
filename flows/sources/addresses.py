"""Which network addresses a source may be fetched from: public ones, whatever form they are written in.

A feed is written by others. A link in it to ``http://169.254.169.254/`` or ``http://localhost:4200/`` must not make this
machine ask its own network.
"""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def is_public(address: Address) -> bool:
    """Whether ``address`` lies in the public internet; an IPv4 address inside an IPv6 one counts as itself.

    >>> is_public(ipaddress.ip_address("64:ff9b::7f00:1"))
    False
    """
    # ``is_global`` alone is True for 64:ff9b::7f00:1, 2002:7f00:1:: and multicast: 127.0.0.1 in other clothes.
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, ipaddress.IPv6Address) and address.teredo is not None:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int) -> tuple[Address, ...]:
    """The addresses of ``host``, in the resolver's order. Raises OSError where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return tuple(ipaddress.ip_address(text) for text in texts)


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
