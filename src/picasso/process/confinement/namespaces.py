"""Namespaces and capabilities. A fork server sets them once, and its children inherit them at no cost."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable
from pathlib import Path

from picasso import linux

CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWNET = 0x08000000, 0x10000000, 0x40000000

CAPSET = {"x86_64": 126, "aarch64": 91}
CAPABILITY_VERSION_3 = 0x20080522


def enter() -> str:
    """Move this process into an empty network. Returns which namespaces it entered, empty if none.

    The process must have only one thread. Without root this needs a user namespace, which Docker's default profile and
    some distributions refuse. Each way is tried in a child first, because there is no way back, and a namespace whose
    users can't be mapped is worse than none.
    """
    if os.getuid() == 0 and works(enter_as_root):
        # Root needs no user namespace; without one, files keep their owners.
        enter_as_root()
        return "namespace"
    if works(enter_as_user):
        enter_as_user()
        return "user namespace"
    return ""


def enter_as_root() -> None:
    linux.unshare(CLONE_NEWNET | CLONE_NEWIPC)


def enter_as_user() -> None:
    """The process keeps its uid and gid. The namespace has no others."""
    uid, gid = os.getuid(), os.getgid()
    linux.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def works(step: Callable[[], None]) -> bool:
    """Whether ``step`` succeeds, tried in a child process."""
    pid = os.fork()
    if pid == 0:
        try:
            step()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def drop_capabilities() -> None:
    """Give up the privileges that root has beyond other users. Raises `OSError`."""
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    no_capabilities = bytes(24)
    linux.syscall(
        CAPSET[linux.MACHINE],
        ctypes.create_string_buffer(header, len(header)),
        ctypes.create_string_buffer(no_capabilities, len(no_capabilities)),
    )
