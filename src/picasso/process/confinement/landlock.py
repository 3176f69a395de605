"""Landlock: a process gives up, for good, access to all but a few files, TCP, and signals to others. Needs no root.

Works with every ABI version from 1 (Linux 5.13) on. Rights that the kernel does not know yet are left out.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from picasso import linux

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every machine
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1

# LANDLOCK_ACCESS_FS_*
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << n for n in range(6))
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << n for n in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = (1 << n for n in range(13, 16))

READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER
FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

BIND_TCP, CONNECT_TCP = 1, 2
ABSTRACT_UNIX_SOCKET, SIGNAL = 1, 2


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The access rights that a ruleset denies unless a rule allows them: bits of the kernel's constants."""

    files: int
    network: int
    scopes: int

    def pack(self, abi: int) -> bytes:
        """``struct landlock_ruleset_attr``. Older kernels know only its first fields."""
        words = (self.files, self.network, self.scopes)
        return struct.pack("=QQQ", *words)[: 8 if abi < 4 else 16 if abi < 6 else 24]


def abi() -> int:
    """The kernel's version of Landlock; 0 if it has none or it is switched off."""
    try:
        return linux.syscall(CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)
    except OSError:
        return 0


def strictest(version: int) -> Ruleset:
    """All access rights that this version can deny."""
    files = 13 if version < 2 else 14 if version < 3 else 15 if version < 5 else 16
    return Ruleset(
        (1 << files) - 1,
        BIND_TCP | CONNECT_TCP if version >= 4 else 0,
        ABSTRACT_UNIX_SOCKET | SIGNAL if version >= 6 else 0,
    )


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """Limit this process to these files and folders, for good. Paths that do not exist are ignored.

    `no_new_privs` must be set. Raises `OSError`.
    """
    version = abi()
    rights = strictest(version)
    packed = rights.pack(version)
    ruleset = linux.syscall(CREATE_RULESET, ctypes.create_string_buffer(packed, len(packed)), len(packed), 0)
    try:
        for paths, access in ((readable, READ), (writable, WRITE)):
            for path in paths:
                allow(ruleset, path, access & rights.files)
        linux.syscall(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def allow(ruleset: int, path: Path, rights: int) -> None:
    """Add a rule for ``path`` and, if it is a folder, all in it."""
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as fault:
        if fault.errno in {errno.ENOENT, errno.ENOTDIR, errno.EACCES}:
            return
        raise
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= FILE_RIGHTS
        rule = struct.pack("=Qi", rights, fd)
        linux.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0)
    finally:
        os.close(fd)
