"""Counts, limits, hashes and writes bytes while they arrive.

Small amounts stay in memory until `Sink.drain`. Larger ones are gathered to two mebibytes and handed to threads that
hash and write them (both without the GIL) while the loop receives the next. Each upload has at most that much in
memory, and a slow client costs no thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol

from picasso.detection import HEAD
from picasso.errors import SizeNotAllowed, TooLarge
from picasso.receive.hashing import Hash
from picasso.receive.screen import Screen
from picasso.receive.threads import Threads

GATHER = 2 * 2**20

# While all uploads of the process together have more than this in memory, each hands over at 64 KiB instead of 2 MiB:
# a thousand clients that stall in the middle of an upload must not cost a gibibyte.
CROWD = 64 * 2**20
GATHER_IN_CROWD = 64 * 2**10


class Output(Protocol):
    """Where the bytes of a sink go. Called in threads, one call at a time."""

    def write(self, chunks: Sequence[bytes | memoryview]) -> None:
        """Append chunks of any size."""

    def take_rest(self) -> bytes:
        """Take back the bytes that were written but do not fill a block of the disk."""

    def write_block(self, data: memoryview) -> None:
        """Append memory that is aligned to blocks of the disk."""


async def run_to_end(work: Coroutine[Any, Any, None]) -> None:
    """For work that must not be left half done: a cancellation is raised after it has ended."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


class Sink:
    """Takes the bytes of one upload."""

    def __init__(
        self,
        output: Output,
        content_hash: Hash,
        limit: int,
        threads: Threads,
        *,
        size: int = 0,
        checks: Sequence[Hash] = (),
        max_delay: float | None = None,
        on_written: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Create a sink.

        Args:
            size: how many bytes there are already, which ``content_hash`` knows.
            limit: the largest size.
            threads: hash and write.
            checks: hashes that are updated as well.
            max_delay: seconds after which even a few bytes are written; None if they can wait for more.
            on_written: called when what was handed over is hashed and written.
        """
        self.size = size
        self.chunks: list[bytes] = []
        """What is in memory."""
        self.head = b""
        """The first bytes that were hashed here, as many as type detection looks at."""
        self.screen: Screen | None = None
        """Looks at the first bytes."""
        self.streams = False
        """Whether bytes were handed over to the output."""
        self._output = output
        self._hash = content_hash
        self._checks = checks
        self._limit = limit
        self._threads = threads
        self._memory = threads.memory
        self._max_delay = max_delay
        self._on_written = on_written
        self._gathered = 0
        self._since = 0.0
        self._writing: asyncio.Future[tuple[None, None]] | None = None

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def takes_blocks(self) -> bool:
        """Whether the bytes go to the disk anyway, so that `write_block` costs least."""
        is_screened = not self.screen or not self.screen.wants_more
        return is_screened and (self.streams or self._max_delay is not None)

    async def write(self, chunk: bytes) -> None:
        """Take some bytes.

        Raises:
            TooLarge: as soon as there are more than the limit.
            NotAccepted: as soon as the policy refuses it.
            StorageFull: there is no space left for what came before.
        """
        size = len(chunk)
        self.grow(size)
        if self.screen and self.screen.wants_more and self.screen.add(chunk):
            await asyncio.get_running_loop().run_in_executor(self._threads.hashers, self.screen.check)
        self.chunks.append(chunk)
        self._gathered += size
        self._memory.size += size
        late = self._max_delay is not None and self._is_late(size)
        if late or self._gathered >= (GATHER if self._memory.size < CROWD else GATHER_IN_CROWD):
            await self._hand_over()

    def grow(self, size: int) -> None:
        """Count bytes. Raises `TooLarge`, `SizeNotAllowed`."""
        self.size += size
        if self.size > self._limit:
            raise TooLarge(members={"max_size": self._limit})
        if self.screen and self.screen.limit is not None and self.size > self.screen.limit:
            limit = self.screen.limit
            raise SizeNotAllowed(
                f"Files of more than {limit} bytes are not accepted here.", members={"max_size": limit}
            )

    def _is_late(self, size: int) -> bool:
        """Whether what is in memory has waited too long; ``size`` bytes have just arrived."""
        now = asyncio.get_running_loop().time()
        if self._gathered == size:
            self._since = now
        return now - self._since > (self._max_delay or 0)

    async def pause(self) -> None:
        """To be called when no bytes arrive for a moment: what must not wait for more is handed over."""
        if self._gathered and self._max_delay is not None:
            await self._hand_over()

    async def drain(self) -> None:
        """Have everything hashed and written."""
        if self._gathered:
            await self._hand_over()
        await self.wait_until_written()

    async def wait_until_written(self) -> None:
        """Wait until what was handed over is hashed and written. Raises what went wrong with it."""
        if self._writing:
            # Shielded: even a cancelled request must know when the thread is done with the file.
            await asyncio.shield(self._writing)
        if self._on_written:
            await self._on_written()

    def hash(self, data: Sequence[bytes | memoryview]) -> None:
        """Update the hashes. For small content that stays in memory; all else is hashed when it is handed over."""
        for each in data:
            if len(self.head) < HEAD:
                self.head += each[: HEAD - len(self.head)]
            self._hash.update(each)
            for check in self._checks:
                check.update(each)

    def release(self) -> list[bytes]:
        """Take what is in memory. On the loop's thread."""
        chunks, self.chunks = self.chunks, []
        self._memory.size -= self._gathered
        self._gathered = 0
        return chunks

    async def _hand_over(self) -> None:
        await self.wait_until_written()
        chunks = self.release()
        loop, threads = asyncio.get_running_loop(), self._threads
        hashed = loop.run_in_executor(threads.hashers, self.hash, chunks)
        self._writing = asyncio.gather(loop.run_in_executor(threads.writers, self._output.write, chunks), hashed)
        self.streams = True

    # Blocks: see `picasso.receive.block_pool`

    async def take_rest(self) -> bytes:
        """Have everything written except for the end that fills no block of the disk, which is returned.

        It counts and is hashed already.
        """
        if self.streams or self._gathered:
            await self.drain()
        return self._output.take_rest()  # not in a thread: a cancellation must not lose it

    async def write_block(self, data: memoryview, skip: int) -> None:
        """Have this written, and counted and hashed except for its first ``skip`` bytes.

        The memory is in use until the next call returns, or `when_written` calls back.
        """
        await self.wait_until_written()  # if this is cancelled, nothing was handed over yet
        self.grow(len(data) - skip)
        loop, threads = asyncio.get_running_loop(), self._threads
        hashed = loop.run_in_executor(threads.hashers, self.hash, [data[skip:]])
        self._writing = asyncio.gather(loop.run_in_executor(threads.writers, self._output.write_block, data), hashed)
        self.streams = True

    def when_written(self, call: Callable[[], None]) -> None:
        """Call it once what was handed over is no longer in use."""
        if self._writing and not self._writing.done():
            self._writing.add_done_callback(lambda _: call())
        else:
            call()
