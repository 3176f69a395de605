"""An answer, of which the body is still arriving."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import aiohttp

from picasso.outbound.errors import AnswerTooLarge, RemoteTimedOut
from picasso.outbound.failures import as_outbound
from picasso.outbound.limits import GRACE, Limits
from picasso.outbound.pump import Pump


class Headers(Protocol):
    """Names in any case."""

    def get(self, name: str, default: str, /) -> str: ...
    def getall(self, name: str, default: Sequence[str], /) -> Sequence[str]:
        """All values of a field that occurs several times."""


class Response:
    """Valid inside `Client.request`. The body is as it was sent: a Content-Encoding is left as it is."""

    def __init__(self, answer: aiohttp.ClientResponse, limits: Limits) -> None:
        self.status = answer.status
        self.headers: Headers = answer.headers
        """In UTF-8; bytes that are not are surrogate escapes."""
        self.url = str(answer.url)
        """Which URL was requested in the end."""
        self.received = 0
        """How many bytes of the body have arrived."""
        self._pump = Pump(answer.content)
        self._limits = limits
        self._start = asyncio.get_running_loop().time()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body. To be read once.

        Raises:
            AnswerTooLarge, AnswerIncomplete, ConnectionFailed, RemoteTimedOut, InvalidAnswer
        """
        with as_outbound():
            async for chunk in self._pump.chunks():
                self._count(len(chunk))
                yield chunk

    async def read(self, size: int) -> bytes:
        """The first ``size`` bytes of the body, or all of it; the rest is not waited for. Raises as `chunks`."""
        found = bytearray()
        async for chunk in self.chunks():
            found += chunk
            if len(found) >= size:
                break
        return bytes(found[:size])

    def close(self) -> None:
        """No more is read."""
        self._pump.stop()

    def _count(self, size: int) -> None:
        self.received += size
        if self._limits.body is not None and self.received > self._limits.body:
            raise AnswerTooLarge
        elapsed = asyncio.get_running_loop().time() - self._start
        if elapsed > GRACE and self.received < self._limits.min_rate * elapsed:
            raise RemoteTimedOut(f"The other server sent less than {self._limits.min_rate} bytes a second.")
