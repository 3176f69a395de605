"""The data folder: whose it is, and whether its disk does what the storage relies on."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from picasso import conf
from picasso.data_folder import is_open
from picasso.doctor.finding import Finding, Installation, fault, ok, warning

PAGE = "operations.md"
SLOW_SYNC = 0.1
"""Seconds."""
LEAST_INODES = 0.02
"""Of all."""


def check(installation: Installation) -> Iterator[Finding]:
    folder = installation.conf.data_dir
    if not folder.is_dir():
        change = "Set PICASSO_DATA_DIR, or run this where the service runs."
        yield fault("data-folder", f"There is no folder {folder}.", change, "settings.md#picasso_data_dir")
        return
    yield from permissions(folder)
    yield from secret_key(installation.conf)
    yield from space(installation.conf)
    yield from writing(folder)


def permissions(folder: Path) -> Iterator[Finding]:
    if is_open(folder):
        change = f"Run `chmod o-rwx {folder}`."
        yield fault("permissions", f"Other users of this machine may enter {folder}.", change, "security.md")
    elif (owner := folder.stat().st_uid) != os.geteuid():
        what = f"{folder} belongs to user {owner}, and this command runs as user {os.geteuid()}."
        yield warning("permissions", what, "Run it as the user of the service.", "deployment.md#systemd")
    else:
        yield ok("permissions", f"{folder} belongs to the service, and others may not enter it.")


def secret_key(settings: conf.Conf) -> Iterator[Finding]:
    path, page = conf.key_file(settings), "settings.md#picasso_secret_key"
    if settings.secret_key:
        if len(settings.secret_key) < 32:
            what = "PICASSO_SECRET_KEY has fewer than 32 characters."
            yield fault("secret-key", what, "Choose a longer one; links and sessions end with that.", page)
    elif not path.exists():
        yield warning("secret-key", "There is no secret key yet.", "Start the service once.", page)
    elif stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield fault("secret-key", f"Others than its owner may read {path}.", f"Run `chmod 600 {path}`.", page)
    else:
        yield ok("secret-key", "Only the service may read its secret key.")


def space(settings: conf.Conf) -> Iterator[Finding]:
    found = os.statvfs(settings.data_dir)
    free = found.f_bavail * found.f_frsize
    page = "settings.md#picasso_min_free_space"
    if free < settings.min_free_space:
        what = f"{mib(free)} are free, less than PICASSO_MIN_FREE_SPACE: every upload is refused with 507."
        yield fault("space", what, "Delete files, or enlarge the disk.", page)
    elif free - settings.min_free_space < settings.max_upload_size:
        what = f"{mib(free)} are free: an upload of PICASSO_MAX_UPLOAD_SIZE does not fit."
        yield warning("space", what, "Delete files, enlarge the disk, or lower the limit.", page)
    else:
        yield ok("space", f"{mib(free)} are free.")
    if found.f_files and found.f_favail < found.f_files * LEAST_INODES:
        what = f"The file system has only {found.f_favail} inodes left."
        yield warning("inodes", what, "Delete files, or use a file system with more.", PAGE)


def mib(size: int) -> str:
    return f"{size // 2**20:,} MiB"


def writing(folder: Path) -> Iterator[Finding]:
    """As the storage does it: write, fsync, link, rename, fsync of the folder."""
    probe = Path(mkdtemp(prefix=".doctor-", dir=folder))
    try:
        seconds = write(probe)
    except OSError as error:
        what = f"The disk of {folder} can't do what the storage needs: {error.strerror} ({error.filename or 'fsync'})."
        change = "Use a local disk, or a network file system with locks and hard links."
        yield fault("writing", what, change, "deployment.md#on-your-own-machines")
        return
    finally:
        remove(probe)
    if seconds > SLOW_SYNC:
        what = f"The disk takes {seconds * 1000:.0f} ms for an fsync, so each upload waits at least so long."
        yield warning("writing", what, "Use a disk with a protected write cache, or an SSD.", PAGE)
    else:
        yield ok("writing", f"The disk writes, links, renames and syncs, the last in {seconds * 1000:.1f} ms.")


def write(probe: Path) -> float:
    """The seconds that an fsync takes."""
    fd = os.open(probe / "new", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(fd, bytes(4096))
        begun = time.monotonic()
        os.fsync(fd)
        seconds = time.monotonic() - begun
    finally:
        os.close(fd)
    os.link(probe / "new", probe / "linked")
    (probe / "new").rename(probe / "linked too")
    folder = os.open(probe, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return seconds


def remove(probe: Path) -> None:
    with suppress(OSError):
        for path in probe.iterdir():
            path.unlink()
        probe.rmdir()
