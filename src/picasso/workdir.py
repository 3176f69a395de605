"""Where work in progress lies: a folder for each worker in ``scratch/``, its own by a lock for as long as it lives.

What a dead worker left is removed by whoever comes next: at once on the same machine, where a lock that can be had is
proof; after a while (`FOREIGN_GRACE`) where ``scratch/`` is shared with other machines, for not every network file
system passes locks on. Knows files and folders, nothing of jobs.
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

BEAT = 60.0
# Of another machine's folder whose lock can be had: its worker has not touched it for this long.
FOREIGN_GRACE = 15 * BEAT

# A sweep may find a folder that a child, about to die with its worker, still fills: the next one takes the rest.
EARLY_SWEEPS = (0.5, 1.0, 2.0, 4.0, 8.0)

# No processor of ours comes near it; names fill a disk as well as bytes do.
MAX_ENTRIES = 10_000

REMOVE_SECONDS = 2.0

# What a child made so that nobody else gets in, or so deep that no path leads there.
HIDING = {errno.EACCES, errno.ENAMETOOLONG}


class TooMuch(Exception):
    """More was written than is allowed."""


class Scratch:
    """One worker's folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.folder = root / f"{machine()}.{uuid.uuid4().hex}"
        self._lock = self._locked()
        self._making = threading.Lock()
        self._over = threading.Event()
        sweep(root)
        threading.Thread(target=self._keep, name="scratch", daemon=True).start()

    def slot(self) -> Slot:
        """A new one, for a child."""
        with self._making:
            if self._over.is_set():
                raise OSError(errno.ESHUTDOWN, "the worker ends")
            if not self.folder.exists():  # somebody tidied up too well
                lock, self._lock = self._lock, self._locked()
                os.close(lock)
            return Slot.made(self.folder / uuid.uuid4().hex)

    def job(self, name: str) -> Path:
        """Where a job's results wait for their place. Whoever needs it makes it."""
        return self.folder / f"{name}.job"

    def close(self) -> None:
        with self._making:
            self._over.set()
        remove(self.folder)
        os.close(self._lock)

    def _locked(self) -> int:
        """Make the folder. Nobody ever sees its lock before it is held."""
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.folder / f"{LOCK}.new"
        fd = os.open(new, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        fcntl.flock(fd, fcntl.LOCK_EX)
        new.rename(self.folder / LOCK)
        return fd

    def _keep(self) -> None:
        pauses = iter(EARLY_SWEEPS)
        while not self._over.wait(next(pauses, BEAT)):
            with suppress(OSError):
                os.utime(self.folder / LOCK)
                sweep(self._root)


@dataclass(frozen=True, slots=True)
class Slot:
    """A child's place: it reads what lies in ``in``, writes to ``out``, and sees nothing else of the data folder."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Slot:
        slot = cls(folder)
        for each in (folder, slot.given.parent, slot.out):
            each.mkdir()
        return slot

    @property
    def given(self) -> Path:
        return self.folder / "in" / "original"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def give(self, original: Path) -> None:
        """A hard link costs nothing and outlives a deletion meanwhile; a copy where there can't be one."""
        try:
            os.link(original, self.given, follow_symlinks=False)
        except FileNotFoundError:
            raise
        except OSError:
            shutil.copyfile(original, self.given)

    def take(self, name: str, target: Path) -> None:
        """Move a file of the child's to ``target``. Raises `ValueError` if it is not a plain file, or not there.

        It is looked at when it has come out of the child's reach.
        """
        with suppress(FileExistsError):
            target.parent.mkdir()
        with suppress(FileNotFoundError, NotADirectoryError, ValueError):
            shutil.move(self.out / name, target)
            if is_plain(target):
                return
            discard(target)
        raise ValueError(f"not a plain file: {name!r}")

    def clear(self) -> None:
        """Ready for the next job. Raises `OSError` if something can't be removed."""
        with suppress(FileNotFoundError):
            self.given.unlink()
        empty(self.out, time.monotonic() + REMOVE_SECONDS)

    def measure(self, most: int, pid: int) -> None:
        """Raises `TooMuch` if what lies in ``out`` takes more than that many bytes of the disk, or too many names.

        So does what ``pid`` keeps open of files that have no name any more, and what can't be looked at.
        """
        entries, size = 0, nameless_bytes(pid)
        for entry in walk(self.out):
            entries += 1
            with hidden_is_too_much():
                size += entry.stat(follow_symlinks=False).st_blocks * 512
            if entries > MAX_ENTRIES:
                break
        if size > most or entries > MAX_ENTRIES:
            raise TooMuch

    def refuse_hoards(self, pid: int) -> None:
        """Raises `TooMuch` if ``pid`` keeps a removed file in ``out`` by its memory alone: nobody can tell its size.

        For now and then: it costs a millisecond.
        """
        task = living_task(pid)
        with suppress(OSError):
            inodes = {about.st_ino for about in open_files(task)}
            mapped = re.findall(MAPPED_ONLY.format(folder=self.folder.name), (task / "maps").read_text(), re.MULTILINE)
            if not inodes.issuperset(map(int, mapped)):
                raise TooMuch


def is_plain(path: Path) -> bool:
    """Whether it is a file of its own, not a link to another's, and made readable for whoever serves it."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return False
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            return False
        os.fchmod(fd, 0o644)
    finally:
        os.close(fd)
    return True


# The inode of a file of that slot that was removed, in a line of /proc/*/maps.
MAPPED_ONLY = r"^\S+ \S+ \S+ \S+ (\d+) .*/{folder}/out/.* \(deleted\)$"


@contextmanager
def hidden_is_too_much() -> Iterator[None]:
    """What is gone meanwhile is no matter; what its maker hides can't be counted."""
    try:
        yield
    except OSError as fault:
        if fault.errno in HIDING:
            raise TooMuch from fault


def walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """All that lies below a folder that somebody is changing meanwhile. Raises `TooMuch` where nobody is let in."""
    pending = [os.fspath(folder)]
    while pending:
        with hidden_is_too_much(), os.scandir(pending.pop()) as found:
            for entry in found:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)


