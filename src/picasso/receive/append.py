"""The bytes of one request on their way to the end of an upload that may go on.

They go straight to their place in the upload's file, within a tenth of a second, so that what has arrived counts
whoever is killed. The upload's offset is the size of its file and nothing else says so. Beside it lies a small state:
the hash of what is there, and, while a chunk arrives that has yet to be verified, where that began.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from picasso.disk import Resumed, disk_full_reported, sync_path
from picasso.errors import TooLarge
from picasso.receive.detection import HEAD
from picasso.receive.hashing import Hash, Kept, sha256
from picasso.receive.sink import Intake, in_writer, to_its_end
from picasso.storage import Folder, state_of

# No byte waits longer than this for its way to the disk, nor longer than a pause in which nothing comes.
GATHER_SECONDS = 0.1
QUIET_SECONDS = 0.05

# The hash's state is written so often that what a crash leaves to be read again is read in a moment.
CHECKPOINT = 64 * 2**20

READ = 2**20

# A length and eight words.
SMALLEST_HASH = 40

# A state is one write of this size, so that a crash leaves the one before or the one after.
STATE_SIZE = 512


@dataclass(frozen=True, slots=True)
class State:
    hash: bytes = b""
    floor: int | None = None
    """Where the chunk began that is not verified yet."""


def read_state(upload: Path) -> State:
    try:
        found = json.loads(state_of(upload).read_text())
        kept = bytes.fromhex(found["hash"])
        return State(kept if len(kept) >= SMALLEST_HASH else b"", found["floor"])
    except (OSError, ValueError, KeyError, TypeError):
        return State()  # it is read again, which costs time and nothing else


def write_state(upload: Path, state: State, *, durable: bool = False) -> None:
    """``durable`` where a power cut must find it: about what counts and what does not."""
    text = json.dumps({"hash": state.hash.hex(), "floor": state.floor}).ljust(STATE_SIZE)
    fd = os.open(state_of(upload), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with disk_full_reported():
            os.pwrite(fd, text.encode(), 0)
            if durable:
                os.fdatasync(fd)
    finally:
        os.close(fd)
    if durable:
        sync_path(upload.parent)


def offset_of(upload: Path) -> int:
    """How many bytes count. Raises `FileNotFoundError`."""
    size = upload.stat().st_size
    floor = read_state(upload).floor if state_of(upload).exists() else None
    return size if floor is None else min(size, floor)


def is_clean(upload: Path) -> bool:
    """Whether the last who wrote came to an end: nothing is left to `recover`."""
    state, size = read_state(upload), upload.stat().st_size
    return not size or (state.floor is None and bool(state.hash) and sha256(state.hash).length == size)


def recover(upload: Path) -> int:
    """As `offset_of`, with all gone that does not count, and the rest durable. Only for who holds the upload's lock."""
    offset = offset_of(upload)
    fd = os.open(upload, os.O_RDWR | os.O_CLOEXEC)
    try:
        if offset < os.fstat(fd).st_size:
            os.ftruncate(fd, offset)
        if offset:
            os.fdatasync(fd)
            sync_path(upload.parent)
    finally:
        os.close(fd)
    state = read_state(upload)
    if state.floor is not None:
        write_state(upload, State(state.hash))
    return offset


def resumed_hash(upload: Path, size: int) -> Kept:
    """That of the first ``size`` bytes, read from where a state was last kept."""
    kept = sha256(read_state(upload).hash)
    if kept.length > size:
        # The disk forgot what the state knows. Nothing may ever be built on that.
        write_state(upload, State())
        kept = sha256()
    with upload.open("rb", buffering=0) as file:
        file.seek(kept.length)
        while kept.length < size:
            data = file.read(min(READ, size - kept.length))
            if not data:
                raise OSError("an upload's file is shorter than it was")
            kept.update(data)
    return kept


class Append(Intake):
    """To be ended by `keep` or `discard`. It blocks while it is made: for threads."""

    _hash: Kept
    incoming: Resumed  # it is there from the start

    def __init__(self, storage: Folder, path: Path, size: int, limit: int, checks: Sequence[Hash] = ()) -> None:
        """``size`` is the upload's offset; with ``checks`` nothing counts until `keep`."""
        super().__init__(storage, limit, checks)
        self.path = path
        self.start = self.size = size
        self._hash = self._before = resumed_hash(path, size)
        if checks:
            self._before = self._hash.copy()
            write_state(path, State(self._before.state, size), durable=True)
        self._remembered = size
        self._since = 0.0
        self.incoming = Resumed(path, size)

    @property
    def head(self) -> bytes:
        with self.path.open("rb", buffering=0) as file:
            return file.read(HEAD)

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

    async def copy_from(self, thread: Executor, source: Path, at: int, size: int) -> None:
        """Go on with bytes of another file of the same disk; shared or copied as the file system can."""
        if self.size + size > self._limit:
            raise TooLarge
        await to_its_end(self._copy_in(thread, source, at, size))
        await self._written()

    async def _copy_in(self, thread: Executor, source: Path, at: int, size: int) -> None:
        await asyncio.get_running_loop().run_in_executor(thread, self._copy, source, at, size)
        self.size += size

    def place(self, key: str) -> None:
        self._storage.link(self.path, key)

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
        self._storage.require_space()
        self.incoming.write(chunks)

    def _copy(self, source: Path, at: int, size: int) -> None:
        self._storage.require_space()
        with source.open("rb", buffering=0) as file:
            self.incoming.copy_from(file.fileno(), at, size)
            for start in range(at, at + size, READ):
                self._hash.update(os.pread(file.fileno(), min(READ, at + size - start), start))

    def _remember(self) -> None:
        write_state(self.path, State(self._hash.state), durable=bool(self._checks))

    def _settle(self) -> None:
        try:
            if self.size > self.start:
                self._make_durable()
            self._remember()
        finally:
            self.incoming.close()

    def _make_durable(self) -> None:
        try:
            self.incoming.make_durable()
            if not self.start:
                sync_path(self.path.parent)
        except BaseException:
            # A second fsync after a failed one succeeds, although the bytes are gone.
            self.incoming.truncate(self.start)
            raise

    def _undo(self) -> None:
        try:
            self.incoming.truncate(self.start)
            self.incoming.make_durable()
            write_state(self.path, State(self._before.state), durable=bool(self._checks))
        finally:
            self.incoming.close()
