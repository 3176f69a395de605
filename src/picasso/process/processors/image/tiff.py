"""What libvips does not tell of a TIFF: its EXIF, and whether it is a camera's raw file.

A directory is read entry by entry, each of twelve bytes, and only what is asked for; nothing is followed twice.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from picasso.process.processors.image.metadata import carrying
from picasso.process.processors.image.picture import Picture, blob

# Bytes of one value of each type, TIFF 6.0 section 2.
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
MAX_ENTRIES = 1_000
MAX_VALUE = 4_096

SUBFILE_TYPE, COMPRESSION, MAKE, SUB_IFDS, EXIF_IFD, GPS_IFD, DNG_VERSION = 254, 259, 271, 330, 34665, 34853, 50706
REDUCED = 1

# Nikon's, Sony's, Pentax's and Kodak's own.
CAMERA_COMPRESSIONS = {34713, 32767, 65535, 65000}

# Description, make, model, orientation, software, date, artist, copyright.
DESCRIBING = {270, 271, 272, 274, 305, 306, 315, 33432}


@dataclass(frozen=True, slots=True)
class Entry:
    kind: int
    count: int
    value: bytes

    def number(self, order: str) -> int:
        form = {3: "H", 4: "I", 13: "I"}.get(self.kind, "")
        return int(struct.unpack_from(order + form, self.value)[0]) if form and self.count else 0


Directory = Mapping[int, Entry]


class Reader:
    """Raises `ValueError` for what is no TIFF, and reads what is broken as empty."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        head = self._at(0, 8)
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        if not self.order or len(head) < 8:
            raise ValueError("no TIFF")
        self.first = self.directory(struct.unpack_from(f"{self.order}I", head, 4)[0])

    def _at(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(length)

    def directory(self, offset: int) -> Directory:
        count = self._at(offset, 2)
        if len(count) < 2:
            return {}
        number = min(MAX_ENTRIES, struct.unpack(f"{self.order}H", count)[0])
        table = self._at(offset + 2, number * 12)
        return dict(self._entry(table[place : place + 12]) for place in range(0, len(table) - 11, 12))

    def _entry(self, line: bytes) -> tuple[int, Entry]:
        tag, kind, count = struct.unpack_from(f"{self.order}HHI", line)
        length = SIZES.get(kind, 4) * count
        if length <= 4:
            return tag, Entry(kind, count, line[8 : 8 + length].ljust(4, b"\0"))
        if length > MAX_VALUE:
            return tag, Entry(kind, 0, b"")
        return tag, Entry(kind, count, self._at(struct.unpack_from(f"{self.order}I", line, 8)[0], length))

    def below(self, tag: int) -> Directory:
        """The directory that an entry of the first one points to."""
        entry = self.first.get(tag)
        return self.directory(entry.number(self.order)) if entry else {}


def is_raw(file: BinaryIO) -> bool:
    """DNG says so; of the others, the first picture is a small one and the real one lies below, or is encoded in a way
    that only cameras use."""
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
    """The EXIF of a TIFF, put together as it lies in a JPEG. Empty if there is none."""
    try:
        reader = Reader(file)
    except ValueError:
        return b""
    described = {tag: entry for tag, entry in reader.first.items() if tag in DESCRIBING}
    return written(reader.order, described, reader.below(EXIF_IFD), reader.below(GPS_IFD))


def written(order: str, first: Directory, exif: Directory, gps: Directory) -> bytes:
    """A small TIFF of these directories, one after the other."""
    below = [(EXIF_IFD, exif), (GPS_IFD, gps)]
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8)
    start = 8 + len(_packed(order, {**first, **{tag: Entry(4, 1, bytes(4)) for tag, part in below if part}}, 8))
    pointers, parts = {}, []
    for tag, part in below:
        if part:
            pointers[tag] = Entry(4, 1, struct.pack(f"{order}I", start))
            parts.append(_packed(order, part, start))
            start += len(parts[-1])
    return b"".join([head, _packed(order, {**first, **pointers}, 8), *parts]) if first or parts else b""


def _packed(order: str, directory: Directory, start: int) -> bytes:
    """A directory that lies at ``start``, followed by its longer values."""
    kept = {tag: entry for tag, entry in sorted(directory.items()) if entry.count and entry.kind in SIZES}
    lines, values = [], bytearray()
    after = start + 2 + 12 * len(kept) + 4
    for tag, entry in kept.items():
        line = struct.pack(f"{order}HHI", tag, entry.kind, entry.count)
        if len(entry.value) > 4:
            lines.append(line + struct.pack(f"{order}I", after + len(values)))
            values += entry.value + bytes(len(entry.value) % 2)
        else:
            lines.append(line + entry.value.ljust(4, b"\0"))
    return b"".join([struct.pack(f"{order}H", len(kept)), *lines, bytes(4), values])


def with_exif(picture: Picture, file: BinaryIO) -> Picture:
    """libvips reads no more of a TIFF's tags than XMP, IPTC and the profile."""
    if not (exif := exif_of(file)):
        return picture
    fields = {name: blob(picture.tags, f"{name}-data") for name in ("xmp", "iptc")}
    icc = blob(picture.tags, "icc-profile-data")
    return replace(picture, tags=carrying(exif, icc=icc, **fields), dpi=picture.dpi)
