"""The entries of a ZIP (APPNOTE.TXT 6.3.10), from its central directory, and the content of one."""

from __future__ import annotations

import re
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from picasso.charset import escape, escape_doubtful
from picasso.process.contract import ProcessorError
from picasso.process.processors.archive.summary import NESTED, Kind, corrupt

END_RECORD = struct.Struct("<4s4H2LH")
END64_RECORD = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")
DIRECTORY_HEADER = struct.Struct("<4s4B4HL2L5H2L")
LOCAL_HEADER = struct.Struct("<4s5HL2L2H")

SIGNATURE = re.compile(rb"PK\x05\x06")

IN_ZIP64 = 0xFFFFFFFF

# Of the flags (APPNOTE.TXT, section 4.4.4).
ENCRYPTED, UTF8 = 1, 1 << 11

STORED, DEFLATED = 0, 8

# Kinds of extra fields.
ZIP64, UNICODE_PATH = 0x0001, 0x7075

# The end record may have a comment of this length.
MAX_TAIL = END_RECORD.size + LOCATOR.size + 0xFFFF


@dataclass(frozen=True, slots=True)
class Directory:
    start: int
    size: int
    entries: int
    prefix_size: int
    """Bytes before the archive in its file, for example the program of a self-extracting archive."""


@dataclass(frozen=True, slots=True)
class Header:
    name: str
    made_on: int
    flags: int
    method: int
    time: int
    date: int
    packed: int
    size: int
    attributes: int
    offset: int

    @property
    def kind(self) -> Kind:
        if self.name.endswith("/"):
            return "folder"
        if self.made_on in {3, 19} and stat.S_ISLNK(self.attributes >> 16):  # Unix, macOS
            return "link"
        return "file"


def find_directory(file: BinaryIO, size: int) -> Directory:
    """The position of the directory. Raises `ProcessorError`."""
    start = max(0, size - MAX_TAIL)
    file.seek(start)
    tail = file.read(MAX_TAIL)
    position = find_end(tail)
    if position is None:
        raise corrupt()
    _, disk, first_disk, _, entries, length, offset, _ = END_RECORD.unpack_from(tail, position)
    end = start + position
    if position >= LOCATOR.size and tail[position - LOCATOR.size :].startswith(b"PK\x06\x07"):
        _, _, offset64, _ = LOCATOR.unpack_from(tail, position - LOCATOR.size)
        end, disk, first_disk, entries, length, offset = _end64(file, offset64, end - LOCATOR.size)
    if disk or first_disk:
        raise ProcessorError("unsupported-format", "This archive is one part of several.")
    if length > end:
        raise corrupt()
    return Directory(end - length, length, entries, end - length - offset)


def find_end(tail: bytes) -> int | None:
    """The position of the end record: the last one whose comment reaches to the end of the file, since a comment may
    contain anything. Otherwise the last one, since other data may follow the archive.
    """
    places = [match.start() for match in SIGNATURE.finditer(tail) if len(tail) - match.start() >= END_RECORD.size]
    exact = (
        position
        for position in reversed(places)
        if END_RECORD.unpack_from(tail, position)[-1] == len(tail) - position - END_RECORD.size
    )
    return next(exact, places[-1] if places else None)


def _end64(file: BinaryIO, offset64: int, locator: int) -> tuple[int, int, int, int, int, int]:
    for position in (offset64, locator - END64_RECORD.size):  # the second one if the archive has bytes before it
        if 0 <= position <= locator - END64_RECORD.size:
            file.seek(position)
            record = END64_RECORD.unpack(file.read(END64_RECORD.size))
            if record[0] == b"PK\x06\x06":
                return position, record[4], record[5], record[7], record[8], record[9]
    raise corrupt()


def headers(file: BinaryIO, directory: Directory) -> Iterator[Header]:
    """The entries of the directory, as far as they can be read."""
    file.seek(directory.start)
    remaining = directory.size
    while remaining >= DIRECTORY_HEADER.size:
        fixed = file.read(DIRECTORY_HEADER.size)
        if len(fixed) < DIRECTORY_HEADER.size or not fixed.startswith(b"PK\x01\x02"):
            return
        (
            _,
            _,
            made_on,
            _,
            _,
            flags,
            method,
            time,
            date,
            _,
            packed,
            size,
            name,
            extra,
            comment,
            _,
            _,
            attributes,
            at,
        ) = DIRECTORY_HEADER.unpack(fixed)
        rest = file.read(name + extra + comment)
        remaining -= DIRECTORY_HEADER.size + len(rest)
        if len(rest) < name + extra + comment:
            return
        size, packed, at = _zip64_values(rest[name : name + extra], size, packed, at)
        text = decode_name(rest[:name], rest[name : name + extra], flags)
        yield Header(text, made_on, flags, method, time, date, packed, size, attributes, at)


def _zip64_values(extra: bytes, *values: int) -> tuple[int, ...]:
    """The values, with those that need more than 32 bits from the ZIP64 field."""
    for kind, content in extra_fields(extra):
        if kind == ZIP64:
            numbers = iter(struct.unpack_from(f"<{len(content) // 8}Q", content))
            return tuple(next(numbers, value) if value == IN_ZIP64 else value for value in values)
    return values


def decode_name(name: bytes, extra: bytes, flags: int) -> str:
    """Escaped if it is not UTF-8, which many programs write without the flag for it. See `names`."""
    other = _unicode_path(name, extra)
    return escape(other or name) if other or flags & UTF8 else escape_doubtful(name)


def _unicode_path(name: bytes, extra: bytes) -> bytes | None:
    """The name in UTF-8 that stands beside one in another encoding (APPNOTE.TXT, section 4.6.9).

    It belongs to the other name if their checksum says so: programs may change the one and keep the other.
    """
    for kind, content in extra_fields(extra):
        if kind == UNICODE_PATH and len(content) > 5 and content[:1] == b"\1":
            return content[5:] if int.from_bytes(content[1:5], "little") == zlib.crc32(name) else None
    return None


def extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content. Damage ends them."""
    position = 0
    while len(extra) - position >= 4:
        kind, length = struct.unpack_from("<2H", extra, position)
        yield kind, extra[position + 4 : position + 4 + length]
        position += 4 + length


def may_be_archive(header: Header) -> bool:
    """By its name."""
    return header.kind == "file" and NESTED.search(header.name) is not None


def content(file: BinaryIO, header: Header, prefix_size: int, limit: int) -> bytes:
    """The beginning of an entry's content, at most ``limit`` bytes; empty if it can't be read."""
    if header.flags & ENCRYPTED or not 0 <= header.offset + prefix_size < 2**63:
        return b""
    file.seek(header.offset + prefix_size)
    fixed = file.read(LOCAL_HEADER.size)
    if len(fixed) < LOCAL_HEADER.size or not fixed.startswith(b"PK\x03\x04"):
        return b""
    *_, name, extra = LOCAL_HEADER.unpack(fixed)
    file.seek(name + extra, 1)
    packed = file.read(min(header.packed, limit))
    if header.method == DEFLATED:
        with suppress(zlib.error):
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit)
    return packed if header.method == STORED else b""
