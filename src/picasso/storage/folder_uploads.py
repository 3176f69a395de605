"""Unfinished uploads in a folder: the bytes are ``uploads/<xx>/<id>``, so the offset is the size of that file.

Beside it lies ``<id>.state``. The lock of an upload is a `flock` on its file.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from picasso.storage.disk import AppendWriter, disk_full_reported, lock_file, sync_path
from picasso.storage.folder_files import FolderFiles, FreeSpace
from picasso.storage.protocols import UploadStat, UploadState

READ_SIZE = 2**20

# A state is one write of this size, so that a crash leaves the old one or the new one.
STATE_SIZE = 512


class FileLock:
    """Holds the `flock` on a file."""

    def __init__(self, path: Path) -> None:
        """Raises `BlockingIOError`, `FileNotFoundError`."""
        self._fd = lock_file(path)

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class FolderUploadWriter(AppendWriter):
    def __init__(self, path: Path, offset: int, path_of: Callable[[uuid.UUID], Path]) -> None:
        super().__init__(path, offset)
        self._path_of = path_of
        self._folder_synced = offset > 0

    def copy_from(self, upload_id: uuid.UUID, start: int, size: int) -> None:
        self.copy_from_file(self._path_of(upload_id), start, size)

    def sync(self) -> None:
        super().sync()
        if not self._folder_synced:
            sync_path(self._path.parent)
            self._folder_synced = True


class FolderUploads:
    """An `picasso.storage.protocols.UploadStore`."""

    def __init__(self, root: Path, space: FreeSpace, files: FolderFiles) -> None:
        """``files`` is where uploads land; it must be on the same disk."""
        self.root = root / "uploads"
        self._space = space
        self._files = files
        self.root.mkdir(parents=True, exist_ok=True)

    def require_space(self, size: int = 0) -> None:
        self._space.require(size)

    def path(self, upload_id: uuid.UUID) -> Path:
        return Path(self._name(upload_id))

    def state_path(self, upload_id: uuid.UUID) -> Path:
        return Path(f"{self._name(upload_id)}.state")

    def _name(self, upload_id: uuid.UUID) -> str:
        """Of its file. Not by `Path`: each request asks several times, and joining takes as long as a system call."""
        name = str(upload_id)
        return f"{self.root}/{name[-2:]}/{name}"

    def begin(self, upload_id: uuid.UUID) -> FileLock:
        path = self.path(upload_id)
        with disk_full_reported():
            path.parent.mkdir(exist_ok=True)
            path.touch(0o644, exist_ok=False)
        return FileLock(path)

    def lock(self, upload_id: uuid.UUID) -> FileLock:
        return FileLock(self.path(upload_id))

    def exists(self, upload_id: uuid.UUID) -> bool:
        return self.path(upload_id).exists()

    def stat(self, upload_id: uuid.UUID) -> UploadStat:
        about = os.stat(self._name(upload_id))  # noqa: PTH116
        floor = self.read_state(upload_id).floor
        return UploadStat(about.st_size if floor is None else min(about.st_size, floor), about.st_mtime)

    def touch(self, upload_id: uuid.UUID) -> None:
        with suppress(FileNotFoundError):
            os.utime(self.path(upload_id))

    def recover(self, upload_id: uuid.UUID) -> int:
        size, state = os.stat(self._name(upload_id)).st_size, self.read_state(upload_id)  # noqa: PTH116
        if not size or (state.floor is None and state.synced == size):
            return size  # the last writer made all bytes durable
        offset = size if state.floor is None else min(size, state.floor)
        self._cut(self.path(upload_id), offset)
        # If bytes that were durable are lost, the number must not count for other bytes that take their place.
        if state.floor is not None or state.synced > size:
            self.write_state(upload_id, UploadState(state.hash))
        return offset

    def _cut(self, path: Path, offset: int) -> None:
        """Remove what comes after ``offset`` and make the rest durable."""
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            if offset < os.fstat(fd).st_size:
                os.ftruncate(fd, offset)
            if offset:
                os.fdatasync(fd)
                sync_path(path.parent)
        finally:
            os.close(fd)

    def append(self, upload_id: uuid.UUID, offset: int) -> FolderUploadWriter:
        return FolderUploadWriter(self.path(upload_id), offset, self.path)

    def read(self, upload_id: uuid.UUID, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        with self.path(upload_id).open("rb", buffering=0) as file:
            stop = os.fstat(file.fileno()).st_size if stop is None else stop
            while start < stop:
                data = os.pread(file.fileno(), min(READ_SIZE, stop - start), start)
                if not data:
                    raise OSError("an upload's file is shorter than expected")
                start += len(data)
                yield data

    def read_state(self, upload_id: uuid.UUID) -> UploadState:
        try:
            fields = json.loads(self._read_state_text(upload_id))
            # Earlier versions did not record what is durable.
            return UploadState(bytes.fromhex(fields["hash"]), fields["floor"], int(fields.get("synced", 0)))
        except (OSError, ValueError, KeyError, TypeError):
            return UploadState()  # the bytes are hashed again, which costs time and nothing else

    def _read_state_text(self, upload_id: uuid.UUID) -> bytes:
        fd = os.open(f"{self._name(upload_id)}.state", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(fd, STATE_SIZE)
        finally:
            os.close(fd)

    def write_state(self, upload_id: uuid.UUID, state: UploadState, *, durable: bool = False) -> None:
        fields = {"hash": state.hash.hex(), "floor": state.floor, "synced": state.synced}
        text = json.dumps(fields).ljust(STATE_SIZE)
        fd = os.open(f"{self._name(upload_id)}.state", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            with disk_full_reported():
                os.pwrite(fd, text.encode(), 0)
                if durable:
                    os.fdatasync(fd)
        finally:
            os.close(fd)
        if durable:
            sync_path(self.path(upload_id).parent)

    def adopt(self, upload_id: uuid.UUID, part_id: uuid.UUID) -> FileLock:
        lock = self.lock(part_id)  # a lock belongs to the file and not to its name, so it moves with the bytes
        try:
            with suppress(FileNotFoundError):
                self.state_path(part_id).rename(self.state_path(upload_id))
            self.path(part_id).rename(self.path(upload_id))
        except BaseException:
            lock.release()
            raise
        return lock

    def land(self, upload_id: uuid.UUID, key: str) -> None:
        self._files.link(self.path(upload_id), key)

    def remove(self, upload_id: uuid.UUID) -> None:
        # The state first: from the upload's file the next sweep finds what a crash left of the two.
        self.state_path(upload_id).unlink(missing_ok=True)
        self.path(upload_id).unlink(missing_ok=True)

    def walk(self) -> Iterator[tuple[uuid.UUID, float]]:
        for path in self.root.glob("??/*"):
            with suppress(ValueError, FileNotFoundError):
                yield uuid.UUID(path.name), path.stat().st_mtime

    def remove_abandoned(self, before: float) -> list[str]:
        removed = []
        for path in self.root.glob("??/*.state"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before and not path.with_suffix("").exists():
                    path.unlink()
                    removed.append(path.name)
        return removed
