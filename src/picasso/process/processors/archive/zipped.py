"""ZIP, from its central directory."""

from __future__ import annotations

import itertools
import re
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from picasso.charset import escape, escape_doubtful
from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.processors.archive.summary import Entry, Kind, Summary, corrupt

END_RECORD = struct.Struct("<4s4H2LH")
END64_RECORD = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")
DIRECTORY_HEADER = struct.Struct("<4s4B4HL2L5H2L")
LOCAL_HEADER = struct.Struct("<4s5HL2L2H")

SIGNATURE = re.compile(rb"PK\x05\x06")

IN_ZIP64 = 0xFFFFFFFF

# Of the flags (APPNOTE.TXT, section 4.4.4).
UTF8 = 1 << 11

# Kinds of extra fields.
ZIP64, UNICODE_PATH = 0x0001, 0x7075

# The end record may have a comment of this length.
MAX_TAIL = END_RECORD.size + LOCATOR.size + 0xFFFF

# The target of a link is its content. Only so much of it is read, for so many links.
MAX_TARGET = 4_096
MAX_LINKS = 1_000


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


def read(source: Source, folder: Path) -> Result:
    summary = Summary("zip", source.path.stat().st_size)
    links = 0
    with source.path.open("rb") as file, source.path.open("rb") as contents:
        directory = find_directory(file, summary.archive_size)
        for header in headers(file, directory):
            links += header.kind == "link"
            read_target = header.kind == "link" and links <= MAX_LINKS
            target = _target(contents, header, directory.prefix_size) if read_target else ""
            if not summary.add(_entry(header, target)):
                break
            summary.extents.append(min(header.offset, 2**63))
            summary.extents.append(min(LOCAL_HEADER.size + header.packed, 2**63))
    if summary.entries < directory.entries and not summary.incomplete:
        summary.incomplete = "damaged"
    summary.overlap = has_overlaps(summary)
    return summary.result(folder)


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


def _entry(header: Header, target: str) -> Entry:
    encrypted = bool(header.flags & 1)
    return Entry(header.name, header.kind, header.size, header.packed, _modified(header), encrypted, target)


def _modified(header: Header) -> str | None:
    """Local time, since a ZIP has no time zones; None if it is no valid time."""
    date, time = header.date, header.time
    year, month, day = 1980 + (date >> 9), date >> 5 & 15, date & 31
    hour, minute, second = time >> 11, time >> 5 & 63, time % 32 * 2
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60):
        return None
    return f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"


def _target(file: BinaryIO, header: Header, prefix_size: int) -> str:
    if header.flags & 1 or not 0 <= header.offset + prefix_size < 2**63:
        return ""
    file.seek(header.offset + prefix_size)
    fixed = file.read(LOCAL_HEADER.size)
    if len(fixed) < LOCAL_HEADER.size or not fixed.startswith(b"PK\x03\x04"):
        return ""
    *_, name, extra = LOCAL_HEADER.unpack(fixed)
    file.seek(name + extra, 1)
    content = file.read(min(header.packed, MAX_TARGET))
    if header.method == 8:
        with suppress(zlib.error):
            return escape(zlib.decompressobj(-15).decompress(content, MAX_TARGET))
    return escape(content) if header.method == 0 else ""


def has_overlaps(summary: Summary) -> bool:
    """Whether entries overlap in the archive, as in bombs that are not nested."""
    extents = sorted(zip(summary.extents[::2], summary.extents[1::2], strict=True))
    return any(start + length > next_start for (start, length), (next_start, _) in itertools.pairwise(extents))
