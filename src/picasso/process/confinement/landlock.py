"""Landlock: a process gives up, for good, all files but a few, TCP, and signals to others. No root needed.

Works with every ABI from 1 (Linux 5.13) on; what a kernel does not know yet is left out.
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

from picasso.process.confinement import kernel

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every machine
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1

# LANDLOCK_ACCESS_FS_*
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << n for n in range(6))
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << n for n in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = (1 << n for n in range(13, 16))

READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

BIND_TCP, CONNECT_TCP = 1, 2
ABSTRACT_UNIX_SOCKET, SIGNAL = 1, 2


@dataclass(frozen=True, slots=True)
class Handled:
    """What a ruleset takes away."""

    files: int
    network: int
    scopes: int

    def packed(self, abi: int) -> bytes:
        """As ``struct landlock_ruleset_attr``, of which older kernels know the beginning only."""
        words = (self.files, self.network, self.scopes)
        return struct.pack("=QQQ", *words)[: 8 if abi < 4 else 16 if abi < 6 else 24]


def abi() -> int:
    """The kernel's version of Landlock; 0 where there is none, or it is switched off."""
    try:
        return kernel.called(CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)
    except OSError:
        return 0


def handled(version: int) -> Handled:
    """All that this version can take away."""
    files = 13 if version < 2 else 14 if version < 3 else 15 if version < 5 else 16
    return Handled(
        (1 << files) - 1,
        BIND_TCP | CONNECT_TCP if version >= 4 else 0,
        ABSTRACT_UNIX_SOCKET | SIGNAL if version >= 6 else 0,
    )


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """From now on this process reaches these files and folders and nothing else. Paths that are not there are no error.

    `no_new_privs` must be set. Raises `OSError`.
    """
    version = abi()
    taken = handled(version)
    packed = taken.packed(version)
    ruleset = kernel.called(CREATE_RULESET, ctypes.create_string_buffer(packed, len(packed)), len(packed), 0)
    try:
        for paths, rights in ((readable, READ), (writable, WRITE)):
            for path in paths:
                allow(ruleset, path, rights & taken.files)
        kernel.called(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as fault:
        if fault.errno in {errno.ENOENT, errno.ENOTDIR, errno.EACCES}:
            return
        raise
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= OF_FILES
        rule = struct.pack("=Qi", rights, fd)
        kernel.called(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0)
    finally:
        os.close(fd)
