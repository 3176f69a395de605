"""Appends the bytes of one request to a resumable upload.

They go straight to their place in the upload's file, within a tenth of a second, so that what has arrived counts even
if the process is killed. The upload's offset is the size of its file; nothing else records it. Beside it lies a small
state: the hash of the bytes, and, while a chunk arrives that is not verified yet, the offset where it starts.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from picasso.detection import HEAD
from picasso.errors import TooLarge
from picasso.receive.hashing import Hash, SavableHash, sha256
from picasso.receive.sink import Sink, run_to_end
from picasso.receive.threads import Threads
from picasso.storage import Storage, UploadState, UploadStore, UploadWriter

# No byte waits longer than this before it is written.
MAX_DELAY = 0.1

# The hash's state is saved so often that the rest can be read again in a moment after a crash.
CHECKPOINT = 64 * 2**20


def resumed_hash(store: UploadStore, upload_id: uuid.UUID, size: int) -> SavableHash:
    """The hash of the first ``size`` bytes. Only what came after the last saved state is read again."""
    kept = sha256(store.read_state(upload_id).hash)
    if kept.length > size:
        # The disk lost bytes that the hash covers, so the state is of no use.
        store.write_state(upload_id, UploadState())
        kept = sha256()
    for data in store.read(upload_id, kept.length, size):
        kept.update(data)
    return kept


class Append:
    """Appends the bytes of one request to an upload. To be ended by `keep` or `discard`.

    Creating one blocks: to be done in a thread.
    """

    def __init__(
        self,
        storage: Storage,
        threads: Threads,
        upload_id: uuid.UUID,
        size: int,
        limit: int,
        *,
        checks: Sequence[Hash] = (),
        room: asyncio.Future[None] | None = None,
        on_progress: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        """Start to append.

        Args:
            size: the upload's offset.
            limit: its largest size.
            checks: with them nothing counts until `keep`.
            room: nothing is written before it is done. If it raises an error, nothing at all.
            on_progress: called with the size, from time to time. If it raises an error, the content ends with that.
        """
        self.upload_id = upload_id
        self.start = size
        self._uploads = storage.uploads
        self._threads = threads
        self._verified = bool(checks)
        self._limit = limit
        self._hash = self._before = resumed_hash(self._uploads, upload_id, size)
        if checks:
            self._before = self._hash.copy()
            self._uploads.write_state(upload_id, UploadState(self._before.state, size), durable=True)
        self.writer = self._uploads.append(upload_id, size)
        self.sink = Sink(
            UploadOutput(self._uploads, self.writer),
            self._hash,
            limit,
            threads,
            size=size,
            checks=checks,
            max_delay=MAX_DELAY,
            on_written=self._on_written,
        )
        self._room = room
        self._on_progress = on_progress
        self._checkpoints = None if checks else Checkpoints(self._uploads, threads, upload_id, self._hash)

    @property
    def size(self) -> int:
        return self.sink.size

    @property
    def sha256(self) -> str:
        return self.sink.sha256

    @property
    def head(self) -> bytes:
        return next(self._uploads.read(self.upload_id, 0, min(HEAD, self.size)), b"")

    async def has_room(self) -> bool:
        """Whether there is room for what arrives first. Until that is known, it stays in memory."""
        with suppress(Exception):  # whoever writes is told
            await self._wait_for_room()
        return self._room is None

    async def _wait_for_room(self) -> None:
        if self._room:
            await asyncio.shield(self._room)
            self._room = None

    async def _on_written(self) -> None:
        await self._wait_for_room()
        if self._checkpoints:
            await self._checkpoints()
        if on_progress := self._on_progress:
            self._on_progress = None  # an error is raised once: what has arrived until then is kept
            await on_progress(self.size)
            self._on_progress = on_progress

    async def keep(self) -> None:
        """Make everything that arrived durable, also if the request failed or was cut off."""
        try:
            await self.sink.drain()
        except BaseException:
            # What is on the disk counts. Its hash is computed again from the last saved state.
            self.release()
            await self._threads.in_writer(self.writer.close)
            raise
        await self._threads.in_writer(self._finish)

    async def discard(self) -> None:
        """Restore the upload as it was before."""
        self.release()
        with suppress(Exception):
            await self.sink.wait_until_written()
        await self._threads.in_writer(self._undo)

    async def copy_from(self, source: uuid.UUID, at: int, size: int) -> None:
        """Append a range of another upload; shared or copied by the file system if it can."""
        if self.size + size > self._limit:
            raise TooLarge
        await run_to_end(self._copy_in_thread(source, at, size))
        await self.sink.wait_until_written()

    async def _copy_in_thread(self, source: uuid.UUID, at: int, size: int) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads.copier, self._copy, source, at, size)
        self.sink.grow(size)

    def _copy(self, source: uuid.UUID, at: int, size: int) -> None:
        self._uploads.require_space()
        self.writer.copy_from(source, at, size)
        for data in self._uploads.read(source, at, at + size):
            self._hash.update(data)

    # For the committer

    def read(self, offset: int, size: int) -> bytes:
        stop = min(offset + size, self.size)
        return b"".join(self._uploads.read(self.upload_id, offset, stop)) if offset < stop else b""

    def store(self, key: str) -> None:
        self._uploads.land(self.upload_id, key)

    def drop(self) -> None:
        """The upload stays: it can be committed another time."""

    def release(self) -> None:
        self.sink.release()

    # In a thread

    def _finish(self) -> None:
        try:
            if self.size > self.start:
                self._make_durable()
            self._write_state(self._hash, self.size)
        finally:
            self.writer.close()

    def _make_durable(self) -> None:
        try:
            self.writer.sync()
        except BaseException:
            # A second fsync after a failed one succeeds, although the bytes are lost.
            self.writer.truncate(self.start)
            raise

    def _undo(self) -> None:
        try:
            self.writer.truncate(self.start)
            self.writer.sync()
            self._write_state(self._before, self.start)
        finally:
            self.writer.close()

    def _write_state(self, content_hash: SavableHash, synced: int) -> None:
        state = UploadState(content_hash.state, synced=synced)
        self._uploads.write_state(self.upload_id, state, durable=self._verified)


class UploadOutput:
    """Writes to the end of an upload."""

    def __init__(self, store: UploadStore, writer: UploadWriter) -> None:
        self._store = store
        self._writer = writer

    def write(self, chunks: Sequence[bytes | memoryview]) -> None:
        self._store.require_space()
        self._writer.write(chunks)

    def write_block(self, data: memoryview) -> None:
        self._store.require_space()
        self._writer.write_block(data)

    def take_rest(self) -> bytes:
        return self._writer.take_rest()


class Checkpoints:
    """Saves the state of an upload's hash from time to time. For bytes that count as soon as they are written.

    They are not durable yet, so these states do not say `UploadState.synced`.
    """

    def __init__(self, store: UploadStore, threads: Threads, upload_id: uuid.UUID, content_hash: SavableHash) -> None:
        self._store = store
        self._threads = threads
        self._upload_id = upload_id
        self._hash = content_hash
        self._saved = content_hash.length

    async def __call__(self) -> None:
        if self._hash.length >= self._saved + CHECKPOINT:
            self._saved = self._hash.length
            await self._threads.in_writer(self._store.write_state, self._upload_id, UploadState(self._hash.state))
