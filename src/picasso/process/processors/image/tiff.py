"""What libvips does not tell about a TIFF: its EXIF, and whether it is a camera's raw file.

Only the directories that are needed are read, and no pointer is followed twice. EXIF in other formats is a TIFF as
well. BigTIFF is the same with wider numbers (Aware Systems, "BigTIFF Design").
"""

from __future__ import annotations

import os
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from picasso.process.processors.image.metadata import image_with_tags
from picasso.process.processors.image.picture import Picture, blob

# Bytes of one value by type, TIFF 6.0 section 2; those of BigTIFF alone.
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
BIG_SIZES = {16: 8, 17: 8, 18: 8}
MAX_ENTRIES = 1_000
MAX_VALUE = 4_096  # bytes

SUBFILE_TYPE, COMPRESSION, MAKE, SUB_IFDS, EXIF_IFD, GPS_IFD, DNG_VERSION = 254, 259, 271, 330, 34665, 34853, 50706
REDUCED = 1

# Used only by the raw files of Nikon, Sony, Pentax and Kodak.
CAMERA_COMPRESSIONS = {34713, 32767, 65535, 65000}

# Tags of the first directory that count as EXIF: description, make, model, orientation, software, date, artist,
# copyright.
DESCRIPTIVE_TAGS = {270, 271, 272, 274, 305, 306, 315, 33432}


@dataclass(frozen=True, slots=True)
class Layout:
    """How wide the numbers are, as formats of `struct`."""

    header_size: int
    offset: str
    number_of_entries: str
    entry: str
    """Tag, type and count; a value or its offset follows."""
    inline: int
    """Bytes of a value that stands in its entry."""

    @property
    def entry_size(self) -> int:
        return struct.calcsize(f"<{self.entry}") + self.inline


CLASSIC, BIG = Layout(8, "I", "H", "HHI", 4), Layout(16, "Q", "Q", "HHQ", 8)


@dataclass(frozen=True, slots=True)
class Entry:
    """The values of one tag. ``count`` is 0 if they can't be read."""

    kind: int
    """The type of the values, see `SIZES`."""
    count: int
    value: bytes

    def number(self, order: str) -> int:
        """The first value of SHORT, LONG, LONG8 or IFD; 0 for other types."""
        return next(iter(self.numbers(order)), 0)

    def numbers(self, order: str) -> tuple[int, ...]:
        """The values of SHORT, LONG, LONG8 or IFD; empty for other types."""
        form = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}.get(self.kind, "")
        return struct.unpack_from(f"{order}{self.count}{form}", self.value) if form else ()

    def fractions(self, order: str) -> list[float]:
        """The values of RATIONAL or SRATIONAL; empty for other types, or if one of them divides by zero."""
        form = {5: "I", 10: "i"}.get(self.kind, "")
        if not form:
            return []
        numbers = struct.unpack(f"{order}{2 * self.count}{form}", self.value[: 8 * self.count])
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        return [over / under for over, under in pairs] if all(under for _, under in pairs) else []


Directory = Mapping[int, Entry]


