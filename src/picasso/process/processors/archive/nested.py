"""Archives inside of a ZIP: how much all of it unpacks to, without unpacking more than is needed to tell.

A bomb may be small at each level: 42.zip has sixteen archives of sixteen archives, and so on. Some archives contain
themselves.
"""

from __future__ import annotations

import bz2
import io
import lzma
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from picasso.process.contract import ProcessorError
from picasso.process.processors.archive import zip_members
from picasso.process.processors.archive.summary import is_bomb_ratio
from picasso.process.processors.archive.zip_members import Header

# Nobody packs archives into each other more often.
MAX_DEPTH = 8

# A larger archive inside of another one is counted with its own size only.
MAX_MEMBER = 16 * 2**20
MAX_BYTES = 128 * 2**20
"""Of all archives that are read."""
MAX_ARCHIVES = 2_000
MAX_ENTRIES = 200_000
MAX_SECONDS = 5.0

PIECE = 2**20

STREAMS: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lambda: lzma.LZMADecompressor(memlimit=64 * 2**20),
}


class EnoughError(Exception):
    """A limit is met, so not all archives inside are read."""


@dataclass(slots=True)
class NestedSizes:
    """Sums up what the archives inside of an archive unpack to."""

    archive_size: int
    total: int
    """Bytes that the archive itself unpacks to, and those of the archives inside that are counted so far."""
    is_bomb: bool = False
    incomplete: bool = False
    bytes_left: int = MAX_BYTES
    archives_left: int = MAX_ARCHIVES
    entries_left: int = MAX_ENTRIES
    deadline: float = 0.0

    def measure(self, file: BinaryIO, headers: Iterable[Header], prefix_size: int) -> None:
        """``headers`` are the entries that may be archives."""
        self.deadline = time.monotonic() + MAX_SECONDS
        try:
            for header in headers:
                self._measure(file, header, prefix_size, 1)
        except EnoughError:
            self.incomplete = not self.is_bomb

    def _measure(self, file: BinaryIO, header: Header, prefix_size: int, depth: int) -> None:
        self.archives_left -= 1
        if self.archives_left < 0 or time.monotonic() > self.deadline:
            raise EnoughError
        content = zip_members.content(file, header, prefix_size, min(MAX_MEMBER, self.bytes_left) + 1)
        self.bytes_left -= len(content)
        if self.bytes_left < 0:
            raise EnoughError
        if len(content) > MAX_MEMBER:
            self.incomplete = True
        elif content.startswith(b"PK"):
            self._measure_zip(content, depth)
        elif stream := next((make for magic, make in STREAMS.items() if content.startswith(magic)), None):
            self._measure_stream(content, stream())

    def _measure_zip(self, content: bytes, depth: int) -> None:
        if depth > MAX_DEPTH:
            self.is_bomb = True
            raise EnoughError
        file = io.BytesIO(content)
        try:
            directory = zip_members.find_directory(file, len(content))
        except ProcessorError:
            return
        for header in zip_members.headers(file, directory):
            self.entries_left -= 1
            self._add(header.size)
            if zip_members.may_be_archive(header):
                position = file.tell()
                self._measure(file, header, directory.prefix_size, depth + 1)
                file.seek(position)

    def _measure_stream(self, content: bytes, stream: Any) -> None:
        try:
            data = content
            while piece := stream.decompress(data, PIECE):
                self._add(len(piece))
                data = getattr(stream, "unconsumed_tail", b"")
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
            return  # damaged, or at its end

    def _add(self, size: int) -> None:
        self.total += size
        self.is_bomb = is_bomb_ratio(self.total, self.archive_size)
        if self.is_bomb or self.entries_left < 0 or time.monotonic() > self.deadline:
            raise EnoughError
