"""The entries of a ZIP, by its central directory (APPNOTE.TXT 6.3.10, sections 4.3 and 4.4).

Nothing is searched for by its signature, except the end record, which has no fixed place: a ZIP may be stored inside
another one, and a search would find the entries of both.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from picasso.detection.window import Window

END, END_64, LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
CENTRAL, LOCAL, DESCRIPTOR = b"PK\x01\x02", b"PK\x03\x04", b"PK\x07\x08"
END_SIZE, CENTRAL_SIZE, LOCAL_SIZE = 22, 46, 30

CENTRAL_FIELDS = struct.Struct("<4s4xHH8xIIHHH8xI")
"""Signature, flags, method, packed size, size, lengths of name, extra field and comment, offset of the local header."""
LOCAL_FIELDS = struct.Struct("<4s2xHH8xI4xHH")
"""Signature, flags, method, packed size, lengths of name and extra field."""

MAX_COMMENT = 0xFFFF

IN_EXTRA_FIELD = 0xFFFFFFFF
"""Instead of a size or an offset that needs eight bytes."""

# What is decided by more entries than these has no name of its own. Reading them takes about 5 ms.
MAX_ENTRIES = 8_000

# So many bytes of names: those of thousands of usual entries.
MAX_NAMES = 256 * 1024

# The central directory is read in pieces of so many bytes.
PIECE = 64 * 1024

STORED, DEFLATED = 0, 8

SIZES_FOLLOW = 0x08
"""The flag of entries whose sizes stand after their content."""


@dataclass(frozen=True, slots=True)
class Entry:
    method: int
    packed_size: int
    offset: int
    """Of the local header in the file."""
    flags: int = 0


Entries = Mapping[bytes, Entry]
"""By name, in lower case and with slashes, in the order of the directory."""


def read_entries(window: Window) -> Entries:
    """At most `MAX_ENTRIES`. Those of the local headers if there is no central directory, as in a truncated file."""
    if place := find_directory(window):
        return _central_entries(window, *place)
    return _local_entries(window)


def read_member(window: Window, entry: Entry, limit: int) -> bytes:
    """The beginning of the content, at most ``limit`` bytes; empty if it can't be read."""
    header = window.at(entry.offset, LOCAL_SIZE)
    if len(header) < LOCAL_SIZE or not header.startswith(LOCAL):
        return b""
    *_, name_length, extra_length = LOCAL_FIELDS.unpack(header)
    content = window.at(entry.offset + LOCAL_SIZE + name_length + extra_length, min(entry.packed_size or limit, limit))
    if entry.method == STORED:
        return content
    return _inflate(content, limit) if entry.method == DEFLATED else b""


def member_window(window: Window, entry: Entry) -> Window | None:
    """A stored entry as a file of its own."""
    header = window.at(entry.offset, LOCAL_SIZE)
    if entry.method != STORED or len(header) < LOCAL_SIZE or not header.startswith(LOCAL):
        return None
    *_, name_length, extra_length = LOCAL_FIELDS.unpack(header)
    start, size = entry.offset + LOCAL_SIZE + name_length + extra_length, entry.packed_size
    return Window(
        window.at(start, min(size, PIECE)),
        size,
        lambda offset, length: window.at(start + offset, min(length, size - offset)),
    )


def _inflate(packed: bytes, limit: int) -> bytes:
    with suppress(zlib.error):
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit)
    return b""


def find_directory(window: Window) -> tuple[int, int] | None:
    """Its offset in the file, and what to add to the offsets in it."""
    tail = window.tail(END_SIZE)
    tail_start = window.size - len(tail)
    if not tail.startswith(END):
        tail = window.tail(END_SIZE + MAX_COMMENT)
        tail_start = window.size - len(tail)
    position = len(tail)
    for _ in range(16):
        position = tail.rfind(END, 0, position)
        if position < 0:
            return None
        if place := _check_end(window, tail_start + position, tail[position : position + END_SIZE]):
            return place
    return None


def _check_end(window: Window, position: int, record: bytes) -> tuple[int, int] | None:
    """The directory that an end record at ``position`` points to, if it is there."""
    if len(record) < END_SIZE:
        return None
    size, offset, comment_length = struct.unpack("<IIH", record[12:])
    if comment_length > window.size - position - END_SIZE:
        return None
    end = position
    if IN_EXTRA_FIELD in (size, offset) and (directory_64 := _zip64_directory(window, position)):
        end, size, offset = directory_64
    # Directly before the end record; the offset itself is wrong if something was put before the archive.
    start = end - size
    if start >= 0 and (not size or window.at(start, 4) == CENTRAL):
        return start, start - offset
    return (offset, 0) if window.at(offset, 4) == CENTRAL else None


