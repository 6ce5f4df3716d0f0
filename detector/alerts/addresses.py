"""Which addresses may be spoken to: names are resolved once, every address is checked, and a checked one is used."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddressError(Exception):
    """A name leads to an address inside, and the settings do not allow that."""


def resolve(host: str, port: int, allowed: Iterable[str]) -> list[str]:
    """The addresses of a host, all of them checked.

    Args:
        host: name or address.
        port: TCP.
        allowed: networks inside that may be spoken to, such as `10.0.0.0/8`.

    Raises:
        ForbiddenAddressError: one is private, loopback, link-local, of a cloud's metadata service, or otherwise not
            public, and in none of the networks.
        OSError: the name cannot be resolved.
    """
    networks = [ipaddress.ip_network(one, strict=False) for one in allowed]
    found = list(dict.fromkeys(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    for one in found:
        address = ipaddress.ip_address(one.partition("%")[0])
        if not is_public(address) and not any(address in network for network in networks):
            raise ForbiddenAddressError(
                f'{host} is {one}, which is no public address; if it is meant, set allow_networks = ["{one}"]'
            )
    return found


def is_public(address: Address) -> bool:
    """Whether an address is on the Internet, and so is the IPv4 address that it may stand for."""
    inner = _within(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _within(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address carries, in any of the ways to do so."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
