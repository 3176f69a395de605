"""Whether clamd can have seen all of a ZIP, by its central directory (APPNOTE.TXT 6.3.10, section 4.3.12).

clamd unpacks an entry as far as its MaxFileSize, searches that part, and answers OK. It also answers OK for entries
whose method it does not know. Other containers that are too large it reports (decision 036).
"""

from __future__ import annotations

import bz2
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from picasso.detection.families import zip_directory
from picasso.detection.window import HEAD, Window
from picasso.process.contract import Reader
from picasso.scan.answers import Reason

Open = Callable[[int, int], Reader]
"""Opens the bytes from start to stop."""

CENTRAL = struct.Struct("<4s4xHH8xIIHHH8xI")
"""Signature, flags, method, packed size, size, lengths of name, extra field and comment, offset of the local header."""
LOCAL = struct.Struct("<4s22xHH")
"""Signature, lengths of name and extra field."""

ENCRYPTED = 0x01
STORED, DEFLATED, BZIP2 = 0, 8, 12

# How many times larger than its packed form content can be. Deflate: zlib's documentation; bzip2: 45 MB of zeros.
MAX_RATIO = {STORED: 1, DEFLATED: 1032, BZIP2: 50_000}

PIECE = 2**18

# Sizes in a directory may be false, so content is unpacked and counted: as many times the limit of one entry in all as
# in clamd's own settings (MaxScanSize and MaxFileSize). What is read counts as well: entries may share their bytes, and
# those may unpack to nothing.
MAX_COUNTED = 4


@dataclass(frozen=True, slots=True)
class Entry:
    flags: int
    method: int
    packed_size: int
    size: int
    offset: int


def left_out(open_part: Open, size: int, limit: int) -> Reason | None:
    """Why clamd can't have seen everything in a file of ``size`` bytes; None if it can, or if the file is no ZIP.

    ``limit`` is clamd's MaxFileSize. Raises `OSError` if the file can't be read.
    """

    def read(offset: int, length: int) -> bytes:
        return b"".join(pieces(open_part, offset, min(offset + length, size)))

    window = Window(read(0, HEAD), size, read)
    place = zip_directory.find_directory(window)
    if place is None:
        return None
    counted = 0
    for entry in entries(open_part, place[0], size):
        if entry.flags & ENCRYPTED:
            return Reason.ENCRYPTED
        if entry.method not in MAX_RATIO:
            return Reason.UNSUPPORTED
        if entry.size > limit:
            return Reason.LIMITS
        if entry.packed_size * MAX_RATIO[entry.method] > limit:
            unpacked = unpacked_size(open_part, entry, place[1], limit)
            counted += max(unpacked, entry.packed_size)
            if unpacked > limit or counted > MAX_COUNTED * limit:
                return Reason.LIMITS
    return None


def pieces(open_part: Open, start: int, stop: int) -> Iterator[bytes]:
    if start >= stop:
        return
    reader = open_part(start, stop)
    try:
        while piece := reader.read(PIECE):
            yield piece
    finally:
        reader.close()


def entries(open_part: Open, start: int, stop: int) -> Iterator[Entry]:
    """Those of the central directory, up to its end or the first that is malformed."""
    buffer = b""
    for piece in pieces(open_part, start, stop):
        buffer += piece
        position = 0
        while len(buffer) - position >= CENTRAL.size:
            fields = CENTRAL.unpack_from(buffer, position)
            end = position + CENTRAL.size + sum(fields[5:8])
            if fields[0] != zip_directory.CENTRAL:
                return
            if end > len(buffer):
                break
            name_end = position + CENTRAL.size + fields[5]
            yield entry_of(fields, buffer[name_end : name_end + fields[6]])
            position = end
        buffer = buffer[position:]


def entry_of(fields: tuple[int, ...], extra: bytes) -> Entry:
    """Sizes that do not fit are in the extra field (section 4.5.3)."""
    _, flags, method, packed, size, _, _, _, offset = fields
    if zip_directory.IN_EXTRA_FIELD in (packed, size, offset):
        size, packed, offset = zip64(extra, size, packed, offset)
    return Entry(flags, method, packed, size, offset)


def zip64(extra: bytes, *values: int) -> list[int]:
    position = 0
    while position + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, position)
        if tag == 1:
            field = extra[position + 4 : position + 4 + length].ljust(length, b"\0")
            found = iter(struct.unpack_from(f"<{length // 8}Q", field))
            return [next(found, value) if value == zip_directory.IN_EXTRA_FIELD else value for value in values]
        position += 4 + length
    return list(values)


def unpacked_size(open_part: Open, entry: Entry, shift: int, limit: int) -> int:
    """Of an entry, counted up to a little more than ``limit``. What can't be unpacked counts as far as it can."""
    start = entry.offset + shift
    header = b"".join(pieces(open_part, start, start + LOCAL.size))
    if len(header) < LOCAL.size or not header.startswith(zip_directory.LOCAL):
        return 0
    _, name, extra = LOCAL.unpack(header)
    content = start + LOCAL.size + name + extra
    if entry.method == STORED:
        return entry.packed_size
    packed = pieces(open_part, content, content + entry.packed_size)
    return count_deflated(packed, limit) if entry.method == DEFLATED else count_bzip2(packed, limit)


def count_deflated(packed: Iterator[bytes], limit: int) -> int:
    inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    with suppress(zlib.error):
        for piece in packed:
            rest = piece
            while rest and not inflater.eof and size <= limit:
                size += len(inflater.decompress(rest, 2**20))
                rest = inflater.unconsumed_tail
            if inflater.eof or size > limit:
                break
    return size


def count_bzip2(packed: Iterator[bytes], limit: int) -> int:
    unpacker, size = bz2.BZ2Decompressor(), 0
    for piece in packed:
        rest = piece
        try:
            while not unpacker.eof and size <= limit and (rest or not unpacker.needs_input):
                size += len(unpacker.decompress(rest, 2**20))
                rest = b""
        except (OSError, ValueError):  # damaged
            break
        if unpacker.eof or size > limit:
            break
    return size
