"""A request's body on its way straight into its reader's memory: no parser, no copy, no object for each chunk.

For large bodies of known length. While one is read like this its inlet has the HTTP protocol's place on the transport.
It never reads a byte more than the body has, so that the next request's head finds the HTTP protocol back in place.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, Self

# The reader gets what has come by then, though its memory be not full: a slow client is not a stalled one.
PATIENCE = 1.0


class Owner(Protocol):
    """What an inlet needs of the HTTP protocol."""

    transport: asyncio.Transport

    @property
    def left(self) -> int:
        """How many bytes of the body are still to come."""

    def passed_by(self, size: int) -> None:
        """So many more have come."""

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def pause_writing(self) -> None: ...
    def resume_writing(self) -> None: ...
    def eof_received(self) -> bool | None: ...
    def connection_lost(self, exc: Exception | None) -> None: ...


class Inlet(asyncio.BufferedProtocol):
    """To be entered for as long as a body is read in place."""

    def __init__(self, owner: Owner, early: bytes) -> None:
        """``early`` are the body's next bytes, which had come before."""
        self._owner = owner
        self._early = memoryview(early)
        self._room = memoryview(b"")
        self.filled = 0
        """How many bytes the last call has put where it was told to, also if it was cancelled."""
        self._waits = True
        self._ready: asyncio.Future[None] | None = None
        self._impatient = False
        self.gone = False

    @property
    def early(self) -> bool:
        """Whether the next bytes were here before, be they few."""
        return bool(self._early)

    @property
    def left(self) -> int:
        """How much of the body the reader has not got yet."""
        return len(self._early) + self._owner.left

    def take_early(self) -> bytes:
        """What of it nobody has read."""
        early, self._early = bytes(self._early), memoryview(b"")
        return early

    def __enter__(self) -> Self:
        self._owner.pause_reading()
        self._owner.transport.set_protocol(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._owner.transport.set_protocol(self._owner)  # type: ignore[arg-type]
        if not self._owner.left:
            self._owner.resume_reading()

    async def receive_into(self, room: memoryview, patience: float = PATIENCE, *, wait: bool = True) -> int:
        """Fill ``room``, or as much of it as comes within ``patience`` seconds; 0 when the client is `gone`.

        If nothing comes in that time it waits on, unless it is told not to.
        """
        self.filled = 0
        if self._early:
            return self._take_early(room)
        if self.gone:
            return 0
        self._room, self._waits = room[: self._owner.left], wait
        self._impatient = False
        loop = asyncio.get_running_loop()
        self._ready = loop.create_future()
        self._owner.resume_reading()
        timer = loop.call_later(patience, self._on_time)
        try:
            await self._ready
        finally:
            timer.cancel()
            self._owner.pause_reading()
            self._ready, self._room = None, memoryview(b"")
        return self.filled

    def _take_early(self, room: memoryview) -> int:
        size = self.filled = min(len(self._early), len(room))
        room[:size] = self._early[:size]
        self._early = self._early[size:]
        return size

    def _on_time(self) -> None:
        self._impatient = True
        if self.filled or not self._waits:
            self._wake()

    def _wake(self) -> None:
        if self._ready and not self._ready.done():
            self._ready.set_result(None)

    # What the transport tells

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._room[self.filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self.filled += nbytes
        self._owner.passed_by(nbytes)
        if self._impatient or self.filled == len(self._room):
            self._owner.pause_reading()
            self._wake()

    def eof_received(self) -> bool | None:
        return self._owner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self._owner.connection_lost(exc)
        self._wake()

    def pause_writing(self) -> None:
        self._owner.pause_writing()

    def resume_writing(self) -> None:
        self._owner.resume_writing()
