"""Who is counted, where that is not an identity of `picasso.access`: an address."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

# RFC 6177: a site gets at least a /64 and can use any of its addresses.
SITE_BITS = 64


@lru_cache(maxsize=4096)
def subject_of_address(text: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 address. Clients without an address are one subject."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return "unknown"
    return str(address) if isinstance(address, IPv4Address) else of_ipv6(address)


def of_ipv6(address: IPv6Address) -> str:
    if address.ipv4_mapped:  # how a dual-stack socket sees IPv4
        return str(address.ipv4_mapped)
    host_bits = 128 - SITE_BITS
    return f"{IPv6Address(int(address) >> host_bits << host_bits)}/{SITE_BITS}"
