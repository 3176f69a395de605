"""GIF. One that lacks its end is shown as far as it goes, as in browsers."""

from __future__ import annotations

import os
from typing import BinaryIO

from picasso.process.processors.image import libvips
from picasso.process.processors.image.picture import Picture

# GIF89a, sections 17 and following.
HEADER_SIZE, IMAGE_SIZE = 13, 10
TRAILER, IMAGE, EXTENSION = 0x3B, 0x2C, 0x21

# At 255 bytes each, enough for 256 megabytes.
MAX_BLOCKS = 1_000_000
TAIL = 64


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    return libvips.open_picture(libvips.source_from_file(file), max_pixels, is_complete(file))


def is_complete(file: BinaryIO) -> bool:
    """Whether the trailer is there: at the end, where it is expected, or else after the last block."""
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - TAIL))
    return file.read(TAIL).rstrip(b"\0\r\n").endswith(b"\0;") or _blocks_end_with_trailer(file)


def _blocks_end_with_trailer(file: BinaryIO) -> bool:
    file.seek(0)
    head = file.read(HEADER_SIZE)
    if len(head) < HEADER_SIZE:
        return False
    file.seek(_colours(head[10]), os.SEEK_CUR)
    for _ in range(MAX_BLOCKS):
        kind = file.read(1)
        if kind == bytes([EXTENSION]):
            file.seek(1, os.SEEK_CUR)
        elif kind == bytes([IMAGE]):
            place = file.read(IMAGE_SIZE - 1)
            file.seek(_colours(place[-1] if place else 0) + 1, os.SEEK_CUR)
        else:
            return kind == bytes([TRAILER])
        _skip_sub_blocks(file)
    return True


def _colours(flags: int) -> int:
    """Bytes of a palette."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_sub_blocks(file: BinaryIO) -> None:
    for _ in range(MAX_BLOCKS):
        length = file.read(1)
        if not length or length == b"\0":
            return
        file.seek(length[0], os.SEEK_CUR)
