"""Folders for work in progress: one for each worker in ``scratch/``, which holds a lock on it while it lives.

The next worker removes what a dead one has left: at once on the same machine, where getting the lock proves that the
other is dead; after a while (`FOREIGN_GRACE`) if ``scratch/`` is shared with other machines, because not every network
file system passes locks on.
"""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import re
import shutil
import stat
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

LOCK = "lock"

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

TOUCH_SECONDS = 60.0
# A folder of another machine whose lock can be taken is removed if its worker has not touched it for this long.
FOREIGN_GRACE = 15 * TOUCH_SECONDS

# A child that is about to die with its worker may still write into a folder: the next sweep removes what it wrote.
EARLY_SWEEPS = (0.5, 1.0, 2.0, 4.0, 8.0)

# No processor of ours comes near this. Names fill a disk just as bytes do.
MAX_ENTRIES = 10_000

REMOVE_SECONDS = 2.0

# The errors of a folder that a child made inaccessible, or nested so deep that no path leads to it.
INACCESSIBLE = {errno.EACCES, errno.ENAMETOOLONG}


class OutputTooLarge(Exception):
    """A child wrote more than is allowed."""


class Scratch:
    """The folder of one worker. It exists from `open` to `close`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.folder = root / f"{machine()}.{uuid.uuid4().hex}"
        self._lock: int | None = None
        self._making = threading.Lock()
        self._closed = threading.Event()

    def open(self) -> None:
        """Make and lock the folder, remove those of dead workers, and start the thread that goes on doing so."""
        self._lock = self._make_locked_folder()
        sweep(self._root)
        threading.Thread(target=self._touch_and_sweep, name="scratch", daemon=True).start()

    def slot(self) -> Slot:
        """A new slot for a child."""
        with self._making:
            if self._closed.is_set():
                raise OSError(errno.ESHUTDOWN, "the worker is stopping")
            if not self.folder.exists():  # somebody removed it by mistake
                self._unlock()
                self._lock = self._make_locked_folder()
            return Slot.create(self.folder / uuid.uuid4().hex)

    def job(self, name: str) -> Path:
        """The path for a job's results until they are stored. The caller creates the folder."""
        return self.folder / f"{name}.job"

    def close(self) -> None:
        """Does no harm if it was never opened."""
        with self._making:
            self._closed.set()
        remove(self.folder)
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _make_locked_folder(self) -> int:
        """The lock file gets its name when it is locked already, so nobody finds it unlocked."""
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.folder / f"{LOCK}.new"
        fd = os.open(new, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        fcntl.flock(fd, fcntl.LOCK_EX)
        new.rename(self.folder / LOCK)
        return fd

    def _touch_and_sweep(self) -> None:
        pauses = iter(EARLY_SWEEPS)
        while not self._closed.wait(next(pauses, TOUCH_SECONDS)):
            with suppress(OSError):
                os.utime(self.folder / LOCK)
                sweep(self._root)


@dataclass(frozen=True, slots=True)
class Slot:
    """The folder of one child: it reads what is in ``in``, writes to ``out``, and sees no other data."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> Slot:
        slot = cls(folder)
        for each in (folder, slot.original.parent, slot.out):
            each.mkdir()
        return slot

    @property
    def original(self) -> Path:
        return self.folder / "in" / "original"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def link_original(self, source: Path) -> None:
        """A hard link costs nothing and stays valid if the file is deleted; a copy where links are not possible."""
        try:
            os.link(source, self.original, follow_symlinks=False)
        except FileNotFoundError:
            raise
        except OSError:
            shutil.copyfile(source, self.original)

    def take(self, name: str, target: Path) -> None:
        """Move an output file to ``target``. Raises `ValueError` if it does not exist or is not a plain file.

        It is checked after it was moved out of the child's reach.
        """
        with suppress(FileExistsError):
            target.parent.mkdir()
        with suppress(FileNotFoundError, NotADirectoryError, ValueError):
            shutil.move(self.out / name, target)
            if make_readable_if_plain(target):
                return
            discard(target)
        raise ValueError(f"not a plain file: {name!r}")

    def clear(self) -> None:
        """Prepare for the next job. Raises `OSError` if something can't be removed."""
        with suppress(FileNotFoundError):
            self.original.unlink()
        empty(self.out, time.monotonic() + REMOVE_SECONDS)

    def check_size(self, limit: int, pid: int) -> None:
        """Raises `OutputTooLarge` if the output takes more than ``limit`` bytes of the disk, or too many names.

        Removed files that the process ``pid`` keeps open count too. What can't be measured is too large.
        """
        entries, size = 0, removed_bytes(pid)
        for entry in walk(self.out):
            entries += 1
            with inaccessible_is_too_large():
                size += entry.stat(follow_symlinks=False).st_blocks * 512
            if entries > MAX_ENTRIES:
                break
        if size > limit or entries > MAX_ENTRIES:
            raise OutputTooLarge

    def check_mapped_files(self, pid: int) -> None:
        """Raises `OutputTooLarge` if ``pid`` maps a removed file of ``out`` into its memory without having it open.

        The size of such a file can't be measured. This costs a millisecond, so it is not called all the time.
        """
        task = living_task(pid)
        with suppress(OSError):
            inodes = {about.st_ino for about in open_files(task)}
            mapped = re.findall(MAPPED_FILE.format(folder=self.folder.name), (task / "maps").read_text(), re.MULTILINE)
            if not inodes.issuperset(map(int, mapped)):
                raise OutputTooLarge


def make_readable_if_plain(path: Path) -> bool:
    """Whether it is a regular file without other hard links. Such a file becomes readable for its group."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return False
    try:
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            return False
        os.fchmod(fd, 0o640)
    finally:
        os.close(fd)
    return True


# A line of /proc/*/maps with the inode of a removed file of that slot.
MAPPED_FILE = r"^\S+ \S+ \S+ \S+ (\d+) .*/{folder}/out/.* \(deleted\)$"


@contextmanager
def inaccessible_is_too_large() -> Iterator[None]:
    """What was removed meanwhile does not matter; what its maker made inaccessible can't be measured."""
    try:
        yield
    except OSError as fault:
        if fault.errno in INACCESSIBLE:
            raise OutputTooLarge from fault


def walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Everything in a folder that is being changed meanwhile. Raises `OutputTooLarge` if something is inaccessible."""
    pending = [os.fspath(folder)]
    while pending:
        with inaccessible_is_too_large(), os.scandir(pending.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)


def removed_bytes(pid: int) -> int:
    """The size of removed files that a process keeps open; 0 if it can't be found out."""
    return sum(about.st_blocks * 512 for about in open_files(living_task(pid)) if about.st_nlink == 0)


def open_files(task: Path) -> Iterator[os.stat_result]:
    """The regular files that a thread has open; nothing if it can't be found out."""
    with suppress(OSError), os.scandir(task / "fd") as entries:
        for entry in entries:
            with suppress(OSError):
                about = entry.stat()
                if stat.S_ISREG(about.st_mode):
                    yield about


def living_task(pid: int) -> Path:
    """The folder in /proc of a living thread of a process, whose first thread may have ended before the others.

    All its threads have the same open files, because seccomp allows nothing else.
    """
    first = Path(f"/proc/{pid}")
    with suppress(OSError):
        if first.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return next((task for task in first.joinpath("task").iterdir() if task.name != str(pid)), first)
    return first


def machine() -> str:
    """A name for this machine until its next boot. Locks are reliable between processes with the same name."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return platform.node() or "machine"


def sweep(root: Path) -> int:
    """Remove the folders of dead workers, and return how many."""
    return sum(remove_if_dead(folder) for folder in root.iterdir() if (folder / LOCK).exists())


def remove_abandoned(root: Path, before: float) -> list[str]:
    """Remove what lies in ``scratch/`` without a lock and was not changed since ``before`` (Unix time); its names.

    The folder of a worker has a lock. It is removed by the worker or by `sweep`.
    """
    removed = []
    for path in root.iterdir() if root.exists() else ():
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime < before and not (path / LOCK).exists():
                discard(path)
                removed.append(path.name)
    return removed


def remove_if_dead(folder: Path) -> bool:
    with suppress(OSError):
        fd = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            same_machine = folder.name.startswith(f"{machine()}.")
            if same_machine or os.fstat(fd).st_mtime < time.time() - FOREIGN_GRACE:
                return remove(folder)
        finally:
            os.close(fd)
    return False


def discard(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        remove(path)
    else:
        path.unlink()


def remove(folder: Path) -> bool:
    """Remove a folder with everything in it, although a dying process may still write to it. Whether it is gone."""
    deadline = time.monotonic() + REMOVE_SECONDS
    while True:
        with suppress(OSError):
            empty(folder)
            folder.rmdir()
        if not folder.exists() or time.monotonic() > deadline:
            return not folder.exists()
        time.sleep(0.01)


def empty(folder: Path, deadline: float = float("inf")) -> None:
    """Remove everything in a folder, however deep it is nested. Raises `OSError`.

    Nested folders are first moved up: the length of a path is limited, and so is Python's stack, of which
    `shutil.rmtree` needs a part for each level. Gives up at ``deadline`` (by the monotonic clock), because somebody may
    write as fast as this removes.
    """
    fd = open_folder(folder)
    try:
        while names := remove_files(fd, deadline):
            for name in names:
                move_folders_up(fd, name, deadline)
    finally:
        os.close(fd)


def open_folder(folder: Path | str, parent: int | None = None) -> int:
    """Open a folder to empty it. It gets the permissions that this needs."""
    mode = os.stat(folder, dir_fd=parent, follow_symlinks=False).st_mode
    if stat.S_ISDIR(mode) and mode & 0o700 != 0o700:
        os.chmod(folder, 0o700, dir_fd=parent)
    return os.open(folder, FOLDER, dir_fd=parent)


def remove_files(fd: int, deadline: float) -> list[str]:
    """Remove the files of a folder. Returns the names of the folders in it."""
    folders = []
    with os.scandir(fd) as entries:
        for entry in entries:
            if time.monotonic() > deadline:
                raise TimeoutError
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                os.unlink(entry.name, dir_fd=fd)
    return folders


def move_folders_up(top: int, name: str, deadline: float) -> None:
    """Remove the folder ``name`` and its files; the folders in it move up into ``top``."""
    fd = open_folder(name, top)
    try:
        for inner in remove_files(fd, deadline):
            os.close(open_folder(inner, fd))
            os.rename(inner, uuid.uuid4().hex, src_dir_fd=fd, dst_dir_fd=top)
    finally:
        os.close(fd)
    os.rmdir(name, dir_fd=top)
