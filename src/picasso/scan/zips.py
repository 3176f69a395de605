"""Whether clamd, and everything else that unpacks a ZIP, sees the same in it (APPNOTE.TXT 6.3.10, section 4.3).

clamd answers OK for an entry that it can't unpack. It takes methods and sizes from the local headers, others take them
from the central directory, and some search for local headers. So both must agree, entries must not overlap, nothing
may lie between them, no headers around them, and packed content must end where the headers say.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from picasso.detection.families import zip_directory
from picasso.detection.window import HEAD, Window
from picasso.scan.answers import Reason
from picasso.scan.parts import LeftOut, Part
from picasso.scan.streams import METHODS, unpack

CENTRAL = struct.Struct("<4s4xHH4xIIIHHHHxxxxxxI")
"""Signature, flags, method, CRC, packed size, size, lengths of name, extra field and comment, disk, offset of the local
header."""
LOCAL = struct.Struct("<4s2xHH4xIIIHH")
"""Signature, flags, method, CRC, packed size, size, lengths of name and extra field."""
END = struct.Struct("<4sHHHHIIH")
"""Signature, two disks, two numbers of entries, size and offset of the directory, length of the comment."""

STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04", b"PK00PK\x03\x04")
"""The last two are of archives that were to be split (section 8.5)."""

HEADER = re.compile(rb"PK(?:\x01\x02|\x03\x04|\x05\x06|\x06\x06|\x06\x07)")

ENCRYPTED = 0x01 | 0x40 | 0x2000
"""Flags of encryption, of strong encryption, and of headers whose values are masked."""
PATCH, SIZES_FOLLOW = 0x20, 0x08
STORED = 0

IN_ZIP64 = 0xFFFFFFFF

APK_SIGNATURE = b"APK Sig Block 42"
"""The end of the block that stands before the directory (APK Signature Scheme v2)."""

MAX_ENTRIES = 0xFFFF
"""More need ZIP64, which clamd can't read."""


@dataclass(frozen=True, slots=True)
class Entry:
    flags: int
    method: int
    crc: int
    packed_size: int
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class Directory:
    start: int
    stop: int
    entries: list[Entry]
    """With offsets in the file, in this order."""


def is_zip(head: bytes) -> bool:
    return head.startswith(STARTS)


def entries(part: Part, limit: int) -> Iterator[Iterator[bytes]]:
    """The content of each entry, to be read to its end; nothing if the file is no ZIP.

    ``limit``: for the size of an entry. Both raise `LeftOut` at the first fault, `OSError`.
    """
    directory = read_directory(part)
    if directory is None:
        return
    first = directory.entries[0].offset if directory.entries else directory.start
    _refuse_headers(part, 0, first)
    position = first
    for entry in directory.entries:
        _check_padding(part, position, entry.offset)
        start, position = _extent(part, entry, limit)
        if position > directory.start:
            raise LeftOut(Reason.MALFORMED)
        yield _content(part.section(start, entry.packed_size), entry)
    _check_padding(part, position, directory.start)


def _content(packed: Part, entry: Entry) -> Iterator[bytes]:
    unpacked = 0
    for piece in unpack(packed, entry.method):
        unpacked += len(piece)
        yield piece
    if unpacked != entry.size:
        raise LeftOut(Reason.MALFORMED)


def read_directory(part: Part) -> Directory | None:
    """None if the file is no ZIP. Raises `LeftOut`."""
    window = Window(part.read(0, HEAD), part.size, part.read)
    place = zip_directory.find_directory(window)
    if place is None:
        if is_zip(window.head):
            raise LeftOut(Reason.MALFORMED)
        return None
    start, shift = place
    entries, stop = _entries(part, start, shift)
    _check_end(part, start, stop, len(entries))
    return Directory(start, stop, sorted(entries, key=lambda entry: entry.offset))


def _entries(part: Part, start: int, shift: int) -> tuple[list[Entry], int]:
    """Up to the end of the directory, and where that is."""
    found: list[Entry] = []
    buffer, passed = b"", start
    for piece in part.pieces(start):
        buffer += piece
        position = 0
        while (end := _end_of(buffer, position)) is not None:
            if end == position:
                return found, passed + position
            if len(found) == MAX_ENTRIES:
                raise LeftOut(Reason.UNSUPPORTED)
            found.append(_entry(CENTRAL.unpack_from(buffer, position), shift))
            position = end
        buffer, passed = buffer[position:], passed + position
    return found, passed


