"""Reads a part of a file."""

from __future__ import annotations

import os


class RangeReader:
    """Reads a range of an open file."""

    def __init__(self, fd: int, start: int, stop: int | None) -> None:
        self._fd = fd
        self._start = start
        self._stop = os.fstat(fd).st_size if stop is None else stop

    def read(self, size: int) -> bytes:
        data = os.pread(self._fd, min(size, self._stop - self._start), self._start)
        self._start += len(data)
        return data

    def send_to(self, socket: int, size: int) -> int:
        count = os.sendfile(socket, self._fd, self._start, min(size, self._stop - self._start))
        self._start += count
        return count

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