def _zip64_directory(window: Window, end: int) -> tuple[int, int, int] | None:
    """Position of the ZIP64 end record, size and offset of the directory."""
    locator = window.at(end - 20, 20)
    if not locator.startswith(LOCATOR_64):
        return None
    position = int.from_bytes(locator[8:16], "little")
    record = window.at(position, 56)
    if len(record) < 56 or not record.startswith(END_64):
        return None
    size, offset = struct.unpack("<QQ", record[40:56])
    return position, size, offset


def _central_entries(window: Window, start: int, shift: int) -> Entries:
    entries: dict[bytes, Entry] = {}
    piece, piece_start, position = b"", start, 0
    names_left = MAX_NAMES
    for _ in range(MAX_ENTRIES):
        if position + CENTRAL_SIZE + 0x400 > len(piece) and piece_start + len(piece) < window.size:
            piece_start += position
            piece, position = window.at(piece_start, min(PIECE, window.size - piece_start)), 0
        if len(piece) - position < CENTRAL_SIZE:
            break
        fields = CENTRAL_FIELDS.unpack_from(piece, position)
        signature, flags, method, packed_size, size, name, extra, comment, offset = fields
        names_left -= name + extra
        if signature != CENTRAL or names_left < 0:
            break
        position += CENTRAL_SIZE
        if IN_EXTRA_FIELD in (packed_size, offset):
            extra_field = piece[position + name : position + name + extra]
            packed_size, offset = _zip64_fields(extra_field, size, packed_size, offset)
        plain_name = _plain_name(piece[position : position + name])
        entries[plain_name] = Entry(method, packed_size, offset + shift, flags)
        position += name + extra + comment
    return entries


def _zip64_fields(extra_field: bytes, size: int, packed_size: int, offset: int) -> tuple[int, int]:
    """Packed size and offset, if the ZIP64 field has them: only those that did not fit (section 4.5.3)."""
    position = 0
    while position + 4 <= len(extra_field):
        tag, length = struct.unpack_from("<HH", extra_field, position)
        if tag == 1:
            values = iter(struct.unpack_from(f"<{length // 8}Q", extra_field[position + 4 :].ljust(length, b"\0")))
            if size == IN_EXTRA_FIELD:
                next(values, 0)
            packed_size = next(values, 0) if packed_size == IN_EXTRA_FIELD else packed_size
            offset = next(values, 0) if offset == IN_EXTRA_FIELD else offset
            break
        position += 4 + length
    return packed_size, offset


def _local_entries(window: Window) -> Entries:
    entries: dict[bytes, Entry] = {}
    position = 4 if window.head[4:8] == LOCAL else 0
    names_left = MAX_NAMES
    for _ in range(MAX_ENTRIES // 8):
        header = window.at(position, LOCAL_SIZE)
        if len(header) < LOCAL_SIZE or not header.startswith(LOCAL):
            break
        _, flags, method, packed_size, name, extra = LOCAL_FIELDS.unpack(header)
        names_left -= name
        if names_left < 0:
            break
        entries[_plain_name(window.at(position + LOCAL_SIZE, name))] = Entry(method, packed_size, position, flags)
        content = position + LOCAL_SIZE + name + extra
        if flags & SIZES_FOLLOW and not packed_size:
            position = _end_of_deflated(window, content)
        else:
            position = content + packed_size
    return entries


def _end_of_deflated(window: Window, start: int) -> int:
    """Where the entry after a deflated one of unknown size begins; an offset of nothing if that is too far."""
    packed = window.at(start, PIECE)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    with suppress(zlib.error):
        inflater.decompress(packed, 4 * PIECE)
        if inflater.eof:
            end = start + len(packed) - len(inflater.unused_data)
            return end + (16 if window.at(end, 4) == DESCRIPTOR else 12)
    return window.size


def _plain_name(name: bytes) -> bytes:
    """Some programs of Windows write backslashes, and some write names in another case."""
    return name.lower().replace(b"\\", b"/")
