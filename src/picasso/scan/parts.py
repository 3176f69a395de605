"""What the checks of containers share: reading, limits, and how a check says that something was left out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from picasso.process.contract import Reader
from picasso.scan.answers import Answer, Reason

Open = Callable[[int, int], Reader]
"""Opens the bytes from start to stop. May raise `OSError`."""

PIECE = 2**18

# Sizes in a container may be false, so content is unpacked and counted: in all at most so many times the limit of one
# file, as in clamd's own settings (MaxScanSize and MaxFileSize).
MAX_COUNTED = 4

MAX_ENTRIES = 100_000
"""In all containers of one file together. clamd's own limit is 10,000 files (MaxFiles)."""


class LeftOut(Exception):
    """clamd can't have seen everything."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Found(Exception):
    """clamd has found something in a part that was sent to it alone."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Part:
    """A file, or a file in a file."""

    open: Open
    size: int

    def read(self, offset: int, length: int) -> bytes:
        """Fewer bytes at the end."""
        return b"".join(self.pieces(offset, offset + length))

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        end = self.size if stop is None else min(stop, self.size)
        if start >= end:
            return
        reader = self.open(start, end)
        try:
            while piece := reader.read(PIECE):
                yield piece
        finally:
            reader.close()

    def section(self, start: int, size: int) -> Part:
        """A part of it as a file of its own."""
        return Part(lambda first, last: self.open(start + first, start + last), size)


class Budget:
    """How much may still be unpacked."""

    def __init__(self, limit: int, check: Callable[[], None], max_entries: int = MAX_ENTRIES) -> None:
        """``limit``: clamd's MaxFileSize. ``check`` is called for each piece and entry, and raises to end the work."""
        self.limit = limit
        self._left = MAX_COUNTED * limit
        self._entries_left = max_entries
        self._check = check

    def count_entry(self) -> None:
        """Of a container. Raises `LeftOut`."""
        self._check()
        self._entries_left -= 1
        if self._entries_left < 0:
            raise LeftOut(Reason.LIMITS)

    def counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces of one file. Raises `LeftOut` when they, or all together, are too many."""
        size = 0
        for piece in pieces:
            self._check()
            size += len(piece)
            self._left -= len(piece)
            if size > self.limit or self._left < 0:
                raise LeftOut(Reason.LIMITS)
            yield piece


class Section:
    """Reads a part of a file that others read as well."""

    def __init__(self, file: IO[bytes], start: int, stop: int) -> None:
        self._file = file
        self._position = start
        self._stop = stop

    def read(self, size: int = -1, /) -> bytes:
        left = self._stop - self._position
        self._file.seek(self._position)
        data = self._file.read(left if size < 0 else min(size, left))
        self._position += len(data)
        return data

    def close(self) -> None: ...


def stored(file: IO[bytes], pieces: Iterable[bytes]) -> Part:
    """The pieces, written to an empty file."""
    size = sum(file.write(piece) for piece in pieces)
    return Part(lambda start, stop: Section(file, start, stop), size)


def temporary_file() -> IO[bytes]:
    """In memory up to a megabyte, then on disk, without a name."""
    return tempfile.SpooledTemporaryFile(2**20)
