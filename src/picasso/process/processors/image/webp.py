"""WebP. Of one that lacks its end, the first frame is shown as far as it goes."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

from picasso.process.processors.image import libvips
from picasso.process.processors.image.errors import corrupt
from picasso.process.processors.image.limits import BYTES_PER_PIXEL, SHRINKING, read_all
from picasso.process.processors.image.picture import Picture

# RFC 9649, section 2.3: "RIFF", length, "WEBP"; a frame of an animation has its place before its chunks.
HEADER_SIZE, FRAME_HEAD = 12, 16
MAX_CHUNKS = 10_000
PIXELS = {b"VP8 ", b"VP8L"}

# Four bytes for each pixel, since it is decoded in one piece and then shrunk.
LOSSLESS = 4 / BYTES_PER_PIXEL
# Where the first chunks are.
HEAD = 4_096

# Width and height in the first bytes of the pixels, so less can't be shown.
MIN_PIXELS = 16


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    weight = LOSSLESS if is_lossless(file) else SHRINKING
    if is_complete(file):
        return libvips.open_picture(libvips.source_from_file(file), max_pixels, weight=weight)
    remaining = libvips.source_from_bytes(padded_frame(read_all(file)))
    return libvips.open_picture(remaining, max_pixels, complete=False, weight=weight)


def is_lossless(file: BinaryIO) -> bool:
    """Also true for animations, whose frames are put together at full size."""
    file.seek(HEADER_SIZE)
    head = file.read(HEAD)
    return b"VP8L" in head or b"ANIM" in head


def is_complete(file: BinaryIO) -> bool:
    file.seek(0)
    head = file.read(HEADER_SIZE)
    size = os.fstat(file.fileno()).st_size
    return len(head) == HEADER_SIZE and struct.unpack_from("<I", head, 4)[0] + 8 <= size


def padded_frame(content: bytes) -> bytes:
    """A WebP of the first frame alone. libwebp needs as many bytes as the head states, so zeros follow."""
    for kind, start, length in _chunks(content):
        if kind in PIXELS and len(content) - start >= MIN_PIXELS:
            full = min(length, 2 * len(content) + 2**20)  # the head may state anything
            pixels = content[start : start + full].ljust(full + full % 2, b"\0")
            body = struct.pack("<4sI", kind, full) + pixels
            return struct.pack("<4sI4s", b"RIFF", 4 + len(body), b"WEBP") + body
    raise corrupt()


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and length of each chunk, those in frames included."""
    position = HEADER_SIZE
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(content):
            return
        kind, length = struct.unpack_from("<4sI", content, position)
        position += 8
        yield kind, position, length
        position += FRAME_HEAD if kind == b"ANMF" else length + length % 2
