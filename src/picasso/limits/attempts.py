"""Credentials that are being looked up: of one address no more at a time than may still be wrong."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable


class Attempts:
    """Used on the loop's thread. An attempt that is right frees its place, a wrong one has used up a unit by then."""

    def __init__(self) -> None:
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def begin(self, subject: str, left: Callable[[], Awaitable[int]]) -> None:
        """Wait for a place. To be followed by `end`.

        ``left`` says how many attempts may still fail; what it raises ends the wait.
        """
        try:
            while (room := await left()) <= self._running.get(subject, 0):
                await self._wait(subject)
        except BaseException:
            self._wake(subject)  # the place that it was woken for
            raise
        self._running[subject] = running = self._running.get(subject, 0) + 1
        if running < room:
            self._wake(subject)

    def end(self, subject: str) -> None:
        running = self._running.pop(subject) - 1
        if running:
            self._running[subject] = running
        self._wake(subject)

    async def _wait(self, subject: str) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(subject, deque()).append(place)
        await place

    def _wake(self, subject: str) -> None:
        """The next one that still waits."""
        waiting = self._waiting.get(subject, deque())
        while waiting:
            place = waiting.popleft()
            if not place.done():
                place.set_result(None)
                break
        if not waiting:
            self._waiting.pop(subject, None)