def _end_of(buffer: bytes, position: int) -> int | None:
    """Of the entry there: the same position if there is none, None if more bytes are needed."""
    if len(buffer) - position < len(zip_directory.CENTRAL):
        return None
    if not buffer.startswith(zip_directory.CENTRAL, position):
        return position
    if len(buffer) - position < CENTRAL.size:
        return None
    end = position + CENTRAL.size + sum(CENTRAL.unpack_from(buffer, position)[6:9])
    return end if end <= len(buffer) else None


def _entry(fields: tuple[int, ...], shift: int) -> Entry:
    _, flags, method, crc, packed_size, size, _, _, _, disk, offset = fields
    if IN_ZIP64 in (packed_size, size, offset):
        raise LeftOut(Reason.UNSUPPORTED)
    if disk:
        raise LeftOut(Reason.MALFORMED)
    return Entry(flags, method, crc, packed_size, size, offset + shift)


def _check_end(part: Part, start: int, stop: int, count: int) -> None:
    record = part.read(stop, END.size)
    if record.startswith(zip_directory.END_64):
        raise LeftOut(Reason.UNSUPPORTED)
    if len(record) < END.size or not record.startswith(zip_directory.END):
        raise LeftOut(Reason.MALFORMED)
    _, disk, first_disk, here, total, size, _, _ = END.unpack(record)
    if (disk, first_disk, here, total, size) != (0, 0, count, count, stop - start):
        raise LeftOut(Reason.MALFORMED)
    _refuse_headers(part, stop + END.size, part.size)


def _extent(part: Part, entry: Entry, limit: int) -> tuple[int, int]:
    """Where its content begins, and where the next entry may begin. Raises `LeftOut`."""
    header = part.read(entry.offset, LOCAL.size) if entry.offset >= 0 else b""
    if len(header) < LOCAL.size or not header.startswith(zip_directory.LOCAL):
        raise LeftOut(Reason.MALFORMED)
    _, flags, method, _, packed_size, size, name, extra = LOCAL.unpack(header)
    _check_kind(flags | entry.flags, {method, entry.method})
    if IN_ZIP64 in (packed_size, size):
        raise LeftOut(Reason.UNSUPPORTED)
    if entry.size > limit:
        raise LeftOut(Reason.LIMITS)
    if (packed_size, size) not in _allowed_sizes(entry, flags):
        raise LeftOut(Reason.MALFORMED)
    start = entry.offset + LOCAL.size + name + extra
    stop = start + entry.packed_size
    return start, stop + (_descriptor_size(part, entry, stop) if flags & SIZES_FOLLOW else 0)


def _check_kind(flags: int, methods: set[int]) -> None:
    if flags & ENCRYPTED:
        raise LeftOut(Reason.ENCRYPTED)
    if flags & PATCH or not methods <= METHODS.keys():
        raise LeftOut(Reason.UNSUPPORTED)
    if len(methods) > 1:
        raise LeftOut(Reason.MALFORMED)


def _allowed_sizes(entry: Entry, flags: int) -> set[tuple[int, int]]:
    """What the local header may say."""
    if entry.method == STORED and entry.packed_size != entry.size:
        return set()
    return {(entry.packed_size, entry.size)} | ({(0, 0)} if flags & SIZES_FOLLOW else set())


def _descriptor_size(part: Part, entry: Entry, position: int) -> int:
    """Of the record behind the content (section 4.3.9). Its signature is optional, its sizes may have eight bytes."""
    record = part.read(position, 24)
    for mark in (zip_directory.DESCRIPTOR, b""):
        for sizes in ("II", "QQ"):
            expected = mark + struct.pack("<I" + sizes, entry.crc, entry.packed_size, entry.size)
            if record.startswith(expected):
                return len(expected)
    raise LeftOut(Reason.MALFORMED)


def _check_padding(part: Part, start: int, stop: int) -> None:
    """Behind an entry: only zeros, which align the next one, or the signature of an Android package."""
    if start > stop:  # they overlap
        raise LeftOut(Reason.MALFORMED)
    if part.read(max(start, stop - len(APK_SIGNATURE)), len(APK_SIGNATURE)) == APK_SIGNATURE:
        _refuse_headers(part, start, stop)
    elif any(piece.strip(b"\0") for piece in part.pieces(start, stop)):
        raise LeftOut(Reason.MALFORMED)


def _refuse_headers(part: Part, start: int, stop: int) -> None:
    """Around the archive there must be no headers of further entries."""
    kept = b""
    for piece in part.pieces(start, stop):
        if HEADER.search(kept + piece):
            raise LeftOut(Reason.MALFORMED)
        kept = piece[-3:]
