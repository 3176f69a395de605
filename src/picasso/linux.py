"""Linux calls that Python's standard library lacks: `prctl`, inotify, system calls by number, the kernel's version.

The module can be imported on every system. Its functions need Linux, but for `kernel_version`.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from pathlib import Path

IS_LINUX = sys.platform == "linux"

LIBC = ctypes.CDLL(None, use_errno=True)

MACHINE = platform.machine()
"""The architecture, which decides the numbers of system calls: ``x86_64``, ``aarch64``."""

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38

IN_ATTRIB = 0x4
IN_IGNORED = 0x8000


def kernel_version() -> tuple[int, int]:
    """Major and minor version; (0, 0) if it can't be read."""
    match = re.match(r"(\d+)\.(\d+)", platform.release())
    return (int(match[1]), int(match[2])) if match else (0, 0)


def syscall(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make the system call with this number. Raises `OSError`."""
    words = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    return checked(LIBC.syscall(ctypes.c_long(number), *words))


def prctl(option: int, *arguments: int) -> int:
    """Raises `OSError`."""
    words = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    return checked(LIBC.prctl(option, *words))


def inotify(path: Path, events: int) -> int:
    """A file descriptor that can be read when one of these events (``IN_*``) happens to the file. Raises `OSError`."""
    fd = checked(LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
    try:
        checked(LIBC.inotify_add_watch(fd, os.fsencode(path), events))
    except OSError:
        os.close(fd)
        raise
    return fd


def unshare(namespaces: int) -> None:
    """Move this process into new namespaces (``CLONE_NEW*``). Raises `OSError`."""
    checked(LIBC.unshare(namespaces))


def checked(result: int) -> int:
    """The result of a C function that returns -1 on errors. Raises `OSError` with the current ``errno``."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
