"""JPEG 2000: only the size is told, because no decoder is installed."""

from __future__ import annotations

import struct
from typing import BinaryIO

from picasso.process.processors.image.errors import unsupported
from picasso.process.processors.image.picture import Picture, unseen

# The box of the image's header, ISO/IEC 15444-1 annex I.5.3.1, is one of the first.
IMAGE_HEADER = b"ihdr"
HEAD = 4_096


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    head = file.read(HEAD)
    place = head.find(IMAGE_HEADER) + len(IMAGE_HEADER)
    if place < len(IMAGE_HEADER) or len(head) < place + 8:
        raise unsupported()
    height, width = struct.unpack_from(">II", head, place)
    return unseen("jp2", width, height, unsupported())
