"""Names to addresses, each of which is checked before something is sent to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

from picasso.outbound.errors import HostNotFound
from picasso.outbound.guard import Guard
from picasso.outbound_rules import Address

Lookup = Callable[[str, int], Sequence[str]]
"""A host and a port to addresses. Called in a thread. May raise `OSError`."""

# A thread waits for the name servers, which whoever owns the name may make slow.
THREADS = 32

# More addresses of one name are not tried: each may let us wait.
MAX_ADDRESSES = 8


def look_up(host: str, port: int) -> list[str]:
    """The resolver of the system."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class CheckedResolver(AbstractResolver):
    """Resolves names for aiohttp. What it returns is connected to as it is: nobody asks a second time."""

    def __init__(self, guard: Guard, lookup: Lookup) -> None:
        self._guard = guard
        self._lookup = lookup
        self._threads = ThreadPoolExecutor(THREADS, "picasso-resolve")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises `HostNotFound`, and `AddressNotAllowed` if only one of the addresses is not allowed."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, self._lookup, host, port)
            addresses = [ip_address(each) for each in found]
        except (OSError, ValueError):  # a ValueError is also a UnicodeError, and an address with a zone
            raise HostNotFound(f"The name {host} could not be resolved.") from None
        for address in addresses:
            self._guard.check(host, port, address)
        if not addresses:
            raise HostNotFound(f"The name {host} has no address.")
        return [result(host, port, address) for address in addresses[:MAX_ADDRESSES]]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def result(host: str, port: int, address: Address) -> ResolveResult:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    return ResolveResult(
        hostname=host, host=str(address), port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
    )
