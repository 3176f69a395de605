"""Unpacking that takes nothing for granted: packed content must be whole, and end where its file ends.

clamd unpacks as far as it can, and answers OK; of a bzip2 file it unpacks the first stream only.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from picasso.scan.answers import Reason
from picasso.scan.parts import LeftOut, Part

STORED, DEFLATED, BZIP2 = 0, 8, 12
"""Methods of a ZIP (APPNOTE.TXT 6.3.10, section 4.4.5)."""

OUTPUT = 2**20
"""How much is unpacked at a time, in bytes."""

MAX_MEMORY = 192 * 2**20
"""For unpacking XZ. Its strongest level needs 65 MiB."""

FAULTS = (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError)


class Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def unpack(self, data: bytes) -> Iterator[bytes]: ...


class Zlib:
    """Deflated content without a header, or gzip."""

    def __init__(self, window_bits: int) -> None:
        self._inflater = zlib.decompressobj(window_bits)

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflater.unused_data

    def unpack(self, data: bytes) -> Iterator[bytes]:
        size = OUTPUT
        # All data may be consumed while there is more to come.
        while (data or size == OUTPUT) and not self._inflater.eof:
            unpacked = self._inflater.decompress(data, OUTPUT)
            yield unpacked
            data, size = self._inflater.unconsumed_tail, len(unpacked)


class Buffered:
    """bzip2 or XZ: their decompressors keep what they have not unpacked."""

    def __init__(self, decompressor: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._decompressor = decompressor

    @property
    def eof(self) -> bool:
        return self._decompressor.eof

    @property
    def unused_data(self) -> bytes:
        return self._decompressor.unused_data

    def unpack(self, data: bytes) -> Iterator[bytes]:
        while not self._decompressor.eof and (data or not self._decompressor.needs_input):
            yield self._decompressor.decompress(data, OUTPUT)
            data = b""


def deflated() -> Unpacker:
    return Zlib(-zlib.MAX_WBITS)


def gzipped() -> Unpacker:
    return Zlib(16 + zlib.MAX_WBITS)


def bzip2ed() -> Unpacker:
    return Buffered(bz2.BZ2Decompressor())


def xz() -> Unpacker:
    return Buffered(lzma.LZMADecompressor(lzma.FORMAT_XZ, MAX_MEMORY))


METHODS: dict[int, Callable[[], Unpacker] | None] = {STORED: None, DEFLATED: deflated, BZIP2: bzip2ed}

# By the first bytes of a file: how to unpack it, and whether clamd unpacks further streams behind the first.
FILES: dict[bytes, tuple[Callable[[], Unpacker], bool]] = {
    b"\x1f\x8b": (gzipped, True),
    b"BZh": (bzip2ed, False),
    b"\xfd7zXZ\0": (xz, True),
}


def unpack(part: Part, method: int) -> Iterator[bytes]:
    """The content of an entry of a ZIP, in pieces. Raises `LeftOut` if it does not end where it should, `OSError`."""
    new_unpacker = METHODS[method]
    if new_unpacker is None or not part.size:
        return part.pieces()
    return _unpacked(part, new_unpacker, False)


def unpack_file(part: Part, head: bytes) -> Iterator[bytes] | None:
    """The content of a file that is packed as a whole; None if it is not. Raises what `unpack` raises."""
    for start, (new_unpacker, more) in FILES.items():
        if head.startswith(start):
            return _unpacked(part, new_unpacker, more)
    return None


def _unpacked(part: Part, new_unpacker: Callable[[], Unpacker], more: bool) -> Iterator[bytes]:
    unpacker = new_unpacker()
    for piece in part.pieces():
        data = piece
        while data:
            if unpacker.eof:
                if not more:
                    raise LeftOut(Reason.UNSUPPORTED)
                if not (data := data.lstrip(b"\0")):  # padding
                    break
                unpacker = new_unpacker()
            yield from _attempt(unpacker, data)
            data = unpacker.unused_data if unpacker.eof else b""
    if not unpacker.eof:
        raise LeftOut(Reason.MALFORMED)


def _attempt(unpacker: Unpacker, data: bytes) -> Iterator[bytes]:
    try:
        yield from unpacker.unpack(data)
    except FAULTS as fault:
        raise LeftOut(Reason.MALFORMED) from fault
