"""Reads a body on while whoever wants it is busy.

The library drops what it has received when the connection breaks. What is here by then is delivered first: a download
that is cut again and again still makes progress.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp

# Pieces of up to 256 KiB that wait for the reader.
WAITING = 2


class Pump:
    """To be ended by `stop`."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._queue: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(WAITING)
        self._task = asyncio.create_task(self._run(content))

    async def _run(self, content: aiohttp.StreamReader) -> None:
        end: Exception | None = None
        try:
            async for chunk in content.iter_any():
                await self._queue.put(chunk)
        except Exception as fault:
            end = fault
        await self._queue.put(end)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises what the library raises."""
        while isinstance(found := await self._queue.get(), bytes):
            yield found
        if found is not None:
            raise found

    def stop(self) -> None:
        self._task.cancel()
