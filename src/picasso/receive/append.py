"""The bytes of one request on their way to the end of an upload that may go on.

They go straight to their place in the upload's file, within a tenth of a second, so that what has arrived counts
whoever is killed. The upload's offset is the size of its file and nothing else says so. Beside it lies a small state:
the hash of what is there, and, while a chunk arrives that has yet to be verified, where that began.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress

from picasso.errors import TooLarge
from picasso.receive.detection import HEAD
from picasso.receive.hashing import Hash, Kept, sha256
from picasso.receive.sink import Intake, in_writer, to_its_end
from picasso.storage import Storage, UploadState, UploadStore, UploadWriter

# No byte waits longer than this for its way to the disk, nor longer than a pause in which nothing comes.
GATHER_SECONDS = 0.1
QUIET_SECONDS = 0.05

# The hash's state is written so often that what a crash leaves to be read again is read in a moment.
CHECKPOINT = 64 * 2**20


def resumed_hash(store: UploadStore, upload_id: uuid.UUID, size: int) -> Kept:
    """The hash of the first ``size`` bytes. Only what came after the last saved state is read again."""
    kept = sha256(store.read_state(upload_id).hash)
    if kept.length > size:
        # The disk lost bytes that the hash covers, so the state is of no use.
        store.write_state(upload_id, UploadState())
        kept = sha256()
    for data in store.read(upload_id, kept.length, size):
        kept.update(data)
    return kept


class Append(Intake):
    """To be ended by `keep` or `discard`. It blocks while it is made: for threads."""

    _hash: Kept
    incoming: UploadWriter  # it is there from the start

    def __init__(
        self, storage: Storage, upload_id: uuid.UUID, size: int, limit: int, checks: Sequence[Hash] = ()
    ) -> None:
        """``size`` is the upload's offset; with ``checks`` nothing counts until `keep`."""
        super().__init__(storage, limit, checks)
        self.upload_id = upload_id
        self._uploads = storage.uploads
        self.start = self.size = size
        self._hash = self._before = resumed_hash(self._uploads, upload_id, size)
        if checks:
            self._before = self._hash.copy()
            self._uploads.write_state(upload_id, UploadState(self._before.state, size), durable=True)
        self._remembered = size
        self._since = 0.0
        self.incoming = self._uploads.append(upload_id, size)

    @property
    def head(self) -> bytes:
        return next(self._uploads.read(self.upload_id, 0, min(HEAD, self.size)), b"")

    @property
    def outgrew_memory(self) -> bool:
        return True

    async def write(self, chunk: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if not self._gathered:
            self._since = now
        await super().write(chunk)
        if self._gathered and now - self._since > GATHER_SECONDS:
            await self._hand_over()

    async def flush(self) -> None:
        """Nothing comes just now: have written what has come."""
        if self._gathered:
            await self._hand_over()

    async def hashed(self) -> None:
        """Have all that came in the hashes."""
        await self.flush()
        await self._written()

    async def finish(self) -> None:
        await self.keep()

    async def keep(self) -> None:
        """Have all that came durable, also if the request failed or was cut."""
        try:
            await self.hashed()
        except BaseException:
            # What is on the disk counts; its hash is read again from the last state.
            self.let_go()
            await in_writer(self.incoming.close)
            raise
        await in_writer(self._settle)

    async def discard(self) -> None:
        """As if nothing had come."""
        self.let_go()
        with suppress(Exception):
            await self._written()
        await in_writer(self._undo)

    async def copy_from(self, thread: Executor, source: uuid.UUID, at: int, size: int) -> None:
        """Go on with bytes of another file of the same disk; shared or copied as the file system can."""
        if self.size + size > self._limit:
            raise TooLarge
        await to_its_end(self._copy_in(thread, source, at, size))
        await self._written()

    async def _copy_in(self, thread: Executor, source: uuid.UUID, at: int, size: int) -> None:
        await asyncio.get_running_loop().run_in_executor(thread, self._copy, source, at, size)
        self.size += size

    def place(self, key: str) -> None:
        self._uploads.land(self.upload_id, key)

    def drop(self) -> None:
        """The upload stays: it may land another time."""

    async def _written(self) -> None:
        await super()._written()
        if not self._checks and self._hash.length >= self._remembered + CHECKPOINT:
            self._remembered = self._hash.length
            await in_writer(self._remember)

    def _know(self, chunks: list[bytes]) -> None:
        for chunk in chunks:
            self._update(chunk)

    def _store(self, chunks: list[bytes]) -> None:
        self._uploads.require_space()
        self.incoming.write(chunks)

    def _copy(self, source: uuid.UUID, at: int, size: int) -> None:
        self._uploads.require_space()
        self.incoming.copy_from(source, at, size)
        for data in self._uploads.read(source, at, at + size):
            self._hash.update(data)

    def _remember(self) -> None:
        self._uploads.write_state(self.upload_id, UploadState(self._hash.state), durable=bool(self._checks))

    def _settle(self) -> None:
        try:
            if self.size > self.start:
                self._make_durable()
            self._remember()
        finally:
            self.incoming.close()

    def _make_durable(self) -> None:
        try:
            self.incoming.sync()
        except BaseException:
            # A second fsync after a failed one succeeds, although the bytes are gone.
            self.incoming.truncate(self.start)
            raise

    def _undo(self) -> None:
        try:
            self.incoming.truncate(self.start)
            self.incoming.sync()
            self._uploads.write_state(self.upload_id, UploadState(self._before.state), durable=bool(self._checks))
        finally:
            self.incoming.close()
