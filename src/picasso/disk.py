"""Bytes on a disk: files while they are written, and what makes them survive a power cut."""

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

FULL = {errno.ENOSPC, errno.EDQUOT}

# What direct writes are multiples of: no disk or file system in use wants more.
BLOCK = 4096

# More than an intake hands over at a time.
ALIGNED = 2 * 2**20

START = ctypes.c_longlong(0)
WRITE_AND_WAIT = 7  # SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER

O_DIRECT = getattr(os, "O_DIRECT", 0)

_aligned = threading.local()


class disk_full_reported:  # noqa: N801 - reads as the statement it is
    """Turns ENOSPC into `StorageFull`. A class, since a generator costs a microsecond on the hot path."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, OSError) and fault.errno in FULL:
            raise StorageFull from fault


class Block:
    """Memory from which a disk can take bytes as they are: they are received into it, searched, hashed and written."""

    def __init__(self, size: int) -> None:
        self._memory = bytearray(size + BLOCK)  # searches itself five times as fast as a `mmap` does
        self._start = -ctypes.addressof(ctypes.c_char.from_buffer(self._memory)) % BLOCK
        self.view = memoryview(self._memory)[self._start : self._start + size]
        self.end = 0
        """Bytes of it that are in use."""

    @property
    def room(self) -> memoryview:
        return self.view[self.end :]

    def append(self, data: bytes | memoryview) -> None:
        self.view[self.end : self.end + len(data)] = data
        self.end += len(data)

    def find(self, wanted: bytes, start: int) -> int:
        """Where it begins, or -1."""
        found = self._memory.find(wanted, self._start + start, self._start + self.end)
        return found if found < 0 else found - self._start


class Incoming:
    """A new file while its bytes arrive, written through the page cache."""

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
        """Append, and have the kernel start writing back at once, so that `sync` has little left to do."""
        size = sum(map(len, chunks))
        with disk_full_reported():
            for chunk in chunks:
                write_all(self._fd, memoryview(chunk))
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._fd, self._size, size, os.POSIX_FADV_DONTNEED)
        self._size += size

    def take_rest(self) -> bytes:
        """What was taken and not written yet, for the caller to begin the next `write_block` with."""
        return b""

    def write_block(self, data: memoryview) -> None:
        """Append what is aligned: in memory, in the file, and (but for the last piece of a file) in its length."""
        self.write([data])

    def sync(self) -> None:
        """On return the bytes survive a power cut. Closes the file; may be called again."""
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

    def written_back(self) -> None:
        """Wait until the disk has the bytes, though perhaps in its cache; raises this file's own errors.

        A `syncfs` may miss them, for to it an error is news only once.
        """
        if self._fd >= 0 and linux.LIBC.sync_file_range(self._fd, START, START, WRITE_AND_WAIT) != 0:
            raise OSError(ctypes.get_errno(), "sync_file_range failed")

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def discard(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)


class Stream(Incoming):
    """A large file while its bytes arrive, written past the page cache where the file system can.

    Copying a gibibyte into fresh pages cost a core up to a second; direct writes leave it to the disk, evict nobody's
    pages, and leave `sync` nothing to wait for.
    """

    _rest = b""
    """What does not fill a block yet."""
    _direct = False

    def _open(self) -> int:
        try:
            fd = os.open(self.path, self.FLAGS | O_DIRECT, 0o644)
        except OSError as fault:
            if fault.errno != errno.EINVAL:
                raise
            # The file exists by now: file systems refuse the flag only after they have made it.
            self.path.unlink(missing_ok=True)
            return super()._open()
        self._direct = bool(O_DIRECT)
        return fd

    def write(self, chunks: Sequence[bytes | memoryview]) -> None:
        if not self._direct:
            return super().write(chunks)
        for start in range(0, len(chunks), 8):
            self._write_blocks([self._rest, *chunks[start : start + 8]])
        return None

    def _write_blocks(self, chunks: Sequence[bytes | memoryview]) -> None:
        self._write_aligned(aligned(chunks))

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
                # Larger blocks than ours, or a write that a filling disk cut off within one.
                self._no_longer_direct()
                write_all(self._fd, data[os.lseek(self._fd, 0, os.SEEK_CUR) - start : whole])
        self._rest = bytes(data[whole:])

    def _no_longer_direct(self) -> None:
        fcntl.fcntl(self._fd, fcntl.F_SETFL, fcntl.fcntl(self._fd, fcntl.F_GETFL) & ~O_DIRECT)

    def sync(self) -> None:
        if self._fd >= 0 and self._rest:
            # The last block is not whole, and so can't be written directly.
            self._no_longer_direct()
            with disk_full_reported():
                write_all(self._fd, memoryview(self._rest))
            self._rest = b""
        super().sync()


class Resumed(Incoming):
    """A file that was begun before, for the bytes that are still to come.

    What comes bit by bit goes through the page cache, so that it is there at once whoever dies; what comes in whole
    blocks goes past it (see `Stream`).
    """

    FLAGS = os.O_RDWR | os.O_CLOEXEC

    _direct = -1
    """A second way into the same file, past the page cache."""

    def __init__(self, path: Path, size: int) -> None:
        super().__init__(path)
        self._size = size

    def write(self, chunks: Sequence[bytes | memoryview]) -> None:
        start = self._size
        with disk_full_reported():
            for chunk in chunks:
                self._size += pwrite_all(self._fd, memoryview(chunk), self._size)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._fd, start, self._size - start, os.POSIX_FADV_DONTNEED)

    def take_rest(self) -> bytes:
        """The bytes that fill no block of the disk, which are in the file already."""
        rest = self._size % BLOCK
        self._size -= rest
        return os.pread(self._fd, rest, self._size)

    def write_block(self, data: memoryview) -> None:
        whole = len(data) - len(data) % BLOCK
        if whole and self._past_the_cache():
            with disk_full_reported():
                self._write_directly(data[:whole])
            data = data[whole:]
        if data:
            self.write([data])

    def _write_directly(self, data: memoryview) -> None:
        try:
            self._size += pwrite_all(self._direct, data, self._size)
        except OSError as fault:
            if fault.errno != errno.EINVAL:
                raise
            # Larger blocks than ours, or a write that a filling disk cut off within one. The same bytes once more.
            self.write([data])

    def _past_the_cache(self) -> bool:
        if self._direct < 0 and O_DIRECT:
            try:
                self._direct = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC | O_DIRECT)
            except OSError as fault:
                if fault.errno != errno.EINVAL:
                    raise
                self._direct = self._fd
        return self._direct >= 0

    def copy_from(self, source: int, at: int, size: int) -> None:
        """Append a range of another file: shared where the file system can, else copied within the kernel."""
        start = self._size
        with disk_full_reported():
            while size:
                copied = copy_range(source, self._fd, size, at, self._size)
                if not copied:
                    raise OSError("a file ended before it should")
                at, size, self._size = at + copied, size - copied, self._size + copied
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._fd, start, self._size - start, os.POSIX_FADV_DONTNEED)

    def truncate(self, size: int) -> None:
        """Forget what came after."""
        os.ftruncate(self._fd, size)
        self._size = size

    def make_durable(self) -> None:
        """As `sync`, for a file that goes on."""
        with disk_full_reported():
            os.fdatasync(self._fd)

    def close(self) -> None:
        if self._direct not in {-1, self._fd}:
            os.close(self._direct)
        self._direct = -1
        super().close()


def aligned(chunks: Sequence[bytes | memoryview]) -> memoryview:
    """The chunks in one piece that begins at a page; valid until this thread calls again."""
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


# How file systems and kernels say that they can't copy a range by themselves.
NO_RANGES = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}


def copy_range(source: int, target: int, size: int, at: int, to: int) -> int:
    """How many bytes were copied."""
    if hasattr(os, "copy_file_range"):
        try:
            return os.copy_file_range(source, target, size, at, to)
        except OSError as fault:
            if fault.errno not in NO_RANGES:
                raise
    return pwrite_all(target, memoryview(os.pread(source, min(size, ALIGNED), at)), to)


def pwrite_all(fd: int, data: memoryview, at: int) -> int:
    """How many they were: all."""
    size = len(data)
    while data:
        written = os.pwrite(fd, data, at)
        data, at = data[written:], at + written
    return size


def sync_path(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def dirty_bytes() -> int:
    """How much this machine has still to write back to its disks; without Linux's word for it, endless."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return sys.maxsize
    return sum(int(kib) for kib in re.findall(r"^(?:Dirty|Writeback):\s+(\d+) kB", text, re.MULTILINE)) * 1024


def syncfs_serves(path: Path) -> bool:
    """Whether `syncfs` there keeps fsync's promise: it reports errors from Linux 5.8 on, and these pass it on."""
    if not hasattr(linux.LIBC, "syncfs") or linux.kernel_version() < (5, 8):
        return False
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    mounts = (line.split(" - ") for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return any(mount.split()[2] == wanted and kind.split()[0] in {"ext4", "xfs"} for mount, kind in mounts)


def syncfs(path: Path) -> None:
    """Flush the whole file system."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if linux.LIBC.syncfs(fd) != 0:
            raise OSError(ctypes.get_errno(), "syncfs failed")
    finally:
        os.close(fd)
