"""Finds what is at addresses of downloads, for many requests at once.

Each request is looked up after it has come, so nothing is remembered of who may fetch what. Those that come in one
turn of the loop, or while the database answers, are looked up by the next statement together: one costs as much as
twenty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from picasso.access.principal import Principal
from picasso.web.downloads import Download

Asked = tuple[Principal, str]
"""Who asks, and for which path."""

FindAll = Callable[[Sequence[Asked]], Sequence[Download | Exception]]

# One statement may wait for the database while another one is made.
ROUNDS = 2
MOST = 64


class Lookups:
    """Used on the loop's thread only."""

    def __init__(self, find_all: FindAll, in_thread: Callable[..., Awaitable[Sequence[Download | Exception]]]) -> None:
        self._find_all = find_all
        self._in_thread = in_thread
        self._waiting: list[tuple[Asked, asyncio.Future[Download]]] = []
        self._rounds: set[asyncio.Task[None]] = set()

    async def find(self, principal: Principal, path: str) -> Download:
        """Raises as `picasso.web.downloads.find_all` says for each."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Download] = loop.create_future()
        if not self._waiting:  # otherwise a round is due already: soon, or when one of `ROUNDS` ends
            loop.call_soon(self._begin_rounds)
        self._waiting.append(((principal, path), future))
        return await future

    def _begin_rounds(self) -> None:
        while self._waiting and len(self._rounds) < ROUNDS:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            task = asyncio.create_task(self._round(batch))
            self._rounds.add(task)
            task.add_done_callback(self._end_round)

    def _end_round(self, task: asyncio.Task[None]) -> None:
        self._rounds.discard(task)
        self._begin_rounds()

    async def _round(self, batch: Sequence[tuple[Asked, asyncio.Future[Download]]]) -> None:
        found: Sequence[Download | Exception]
        try:
            found = await self._in_thread(self._find_all, [asked for asked, _ in batch])
        except Exception as fault:
            found = [fault] * len(batch)
        for (_, future), each in zip(batch, found, strict=True):
            if future.done():  # the request was cancelled
                continue
            if isinstance(each, Exception):
                future.set_exception(each)
            else:
                future.set_result(each)
