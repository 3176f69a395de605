"""What a storage backend does, as protocols. Callers know these only; `picasso.storage.folder` is one backend.

`FileStore` keeps finished files and their derivatives, by key (see `picasso.storage.names`). `UploadStore` keeps the
bytes of unfinished uploads, by the upload's id.

For all methods:

- They block: call them in a thread. Stores may be used by several threads at once, a writer or reader by one at a time.
- Nothing survives a power cut until the method that says so has returned.
- What does not exist raises `FileNotFoundError`, a full disk or bucket `StorageFull`, and any other fault `OSError`.
- Removing what does not exist is no error, so that an interrupted removal can be repeated.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

Chunks = Sequence[bytes | memoryview]


class Writer(Protocol):
    """Takes bytes, in order, and appends them."""

    def write(self, chunks: Chunks) -> None:
        """Append chunks of any size. They may be reused once this returns."""

    def take_rest(self) -> bytes:
        """Take back the bytes that were written but do not fill a block of `picasso.storage.blocks.BLOCK` bytes.

        The caller puts them at the start of its next `write_block`.
        """

    def write_block(self, data: memoryview) -> None:
        """Append memory that starts at a multiple of `BLOCK`, also within the file.

        Its length is a multiple of `BLOCK`, except for the last piece of a file.
        """


class FileWriter(Writer, Protocol):
    """A new file while its bytes arrive. To be ended by `sync` and `place`, or by `discard`."""

    def sync(self) -> None:
        """Make the bytes durable and end writing. Repeated after a failure it fails again."""

    def read(self, offset: int, size: int) -> bytes:
        """At most ``size`` of the written bytes from ``offset`` on. Only after `sync` and before `place`."""

    def place(self, key: str) -> None:
        """Store the file under ``key``. Durable after `FileStore.sync`.

        A rename in a folder, a server-side copy in an object store. If this fails, `discard` still works.
        """

    def place_derived(self, key: str, original: str) -> None:
        """Store the file under ``key`` as derived from ``original``, durably.

        Only after `sync`. Raises as `FileStore.add_derived`.
        """

    def discard(self) -> None:
        """Remove the bytes, unless they were placed. Can be called at any time, also twice."""


class FileReader(Protocol):
    """A stored file that is open for reading from start to end."""

    def read(self, size: int) -> bytes:
        """The next bytes, at most ``size``; empty at the end."""

    def send_to(self, socket: int, size: int) -> int:
        """Send some of them to a socket that does not block; how many, 0 at the end. Raises `BlockingIOError`."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Delegation:
    """An HTTP answer that makes somebody else send the bytes: nginx by X-Accel-Redirect, a bucket by a redirect."""

    status: int
    headers: Mapping[str, str]


class FileStore(Protocol):
    """Finished files and their derivatives."""

    def require_space(self, size: int = 0) -> None:
        """Raises `StorageFull` if ``size`` more bytes would leave less space than the settings keep free."""

    def probe(self) -> None:
        """Prove that bytes can be stored durably. Raises `OSError` or `StorageFull`."""

    def begin(self) -> FileWriter:
        """A new file whose key is not known yet."""

    def create(self, key: str, chunks: Chunks) -> None:
        """Store a small file whose bytes are all in memory. Durable after `sync`."""

    def sync(self, keys: Sequence[str]) -> None:
        """Make files durable that were created, placed or landed under these keys, together with their names.

        One call for many files costs less than many calls. If it fails it can be repeated, with fewer keys too; a file
        whose bytes were lost fails again.
        """

    def open(self, key: str, start: int = 0, stop: int | None = None) -> FileReader:
        """Open the bytes ``[start, stop)``, by default all of them."""

    def serve(self, key: str, headers: Mapping[str, str]) -> Delegation | None:
        """How somebody else can send the file with these headers; None if the caller must `open` and send it."""

    def local_copy(self, key: str) -> AbstractContextManager[Path]:
        """A path on this machine with the file's content, for reading, while the context is open.

        Entering the context raises `FileNotFoundError` if there is no such file.

        It may be the stored file itself. A hard link to it stays valid after the context has ended.
        """

    def add_derived(self, sources: Mapping[str, Path], original: str) -> None:
        """Move local files to their keys, which are derived from ``original``. All are durable on return.

        Raises `FileNotFoundError` if the original was removed, so that nothing is stored for a deleted file.
        """

    def remove(self, key: str) -> None:
        """Remove an original and all its derivatives."""

    def remove_derived(self, key: str) -> None:
        """Remove all that one attempt derived, given any of its keys."""

    def remove_one_derived(self, key: str) -> None:
        """Remove what is at this key, if there is anything."""

    def remove_earlier_attempts(self, key: str, keep: Collection[str] = ()) -> None:
        """Remove what earlier attempts of the same processor derived, given any key of the present attempt.

        The attempts that a key in ``keep`` belongs to stay.
        """

    def walk(self) -> Iterator[tuple[uuid.UUID, str]]:
        """The id of every stored original, and its key.

        The folder of what is derived from one comes as well, by itself, with a slash at the end.
        """

    def derived(self, key: str, before: float) -> list[str]:
        """The keys of what was derived from an original and has its bytes since before that time (Unix time)."""

    def set_aside(self, key: str, day: date) -> None:
        """Move an original and its derivatives out of reach, to be found by an operator under that day.

        ``key`` is one that `walk` told.
        """

    def set_aside_derived(self, key: str, day: date) -> None:
        """Move one derivative there, if it exists."""

    def remove_set_aside(self, before: date) -> None:
        """Delete what was set aside before that day."""

    def remove_abandoned(self, before: float) -> list[str]:
        """Remove begun files that got no byte since ``before`` (Unix time). Returns their names, for the log."""


