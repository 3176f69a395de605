"""Namespaces and capabilities: entered once by a fork server, inherited by all its children for nothing."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable
from pathlib import Path

from picasso.process.confinement import kernel

CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWNET = 0x08000000, 0x10000000, 0x40000000

CAPSET = {"x86_64": 126, "aarch64": 91}
CAPABILITY_VERSION_3 = 0x20080522


def enter() -> str:
    """Leave the machine's network for one that is empty; says what was had. This process must have one thread only.

    Without root that takes a user namespace, which Docker's default profile and some distributions refuse. Each way is
    tried in a child first: a namespace whose users can't be mapped is worse than none, and there is no way back.
    """
    if os.getuid() == 0 and works(enter_as_root):
        # Root needs no user namespace, and files keep their owners.
        enter_as_root()
        return "namespace"
    if works(enter_as_user):
        enter_as_user()
        return "namespace of an own user"
    return ""


def enter_as_root() -> None:
    kernel.unshare(CLONE_NEWNET | CLONE_NEWIPC)


def enter_as_user() -> None:
    """The own uid and gid stay what they are, and are the only ones."""
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def works(step: Callable[[], None]) -> bool:
    pid = os.fork()
    if pid == 0:
        try:
            step()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def drop_capabilities() -> None:
    """What root may do beyond other users; from here on it is the owner of its files and no more. Raises `OSError`."""
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    nothing = bytes(24)
    kernel.called(
        CAPSET[kernel.MACHINE],
        ctypes.create_string_buffer(header, len(header)),
        ctypes.create_string_buffer(nothing, len(nothing)),
    )
