"""A seccomp filter for children: a small program that the kernel runs on each of their system calls.

It denies what stands in `syscalls.DENIED`, lets the rest pass, and judges a few by their arguments. The kernel
remembers which calls always pass, so that those cost nothing (Linux 5.11).
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Callable, Mapping

from picasso.process.confinement import kernel
from picasso.process.confinement.syscalls import ABSENT, ARCHITECTURES, BY_ARGUMENT, DENIED, NEWEST, numbers

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

KILL = 0x80000000  # SECCOMP_RET_KILL_PROCESS
ALLOW = 0x7FFF0000
ERRNO = 0x00050000

# Classic BPF: an instruction is (code, jump if true, jump if false, value).
LOAD, AND, RETURN = 0x20, 0x54, 0x06
EQUAL, ABOVE = 0x15, 0x25
Instruction = tuple[int, int, int, int]

# Where things lie in struct seccomp_data. Of each argument the low half, which is all that these calls heed.
CALL, ARCHITECTURE = 0, 4
ARGUMENTS = (16, 24, 32, 40)

# CLONE_THREAD and CLONE_FILES: a thread with open files of its own could hide there what it writes.
THREAD = 0x10000 | 0x400

# Terminals are asked whether they are one, and sockets about what waits in them. Nothing else, least of all a file's
# flags (FS_IOC_SETFLAGS), which its owner may set through a descriptor that only reads.
IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)

# F_SETOWN, F_SETSIG and F_SETOWN_EX send signals to others, F_SETLEASE delays whoever else opens the file, F_NOTIFY
# tells of others' files.
FCNTLS = (8, 10, 15, 1024, 1026)

# PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_CAPBSET_READ, PR_SET_TIMERSLACK, PR_SET_VMA
PRCTLS = (3, 15, 16, 23, 29, 0x53564D41)


def give(result: int) -> Instruction:
    return RETURN, 0, 0, result


def deny(number: int) -> Instruction:
    return give(ERRNO | number)


def only(place: int, values: tuple[int, ...], error: int = errno.EPERM) -> list[Instruction]:
    """Pass if the argument is one of ``values``."""
    tests = [(EQUAL, len(values) - n, 0, value) for n, value in enumerate(values)]
    return [(LOAD, 0, 0, ARGUMENTS[place]), *tests, deny(error), give(ALLOW)]


def none_of(place: int, values: tuple[int, ...]) -> list[Instruction]:
    tests = [(EQUAL, len(values) - n, 0, value) for n, value in enumerate(values)]
    return [(LOAD, 0, 0, ARGUMENTS[place]), *tests, give(ALLOW), deny(errno.EPERM)]


def with_bits(place: int, bits: int) -> list[Instruction]:
    return [(LOAD, 0, 0, ARGUMENTS[place]), (AND, 0, 0, bits), (EQUAL, 1, 0, bits), deny(errno.EPERM), give(ALLOW)]


def no_cut_by_reading(place: int) -> list[Instruction]:
    """Deny O_TRUNC without the right to write: it empties a file that Landlock, before its ABI 3, lets be read."""
    return [
        (LOAD, 0, 0, ARGUMENTS[place]),
        (AND, 0, 0, os.O_TRUNC | os.O_ACCMODE),
        (EQUAL, 0, 1, os.O_TRUNC),
        deny(errno.EPERM),
        give(ALLOW),
    ]


RULES: Mapping[str, Callable[[int], list[Instruction]]] = {
    "clone": lambda pid: with_bits(0, THREAD),
    "fcntl": lambda pid: none_of(1, FCNTLS),
    "ioctl": lambda pid: only(1, IOCTLS, errno.ENOTTY),
    "kill": lambda pid: only(0, (pid,)),
    "open": lambda pid: no_cut_by_reading(1),
    "openat": lambda pid: no_cut_by_reading(2),
    "prctl": lambda pid: only(0, PRCTLS),
    "prlimit64": lambda pid: only(0, (0, pid)),
    "rt_sigqueueinfo": lambda pid: only(0, (pid,)),
    "rt_tgsigqueueinfo": lambda pid: only(0, (pid,)),
    "tgkill": lambda pid: only(0, (pid,)),
}


def program(pid: int, machine: str) -> list[Instruction]:
    """The filter of the process ``pid``. Raises `KeyError` for a machine that the table does not know."""
    made = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, ARCHITECTURES[machine][1]),
        give(KILL),
        (LOAD, 0, 0, CALL),
        (ABOVE, 0, 1, NEWEST),
        deny(errno.ENOSYS),
    ]
    for number in numbers(ABSENT, machine).values():
        made += [(EQUAL, 0, 1, number), deny(errno.ENOSYS)]
    for number in numbers(DENIED, machine).values():
        made += [(EQUAL, 0, 1, number), deny(errno.EPERM)]
    for name, number in numbers(BY_ARGUMENT, machine).items():
        rule = RULES[name](pid)
        made += [(EQUAL, 0, len(rule), number), *rule]
    return [*made, give(ALLOW)]


def supported() -> bool:
    """Whether this machine's calls are known and its kernel takes filters: it is shown one at no address."""
    if kernel.MACHINE not in ARCHITECTURES:
        return False
    try:
        kernel.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0)
    except OSError as fault:
        return fault.errno == errno.EFAULT
    return True


def apply() -> None:
    """Filter this process from now on; `no_new_privs` must be set. Raises `OSError`."""
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program(os.getpid(), kernel.MACHINE))
    buffer = ctypes.create_string_buffer(code, len(code))
    described = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    pointer = ctypes.create_string_buffer(described, len(described))
    kernel.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(pointer))
