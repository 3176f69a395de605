"""One upload's bytes on their way in: counted, bounded, hashed and written while they arrive.

Small uploads stay in memory until they land; larger ones are gathered to two mebibytes and handed to threads
that hash and write (both without the GIL) while the loop receives the next. As much is in flight per upload, so
memory stays flat and a slow client costs no thread.

A few large ones at a time are received into memory from which hash and disk take them as they are (`InPlace`).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Self, TypeVar

from picasso.errors import TooLarge
from picasso.receive.detection import HEAD
from picasso.receive.hashing import Hash
from picasso.storage import FileWriter, Storage, Writer
from picasso.storage.blocks import BLOCK, Block

GATHER = 2 * 2**20

# While all uploads of the process together hold more than this, each hands over at 64 KiB instead of 2 MiB:
# a thousand clients stalled in mid-upload must not cost a gibibyte.
CROWD = 64 * 2**20
GATHER_IN_CROWD = 64 * 2**10

# An upload that is received in place has two blocks: one is filled while the other is hashed and written. Larger ones
# cost memory, smaller ones more turns: 0.89 s of CPU for a gibibyte at 2 MiB, 0.80 s at 4 MiB.
BLOCK_SIZE = 4 * 2**20
MAX_IN_PLACE = 6

# So many blocks are kept for the next upload: the kernel takes 1 ms to clear the pages of a new one.
SPARE_BLOCKS = 4

# More threads on few cores would only fight for the GIL. Hashing is apart from writing: one upload can fill a core with
# its hash while the disk takes its bytes.
hashers = ThreadPoolExecutor(2, thread_name_prefix="hash")
writers = ThreadPoolExecutor(2, thread_name_prefix="write")

T = TypeVar("T")


async def in_writer(call: Callable[..., T], *args: object) -> T:
    """Have a writer do it, to its end, though nobody wait for it any more."""
    return await asyncio.shield(asyncio.get_running_loop().run_in_executor(writers, call, *args))


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """What must not be left half done: who is cancelled meanwhile hears of it afterwards."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


class Intake:
    """The sink for one upload. `finish` it and have it landed, or `discard` it: then the disk is as it was."""

    held = 0
    """Bytes in the memory of all intakes of this process; touched on the loop's thread only."""

    def __init__(self, storage: Storage, limit: int, checks: Sequence[Hash] = ()) -> None:
        """``checks`` are hashes to be fed besides."""
        self.size = 0
        self._head = b""
        self._storage = storage
        self._limit = limit
        self._checks = checks
        self._hash: Hash = hashlib.sha256()
        self._chunks: list[bytes] = []
        self._gathered = 0
        self._writing: asyncio.Future[tuple[None, None]] | None = None
        self.incoming: Writer | None = None
        self._file: FileWriter | None = None

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def head(self) -> bytes:
        """The first bytes, as many as `sniff` looks at."""
        return self._head

    async def write(self, chunk: bytes) -> None:
        """Take some bytes.

        Raises:
            TooLarge: as soon as there are more than the limit.
            StorageFull: the disk is.
        """
        self.size += len(chunk)
        if self.size > self._limit:
            raise TooLarge
        self._chunks.append(chunk)
        self._gathered += len(chunk)
        Intake.held += len(chunk)
        if self._gathered >= (GATHER if Intake.held < CROWD else GATHER_IN_CROWD):
            await self._hand_over()

    async def flush(self) -> None:
        """Nothing comes just now. A new file is in no hurry."""

    async def finish(self) -> None:
        """All bytes are in. A large upload is synced to disk here; a small one is written when its batch lands."""
        if not self._writing and Intake.held < CROWD:
            self._know(self._chunks)
            return
        await self._hand_over()
        await self._written()
        assert self._file is not None
        await in_writer(self._file.sync)

    async def discard(self) -> None:
        """Leave nothing behind, whatever has happened so far."""
        self.let_go()
        try:
            await self._written()
        except Exception:  # noqa: S110 - the write failed, and what it left is removed here
            pass
        finally:
            if self._file:
                self._file.discard()

    @property
    def outgrew_memory(self) -> bool:
        return self._writing is not None

    async def unwritten(self) -> bytes:
        """Have all that came written but for what fills no block of the disk, which is returned, and hashed already."""
        await self._hand_over()
        await self._written()
        assert self.incoming is not None
        return self.incoming.take_rest()

    async def pass_on(self, data: memoryview, known: int) -> None:
        """Have this written, and hashed but for the first ``known`` bytes. It is in use until the next call returns."""
        await self._written()  # who is interrupted here has passed on nothing yet
        self.size += len(data) - known
        if self.size > self._limit:
            raise TooLarge
        loop = asyncio.get_running_loop()
        hashed = loop.run_in_executor(hashers, self._update, data[known:])
        self._writing = asyncio.gather(loop.run_in_executor(writers, self._append, data), hashed)

    def when_written(self, call: Callable[[], None]) -> None:
        """Call it once what was passed on last is in use no more."""
        if self._writing and not self._writing.done():
            self._writing.add_done_callback(lambda _: call())
        else:
            call()

    async def _hand_over(self) -> None:
        await self._written()
        chunks = self.let_go()
        loop = asyncio.get_running_loop()
        hashed = loop.run_in_executor(hashers, self._know, chunks)
        self._writing = asyncio.gather(loop.run_in_executor(writers, self._store, chunks), hashed)

    def let_go(self) -> list[bytes]:
        """What is in memory, which counts as held until then. On the loop's thread."""
        chunks, self._chunks = self._chunks, []
        Intake.held -= self._gathered
        self._gathered = 0
        return chunks

    async def _written(self) -> None:
        if self._writing:
            # Shielded: a cancelled request must still know when the thread is done with the file.
            await asyncio.shield(self._writing)

    def place(self, key: str) -> None:
        """Bring the bytes to where they are to stay. For threads; called once, when the upload lands."""
        if self._file is None:
            self._storage.files.create(key, self._chunks)
        else:
            self._file.place(key)

    def _store(self, chunks: list[bytes]) -> None:
        self._storage.files.require_space()
        if self.incoming is None:
            self.incoming = self._file = self._storage.files.begin()
        self.incoming.write(chunks)

    def _append(self, data: memoryview) -> None:
        self._storage.files.require_space()
        assert self.incoming is not None
        self.incoming.write_block(data)

    def drop(self) -> None:
        """It can't land: leave nothing behind. For threads."""
        if self._file:
            self._file.discard()

    def _know(self, chunks: list[bytes]) -> None:
        for chunk in chunks:
            if len(self._head) < HEAD:
                self._head += chunk[: HEAD - len(self._head)]
            self._update(chunk)

    def _update(self, data: bytes | memoryview) -> None:
        self._hash.update(data)
        for check in self._checks:
            check.update(data)


