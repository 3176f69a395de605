"""Which addresses, besides public ones, the service may speak to: how the settings write that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

FORM = "must be a list of networks such as 10.1.0.0/16, and of hosts such as receiver.internal:8080"

HOST = re.compile(r"(?P<host>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rule:
    """One item of the list: a network or a host. Without a port all ports are allowed."""

    network: IPv4Network | IPv6Network | None = None
    host: str = ""
    port: int | None = None

    def allows(self, host: str, port: int, address: Address | None) -> bool:
        """Whether a connection to this port of the address, which ``host`` resolved to, is allowed.

        Without an address: whether the host and the port alone are enough.
        """
        if self.port not in {None, port}:
            return False
        return self.host == host if self.network is None else address is not None and address in self.network


Rules = tuple[Rule, ...]


def parse_rules(text: str) -> Rules:
    """Raises `ValueError` with the end of a sentence."""
    return tuple(parse_rule(item.lower()) for item in re.split(r"[\s,]+", text) if item)


def parse_rule(item: str) -> Rule:
    if (network := parse_network(item)) is not None:
        return Rule(network)
    match = HOST.fullmatch(item)
    port = int(match["port"]) if match and match["port"] else None
    if not match or port == 0 or (port or 0) > 65535 or is_numeric(match["host"]):
        raise ValueError(FORM)
    if match["host"].startswith("["):
        return Rule(parse_literal(match["host"][1:-1]), port=port)
    if (address := parse_network(match["host"])) is not None:
        return Rule(address, port=port)
    return Rule(host=match["host"].rstrip("."), port=port)


def parse_network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text)
    except ValueError:
        return None


def parse_literal(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(ip_address(text))
    except ValueError:
        raise ValueError(FORM) from None


def is_numeric(host: str) -> bool:
    """Whether it looks like an address but is none: no name ends in a number."""
    return host.rsplit(".", 1)[-1].isdigit() and parse_network(host) is None


def parse_ports(text: str) -> frozenset[int]:
    """The ports of a list. Raises `ValueError` with the end of a sentence."""
    items = [item for item in re.split(r"[\s,]+", text) if item]
    if not items or not all(re.fullmatch(r"[1-9]\d{0,4}", item, re.ASCII) and int(item) < 65536 for item in items):
        raise ValueError("must be a list of ports such as 80,443")
    return frozenset(map(int, items))