class Reader:
    """Reads directories of a TIFF. Damaged parts are read as empty; a file that is no TIFF raises `ValueError`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        head = self._read(0, BIG.header_size)
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        if not self.order or len(head) < CLASSIC.header_size:
            raise ValueError("not a TIFF")
        big = head[2:8] == struct.pack(f"{self.order}HHH", 43, 8, 0) and len(head) == BIG.header_size
        self._layout = BIG if big else CLASSIC
        place = self._layout.header_size - struct.calcsize(f"<{self._layout.offset}")
        self.first_offset = self._number(self._layout.offset, head[place:])
        self.first = self.directory(self.first_offset)

    def _number(self, form: str, content: bytes) -> int:
        return int(struct.unpack_from(self.order + form, content)[0])

    def _read(self, offset: int, length: int) -> bytes:
        """Fewer bytes at the end of the file."""
        if offset >= self._size:  # the kernel refuses to seek where no file of this disk can end
            return b""
        self._file.seek(offset)
        return self._file.read(length)

    def directory(self, offset: int) -> Directory:
        return dict(self._entry(line) for line in self._lines(offset)[0])

    def table(self, offset: int, tags: Collection[int], max_value: int = MAX_VALUE) -> tuple[Directory, int]:
        """Only these entries of a directory, and the offset of the next one."""
        lines, following = self._lines(offset)
        wanted = (line for line in lines if self._number("H", line) in tags)
        return dict(self._entry(line, max_value) for line in wanted), following

    def _lines(self, offset: int) -> tuple[list[bytes], int]:
        """The entries of a directory as they are, and the offset of the next one; none and 0 if it is damaged."""
        layout, size = self._layout, self._layout.entry_size
        width = struct.calcsize(f"<{layout.number_of_entries}")
        count = self._read(offset, width)
        if offset < layout.header_size or len(count) < width:
            return [], 0
        number = self._number(layout.number_of_entries, count)
        content = self._read(offset + width, min(MAX_ENTRIES, number) * size + layout.inline)
        entries, following = content[: number * size], content[number * size :]
        lines = [entries[place : place + size] for place in range(0, len(entries) - size + 1, size)]
        return lines, self._number(layout.offset, following) if len(following) == layout.inline else 0

    def _entry(self, line: bytes, max_value: int = MAX_VALUE) -> tuple[int, Entry]:
        layout = self._layout
        tag, kind, count = struct.unpack_from(self.order + layout.entry, line)
        value = line[-layout.inline :]
        length = (SIZES | BIG_SIZES).get(kind, 4) * count
        if length <= layout.inline:
            return tag, Entry(kind, count, value[:length].ljust(4, b"\0"))
        if length > max_value:
            return tag, Entry(kind, 0, b"")
        value = self._read(self._number(layout.offset, value), length)
        return tag, Entry(kind, count, value) if len(value) == length else Entry(kind, 0, b"")

    def directory_at(self, tag: int) -> Directory:
        """The directory that a tag of the first directory points to."""
        entry = self.first.get(tag)
        return self.directory(entry.number(self.order)) if entry else {}


def is_raw(file: BinaryIO) -> bool:
    """Whether a TIFF is a camera's raw file.

    DNG has a tag that says so. In other raw files the first picture is a small one with the real one in a directory
    below, or it is compressed in a way that only cameras use.
    """
    try:
        reader = Reader(file)
    except ValueError:
        return False
    first, order = reader.first, reader.order
    if DNG_VERSION in first:
        return True
    number = {tag: first[tag].number(order) for tag in (SUBFILE_TYPE, COMPRESSION) if tag in first}
    small = number.get(SUBFILE_TYPE) == REDUCED and SUB_IFDS in first
    return MAKE in first and (small or number.get(COMPRESSION) in CAMERA_COMPRESSIONS)


def exif_of(file: BinaryIO) -> bytes:
    """The EXIF of a TIFF in the form that it has in a JPEG. Empty if there is none."""
    try:
        reader = Reader(file)
    except ValueError:
        return b""
    descriptive = {tag: entry for tag, entry in reader.first.items() if tag in DESCRIPTIVE_TAGS}
    return build_exif(reader.order, descriptive, reader.directory_at(EXIF_IFD), reader.directory_at(GPS_IFD))


def build_exif(order: str, first: Directory, exif: Directory, gps: Directory) -> bytes:
    """A small TIFF with these directories, one after the other."""
    subdirectories = [(EXIF_IFD, exif), (GPS_IFD, gps)]
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8)
    start = 8 + len(
        _packed(order, {**first, **{tag: Entry(4, 1, bytes(4)) for tag, part in subdirectories if part}}, 8)
    )
    pointers, parts = {}, []
    for tag, part in subdirectories:
        if part:
            pointers[tag] = Entry(4, 1, struct.pack(f"{order}I", start))
            parts.append(_packed(order, part, start))
            start += len(parts[-1])
    return b"".join([head, _packed(order, {**first, **pointers}, 8), *parts]) if first or parts else b""


def _packed(order: str, directory: Directory, start: int) -> bytes:
    """A directory for the offset ``start``, followed by the values that do not fit into its lines."""
    entries = {tag: entry for tag, entry in sorted(directory.items()) if entry.count and entry.kind in SIZES}
    lines, values = [], bytearray()
    values_start = start + 2 + 12 * len(entries) + 4
    for tag, entry in entries.items():
        line = struct.pack(f"{order}HHI", tag, entry.kind, entry.count)
        if len(entry.value) > 4:
            lines.append(line + struct.pack(f"{order}I", values_start + len(values)))
            values += entry.value + bytes(len(entry.value) % 2)
        else:
            lines.append(line + entry.value.ljust(4, b"\0"))
    return b"".join([struct.pack(f"{order}H", len(entries)), *lines, bytes(4), values])


def with_exif(picture: Picture, file: BinaryIO) -> Picture:
    """The picture with its EXIF among the tags: from a TIFF, libvips reads only XMP, IPTC and the profile."""
    if not (exif := exif_of(file)):
        return picture
    fields = {name: blob(picture.tags, f"{name}-data") for name in ("xmp", "iptc")}
    icc = blob(picture.tags, "icc-profile-data")
    return replace(picture, tags=image_with_tags(exif, icc=icc, **fields), dpi=picture.dpi)
