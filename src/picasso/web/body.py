"""A request's body on its way into an intake: bit by bit, or a large one of known length in place."""

from __future__ import annotations

import asyncio

from picasso.errors import ClientGone, UploadTimeout
from picasso.receive.append import QUIET_SECONDS
from picasso.receive.sink import BLOCK_SIZE, InPlace, Intake
from picasso.storage.blocks import BLOCK
from picasso.web.direct_body import DirectBody
from picasso.web.request import Request

# Who does not fill a block in this time is served as well bit by bit, and keeps no place from others.
SLOW_SECONDS = 0.1

# The client waits for the last piece to be hashed and written: a millisecond for each of these.
LAST_PIECE = 2**20


class Body:
    """The whole content of one request, if it is neither a form nor read before."""

    def __init__(self, request: Request, idle_timeout: int) -> None:
        self._request = request
        self._idle_timeout = idle_timeout
        self._received = 0
        self._unpoured = b""  # taken off the request by somebody who was then interrupted
        self._in_place_from = 0
        """Who turned out to be slow has to bring another block before that is looked into again."""

    async def pour(self, intake: Intake) -> None:
        """All of it; what came before a cut is in the intake.

        Raises:
            ClientGone, UploadTimeout: it was cut.
            TooLarge, StorageFull: as the intake.
        """
        more = True
        while more:
            chunk, more = await self._next(intake)
            self._received += len(chunk)
            if more and self._fit_for_place(intake) and (direct := self._request.direct_body()):
                with direct:
                    await self._pour_in_place(intake, direct, chunk)
                self._received = (self._request.content_length or 0) - direct.remaining
                self._in_place_from = self._received + BLOCK_SIZE
                more = self._request.more_body = direct.remaining > 0
            elif chunk:
                await intake.write(chunk)
            chunk = b""  # not held while the next one is waited for, by a thousand stalled uploads

    async def drain(self, intake: Intake) -> None:
        """What has come already and was not poured, for the request was ended."""
        if self._unpoured:
            await intake.write(self._unpoured)
        try:
            async with asyncio.timeout(0):
                while got := await self._request.receive():
                    await intake.write(got[0])
        except TimeoutError:
            pass  # nothing more is here

    def _fit_for_place(self, intake: Intake) -> bool:
        if not intake.outgrew_memory or self._received < self._in_place_from:
            return False
        return (self._request.content_length or 0) - self._received >= BLOCK_SIZE and InPlace.room()

    async def _next(self, intake: Intake) -> tuple[bytes, bool]:
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                return await self._request.receive_or_gone()
        except TimeoutError:
            await intake.flush()
        try:
            async with asyncio.timeout(self._idle_timeout):
                return await self._request.receive_or_gone()
        except TimeoutError:
            raise UploadTimeout("The upload timed out: no data arrived for too long.") from None

    async def _pour_in_place(self, intake: Intake, direct: DirectBody, chunk: bytes) -> None:
        """``chunk`` and what follows, to its end or until the client turns out to be slow."""
        try:
            await self._into_blocks(intake, direct, chunk)
        finally:
            self._unpoured += direct.take_buffered()

    async def _into_blocks(self, intake: Intake, direct: DirectBody, chunk: bytes) -> None:
        slow, self._unpoured = False, chunk
        async with InPlace(intake) as place:
            place.block.append(chunk)
            self._unpoured = b""
            try:
                full = piece(direct.remaining)
                while direct.remaining and not slow:
                    if place.block.end >= full:
                        await place.turn(0)
                        full = max(piece(direct.remaining), place.block.end + 1)
                    room, early = place.block.room[: full - place.block.end], direct.has_buffered
                    try:
                        await self._receive_into(direct, room, wait=not place.block.end)
                    finally:
                        place.block.end += direct.filled
                    # What was left unfilled was waited for in vain; what is here must not wait for the rest.
                    slow = not early and direct.filled < len(room)
            finally:
                await place.end(place.block.end)

    async def _receive_into(self, direct: DirectBody, room: memoryview, *, wait: bool) -> None:
        try:
            async with asyncio.timeout(self._idle_timeout):
                size = await direct.receive_into(room, SLOW_SECONDS, wait=wait)
        except TimeoutError:
            raise UploadTimeout("The upload timed out: no data arrived for too long.") from None
        if not size and direct.gone:
            raise ClientGone


def piece(left: int) -> int:
    """How much to gather before it is hashed and written: less towards the end, which nothing overlaps any more."""
    return BLOCK_SIZE if left > BLOCK_SIZE else max(LAST_PIECE, left // 2 // BLOCK * BLOCK)
