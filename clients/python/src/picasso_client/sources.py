"""What can be uploaded: a path, bytes, an open file, or an iterable of bytes."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Iterable, Iterator
from pathlib import Path
from typing import IO, Protocol, TypeAlias, cast

from picasso_client.errors import PicassoError

Content: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Iterable[bytes]
"""A text is a path."""
AsyncContent: TypeAlias = Content | AsyncIterable[bytes]


class Source(Protocol):
    """Bytes that are read from an offset on."""

    name: str

    @property
    def size(self) -> int | None:
        """Bytes; None if only the end tells."""

    def read(self, offset: int, size: int) -> bytes | Awaitable[bytes]:
        """So many bytes, less only at the end. Raises OSError, and `PicassoError` if it can't go back that far."""

    def close(self) -> None:
        """Close what was opened here."""


def source_of(content: AsyncContent) -> Source:
    """Raises OSError if a path can't be opened, and TypeError for what has no bytes."""
    if isinstance(content, (bytes, bytearray, memoryview)):
        return SeekableSource(io.BytesIO(bytes(content)), "", len(content))
    if isinstance(content, (str, os.PathLike)):
        path = Path(content)
        return opened_source(path.open("rb"), path.name, owned=True)
    if isinstance(content, AsyncIterable):
        return AsyncSource(aiter(content))
    if isinstance(content, io.TextIOBase):
        raise TypeError("The file is open as text: open it with the mode 'rb'.")
    if hasattr(content, "read"):
        return opened_source(cast("IO[bytes]", content), name_of(content), owned=False)
    return StreamSource(iter(content))


def opened_source(file: IO[bytes], name: str, *, owned: bool) -> Source:
    if not file.seekable():
        return StreamSource(pieces(file), name, file if owned else None)
    start = file.tell()
    size = file.seek(0, os.SEEK_END) - start
    return SeekableSource(file, name, size, start, owned=owned)


def name_of(file: object) -> str:
    name = getattr(file, "name", "")
    return Path(name).name if isinstance(name, str) else ""


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(2**16):
        yield piece


class SeekableSource:
    def __init__(self, file: IO[bytes], name: str, size: int, start: int = 0, *, owned: bool = True) -> None:
        self.name, self.size = name, size
        self._file, self._start, self._owned = file, start, owned

    def read(self, offset: int, size: int) -> bytes:
        """What comes behind ``size`` of the source is left out: the file has grown."""
        self._file.seek(self._start + offset)
        found = self._file.read(min(size, self.size - offset))
        if len(found) < min(size, self.size - offset):
            raise PicassoError(0, "content-changed", f"{self.name or 'The file'} has become shorter.")
        return found

    def close(self) -> None:
        if self._owned:
            self._file.close()


class Tail:
    """The last bytes of a stream: as many as one request sends, so that it can be sent again."""

    def __init__(self) -> None:
        self.start = 0
        self.kept = bytearray()

    def drop_before(self, offset: int) -> None:
        if not self.start <= offset <= self.start + len(self.kept):
            raise PicassoError(0, "not-resumable", "A stream can't be read again from there.")
        del self.kept[: offset - self.start]
        self.start = offset


class StreamSource:
    """A stream of unknown length."""

    def __init__(self, stream: Iterator[bytes], name: str = "", file: IO[bytes] | None = None) -> None:
        self.name = name
        self.size: int | None = None
        self._stream, self._file, self._tail = stream, file, Tail()

    def read(self, offset: int, size: int) -> bytes:
        self._tail.drop_before(offset)
        while len(self._tail.kept) < size and (piece := next(self._stream, None)) is not None:
            self._tail.kept += piece
        return bytes(self._tail.kept[:size])

    def close(self) -> None:
        if self._file:
            self._file.close()


class AsyncSource:
    """The same for `AsyncClient`."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self.name = ""
        self.size: int | None = None
        self._stream, self._tail = stream, Tail()

    async def read(self, offset: int, size: int) -> bytes:
        self._tail.drop_before(offset)
        while len(self._tail.kept) < size and (piece := await anext(self._stream, None)) is not None:
            self._tail.kept += piece
        return bytes(self._tail.kept[:size])

    def close(self) -> None:
        pass
