"""Receives the body of a request into a sink: in chunks, or a large one of known length directly.

What kind of body it is, a `BodyParser` knows: it finds the content of the file in it.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from picasso.errors import ClientGone, TooLarge, UploadTimeout
from picasso.receive.block_pool import BLOCK_SIZE, BlockPool, BlockWriter
from picasso.receive.sink import Sink
from picasso.storage.blocks import BLOCK, Block
from picasso.web.direct_body import DirectBody
from picasso.web.request import Request

# If no byte arrives for so long, the sink may write what it has.
QUIET_SECONDS = 0.05

# A body that takes longer than this is no longer expected to arrive at once.
AT_ONCE_SECONDS = 0.1

# A client that does not fill a block in this time is received in chunks, and leaves its blocks to others.
SLOW_SECONDS = 0.1

TIMED_OUT = "The upload timed out: no data arrived for too long."
TOO_SLOW = "The upload timed out: its data arrived too slowly."

# How long a client may be slower than the minimum rate. It applies on top of the time in which it may send nothing.
SLOW_WINDOW = 60

# The client waits until the last piece is hashed and written: a millisecond for each of these.
LAST_PIECE = 2**20


class End(Protocol):
    """Knows where the content in a body ends."""

    @property
    def overlap(self) -> int:
        """How many bytes before the end of a block may belong to what ends the content."""

    def find(self, block: Block, start: int) -> int:
        """Where in the block the content ends, looking from ``start`` on; -1 if it does not."""


class BodyParser(Protocol):
    """Finds the content of a file in a body."""

    sink: Sink
    """Where the content goes."""
    patience: float
    """A client that needs more seconds for a block counts as slow."""

    async def feed(self, chunk: bytes) -> None:
        """Parse the next bytes of the body."""

    def content_end(self) -> End | None:
        """What ends the content, if the next bytes are content and can be received directly."""

    def take_held(self) -> bytes:
        """Take back the last bytes that may be content or not. They are the first ones that are received directly."""

    async def resume(self, rest: bytes, *, ended: bool) -> None:
        """Continue after the content was received directly. ``rest`` are the last bytes that were received.

        If ``ended``, the content has ended and ``rest`` follows it. Otherwise ``rest`` may still be content.
        """


class WholeBody:
    """For a body that is nothing but content."""

    patience = SLOW_SECONDS
    overlap = 0

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.feed = sink.write

    def content_end(self) -> End:
        return self

    def find(self, block: Block, start: int) -> int:
        return -1

    def take_held(self) -> bytes:
        return b""

    async def resume(self, rest: bytes, *, ended: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class BodyOptions:
    """The same for all bodies of a process."""

    idle_timeout: int
    """Seconds after which a body of which no byte arrives is given up."""
    min_rate: int = 0
    """Bytes per second that a client must send on average while it is waited for; 0 for no minimum."""
    slow_window: float = SLOW_WINDOW
    pool: BlockPool = field(default_factory=BlockPool)


class Pace:
    """Whether a client sends fast enough.

    Only the time counts in which the client is waited for. It begins with a credit of seconds; each second of waiting
    takes one, and the bytes that it should have sent in a second give one back, up to the credit of the beginning.
    """

    def __init__(self, rate: int, credit: float) -> None:
        """``rate`` in bytes per second; 0 for no minimum."""
        self._rate = rate
        self._credit = self._most = credit

    def count(self, seconds: float, size: int) -> None:
        """After ``seconds`` of waiting for ``size`` bytes. Raises `UploadTimeout`."""
        if not self._rate:
            return
        self._credit = min(self._credit - seconds + size / self._rate, self._most)
        if self._credit < 0:
            raise UploadTimeout(TOO_SLOW)


class Body:
    """The body of one request."""

    def __init__(self, request: Request, options: BodyOptions, limit: int | None = None) -> None:
        """More than ``limit`` bytes raise `TooLarge`."""
        self._request = request
        self._idle_timeout = options.idle_timeout
        self._pace = Pace(options.min_rate, options.idle_timeout + options.slow_window)
        self._pool = options.pool
        self._limit = limit
        self._received = 0
        self._unparsed = b""  # taken from the request, but then the request was interrupted or given up
        self._more = True
        self._gone = False
        self._put_back: list[bytes] = []
        self._direct_from = 0  # a client that was slow has to send another block before it is tried again

    async def receive(self, parser: BodyParser) -> None:
        """Receive all of it. If it is cut off, what arrived before is in the sink.

        Raises:
            ClientGone, UploadTimeout: it was cut off.
            TooLarge, StorageFull: as `Sink.write`.
            Unauthorized, Forbidden: its sender may not upload any more.
        """
        while self._put_back:
            await parser.feed(self._put_back.pop(0))
        if self._gone:
            raise ClientGone  # a server need not say so twice
        while self._more:
            if parser.sink.takes_blocks and self._is_large():
                self._more = await self._receive_directly(parser)
            if self._more:
                await self._feed(parser, *await self._next(parser.sink))
        self._require_whole()

    async def receive_at_once(self, parser: BodyParser) -> bool:
        """As `receive`, as long as the body keeps coming; whether all of it has. Otherwise `receive` goes on."""
        end = time.monotonic() + AT_ONCE_SECONDS
        while self._more:
            if (got := await self._soon()) is None:
                return False
            if await self._feed(parser, *got) and time.monotonic() > end:
                return False
        self._require_whole()
        return True

    async def _feed(self, parser: BodyParser, chunk: bytes, more: bool) -> bool:
        """Returns ``more``."""
        self._more = more
        await self._require_sender()
        self._received += len(chunk)
        if self._limit is not None and self._received > self._limit:
            raise TooLarge
        if chunk:
            await parser.feed(chunk)
        return more

    def _require_whole(self) -> None:
        if self._received < (self._request.content_length or 0):
            raise ClientGone  # a server that takes a cut body for a whole one

    def put_back(self, chunks: list[bytes]) -> None:
        """What has been received so far. Another parser is to have it."""
        self._put_back = chunks

    async def receive_arrived(self, sink: Sink) -> None:
        """Write what has arrived but was not received, after the request was interrupted."""
        while self._put_back:
            await sink.write(self._put_back.pop(0))
        if self._unparsed:
            await sink.write(self._unparsed)
        try:
            async with asyncio.timeout(0):
                while got := await self._request.receive():
                    await sink.write(got[0])
        except TimeoutError:
            pass  # nothing more is here

    async def _soon(self) -> tuple[bytes, bool] | None:
        """The next bytes and whether more follow; None if they do not come within a moment. Raises `ClientGone`."""
        if self._request.has_arrived:
            return self._arrived(await self._request.receive(), 0.0)
        started = time.monotonic()
        for seconds in (QUIET_SECONDS, 0):  # at last without waiting: a busy loop may be late itself
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    got = await self._request.receive()
                return self._arrived(got, time.monotonic() - started)
        return None

    async def _next(self, sink: Sink) -> tuple[bytes, bool]:
        if self._request.has_arrived:
            return self._arrived(await self._request.receive(), 0.0)
        started, paused = time.monotonic(), 0.0
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                got = await self._request.receive()
        except TimeoutError:
            before = time.monotonic()
            await sink.pause()
            paused = time.monotonic() - before
            got = await self._wait()
        return self._arrived(got, time.monotonic() - started - paused)

    def _arrived(self, got: tuple[bytes, bool] | None, seconds: float) -> tuple[bytes, bool]:
        """What was received after ``seconds`` of waiting. Raises `ClientGone`, `UploadTimeout`."""
        if got is None:
            self._gone = True
            raise ClientGone
        if got[1]:
            self._require_pace(seconds, got[0])
        return got

    def _require_pace(self, seconds: float, chunk: bytes) -> None:
        try:
            self._pace.count(seconds, len(chunk))
        except UploadTimeout:
            self._unparsed += chunk
            raise

    async def _wait(self) -> tuple[bytes, bool] | None:
        try:
            async with asyncio.timeout(self._idle_timeout):
                return await self._request.receive()
        except TimeoutError:
            raise UploadTimeout(TIMED_OUT) from None

    async def _require_sender(self) -> None:
        if recheck := self._request.recheck:
            await recheck.while_receiving()

    # Directly

    def _is_large(self) -> bool:
        left = (self._request.content_length or 0) - self._received
        return left >= BLOCK_SIZE and self._received >= self._direct_from and self._pool.available

    async def _receive_directly(self, parser: BodyParser) -> bool:
        """The content to its end, or until the client turns out to be slow; whether more of the body follows."""
        if not (end := parser.content_end()) or not (direct := self._request.direct_body()):
            return True
        with direct:
            try:
                rest, ended = await self._receive_blocks(parser, end, direct)
            finally:
                self._unparsed += direct.take_buffered()
        self._received = (self._request.content_length or 0) - direct.remaining
        self._direct_from = self._received + BLOCK_SIZE
        self._request.more_body = direct.remaining > 0
        await parser.resume(rest, ended=ended)
        return self._request.more_body

    async def _receive_blocks(self, parser: BodyParser, end: End, direct: DirectBody) -> tuple[bytes, bool]:
        slow, found = False, -1
        async with BlockWriter(parser.sink, self._pool) as blocks:
            blocks.block.append(parser.take_held())
            try:
                full = piece_size(direct.remaining)
                while direct.remaining and found < 0 and not slow:
                    if blocks.block.end >= full:
                        await blocks.turn(end.overlap)
                        full = max(piece_size(direct.remaining), blocks.block.end + 1)
                    start = max(blocks.block.end - end.overlap, 0)
                    slow = await self._fill(blocks.block, full, direct, parser.patience)
                    await self._require_sender()
                    found = end.find(blocks.block, start)
            finally:
                rest = await blocks.end(found if found >= 0 else blocks.block.end - end.overlap)
        return rest, found >= 0

    async def _fill(self, block: Block, full: int, direct: DirectBody, patience: float) -> bool:
        """Receive into the block until it is ``full``; whether the client was too slow for that."""
        room, buffered = block.room[: full - block.end], direct.has_buffered
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._idle_timeout):
                size = await direct.receive_into(room, patience, wait=not block.end)
        except TimeoutError:
            raise UploadTimeout(TIMED_OUT) from None
        finally:
            block.end += direct.filled
        if not size and direct.gone:
            raise ClientGone
        self._pace.count(time.monotonic() - started, direct.filled)
        # What has arrived must not wait for the rest.
        return not buffered and direct.filled < len(room)


def piece_size(remaining: int) -> int:
    """How much to gather before it is hashed and written: less towards the end, when nothing more arrives meanwhile."""
    return BLOCK_SIZE if remaining > BLOCK_SIZE else max(LAST_PIECE, remaining // 2 // BLOCK * BLOCK)
