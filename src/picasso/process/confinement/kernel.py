"""The few calls into Linux that Python has no words for."""

from __future__ import annotations

import ctypes
import os
import platform
import re

LIBC = ctypes.CDLL(None, use_errno=True)

MACHINE = platform.machine()

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38


def called(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """What the system call of that number gives back. Raises `OSError`."""
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return checked(LIBC.syscall(ctypes.c_long(number), *words))


def prctl(option: int, *arguments: int) -> int:
    """Raises `OSError`."""
    words = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4]]
    return checked(LIBC.prctl(option, *words))


def version() -> tuple[int, ...]:
    found = re.match(r"(\d+)\.(\d+)", platform.release())
    return tuple(map(int, found.groups())) if found else (0, 0)


def unshare(namespaces: int) -> None:
    """Raises `OSError`."""
    checked(LIBC.unshare(namespaces))


def checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
