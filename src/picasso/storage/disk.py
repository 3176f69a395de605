"""Files of a local disk while they are written, and what makes them survive a power cut."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import re
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from picasso import linux
from picasso.errors import StorageFull
from picasso.storage.blocks import BLOCK

FULL = {errno.ENOSPC, errno.EDQUOT}

# The size of a thread's aligned buffer: as much as callers hand over at a time.
ALIGNED = 2 * 2**20

START = ctypes.c_longlong(0)
WRITE_AND_WAIT = 7  # SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER

O_DIRECT = getattr(os, "O_DIRECT", 0)

_aligned = threading.local()


class disk_full_reported:  # noqa: N801 - reads like a statement
    """Turns ENOSPC into `StorageFull`. A class, because a generator costs a microsecond on the hot path."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, OSError) and fault.errno in FULL:
            raise StorageFull from fault


class BufferedWriter:
    """A new file, written through the page cache."""

    FLAGS = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = 0
        self._lost: Exception | None = None
        with disk_full_reported():
            self._fd = self._open()

    def _open(self) -> int:
        return os.open(self.path, self.FLAGS, 0o644)

    def write(self, chunks: Sequence[bytes | memoryview]) -> None:
        """Append, and let the kernel start to write back at once, so that `sync` has little left to do."""
        size = sum(map(len, chunks))
        with disk_full_reported():
            for chunk in chunks:
                write_all(self._fd, memoryview(chunk))
        start_write_back(self._fd, self._size, size)
        self._size += size

    def take_rest(self) -> bytes:
        """See `picasso.storage.protocols.Writer`."""
        return b""

    def write_block(self, data: memoryview) -> None:
        self.write([data])

    def sync(self) -> None:
        """Make the bytes durable and close the file. Can be called again."""
        if self._lost:
            # A second fsync after a failed one succeeds, although the bytes are gone.
            raise self._lost
        if self._fd < 0:
            return
        try:
            with disk_full_reported():
                os.fsync(self._fd)
        except (OSError, StorageFull) as fault:
            self._lost = fault
            raise
        self.close()

    def write_back(self) -> None:
        """Wait until the disk has the bytes, though perhaps only in its cache. Raises the errors of this file.

        `syncfs` may miss them, because it reports each error only once.
        """
        if self._fd >= 0:
            write_back_fd(self._fd)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def discard(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)


class DirectWriter(BufferedWriter):
    """A new large file, written past the page cache where the file system allows it.

    Copying a gibibyte into fresh pages takes a core up to a second. Direct writes leave that to the disk, evict no
    pages of others, and leave nothing to wait for in `sync`.
    """

    _rest = b""
    """Bytes that do not fill a block yet."""
    _direct = False

    def _open(self) -> int:
        try:
            fd = os.open(self.path, self.FLAGS | O_DIRECT, 0o644)
        except OSError as fault:
            if fault.errno != errno.EINVAL:
                raise
            # File systems refuse the flag only after they have made the file.
            self.path.unlink(missing_ok=True)
            return super()._open()
        self._direct = bool(O_DIRECT)
        return fd

    def write(self, chunks: Sequence[bytes | memoryview]) -> None:
        if not self._direct:
            return super().write(chunks)
        for start in range(0, len(chunks), 8):
            self._write_aligned(aligned([self._rest, *chunks[start : start + 8]]))
        return None

    def take_rest(self) -> bytes:
        rest, self._rest = self._rest, b""
        return rest

    def write_block(self, data: memoryview) -> None:
        if self._direct:
            self._write_aligned(data)
        else:
            self.write([data])

    def _write_aligned(self, data: memoryview) -> None:
        whole = len(data) - len(data) % BLOCK
        start = os.lseek(self._fd, 0, os.SEEK_CUR)
        with disk_full_reported():
            try:
                write_all(self._fd, data[:whole])
            except OSError as fault:
                if fault.errno != errno.EINVAL:
                    raise
                # The disk needs larger blocks, or it is filling up and cut a write off within a block.
                self._stop_direct_writes()
                write_all(self._fd, data[os.lseek(self._fd, 0, os.SEEK_CUR) - start : whole])
        self._rest = bytes(data[whole:])

    def _stop_direct_writes(self) -> None:
        fcntl.fcntl(self._fd, fcntl.F_SETFL, fcntl.fcntl(self._fd, fcntl.F_GETFL) & ~O_DIRECT)

    def sync(self) -> None:
        if self._fd >= 0 and self._rest:
            # The last block is not full, so it can't be written directly.
            self._stop_direct_writes()
            with disk_full_reported():
                write_all(self._fd, memoryview(self._rest))
            self._rest = b""
        super().sync()


