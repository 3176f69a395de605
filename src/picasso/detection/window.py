"""Bounded reading at any place of a file whose type is to be detected.

A type is decided by structure, and a structure may point anywhere: to the central directory at the end of a ZIP, or
past a large tag at the start of an MP3. A detector reads there, but never more than a limit, whatever a file says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

# The farthest signature that matters is at byte 36,869 (ISO 9660). More would only take time.
HEAD = 64 * 1024

MAX_READS = 256

MAX_BYTES = 2 * 2**20

# Each read brings at least so much: neighbouring fields cost one read together.
BLOCK = 4096

Read = Callable[[int, int], bytes]
"""Offset and number of bytes → these bytes, or fewer at the end. May raise `OSError`."""


class Content(Protocol):
    """What detection needs of content."""

    @property
    def size(self) -> int: ...
    @property
    def head(self) -> bytes:
        """The first bytes, at least `HEAD` of them if there are so many."""

    def read(self, offset: int, size: int) -> bytes:
        """At most ``size`` bytes from ``offset`` on."""


class Window:
    """A file of ``size`` bytes that begins with ``head``. Reads beyond the head cost one call of ``read`` each."""

    def __init__(self, head: bytes, size: int | None = None, read: Read | None = None) -> None:
        self.head = head[:HEAD]
        """The first bytes of the file, at most `HEAD`."""
        self.size = len(head) if size is None else size
        self._read = read
        self._reads_left = MAX_READS
        self._bytes_left = MAX_BYTES
        self._block = b""
        self._block_start = 0

    @classmethod
    def of_bytes(cls, content: bytes) -> Window:
        """For content that is in memory."""
        return cls(content, len(content), lambda offset, size: content[offset : offset + size])

    @classmethod
    def of_content(cls, content: Content) -> Window:
        return cls(content.head, content.size, content.read)

    @property
    def is_whole(self) -> bool:
        """Whether the head is all of the file."""
        return self.size <= len(self.head)

    def at(self, offset: int, size: int) -> bytes:
        """At most ``size`` bytes from ``offset`` on: fewer at the end of the file or of the budget, never an error."""
        if offset < 0 or size <= 0 or offset >= self.size:
            return b""
        size = min(size, self.size - offset)
        if offset + size <= len(self.head):
            return self.head[offset : offset + size]
        if not self._has_block(offset, size):
            self._fetch(offset, max(size, BLOCK))
        start = offset - self._block_start
        return self._block[start : start + size]

    def tail(self, size: int) -> bytes:
        """The last bytes of the file, at most ``size``."""
        return self.at(max(0, self.size - size), size)

    def behind(self, offset: int) -> Window:
        """What follows an offset, as a file of its own. Its reads count as those of this one."""
        return Window(
            self.at(offset, HEAD), max(0, self.size - offset), lambda place, size: self.at(offset + place, size)
        )

    def _has_block(self, offset: int, size: int) -> bool:
        return self._block_start <= offset and offset + size <= self._block_start + len(self._block)

    def _fetch(self, offset: int, size: int) -> None:
        self._block, self._block_start = b"", offset
        if self._read is None or self._reads_left <= 0 or self._bytes_left < size:
            return
        self._reads_left -= 1
        self._bytes_left -= size
        try:
            self._block = self._read(offset, size)
        except OSError:
            self._reads_left = 0  # the bytes can't be read: decided by the head alone


class Beginning(Window):
    """The first bytes of a file that is still arriving, and longer than that.

    `lacks_bytes` tells whether a detector wanted to know more: bytes behind these, or the size.
    """

    def __init__(self, head: bytes, size: int) -> None:
        """``size`` is a guess, larger than the head."""
        self.lacks_bytes = False
        super().__init__(head, size)
        self.lacks_bytes = False

    @property
    def size(self) -> int:
        self.lacks_bytes = True
        return self._size

    @size.setter
    def size(self, size: int) -> None:
        self._size = max(size, len(self.head) + 1)

    @property
    def is_whole(self) -> bool:
        return False

    def at(self, offset: int, size: int) -> bytes:
        if offset < 0 or size <= 0:
            return b""
        if offset + size > len(self.head):
            self.lacks_bytes = True
        return self.head[offset : offset + size]
