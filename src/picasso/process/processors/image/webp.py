"""WebP. Of one that lacks its end, the first frame is shown as far as it goes."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from picasso.process.processors.image import libvips
from picasso.process.processors.image.errors import corrupt
from picasso.process.processors.image.limits import read_all
from picasso.process.processors.image.picture import Picture

# RFC 9649, section 2.3: "RIFF", length, "WEBP"; a frame of an animation has its place before its chunks.
HEADER_SIZE, FRAME_HEAD = 12, 16
MAX_CHUNKS = 10_000
PIXELS = {b"VP8 ", b"VP8L"}

# Width and height in the first bytes of the pixels, so less can't be shown.
MIN_PIXELS = 16


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    if is_complete(file):
        return libvips.open_picture(libvips.source_from_file(file), max_pixels)
    remaining = libvips.source_from_bytes(padded_frame(read_all(file)))
    return replace(libvips.open_picture(remaining, max_pixels, complete=False), format="webp")


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
