"""JPEG. One that lacks its end is shown as far as it goes, as in browsers."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from picasso.process.processors.image import libvips
from picasso.process.processors.image.errors import corrupt
from picasso.process.processors.image.limits import BYTES_PER_PIXEL, SHRINKING
from picasso.process.processors.image.picture import Picture

# Markers of ITU-T T.81, table B.1. Those before the pixels have a length, except these.
START_OF_SCAN, END = 0xDA, b"\xff\xd9"
WITHOUT_LENGTH = {0x00, 0x01, *range(0xD0, 0xDA)}
PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}

# The head of a frame with four components: marker, length, bits, height, width, number, and three bytes for each.
FRAME_SIZE = 10 + 4 * 3

MAX_SEGMENTS = 10_000
PIECE = 2**20


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    head = read_head(file)
    complete = is_complete(file, head.size)
    return libvips.open_picture(libvips.source_from_file(file), max_pixels, complete, head.weight)


def is_complete(file: BinaryIO, start: int) -> bool:
    """Whether the end marker follows the pixels, which begin at ``start``."""
    end = os.fstat(file.fileno()).st_size
    while end > start:  # from the end, where it is expected; one byte more than a piece, since it has two
        begin = max(start, end - PIECE)
        file.seek(begin)
        if END in file.read(end - begin + 1):
            return True
        end = begin
    return False


@dataclass(frozen=True, slots=True)
class Head:
    size: int
    """Bytes before the pixels."""
    weight: float
    """The cost of a pixel, see `limits`."""


def read_head(file: BinaryIO) -> Head:
    """Up to the first scan. Raises `ProcessorError` for a file without pixels."""
    position, weight = 2, SHRINKING
    for _ in range(MAX_SEGMENTS):
        file.seek(position)
        head = file.read(FRAME_SIZE)
        if len(head) < 5:
            break
        if head[0] != 0xFF or head[1] == 0xFF or head[1] in WITHOUT_LENGTH:
            position += 1  # padding, or bytes that belong nowhere, which decoders skip as well
            continue
        position += 2 + int(struct.unpack_from(">H", head, 2)[0])
        if head[1] in PROGRESSIVE:
            weight = max(SHRINKING, 2 * _samples(head) / BYTES_PER_PIXEL)
        if head[1] == START_OF_SCAN and position < os.fstat(file.fileno()).st_size:
            return Head(position, weight)
    raise corrupt()


def _samples(frame: bytes) -> float:
    """How many samples there are for each pixel: 1.5 for 4:2:0. Each is kept in two bytes until the last scan."""
    if len(frame) < FRAME_SIZE:
        return 1.0
    factors = [(frame[place] >> 4) * (frame[place] & 15) for place in range(11, len(frame), 3)][: frame[9]]
    return sum(factors) / max(1, *factors) if len(factors) > 1 else 1.0
