"""Receives a request's body straight into the reader's memory: no parser, no copy, no object for each chunk.

For large bodies of known length. While a body is read like this, its `DirectBody` takes the place of the HTTP protocol
on the transport. It never reads beyond the end of the body, so that the HTTP protocol gets the next request's head.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, Self

# The reader gets what has arrived within this time even if its memory is not full: a slow client is not a stalled one.
PATIENCE_SECONDS = 1.0


class Parent(Protocol):
    """The HTTP protocol whose transport is borrowed."""

    transport: asyncio.Transport

    @property
    def remaining(self) -> int:
        """How many bytes of the body have not arrived yet."""

    def body_received(self, size: int) -> None:
        """Count bytes of the body that arrived while the transport was borrowed."""

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def pause_writing(self) -> None: ...
    def resume_writing(self) -> None: ...
    def eof_received(self) -> bool | None: ...
    def connection_lost(self, exc: Exception | None) -> None: ...


class DirectBody(asyncio.BufferedProtocol):
    """Use as a context manager while the body is read directly."""

    def __init__(self, parent: Parent, buffered: bytes) -> None:
        """``buffered`` are the next bytes of the body, which have arrived already."""
        self._parent = parent
        self._buffered = memoryview(buffered)
        self._room = memoryview(b"")
        self.filled = 0
        """How many bytes the last call of `receive_into` wrote, also if it was cancelled."""
        self._wait = True
        self._ready: asyncio.Future[None] | None = None
        self._timed_out = False
        self.gone = False
        """Whether the client has disconnected."""

    @property
    def has_buffered(self) -> bool:
        """Whether the next bytes had arrived before the transport was borrowed."""
        return bool(self._buffered)

    @property
    def remaining(self) -> int:
        """How many bytes of the body the reader does not have yet."""
        return len(self._buffered) + self._parent.remaining

    def take_buffered(self) -> bytes:
        """Remove and return the buffered bytes that were not read."""
        buffered, self._buffered = bytes(self._buffered), memoryview(b"")
        return buffered

    def __enter__(self) -> Self:
        self._parent.pause_reading()
        self._parent.transport.set_protocol(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.transport.set_protocol(self._parent)  # type: ignore[arg-type]
        if not self._parent.remaining:
            self._parent.resume_reading()

    async def receive_into(self, room: memoryview, patience: float = PATIENCE_SECONDS, *, wait: bool = True) -> int:
        """Fill ``room``, or as much of it as arrives within ``patience`` seconds.

        If nothing arrives in that time it goes on waiting, unless ``wait`` is false. Returns the number of bytes; 0 if
        the client is `gone`.
        """
        self.filled = 0
        if self._buffered:
            return self._read_buffered(room)
        if self.gone:
            return 0
        self._room, self._wait = room[: self._parent.remaining], wait
        self._timed_out = False
        loop = asyncio.get_running_loop()
        self._ready = loop.create_future()
        self._parent.resume_reading()
        timer = loop.call_later(patience, self._on_timeout)
        try:
            await self._ready
        finally:
            timer.cancel()
            self._parent.pause_reading()
            self._ready, self._room = None, memoryview(b"")
        return self.filled

    def _read_buffered(self, room: memoryview) -> int:
        size = self.filled = min(len(self._buffered), len(room))
        room[:size] = self._buffered[:size]
        self._buffered = self._buffered[size:]
        return size

    def _on_timeout(self) -> None:
        self._timed_out = True
        if self.filled or not self._wait:
            self._wake()

    def _wake(self) -> None:
        if self._ready and not self._ready.done():
            self._ready.set_result(None)

    # Called by the transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._room[self.filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self.filled += nbytes
        self._parent.body_received(nbytes)
        if self._timed_out or self.filled == len(self._room):
            self._parent.pause_reading()
            self._wake()

    def eof_received(self) -> bool | None:
        return self._parent.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self._parent.connection_lost(exc)
        self._wake()

    def pause_writing(self) -> None:
        self._parent.pause_writing()

    def resume_writing(self) -> None:
        self._parent.resume_writing()
