"""Finished files in a folder: ``media/<key>``. New ones grow in ``incoming/`` and are renamed into place."""

from __future__ import annotations

import errno
import os
import re
import shutil
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from urllib.parse import quote

from picasso.errors import StorageFull
from picasso.storage.disk import (
    BufferedWriter,
    DirectWriter,
    can_syncfs,
    dirty_bytes,
    disk_full_reported,
    sync_path,
    syncfs,
    write_back,
)
from picasso.storage.names import DERIVED, ID, folder_of, is_folder
from picasso.storage.protocols import Chunks, Delegation
from picasso.storage.range_reader import RangeReader

# Measured: 16 small files took 0.30 ms each by fsync and 0.13 ms by one syncfs. With more dirty memory than this,
# syncfs could wait for another program's gigabyte.
SYNCFS_MIN_FILES = 3
SYNCFS_MAX_DIRTY = 32 * 2**20

# Errors by which file systems say that they can't make a hard link.
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


def move(source: Path, target: Path) -> None:
    """Also from another disk. The caller syncs the file and its folder."""
    try:
        source.rename(target)
    except OSError as fault:
        if fault.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, target)
        source.unlink()


class FreeSpace:
    """Watches how much of a disk is free."""

    def __init__(self, folder: Path, minimum: int) -> None:
        """``minimum`` bytes are to stay free."""
        self._folder = folder
        self.minimum = minimum

    def require(self, size: int) -> None:
        disk = os.statvfs(self._folder)
        if disk.f_bavail * disk.f_frsize - size < self.minimum:
            raise StorageFull


class IncomingWriter(DirectWriter):
    """A new file in ``incoming/``."""

    def __init__(
        self,
        path: Path,
        place: Callable[[IncomingWriter, str], None],
        add_derived: Callable[[Mapping[str, Path], str], None],
    ) -> None:
        super().__init__(path)
        self._place = place
        self._add_derived = add_derived

    def read(self, offset: int, size: int) -> bytes:
        with self.path.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), size, offset)

    def place(self, key: str) -> None:
        self._place(self, key)

    def place_derived(self, key: str, original: str) -> None:
        self._add_derived({key: self.path}, original)


