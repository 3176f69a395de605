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

from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.processors.archive.summary import Entry, Kind, Tally, corrupt

END = struct.Struct("<4s4H2LH")
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")
HEADER = struct.Struct("<4s4B4HL2L5H2L")
LOCAL = struct.Struct("<4s5HL2L2H")

SIGNATURE = re.compile(rb"PK\x05\x06")

FULL = 0xFFFFFFFF

# The end's comment may be as long.
TAIL = END.size + LOCATOR.size + 0xFFFF

# Where links lead is in their content, of which this much is looked at, in as many entries.
MAX_TARGET = 4_096
MAX_LINKS = 1_000


@dataclass(frozen=True, slots=True)
class Directory:
    start: int
    size: int
    entries: int
    shift: int
    """How many bytes stand before the archive in its file: it may unpack itself."""


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
    tally = Tally("zip", source.path.stat().st_size)
    links = 0
    with source.path.open("rb") as file, source.path.open("rb") as contents:
        directory = found(file, tally.archive_size)
        for header in headers(file, directory):
            links += header.kind == "link"
            look = header.kind == "link" and links <= MAX_LINKS
            target = _target(contents, header, directory.shift) if look else ""
            if not tally.add(_entry(header, target)):
                break
            tally.extents.append(min(header.offset, 2**63))
            tally.extents.append(min(LOCAL.size + header.packed, 2**63))
    if tally.entries < directory.entries and not tally.incomplete:
        tally.incomplete = "damaged"
    tally.overlap = overlapping(tally)
    return tally.result(folder)


def found(file: BinaryIO, size: int) -> Directory:
    """Where the directory is. Raises `ProcessorError`."""
    start = max(0, size - TAIL)
    file.seek(start)
    tail = file.read(TAIL)
    place = end_of(tail)
    if place is None:
        raise corrupt()
    _, disk, first_disk, _, entries, length, offset, _ = END.unpack_from(tail, place)
    end = start + place
    if place >= LOCATOR.size and tail[place - LOCATOR.size :].startswith(b"PK\x06\x07"):
        _, _, where, _ = LOCATOR.unpack_from(tail, place - LOCATOR.size)
        end, disk, first_disk, entries, length, offset = _end64(file, where, end - LOCATOR.size)
    if disk or first_disk:
        raise ProcessorError("unsupported-format", "This archive is one part of several.")
    if length > end:
        raise corrupt()
    return Directory(end - length, length, entries, end - length - offset)


def end_of(tail: bytes) -> int | None:
    """Where the end is: the last one whose comment reaches to the end of the file, for a comment may hold whatever
    looks like one; failing that the last, for something may follow the archive."""
    places = [found.start() for found in SIGNATURE.finditer(tail) if len(tail) - found.start() >= END.size]
    exact = (place for place in reversed(places) if END.unpack_from(tail, place)[-1] == len(tail) - place - END.size)
    return next(exact, places[-1] if places else None)


def _end64(file: BinaryIO, where: int, locator: int) -> tuple[int, int, int, int, int, int]:
    for place in (where, locator - END64.size):  # the latter where something stands before the archive
        if 0 <= place <= locator - END64.size:
            file.seek(place)
            record = END64.unpack(file.read(END64.size))
            if record[0] == b"PK\x06\x06":
                return place, record[4], record[5], record[7], record[8], record[9]
    raise corrupt()


def headers(file: BinaryIO, directory: Directory) -> Iterator[Header]:
    """What the directory says, as far as it can be read."""
    file.seek(directory.start)
    room = directory.size
    while room >= HEADER.size:
        fixed = file.read(HEADER.size)
        if len(fixed) < HEADER.size or not fixed.startswith(b"PK\x01\x02"):
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
        ) = HEADER.unpack(fixed)
        rest = file.read(name + extra + comment)
        room -= HEADER.size + len(rest)
        if len(rest) < name + extra + comment:
            return
        size, packed, at = _wide(rest[name : name + extra], size, packed, at)
        text = named(rest[:name], utf8=bool(flags & 0x800))
        yield Header(text, made_on, flags, method, time, date, packed, size, attributes, at)


def _wide(extra: bytes, *values: int) -> tuple[int, ...]:
    """With those that were too great for 32 bits."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        if kind == 1:
            numbers = iter(struct.unpack_from(f"<{min(length, len(extra) - 4) // 8}Q", extra, 4))
            return tuple(next(numbers, value) if value == FULL else value for value in values)
        extra = extra[4 + length :]
    return values


def named(name: bytes, *, utf8: bool) -> str:
    """Many write UTF-8 without saying so, and what is valid as UTF-8 was hardly meant as anything else."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode(errors="replace") if utf8 else name.decode("cp437")


def _entry(header: Header, target: str) -> Entry:
    encrypted = bool(header.flags & 1)
    return Entry(header.name, header.kind, header.size, header.packed, _modified(header), encrypted, target)


def _modified(header: Header) -> str | None:
    """Local time of wherever it was made: a ZIP has no time zones."""
    date, time = header.date, header.time
    year, month, day = 1980 + (date >> 9), date >> 5 & 15, date & 31
    hour, minute, second = time >> 11, time >> 5 & 63, time % 32 * 2
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60):
        return None
    return f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"


def _target(file: BinaryIO, header: Header, shift: int) -> str:
    if header.flags & 1 or not 0 <= header.offset + shift < 2**63:
        return ""
    file.seek(header.offset + shift)
    fixed = file.read(LOCAL.size)
    if len(fixed) < LOCAL.size or not fixed.startswith(b"PK\x03\x04"):
        return ""
    *_, name, extra = LOCAL.unpack(fixed)
    file.seek(name + extra, 1)
    content = file.read(min(header.packed, MAX_TARGET))
    if header.method == 8:
        with suppress(zlib.error):
            return named(zlib.decompressobj(-15).decompress(content, MAX_TARGET), utf8=True)
    return named(content, utf8=True) if header.method == 0 else ""


def overlapping(tally: Tally) -> bool:
    """Whether entries share bytes of the archive, as those of a bomb do that is not nested."""
    extents = sorted(zip(tally.extents[::2], tally.extents[1::2], strict=True))
    return any(start + length > after for (start, length), (after, _) in itertools.pairwise(extents))
