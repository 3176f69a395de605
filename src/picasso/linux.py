"""Linux calls that Python's standard library does not offer: `prctl`, system calls by number, the kernel's version.

The module can be imported on every system. Its functions need Linux, but for `kernel_version`.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys

IS_LINUX = sys.platform == "linux"

LIBC = ctypes.CDLL(None, use_errno=True)

MACHINE = platform.machine()
"""The architecture, which decides the numbers of system calls: ``x86_64``, ``aarch64``."""

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38


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


def unshare(namespaces: int) -> None:
    """Move this process into new namespaces (``CLONE_NEW*``). Raises `OSError`."""
    checked(LIBC.unshare(namespaces))


def checked(result: int) -> int:
    """The result of a C function that returns -1 on errors. Raises `OSError` with the current ``errno``."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