@dataclass(frozen=True, slots=True)
class UploadStat:
    """What the store knows about the bytes of an upload."""

    offset: int
    """How many bytes count."""
    modified_at: float
    """Unix time of the last byte or `UploadStore.touch`."""


@dataclass(frozen=True, slots=True)
class UploadState:
    """What is remembered beside the bytes of an upload."""

    hash: bytes = b""
    """The state of a hash of the first bytes (see `picasso.receive.hashing`); empty if there is none."""
    floor: int | None = None
    """While an unverified chunk arrives: the offset at which it starts. Bytes after it do not count."""
    synced: int = 0
    """How many bytes are durable. Set only after `UploadWriter.sync`, because `UploadStore.recover` relies on it."""


class UploadLock(Protocol):
    """The right to write to one upload. It ends with `release` or with the process."""

    def release(self) -> None:
        """Can be called twice."""


class UploadWriter(Writer, Protocol):
    """Appends to an upload. Each write counts at once, even if the process dies; `sync` makes it durable."""

    def copy_from(self, upload_id: uuid.UUID, start: int, size: int) -> None:
        """Append a range of another upload, or of this one, without moving the bytes through this process if possible.

        Raises `OSError` if that upload ends before.
        """

    def truncate(self, offset: int) -> None:
        """Remove all bytes after ``offset``."""

    def sync(self) -> None:
        """Make all bytes durable. After a failure they may be lost although a second call succeeds: `truncate`."""

    def close(self) -> None:
        """Can be called twice."""


class UploadStore(Protocol):
    """The bytes of unfinished uploads. An upload's offset is what has arrived; nothing else records it."""

    def require_space(self, size: int = 0) -> None:
        """As `FileStore.require_space`."""

    def begin(self, upload_id: uuid.UUID) -> UploadLock:
        """A new, empty upload, locked. Raises `FileExistsError`."""

    def lock(self, upload_id: uuid.UUID) -> UploadLock:
        """Raises `BlockingIOError` if it is locked by somebody else, in this process or another."""

    def exists(self, upload_id: uuid.UUID) -> bool: ...

    def stat(self, upload_id: uuid.UUID) -> UploadStat:
        """Its offset and age. Needs no lock."""

    def touch(self, upload_id: uuid.UUID) -> None:
        """Set `UploadStat.modified_at` to now. No error if there is no such upload."""

    def recover(self, upload_id: uuid.UUID) -> int:
        """Remove the bytes that do not count, make the rest durable, and return the offset. Needs the lock.

        Bytes that `UploadState.synced` counts are durable already.
        """

    def append(self, upload_id: uuid.UUID, offset: int) -> UploadWriter:
        """Write from ``offset`` on, which is what `recover` returned. Needs the lock."""

    def read(self, upload_id: uuid.UUID, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes ``[start, stop)``, by default all of them, in chunks. Raises `OSError` if there are fewer."""

    def read_state(self, upload_id: uuid.UUID) -> UploadState:
        """What `write_state` wrote last; an empty state if there is none or if it can't be read."""

    def write_state(self, upload_id: uuid.UUID, state: UploadState, *, durable: bool = False) -> None:
        """Replace the state at once: a crash leaves the old or the new one. Needs the lock."""

    def adopt(self, upload_id: uuid.UUID, part_id: uuid.UUID) -> UploadLock:
        """Give the bytes and state of a part to another, still empty upload. The part has none from then on.

        Needs the lock of the upload, and returns the one that replaces it. Raises `BlockingIOError` if the part is
        locked. A crash leaves the bytes with the one or the other. `recover` makes them durable.
        """

    def land(self, upload_id: uuid.UUID, key: str) -> None:
        """Store the upload's bytes as the file ``key``. Durable after `FileStore.sync`.

        The bytes must be durable: by `UploadWriter.sync` or `recover`. The upload stays until `remove`, so that it can
        land another time if no row points at the file.
        """

    def remove(self, upload_id: uuid.UUID) -> None:
        """Remove its bytes and its state."""

    def walk(self) -> Iterator[tuple[uuid.UUID, float]]:
        """The id of every upload, and when it was modified last (Unix time)."""

    def remove_abandoned(self, before: float) -> list[str]:
        """Remove states older than ``before`` (Unix time) whose upload is gone. Returns their names, for the log."""


class Storage(Protocol):
    """A backend."""

    @property
    def files(self) -> FileStore: ...

    @property
    def uploads(self) -> UploadStore: ...
