"""TIFF 6.0 and the raw files of cameras, most of which are TIFFs, by the tags of the first directories.

A camera's maker alone does not make a raw file: its programs write ordinary TIFFs too. A raw file has a directory of
samples behind a colour filter, or its first picture is a small one and the real one is in a directory below.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from picasso.detection.window import Window

TIFF = "image/tiff"

SUBFILE_TYPE, COMPRESSION, PHOTOMETRIC, MAKE, MODEL, SUB_IFDS, DNG_VERSION = 254, 259, 262, 271, 272, 330, 50706

KODAK_IFD = 65024
"""Of the raw files of Kodak's cameras alone."""

REDUCED = 1
COLOUR_FILTER, LINEAR_RAW = 32803, 34892
# Sony, Epson, Samsung, Nikon, Kodak, Pentax.
CAMERA_COMPRESSIONS = frozenset((32767, 32769, 32770, 34713, 65000, 65535))

# A file's first four bytes: raw files that are TIFFs in all but these.
BY_START = {b"IIRO": "image/x-olympus-orf", b"IIRS": "image/x-olympus-orf", b"MMOR": "image/x-olympus-orf"}
STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"IIU\0", *BY_START)

BY_MAKER = (
    (b"NIKON", "image/x-nikon-nef"),
    (b"SONY", "image/x-sony-arw"),
    (b"PENTAX", "image/x-pentax-pef"),
    (b"RICOH", "image/x-pentax-pef"),
    (b"SAMSUNG", "image/x-samsung-srw"),
    (b"HASSELBLAD", "image/x-hasselblad-3fr"),
    (b"IMACON", "image/x-hasselblad-fff"),
    (b"SEIKO EPSON", "image/x-epson-erf"),
    (b"MAMIYA", "image/x-mamiya-mef"),
    (b"LEAF", "image/x-leaf-mos"),
    (b"PHASE ONE", "image/x-phaseone-iiq"),
    (b"OLYMPUS", "image/x-olympus-orf"),
)
KODAK = (b"KODAK", b"EASTMAN KODAK")

MAX_TAGS = 256
MAX_DIRECTORIES = 8

Order = Literal["<", ">"]


@dataclass(frozen=True, slots=True)
class Directory:
    order: Order
    tags: Mapping[int, tuple[int, int, bytes]]
    """Field type, number of values, and the four bytes of the value or of its offset."""
    following: int

    def number(self, tag: int) -> int:
        """The first value, or -1."""
        if tag not in self.tags:
            return -1
        kind, count, value = self.tags[tag]
        if kind == 3 and count <= 2:
            return int(struct.unpack(self.order + "H", value[:2])[0])
        return int(struct.unpack(self.order + "I", value)[0])


def detect_tiff(window: Window) -> str | None:
    head = window.head
    start = head[:4]
    if start == b"IIU\0":
        return "image/x-panasonic-raw" if head[4:5] == b"\x08" else "image/x-panasonic-rw2"
    if start in BY_START:
        return BY_START[start]
    if b"+" in start:
        return TIFF  # BigTIFF: no camera writes it
    if head[8:11] == b"CR\x02":
        return "image/x-canon-cr2"
    if head[8:12] in {b"IIII", b"MMMM"} and head[13:16] in {b"waR", b"Raw"}:
        return "image/x-phaseone-iiq"
    return _by_directories(window, "<" if start == b"II*\0" else ">")


def _by_directories(window: Window, order: Order) -> str:
    first = _directory(window, order, int(struct.unpack(order + "I", window.at(4, 4).ljust(4, b"\0"))[0]))
    if first is None:
        return TIFF
    if DNG_VERSION in first.tags:
        return "image/x-adobe-dng"
    maker = _text(window, first, MAKE).upper()
    return (_raw_type(maker, _text(window, first, MODEL).upper()) if maker and _is_raw(window, first) else None) or TIFF


def _raw_type(maker: bytes, model: bytes) -> str | None:
    if maker.startswith(KODAK):
        return "image/x-kodak-dcr" if b"DCS" in model else "image/x-kodak-kdc"
    return next((media_type for name, media_type in BY_MAKER if maker.startswith(name)), None)


def _is_raw(window: Window, first: Directory) -> bool:
    if KODAK_IFD in first.tags or (first.number(SUBFILE_TYPE) == REDUCED and SUB_IFDS in first.tags):
        return True
    return any(
        each.number(PHOTOMETRIC) in {COLOUR_FILTER, LINEAR_RAW} or each.number(COMPRESSION) in CAMERA_COMPRESSIONS
        for each in (first, *_others(window, first))
    )


def _others(window: Window, first: Directory) -> Iterator[Directory]:
    """The directories below the first one, and those that follow it."""
    for offset in _sub_directories(window, first):
        if found := _directory(window, first.order, offset):
            yield found
    following = first
    for _ in range(MAX_DIRECTORIES):
        found = _directory(window, first.order, following.following)
        if found is None:
            return
        yield found
        following = found


def _sub_directories(window: Window, first: Directory) -> tuple[int, ...]:
    if SUB_IFDS not in first.tags:
        return ()
    _, count, value = first.tags[SUB_IFDS]
    count = min(count, MAX_DIRECTORIES)
    if count > 1:
        value = window.at(int(struct.unpack(first.order + "I", value)[0]), 4 * count)
    return struct.unpack(f"{first.order}{len(value) // 4}I", value[: len(value) // 4 * 4])


def _directory(window: Window, order: Order, offset: int) -> Directory | None:
    if offset < 8:
        return None
    start = window.at(offset, 2)
    count = min(int(struct.unpack(order + "H", start)[0]), MAX_TAGS) if len(start) == 2 else 0
    data = window.at(offset + 2, 12 * count + 4)
    if not count or len(data) < 12 * count:
        return None
    fields = struct.Struct(order + "HHI4s")
    tags = {tag: (kind, number, value) for tag, kind, number, value in fields.iter_unpack(data[: 12 * count])}
    following = data[12 * count :].ljust(4, b"\0")
    return Directory(order, tags, int(struct.unpack(order + "I", following)[0]))


def _text(window: Window, directory: Directory, tag: int) -> bytes:
    if tag not in directory.tags:
        return b""
    kind, count, value = directory.tags[tag]
    if kind != 2:
        return b""
    if count <= 4:
        return value[:count]
    return window.at(int(struct.unpack(directory.order + "I", value)[0]), min(count, 64))