class Unkept(Intake):
    """For content that is only to be compared with what is there already."""

    async def write(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self._limit:
            raise TooLarge
        self._update(chunk)

    async def finish(self) -> None: ...

    async def discard(self) -> None: ...


class InPlace:
    """The middle of a large upload, received into two blocks in turn. To be entered if there is `room`.

    What is not known yet to be content, and what fills no block of the disk, moves on to the start of the next.
    """

    under_way = 0
    """In this process; touched on the loop's thread only."""
    spare: ClassVar[list[Block]] = []

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._known = 0

    @classmethod
    def _new_block(cls) -> Block:
        return cls.spare.pop() if cls.spare else Block(BLOCK_SIZE)

    @classmethod
    def room(cls) -> bool:
        return cls.under_way < MAX_IN_PLACE

    async def __aenter__(self) -> Self:
        InPlace.under_way += 1
        try:
            rest = await self._intake.unwritten()
        except BaseException:
            InPlace.under_way -= 1
            raise
        # Not before: whoever waits, or was interrupted while waiting, holds no memory.
        self.block, self._other = self._new_block(), self._new_block()
        self.block.append(rest)
        self._known = len(rest)
        return self

    async def __aexit__(self, *_: object) -> None:
        InPlace.under_way -= 1
        self._intake.when_written(self._give_back)

    def _give_back(self) -> None:
        room = SPARE_BLOCKS - len(InPlace.spare)
        for block in (self.block, self._other)[:room]:
            block.end = 0
            InPlace.spare.append(block)

    async def turn(self, doubtful: int) -> None:
        """Go on in the other block. All of this one but its last ``doubtful`` bytes is content."""
        block, known = self.block, self._known
        content = block.end - doubtful
        whole = content - content % BLOCK
        await self._intake.pass_on(block.view[:whole], known)
        self.block, self._other, self._known = self._other, block, 0
        self.block.end = 0
        self.block.append(block.view[whole : block.end])

    async def end(self, at: int) -> bytes:
        """Content ends there in the block. What came behind it."""
        await to_its_end(self._intake.pass_on(self.block.view[:at], self._known))
        return bytes(self.block.view[at : self.block.end])
