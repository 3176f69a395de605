"""Who may use what is in the data folder, and on which port the service that uses it listens.

Earlier versions let every user of the machine read it. New files get their modes from the umask of the process
(`picasso.supervise.keep_secrets`).
"""

from __future__ import annotations

import fcntl
import os
import stat
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

OTHERS = 0o007

# Folders whose files are closed one by one. Their own modes are changed last: they say whether that is done. What is in
# `scratch/` does not stay.
WITH_FILES = ("media", "uploads", "incoming", "orphans")

MAX_PORT = 65_535

PORT = "port"
"""The file with the port of `picasso up`, while that runs."""


@contextmanager
def port_noted(folder: Path, port: int) -> Iterator[None]:
    """For commands that are run in the same folder, which need no setting then.

    The note counts as long as it is locked, so that of a process that was killed leads nobody to another program. With
    a database server several services may share a folder: the note is that of the first one.
    """
    path = folder / PORT
    with path.open("a") as file:
        is_first = take_lock(file)
        if is_first:
            path.write_text(f"{port}\n")
        try:
            yield
        finally:
            if is_first:
                path.unlink(missing_ok=True)


def take_lock(file: TextIO) -> bool:
    """Whether this process got the lock. No other one gets it until the file is closed."""
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def noted_port(folder: Path) -> int | None:
    """That of the service that runs there."""
    with suppress(OSError, ValueError), (folder / PORT).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            found = int(file.read())
            return found if 0 < found <= MAX_PORT else None
    return None


@contextmanager
def used_alone(folder: Path) -> Iterator[None]:
    """Exit if another `picasso up` runs in this folder. The kernel ends the lock with the process, however that ends.

    Web processes and workers that are started by themselves do not ask: several of them may share a folder.
    """
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        where = f", at port {port}" if (port := noted_port(folder)) else ""
        sys.exit(
            f"Picasso runs in {folder} already{where}. Stop that one first, or set PICASSO_DATA_DIR to another folder."
        )
    except OSError as fault:  # a file system without locks
        warn(f"can't find out whether Picasso runs in {folder} already: {fault.strerror}")
    try:
        yield
    finally:
        os.close(fd)


def close_to_others(folder: Path) -> None:
    """Take the rights of other users away: from the folder at once, from the files in it in a thread.

    As others can't enter the folder any more, nothing depends on when the thread ends.
    """
    if not remove_others(folder):
        warn(f"other users of this machine may be able to read {folder}: it belongs to another user")
        return
    for path in folder.iterdir():
        if path.name not in WITH_FILES:
            remove_others(path)
    if folders := [folder / name for name in WITH_FILES if is_open(folder / name)]:
        threading.Thread(target=close_all, args=(folders,), name="modes", daemon=True).start()


def close_all(folders: Sequence[Path]) -> None:
    for folder in folders:
        for path in everything_in(folder):
            remove_others(path)
        remove_others(folder)


def everything_in(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        yield from (Path(root, name) for name in (*folders, *files))


def remove_others(path: Path) -> bool:
    """Take the rights of other users away from one file or folder. False if this user may not do that."""
    try:
        if is_open(path):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS)
    except FileNotFoundError:
        return True  # it was removed meanwhile
    except OSError:
        return False
    return True


def is_open(path: Path) -> bool:
    """Whether other users have any right to it. A symbolic link says nothing."""
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        return bool(mode & OTHERS) and not stat.S_ISLNK(mode)
    return False


def warn(message: str) -> None:
    with suppress(OSError):
        print(f"picasso: {message}", file=sys.stderr)