class FolderFiles:
    """A `picasso.storage.protocols.FileStore`."""

    def __init__(self, root: Path, space: FreeSpace, accel_redirect: str = "") -> None:
        """``accel_redirect`` is the URL path at which nginx serves ``media/`` internally, if it does."""
        self.incoming = root / "incoming"
        self.media = root / "media"
        self.orphans = root / "orphans"
        self._space = space
        self._accel_redirect = accel_redirect.rstrip("/")
        self._known: set[str] = set()
        self._unsynced_folders: set[Path] = set()
        self._folder_lock = threading.Lock()
        self._unsynced_files: dict[str, BufferedWriter] = {}
        for folder in (self.incoming, self.media):
            folder.mkdir(parents=True, exist_ok=True)
        sync_path(root)
        self._can_syncfs = can_syncfs(self.media)

    def require_space(self, size: int = 0) -> None:
        self._space.require(size)

    def probe(self) -> None:
        self.require_space()
        writer = self.begin()
        try:
            writer.write([b"probe"])
            writer.sync()
        finally:
            writer.discard()

    def path(self, key: str) -> Path:
        path = self.media / key
        if ".." in path.parts:
            raise ValueError(f"not a key: {key!r}")
        return path

    # Writing

    def begin(self) -> IncomingWriter:
        return IncomingWriter(self.incoming / uuid.uuid4().hex, self._place, self.add_derived)

    def _place(self, writer: IncomingWriter, key: str) -> None:
        with disk_full_reported():
            writer.path.rename(self._make_room(key))
        self._unsynced_files[key] = writer

    def create(self, key: str, chunks: Chunks) -> None:
        with disk_full_reported():
            writer = BufferedWriter(self._make_room(key))
        try:
            writer.write(chunks)
        except BaseException:
            writer.discard()
            raise
        self._unsynced_files[key] = writer

    def link(self, source: Path, key: str) -> None:
        """Store a durable file of the same disk under ``key`` as well, by a hard link or a copy."""
        with disk_full_reported():
            target = self._make_room(key)
            try:
                os.link(source, target)
            except OSError as fault:
                if fault.errno not in NO_LINKS:
                    raise
                shutil.copyfile(source, target)
                sync_path(target)

    def _make_room(self, key: str) -> Path:
        """The path of an original, whose folder exists. Folders are made once and never removed."""
        path, folder = self.path(key), key.rpartition("/")[0]
        if folder not in self._known:
            self._make_folder(folder.split("/"))
            self._known.add(folder)
        return path

    def _make_folder(self, parts: Sequence[str]) -> None:
        """Its name, and those above it, become durable with the next `sync`."""
        for depth, part in enumerate(parts):
            parent = self.media.joinpath(*parts[:depth])
            (parent / part).mkdir(exist_ok=True)
            self._unsynced_folders.add(parent)

    def sync(self, keys: Sequence[str]) -> None:
        """Two fsyncs each, or a single `syncfs` for many, unless it had to wait for what others have written."""
        writers = [self._unsynced_files[key] for key in keys if key in self._unsynced_files]
        self._sync_new_folders()
        if len(keys) >= SYNCFS_MIN_FILES and self._should_syncfs():
            self._sync_all(writers)
        else:
            self._sync_each(writers, keys)
        for key in keys:
            self._unsynced_files.pop(key, None)

    def _sync_new_folders(self) -> None:
        """A thread whose files are in a new folder waits until whoever has begun to sync that has done so."""
        with self._folder_lock:
            folders = self._take_unsynced_folders()
            try:
                for folder in folders:
                    sync_path(folder)
            except BaseException:
                self._unsynced_folders |= folders
                raise

    def _take_unsynced_folders(self) -> set[Path]:
        """The folders whose entries may not be durable yet. The caller has to sync them or give them back."""
        taken = set()
        with suppress(KeyError):
            while True:
                taken.add(self._unsynced_folders.pop())
        return taken

    def _should_syncfs(self) -> bool:
        return self._can_syncfs and dirty_bytes() < SYNCFS_MAX_DIRTY

    def _sync_all(self, writers: Sequence[BufferedWriter]) -> None:
        for writer in writers:
            writer.write_back()
        syncfs(self.media)
        for writer in writers:
            writer.close()

    def _sync_each(self, writers: Sequence[BufferedWriter], keys: Iterable[str]) -> None:
        for writer in writers:
            writer.sync()
        for folder in {self.path(key).parent for key in keys}:
            sync_path(folder)

    def add_derived(self, sources: Mapping[str, Path], original: str) -> None:
        folder = self.path(folder_of(original))
        try:
            self._add_derived(sources, folder)
            # Asked at last: whoever removes the original from now on finds the folder.
            self.path(original).stat()
        except FileNotFoundError:  # after any other fault the original may be there, and what was made of it stays
            if self.path(original).exists():
                raise
            shutil.rmtree(folder, ignore_errors=True)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), original) from None

    def _add_derived(self, sources: Mapping[str, Path], folder: Path) -> None:
        targets = [self.path(key) for key in sources]
        folders = dict.fromkeys([folder, *(each for target in targets for each in (target.parents[1], target.parent))])
        with disk_full_reported():
            for each in folders:
                each.mkdir(exist_ok=True)
            for source, target in zip(sources.values(), targets, strict=True):
                move(source, target)
            self._sync_derived(targets, [*folders, folder.parent])

    def _sync_derived(self, files: Sequence[Path], folders: Sequence[Path]) -> None:
        """A single `syncfs`, or an fsync for each path. No row names the files yet, so their order does not matter."""
        if self._should_syncfs():
            for path in files:
                write_back(path)
            syncfs(self.media)
        else:
            for path in (*files, *folders):
                sync_path(path)

    # Reading

    def open(self, key: str, start: int = 0, stop: int | None = None) -> RangeReader:
        return RangeReader(os.open(self.path(key), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), start, stop)

    def serve(self, key: str, headers: Mapping[str, str]) -> Delegation | None:
        if not self._accel_redirect:
            return None
        return Delegation(200, {**headers, "X-Accel-Redirect": f"{self._accel_redirect}/{quote(key)}"})

    @contextmanager
    def local_copy(self, key: str) -> Iterator[Path]:
        path = self.path(key)
        path.stat()  # raises FileNotFoundError
        yield path

    def walk(self) -> Iterator[tuple[uuid.UUID, str]]:
        for path in self.media.glob("*/*/??/*"):
            try:
                found = uuid.UUID(path.name[:ID])
            except ValueError:
                continue
            yield found, f"{path.relative_to(self.media)}{'/' if is_folder(path.name) else ''}"

    def derived(self, key: str, before: float) -> list[str]:
        with suppress(FileNotFoundError, NotADirectoryError):  # most have none; or it is removed just now
            attempts = (self.path(folder_of(key)) / DERIVED).iterdir()
            found = (path for attempt in attempts for path in attempt.iterdir())
            return [str(path.relative_to(self.media)) for path in found if path.lstat().st_mtime < before]
        return []

    # Removing

    def remove(self, key: str) -> None:
        if writer := self._unsynced_files.pop(key, None):
            writer.close()
        with suppress(OSError):  # as for the folder: the sweep finds what stays
            self.path(key).unlink(missing_ok=True)
        shutil.rmtree(self.path(folder_of(key)), ignore_errors=True)

    def remove_derived(self, key: str) -> None:
        shutil.rmtree(self._folder(key), ignore_errors=True)

    def remove_one_derived(self, key: str) -> None:
        self.path(key).unlink(missing_ok=True)

    def remove_earlier_attempts(self, key: str, keep: Collection[str] = ()) -> None:
        own = self._folder(key)
        processor, _, attempt = own.name.rpartition("-")
        kept = {self._folder(each) for each in keep}
        for other in own.parent.glob(f"{processor}-*"):
            number = other.name.removeprefix(f"{processor}-")
            if re.fullmatch(r"\d+", number) and int(number) < int(attempt) and other not in kept:
                shutil.rmtree(other, ignore_errors=True)

    def set_aside(self, key: str, day: date) -> None:
        path, folder = self.path(key), self.path(folder_of(key))
        if path != folder:
            with suppress(FileNotFoundError):
                path.rename(self._room_aside(path, day))
        if not folder.exists():
            return
        target = self._room_aside(folder, day)
        if target.exists():  # its derivatives were set aside before
            shutil.copytree(folder, target, copy_function=os.replace, dirs_exist_ok=True)
            shutil.rmtree(folder)
        else:
            folder.rename(target)

    def set_aside_derived(self, key: str, day: date) -> None:
        path = self.path(key)
        with suppress(FileNotFoundError):
            path.rename(self._room_aside(path, day))

    def _room_aside(self, path: Path, day: date) -> Path:
        target = self.orphans / day.isoformat() / path.relative_to(self.media)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def remove_set_aside(self, before: date) -> None:
        for folder in self.orphans.glob("????-??-??"):
            if folder.name < before.isoformat():
                shutil.rmtree(folder, ignore_errors=True)

    def remove_abandoned(self, before: float) -> list[str]:
        removed = []
        for path in self.incoming.iterdir():
            with suppress(FileNotFoundError):
                if path.lstat().st_mtime < before:
                    path.unlink()
                    removed.append(path.name)
        return removed

    def _folder(self, key: str) -> Path:
        """The folder of a file. A key may end with a slash, which `Path.parent` would ignore."""
        folder = key.rpartition("/")[0]
        if not folder:
            raise ValueError(f"not a key: {key!r}")
        return self.path(folder)
