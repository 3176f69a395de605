"""Temporary files of downloads, beside their targets. Each belongs to one download at a time."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

# Those of this process; needed where files have no locks.
IN_USE: set[str] = set()
GUARD = threading.Lock()

NO_LOCK = -1


def part_of(path: Path, content: str) -> Path:
    """The temporary file. A later process finds it again; another file with the same content has another one."""
    known = hashlib.sha256(f"{path.name}\0{content}".encode("utf-8", "surrogatepass")).hexdigest()
    return path.parent / f".picasso-{known[:32]}.part"


@contextmanager
def claimed(part: Path) -> Iterator[Path]:
    """This temporary file, or one with another name while another download has that one, here or in another process."""
    known = str(part.absolute())
    with GUARD:
        is_free = known not in IN_USE
        IN_USE.add(known)
    mine, lock = part, None
    try:
        lock = locked(part) if is_free else None
        if lock is None:
            mine = part.with_name(f".picasso-{uuid.uuid4().hex}.part")
        yield mine
    finally:
        if mine != part:
            mine.unlink(missing_ok=True)
        if lock is not None and lock != NO_LOCK:
            release(lock, part)
        if is_free:
            IN_USE.discard(known)


def locked(part: Path) -> int | None:
    """A handle that has the lock of this file as long as it is open; None if another process has it.

    `NO_LOCK` where there are no locks: on Windows, and on some network drives.
    """
    if sys.platform == "win32":
        return NO_LOCK
    handle = open_part(part)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if is_at(handle, part):
            return handle
    except BlockingIOError:
        pass
    except OSError:
        os.close(handle)
        return NO_LOCK
    os.close(handle)  # another process has it, or has put it in place since it was opened here
    return None


def open_part(part: Path) -> int:
    """A handle to read and write it; it is created if it is not there. A symbolic link is refused."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.open(part, flags, 0o666)


def is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


def release(handle: int, part: Path) -> None:
    """A beginning is kept for the next attempt; nothing is no beginning."""
    if os.fstat(handle).st_size == 0 and is_at(handle, part):
        part.unlink(missing_ok=True)
    os.close(handle)


def put_in_place(part: Path, path: Path, *, overwrite: bool) -> None:
    """Raises FileExistsError, which names the path."""
    if overwrite:
        part.replace(path)
        return
    try:
        path.hardlink_to(part)  # it does not overwrite
    except OSError:  # there is a file, or the file system has no links
        if os.path.lexists(path):
            raise FileExistsError(17, "The file exists", str(path)) from None
        part.replace(path)
    else:
        part.unlink(missing_ok=True)
