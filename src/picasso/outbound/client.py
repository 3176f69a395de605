"""Requests to addresses that somebody else chose: URLs to import from, and receivers of webhooks.

Nothing else in the service speaks to such an address. Each connection goes to the very address that was checked, and
redirects are checked like the first URL.
"""

from __future__ import annotations

import asyncio
import contextvars
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Self

import aiohttp

from picasso.outbound.errors import RedirectRefused, RemoteTimedOut
from picasso.outbound.failures import as_outbound
from picasso.outbound.guard import Guard
from picasso.outbound.limits import MAX_FIELD, MAX_FIELDS, MAX_LINE, Limits
from picasso.outbound.redirects import REDIRECTS, Request, follow
from picasso.outbound.resolver import CheckedResolver, Lookup, look_up
from picasso.outbound.response import Response
from picasso.outbound.targets import Target, parse_target
from picasso.outbound_rules import Rules

WEB_PORTS = frozenset({80, 443})

# An answer is taken as it is; a compressed one would be larger than it says.
DEFAULT_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Picasso"}

host_of_request: contextvars.ContextVar[str] = contextvars.ContextVar("host_of_request")
"""As the URL has it, for the check of the address where the socket is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What holds for all requests of a client."""

    rules: Rules = ()
    """What is allowed besides public addresses: `picasso.conf.Conf.outbound_allowed`."""
    ports: frozenset[int] = WEB_PORTS
    proxy: str = ""
    """URL of a proxy, which resolves names and decides which addresses it speaks to."""
    connections: int = 256
    """At most so many at a time; further requests wait."""
    per_host: int = 8
    tls: ssl.SSLContext | None = None
    lookup: Lookup = look_up
    headers: Mapping[str, str] = field(default_factory=lambda: DEFAULT_HEADERS)


class Client:
    """Keeps connections open between requests. Used inside ``async with``, on one event loop."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._guard = Guard(options.rules, options.ports)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=self._connector(),
            headers=dict(self._options.headers),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            max_line_size=MAX_LINE,
            max_field_size=MAX_FIELD,
            max_headers=MAX_FIELDS,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._session
        await self._session.close()

    def _connector(self) -> aiohttp.TCPConnector:
        limits: dict[str, Any] = {
            "limit": self._options.connections,
            "limit_per_host": self._options.per_host,
            "ssl": self._options.tls or ssl.create_default_context(),
        }
        if self._options.proxy:
            return aiohttp.TCPConnector(**limits)
        resolver = CheckedResolver(self._guard, self._options.lookup)
        return aiohttp.TCPConnector(resolver=resolver, socket_factory=self._make_socket, **limits)

    def _make_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """The last check, of the very address that is connected to."""
        family, kind, protocol, _, where = address
        self._guard.check(host_of_request.get(), int(where[1]), ip_address(where[0]))
        return socket.socket(family, kind, protocol)

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        limits: Limits | None = None,
        check: Callable[[Target], None] | None = None,
    ) -> AsyncIterator[Response]:
        """Send a request. The answer's body is read inside the context; what is left of it is dropped at the end.

        Any status is an answer, not an error. There are no cookies, and nothing is decompressed. ``check`` is called
        with the URL, and with each that it redirects to; what it raises ends the request.

        Raises:
            InvalidUrl, AddressNotAllowed, RedirectRefused: nothing was sent there, and another try is useless.
            OutboundError: see `picasso.outbound.errors`.
        """
        limits = limits or Limits()
        request = Request(method, parse_target(url), headers or {}, body, check)
        async with deadline(limits.total):
            async with deadline(limits.head):
                answer = await self._send(request, limits)
            response = Response(answer, limits)
            try:
                yield response
            finally:
                response.close()
                release(answer)

    async def _send(self, request: Request, limits: Limits) -> aiohttp.ClientResponse:
        """Follow redirects to an answer."""
        for _ in range(limits.redirects + 1):
            answer = await self._send_once(request, limits)
            if not limits.redirects or answer.status not in REDIRECTS:
                return answer
            answer.close()
            request = follow(request, answer.status, answer.headers.get("Location"))
        raise RedirectRefused(f"The other server redirects more than {limits.redirects} times.")

    async def _send_once(self, request: Request, limits: Limits) -> aiohttp.ClientResponse:
        assert self._session
        target = request.target
        self._guard.check_target(target)
        if request.check:
            request.check(target)
        token = host_of_request.set(target.host)
        try:
            with as_outbound():
                return await self._session.request(
                    request.method,
                    target.url,
                    headers=request.headers,
                    data=request.body or None,
                    allow_redirects=False,
                    proxy=self._options.proxy or None,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect, sock_read=limits.idle),
                )
        finally:
            host_of_request.reset(token)


@asynccontextmanager
async def deadline(seconds: float | None) -> AsyncIterator[None]:
    """Raises `RemoteTimedOut`, but not for a TimeoutError of the code inside."""
    try:
        async with asyncio.timeout(seconds) as timeout:
            yield
    except TimeoutError:
        if timeout.expired():
            raise RemoteTimedOut from None
        raise


def release(answer: aiohttp.ClientResponse) -> None:
    """Keep the connection if the whole answer was read; otherwise close it."""
    if answer.content.at_eof():
        answer.release()
    else:
        answer.close()
