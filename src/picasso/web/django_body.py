"""The bodies of requests to Django. They are read completely on the loop, so that a slow client occupies no thread.

All bodies of a process share one budget of memory. While it is used up, the body that has been arriving longest makes
room for a new one: nearly all bodies arrive in a moment, and one that does not is most likely held back on purpose.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from picasso.errors import TooLarge, Unavailable, UploadTimeout
from picasso.web.request import Request

BUDGET = 16 * 2**20
SECONDS = 30

TIMED_OUT = "The body of the request did not arrive in time."
BUSY = "The service has too many requests to read. Please try again."


@dataclass(slots=True, eq=False)
class Arriving:
    """A body that is being read."""

    deadline: asyncio.Timeout
    size: int = 0


class Bodies:
    def __init__(self, budget: int = BUDGET) -> None:
        self._free = budget
        self._arriving: dict[Arriving, None] = {}
        """The oldest first."""

    @asynccontextmanager
    async def read(self, request: Request, limit: int) -> AsyncIterator[bytes]:
        """A context that holds the whole body.

        Raises:
            TooLarge: it has more than ``limit`` bytes.
            UploadTimeout: it did not arrive in time, or others needed its memory.
            Unavailable: there is no memory for it.
        """
        if (request.content_length or 0) > limit:
            raise too_large(limit)
        arriving = Arriving(asyncio.timeout(SECONDS))
        try:
            yield await self._read(request, limit, arriving)
        finally:
            self._free += arriving.size

    async def _read(self, request: Request, limit: int, arriving: Arriving) -> bytes:
        body, more = bytearray(), request.more_body
        try:
            async with arriving.deadline:
                self._arriving[arriving] = None
                while more:
                    chunk, more = await request.receive_or_gone()
                    if len(body) + len(chunk) > limit:
                        raise too_large(limit)
                    self._take(arriving, len(chunk))
                    body += chunk
        except TimeoutError:
            raise UploadTimeout(TIMED_OUT) from None
        finally:
            self._arriving.pop(arriving, None)
        return bytes(body)

    def _take(self, arriving: Arriving, size: int) -> None:
        self._free -= size
        arriving.size += size
        while self._free < 0:
            oldest = next(iter(self._arriving))
            if oldest is arriving:
                raise Unavailable(BUSY)
            self._give_up(oldest)

    def _give_up(self, arriving: Arriving) -> None:
        """End the reading of this body. What it holds counts as free from now on."""
        del self._arriving[arriving]
        self._free += arriving.size
        arriving.size = 0
        arriving.deadline.reschedule(0)


def too_large(limit: int) -> TooLarge:
    if limit < 2**10:
        return TooLarge("A request of this method to this address has no body.", members={"max_size": 0})
    return TooLarge(f"A request to this address may have at most {limit // 2**10} KiB.", members={"max_size": limit})
