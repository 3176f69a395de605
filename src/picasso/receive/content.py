"""The content of a new file from its first byte until it is committed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from picasso.receive.hashing import Hash
from picasso.receive.sink import CROWD, Output, Sink
from picasso.receive.threads import Threads
from picasso.storage import FileStore, FileWriter


class Content(Protocol):
    """What the committer needs of content, which may be a new file's or an upload's."""

    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def head(self) -> bytes:
        """The first bytes, as many as type detection looks at."""

    def read(self, offset: int, size: int) -> bytes:
        """At most ``size`` bytes from ``offset`` on. Called in a thread, before `store`."""

    def store(self, key: str) -> None:
        """Store it under ``key``. Durable after the storage's `sync`. Called in a thread."""

    def drop(self) -> None:
        """Clean up when it could not be committed. Called in a thread."""

    def release(self) -> None:
        """Free the memory. Called on the loop's thread."""


class FileOutput(Output, Protocol):
    """An `Output` that becomes a file."""

    def sync(self) -> None:
        """Make what was written durable."""

    def read(self, offset: int, size: int, chunks: Sequence[bytes]) -> bytes:
        """At most ``size`` bytes from ``offset`` on of what was written; or, if nothing was, of the ``chunks``."""

    def store(self, key: str, chunks: Sequence[bytes]) -> None:
        """Store what was written under ``key``; or, if nothing was, the ``chunks``."""

    def discard(self) -> None:
        """Remove what was written."""


class NewContent:
    """Small content stays in memory, larger content goes to the disk. To be ended by `finish` or `discard`."""

    def __init__(self, output: FileOutput, limit: int, threads: Threads, checks: Sequence[Hash] = ()) -> None:
        """``checks`` are hashes that are updated as well. More than ``limit`` bytes raise `TooLarge`."""
        self.sink = Sink(output, hashlib.sha256(), limit, threads, checks=checks)
        self._output = output
        self._threads = threads

    async def finish(self) -> None:
        """All bytes have arrived. Large content is made durable here, small content when its batch is committed."""
        if not self.sink.streams and self._threads.memory.size < CROWD:
            self.sink.hash(self.sink.chunks)
        else:
            await self.sink.drain()
            await self._threads.in_writer(self._output.sync)

    async def discard(self) -> None:
        """Leave nothing behind."""
        self.sink.release()
        try:
            with suppress(Exception):  # what a failed write left is removed here
                await self.sink.wait_until_written()
        finally:
            self._output.discard()

    # For the committer

    @property
    def size(self) -> int:
        return self.sink.size

    @property
    def sha256(self) -> str:
        return self.sink.sha256

    @property
    def head(self) -> bytes:
        return self.sink.head

    def read(self, offset: int, size: int) -> bytes:
        return self._output.read(offset, size, self.sink.chunks)

    def store(self, key: str) -> None:
        self._output.store(key, self.sink.chunks)

    def drop(self) -> None:
        self._output.discard()

    def release(self) -> None:
        self.sink.release()


class NewFileOutput:
    """Writes to a new file in the storage, which is begun at the first write."""

    def __init__(self, files: FileStore) -> None:
        self.writer: FileWriter | None = None
        self._files = files

    def write(self, chunks: Sequence[bytes | memoryview]) -> None:
        self._files.require_space()
        if self.writer is None:
            self.writer = self._files.begin()
        self.writer.write(chunks)

    def take_rest(self) -> bytes:
        return self.writer.take_rest() if self.writer else b""

    def write_block(self, data: memoryview) -> None:
        self._files.require_space()
        assert self.writer is not None
        self.writer.write_block(data)

    def sync(self) -> None:
        if self.writer:
            self.writer.sync()

    def read(self, offset: int, size: int, chunks: Sequence[bytes]) -> bytes:
        return self.writer.read(offset, size) if self.writer else b"".join(chunks)[offset : offset + size]

    def store(self, key: str, chunks: Sequence[bytes]) -> None:
        if self.writer:
            self.writer.place(key)
        else:
            self._files.create(key, chunks)

    def discard(self) -> None:
        if self.writer:
            self.writer.discard()


class NoOutput:
    """For content that is only compared with a file that exists already."""

    def write(self, chunks: Sequence[bytes | memoryview]) -> None: ...
    def write_block(self, data: memoryview) -> None: ...
    def take_rest(self) -> bytes:
        return b""

    def sync(self) -> None: ...
    def read(self, offset: int, size: int, chunks: Sequence[bytes]) -> bytes:
        return b""

    def store(self, key: str, chunks: Sequence[bytes]) -> None: ...
    def discard(self) -> None: ...
