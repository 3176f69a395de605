"""Which files every child may read: Python, libraries, fonts, time zones; nothing of the service, nothing of others."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

# /usr has what the system's packages brought, and no secrets by any convention; /etc has both, so by name.
SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/opt/homebrew", "/nix/store"),
    *("/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/magic", "/etc/mime.types"),
    *("/var/cache/fontconfig", "/dev/zero", "/dev/random", "/dev/urandom"),
    # How many processors and how much memory there are.
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/self", "/sys/devices/system/cpu", "/sys/fs/cgroup"),
)


def readable(hole: Path) -> list[Path]:
    """Once the libraries are loaded. Nothing in ``hole``, the data folder, is among them.

    ``/proc/self`` stays as it is: to each child it is its own.
    """
    paths = {Path(path) for path in (*SYSTEM, *sys.path, sys.prefix, sys.base_prefix, *libraries()) if path}
    found = {path if path.parts[:2] == ("/", "proc") else path.resolve() for path in paths}
    outermost = (path for path in found if not any(parent in found for parent in path.parents))
    return [each for path in outermost for each in around(path, hole.resolve())]


def libraries() -> set[str]:
    """The folders of all that is loaded right now: wherever this system keeps its libraries, these are needed."""
    try:
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return set()
    return {os.path.dirname(path) for path in re.findall(r"(/.+\.so[.\d]*)$", maps, re.MULTILINE)}  # noqa: PTH120


def around(path: Path, hole: Path) -> Iterator[Path]:
    """``path``, or where that holds the hole, all in it but the hole: Landlock gives whole folders only."""
    if path == hole or hole in path.parents:
        return
    if path not in hole.parents:
        yield path
        return
    for each in entries(path):
        yield from around(each, hole)


def entries(folder: Path) -> Iterable[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return ()
