"""JPEG. One that lacks its end is shown as far as it goes, as in browsers."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from picasso.process.processors.image import libvips
from picasso.process.processors.image.errors import corrupt
from picasso.process.processors.image.picture import Picture

# Markers of ITU-T T.81, table B.1. Those before the pixels have a length, except these.
START_OF_SCAN, END = 0xDA, b"\xff\xd9"
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}

MAX_SEGMENTS = 10_000
PIECE = 2**20


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    complete = is_complete(file)
    return libvips.open_picture(libvips.source_from_file(file), max_pixels, complete)


def is_complete(file: BinaryIO) -> bool:
    """Whether the end marker follows the pixels. Raises `ProcessorError` for a file without pixels."""
    size = os.fstat(file.fileno()).st_size
    start = _start_of_pixels(file)
    if start is None or start >= size:
        raise corrupt()
    end = size
    while end > start:  # from the end, where it is expected; one byte more than a piece, since it has two
        begin = max(start, end - PIECE)
        file.seek(begin)
        if END in file.read(end - begin + 1):
            return True
        end = begin
    return False


def _start_of_pixels(file: BinaryIO) -> int | None:
    """The offset after the head of the first scan. None if there is none."""
    position = 2
    for _ in range(MAX_SEGMENTS):
        file.seek(position)
        head = file.read(4)
        if len(head) < 4:
            return None
        if head[0] != 0xFF or head[1] in {0x00, 0xFF} or head[1] in WITHOUT_LENGTH:
            position += 1 if head[0] != 0xFF or head[1] != 0x00 else 2
            continue
        position += 2 + int(struct.unpack_from(">H", head, 2)[0])
        if head[1] == START_OF_SCAN:
            return position
    return None
