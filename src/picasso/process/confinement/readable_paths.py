"""Which files every child may read: Python, libraries, fonts, time zones; no data of the service, of no other file."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

# /usr holds the files of installed packages and, by convention, no secrets. /etc may hold secrets, so only names.
SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/opt/homebrew", "/nix/store"),
    *("/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/magic", "/etc/mime.types"),
    *("/var/cache/fontconfig", "/dev/zero", "/dev/random", "/dev/urandom"),
    # Libraries ask how many processors and how much memory the machine has.
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/self", "/sys/devices/system/cpu", "/sys/fs/cgroup"),
)


def readable(data_folder: Path) -> list[Path]:
    """The files and folders that a child may read, without anything in ``data_folder``.

    To be called after the libraries are loaded, since their folders are among them. ``/proc/self`` is not resolved:
    each child has its own.
    """
    paths = {Path(path) for path in (*SYSTEM, *sys.path, sys.prefix, sys.base_prefix, *libraries()) if path}
    resolved = {path if path.parts[:2] == ("/", "proc") else path.resolve() for path in paths}
    outermost = (path for path in resolved if not any(parent in resolved for parent in path.parents))
    return [part for path in outermost for part in without(path, data_folder.resolve())]


def libraries() -> set[str]:
    """The folders of all shared libraries that this process has loaded, wherever the system keeps them."""
    try:
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return set()
    return {os.path.dirname(path) for path in re.findall(r"(/.+\.so[.\d]*)$", maps, re.MULTILINE)}  # noqa: PTH120


def without(path: Path, excluded: Path) -> Iterator[Path]:
    """``path``, or if ``excluded`` is inside it, everything in ``path`` except that.

    Needed because a Landlock rule always covers a whole folder.
    """
    if path == excluded or excluded in path.parents:
        return
    if path not in excluded.parents:
        yield path
        return
    for entry in entries(path):
        yield from without(entry, excluded)


def entries(folder: Path) -> Iterable[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return ()
