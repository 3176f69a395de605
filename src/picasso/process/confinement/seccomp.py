"""A seccomp filter for children: a small program that the kernel runs on each of their system calls.

It denies the calls in `syscalls.DENIED`, decides about a few by their arguments, and allows the rest. From Linux 5.11
on the kernel remembers which calls are always allowed, so they cost nothing.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Callable, Mapping

from picasso import linux
from picasso.process.confinement.syscalls import ABSENT, ARCHITECTURES, BY_ARGUMENT, DENIED, NEWEST, numbers

SECCOMP_MODE_FILTER = 2

KILL = 0x80000000  # SECCOMP_RET_KILL_PROCESS
ALLOW = 0x7FFF0000
ERRNO = 0x00050000

# Classic BPF: an instruction is (code, jump if true, jump if false, value).
LOAD, AND, RETURN = 0x20, 0x54, 0x06
EQUAL, ABOVE = 0x15, 0x25
Instruction = tuple[int, int, int, int]

# Offsets in struct seccomp_data. Only the low half of each argument, because these calls use no more of it.
CALL, ARCHITECTURE = 0, 4
ARGUMENTS = (16, 24, 32, 40)

# CLONE_THREAD | CLONE_FILES. A thread with a file table of its own could hide what it writes.
THREAD = 0x10000 | 0x400

# Python asks whether a file is a terminal, and sockets how many bytes they have. All else is denied, above all
# FS_IOC_SETFLAGS: a file's owner may set its flags even through a read-only descriptor.
IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)

# F_SETOWN, F_SETSIG and F_SETOWN_EX send signals to other processes. F_SETLEASE delays other processes that open the
# file. F_NOTIFY reports changes of other processes' files.
FCNTLS = (8, 10, 15, 1024, 1026)

# PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_CAPBSET_READ, PR_SET_TIMERSLACK, PR_SET_VMA
PRCTLS = (3, 15, 16, 23, 29, 0x53564D41)


def return_action(action: int) -> Instruction:
    return RETURN, 0, 0, action


def deny(number: int) -> Instruction:
    return return_action(ERRNO | number)


def allow_values(position: int, values: tuple[int, ...], error: int = errno.EPERM) -> list[Instruction]:
    """Allow the call if its argument at ``position`` is one of ``values``, else fail with ``error``."""
    tests = [(EQUAL, len(values) - n, 0, value) for n, value in enumerate(values)]
    return [(LOAD, 0, 0, ARGUMENTS[position]), *tests, deny(error), return_action(ALLOW)]


def deny_values(position: int, values: tuple[int, ...]) -> list[Instruction]:
    """Allow the call unless its argument at ``position`` is one of ``values``."""
    tests = [(EQUAL, len(values) - n, 0, value) for n, value in enumerate(values)]
    return [(LOAD, 0, 0, ARGUMENTS[position]), *tests, return_action(ALLOW), deny(errno.EPERM)]


def require_bits(position: int, bits: int) -> list[Instruction]:
    """Allow the call if all ``bits`` are set in its argument at ``position``."""
    return [
        (LOAD, 0, 0, ARGUMENTS[position]),
        (AND, 0, 0, bits),
        (EQUAL, 1, 0, bits),
        deny(errno.EPERM),
        return_action(ALLOW),
    ]


def deny_truncating_reads(position: int) -> list[Instruction]:
    """Deny opening read-only with O_TRUNC: before its ABI 3, Landlock lets that empty a file that may only be read."""
    return [
        (LOAD, 0, 0, ARGUMENTS[position]),
        (AND, 0, 0, os.O_TRUNC | os.O_ACCMODE),
        (EQUAL, 0, 1, os.O_TRUNC),
        deny(errno.EPERM),
        return_action(ALLOW),
    ]


RULES: Mapping[str, Callable[[int], list[Instruction]]] = {
    "clone": lambda pid: require_bits(0, THREAD),
    "fcntl": lambda pid: deny_values(1, FCNTLS),
    "ioctl": lambda pid: allow_values(1, IOCTLS, errno.ENOTTY),
    "kill": lambda pid: allow_values(0, (pid,)),
    "open": lambda pid: deny_truncating_reads(1),
    "openat": lambda pid: deny_truncating_reads(2),
    "prctl": lambda pid: allow_values(0, PRCTLS),
    "prlimit64": lambda pid: allow_values(0, (0, pid)),
    "rt_sigqueueinfo": lambda pid: allow_values(0, (pid,)),
    "rt_tgsigqueueinfo": lambda pid: allow_values(0, (pid,)),
    "tgkill": lambda pid: allow_values(0, (pid,)),
}


def program(pid: int, machine: str) -> list[Instruction]:
    """The filter for the process ``pid``. Raises `KeyError` for a machine that is not in `syscalls.ARCHITECTURES`."""
    instructions = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, ARCHITECTURES[machine][1]),
        return_action(KILL),
        (LOAD, 0, 0, CALL),
        (ABOVE, 0, 1, NEWEST),
        deny(errno.ENOSYS),
    ]
    for number in numbers(ABSENT, machine).values():
        instructions += [(EQUAL, 0, 1, number), deny(errno.ENOSYS)]
    for number in numbers(DENIED, machine).values():
        instructions += [(EQUAL, 0, 1, number), deny(errno.EPERM)]
    for name, number in numbers(BY_ARGUMENT, machine).items():
        rule = RULES[name](pid)
        instructions += [(EQUAL, 0, len(rule), number), *rule]
    return [*instructions, return_action(ALLOW)]


def supported() -> bool:
    """Whether this machine's calls are known and its kernel has filters. To find out, it is given one at address 0."""
    if linux.MACHINE not in ARCHITECTURES:
        return False
    try:
        linux.prctl(linux.PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0)
    except OSError as fault:
        return fault.errno == errno.EFAULT
    return True


def apply() -> None:
    """Filter the calls of this process, for good. `no_new_privs` must be set. Raises `OSError`."""
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program(os.getpid(), linux.MACHINE))
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    pointer = ctypes.create_string_buffer(header, len(header))
    linux.prctl(linux.PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(pointer))