def nameless_bytes(pid: int) -> int:
    """What a process keeps of files that were removed; 0 where nobody can tell."""
    return sum(about.st_blocks * 512 for about in open_files(living_task(pid)) if about.st_nlink == 0)


def open_files(task: Path) -> Iterator[os.stat_result]:
    """The plain files among what a thread has open; none where nobody can tell."""
    with suppress(OSError), os.scandir(task / "fd") as found:
        for entry in found:
            with suppress(OSError):
                about = entry.stat()
                if stat.S_ISREG(about.st_mode):
                    yield about


def living_task(pid: int) -> Path:
    """The thread in /proc that knows what a process has open: its first may have ended before the others.

    They all have the same files, as seccomp sees to.
    """
    first = Path(f"/proc/{pid}")
    with suppress(OSError):
        if first.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return next((task for task in first.joinpath("task").iterdir() if task.name != str(pid)), first)
    return first


def machine() -> str:
    """This machine until it is started anew: among those with one name, a lock's word can be relied on."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return platform.node() or "machine"


def sweep(root: Path) -> int:
    """Remove the folders of dead workers, and return how many."""
    return sum(removed_if_dead(folder) for folder in root.iterdir() if (folder / LOCK).exists())


def remove_abandoned(root: Path, before: float) -> list[str]:
    """Remove what lies in ``scratch/`` without a lock and was not changed since ``before`` (Unix time); the names.

    A worker's folder has a lock, and is removed by its worker or by `sweep`.
    """
    removed = []
    for path in root.iterdir() if root.exists() else ():
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime < before and not (path / LOCK).exists():
                discard(path)
                removed.append(path.name)
    return removed


def removed_if_dead(folder: Path) -> bool:
    with suppress(OSError):
        fd = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = folder.name.startswith(f"{machine()}.")
            if ours or os.fstat(fd).st_mtime < time.time() - FOREIGN_GRACE:
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
    """Whatever lies in it, though somebody who is about to die may still be writing. Whether it is gone."""
    deadline = time.monotonic() + REMOVE_SECONDS
    while True:
        with suppress(OSError):
            empty(folder)
            folder.rmdir()
        if not folder.exists() or time.monotonic() > deadline:
            return not folder.exists()
        time.sleep(0.01)


def empty(folder: Path, deadline: float = float("inf")) -> None:
    """Remove all that lies in a folder, however deep it goes. Raises `OSError`.

    What lies deeper is brought up first: a path has an end, and so has Python's stack, which `shutil.rmtree` needs for
    each level. By ``deadline`` it gives up: somebody may be making more as fast as it goes.
    """
    fd = opened(folder)
    try:
        while inner := folders_left(fd, deadline):
            for name in inner:
                bring_up(fd, name, deadline)
    finally:
        os.close(fd)


def opened(folder: Path | str, at: int | None = None) -> int:
    """A folder may deny even its owner to empty it: it is made ours."""
    mode = os.stat(folder, dir_fd=at, follow_symlinks=False).st_mode
    if stat.S_ISDIR(mode) and mode & 0o700 != 0o700:
        os.chmod(folder, 0o700, dir_fd=at)
    return os.open(folder, FOLDER, dir_fd=at)


def folders_left(fd: int, deadline: float) -> list[str]:
    """Remove the files that lie in a folder; the names of the folders there."""
    found = []
    with os.scandir(fd) as entries:
        for entry in entries:
            if time.monotonic() > deadline:
                raise TimeoutError
            if entry.is_dir(follow_symlinks=False):
                found.append(entry.name)
            else:
                os.unlink(entry.name, dir_fd=fd)
    return found


def bring_up(top: int, name: str, deadline: float) -> None:
    """Move what lies in a folder up into the one that holds it, but for its files, and remove it."""
    fd = opened(name, top)
    try:
        for inner in folders_left(fd, deadline):
            os.close(opened(inner, fd))
            os.rename(inner, uuid.uuid4().hex, src_dir_fd=fd, dst_dir_fd=top)
    finally:
        os.close(fd)
    os.rmdir(name, dir_fd=top)