class AppendWriter:
    """Appends to an existing file.

    `write` goes through the page cache, so that the bytes are in the file at once even if the process dies;
    `write_block` goes past it (see `DirectWriter`).
    """

    def __init__(self, path: Path, size: int) -> None:
        """``size`` is the size of the file."""
        self._path = path
        self._size = size
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._direct_fd = -1
        """The same file, opened with O_DIRECT on the first `write_block`."""

    def write(self, chunks: Sequence[bytes | memoryview]) -> None:
        start = self._size
        with disk_full_reported():
            for chunk in chunks:
                self._size += pwrite_all(self._fd, memoryview(chunk), self._size)
        start_write_back(self._fd, start, self._size - start)

    def take_rest(self) -> bytes:
        """The bytes after the last full block. They are in the file already and will be written again."""
        rest = self._size % BLOCK
        self._size -= rest
        return os.pread(self._fd, rest, self._size)

    def write_block(self, data: memoryview) -> None:
        whole = len(data) - len(data) % BLOCK
        if whole and self._can_write_directly():
            with disk_full_reported():
                self._write_directly(data[:whole])
            data = data[whole:]
        if data:
            self.write([data])

    def _write_directly(self, data: memoryview) -> None:
        try:
            self._size += pwrite_all(self._direct_fd, data, self._size)
        except OSError as fault:
            if fault.errno != errno.EINVAL:
                raise
            # The disk needs larger blocks, or it is filling up and cut a write off within a block: write all again.
            self.write([data])

    def _can_write_directly(self) -> bool:
        if self._direct_fd < 0 and O_DIRECT:
            try:
                self._direct_fd = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC | O_DIRECT)
            except OSError as fault:
                if fault.errno != errno.EINVAL:
                    raise
                self._direct_fd = self._fd
        return self._direct_fd >= 0

    def copy_from_file(self, source: Path, start: int, size: int) -> None:
        """Append a range of another file. The file system shares the bytes, or the kernel copies them."""
        begin = self._size
        fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        try:
            with disk_full_reported():
                while size:
                    copied = copy_range(fd, self._fd, size, start, self._size)
                    if not copied:
                        raise OSError("a file is shorter than expected")
                    start, size, self._size = start + copied, size - copied, self._size + copied
        finally:
            os.close(fd)
        start_write_back(self._fd, begin, self._size - begin)

    def truncate(self, offset: int) -> None:
        if os.fstat(self._fd).st_size != offset:  # otherwise it would count as a change, a sign of life
            os.ftruncate(self._fd, offset)
        self._size = offset

    def sync(self) -> None:
        """Make the bytes durable. The file stays open."""
        with disk_full_reported():
            os.fdatasync(self._fd)

    def close(self) -> None:
        for fd in {self._fd, self._direct_fd} - {-1}:
            os.close(fd)
        self._fd = self._direct_fd = -1


def start_write_back(fd: int, start: int, size: int) -> None:
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, start, size, os.POSIX_FADV_DONTNEED)


def aligned(chunks: Sequence[bytes | memoryview]) -> memoryview:
    """The chunks joined in memory that starts at a page. Valid until this thread calls it again."""
    size = sum(map(len, chunks))
    buffer = getattr(_aligned, "buffer", None)
    if buffer is None or len(buffer) < size:
        buffer = _aligned.buffer = mmap.mmap(-1, max(size, ALIGNED))
    view = memoryview(buffer)
    end = 0
    for chunk in chunks:
        view[end : end + len(chunk)] = chunk
        end += len(chunk)
    return view[:size]


def write_all(fd: int, data: memoryview) -> None:
    while data:
        data = data[os.write(fd, data) :]


# Errors by which file systems and kernels say that they can't copy a range by themselves.
NO_RANGES = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}


def copy_range(source: int, target: int, size: int, source_offset: int, target_offset: int) -> int:
    """Copy at most ``size`` bytes between files; how many were copied, 0 at the source's end."""
    if hasattr(os, "copy_file_range"):
        try:
            return os.copy_file_range(source, target, size, source_offset, target_offset)
        except OSError as fault:
            if fault.errno not in NO_RANGES:
                raise
    return pwrite_all(target, memoryview(os.pread(source, min(size, ALIGNED), source_offset)), target_offset)


def pwrite_all(fd: int, data: memoryview, offset: int) -> int:
    """Returns how many bytes there were."""
    size = len(data)
    while data:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written
    return size


def lock_file(path: Path) -> int:
    """Lock a file exclusively until the returned descriptor is closed. Raises `BlockingIOError`."""
    # Opened for writing, which NFS needs for an exclusive lock.
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(fd)
        raise
    return fd


def sync_path(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_back(path: Path) -> None:
    """As `BufferedWriter.write_back`."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        write_back_fd(fd)
    finally:
        os.close(fd)


def write_back_fd(fd: int) -> None:
    linux.checked(linux.LIBC.sync_file_range(fd, START, START, WRITE_AND_WAIT))


def dirty_bytes() -> int:
    """How many bytes this machine has still to write back to its disks; `sys.maxsize` where that is unknown."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return sys.maxsize
    return sum(int(kib) for kib in re.findall(r"^(?:Dirty|Writeback):\s+(\d+) kB", text, re.MULTILINE)) * 1024


def can_syncfs(path: Path) -> bool:
    """Whether `syncfs` is as safe as fsync there: it reports errors since Linux 5.8, on these file systems."""
    if not hasattr(linux.LIBC, "syncfs") or linux.kernel_version() < (5, 8):
        return False
    device = path.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    mounts = (line.split(" - ") for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return any(mount.split()[2] == number and kind.split()[0] in {"ext4", "xfs"} for mount, kind in mounts)


def syncfs(path: Path) -> None:
    """Make all that was written to the whole file system durable."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        linux.checked(linux.LIBC.syncfs(fd))
    finally:
        os.close(fd)
