"""How much of a picture is decoded. Each limit stands before the decoder, for once there are pixels it is too late."""

from __future__ import annotations

import os
from typing import BinaryIO

from picasso.process.contract import ProcessorError

# Interlaced PNG, progressive JPEG and WebP are held whole while they are decoded, at up to 9 bytes a pixel: 576 MB, so
# that a child with one gibibyte is left room.
MAX_PIXELS = 64_000_000

# AVIF and HEIC take up to 24 bytes a pixel (12 bits, 4:4:4, alpha), so they are allowed half as many; JPEG XL
# works in planes of floats, all of them at once, so it is allowed a third.
WEIGHTS = {"avif": 2, "heic": 2, "heif": 2, "jxl": 3}

# A film of ten thousand frames lasts seven minutes; whoever makes more of them means them for the decoder.
MAX_FRAMES = 10_000

# To count a TIFF's pages, all of its directories are read.
MAX_PAGES = 10_000

# Of the formats whose decoders want the whole file in memory at once.
MAX_BYTES = 256 * 2**20

# A film is decoded frame by frame, each the size of the picture: this is what it may cost in all.
MAX_FILM_PIXELS = 100_000_000


def bound_pixels(width: int, height: int, kind: str, limit: int) -> None:
    """Raises `ProcessorError` for a picture of this format (`WEIGHTS`) that would be too large decoded."""
    if width * height * WEIGHTS.get(kind, 1) > limit:
        raise ProcessorError("too-many-pixels", "This picture has more pixels than can be processed.")


def bound_frames(number: int, animated: bool) -> None:
    if animated and number > MAX_FRAMES:
        raise ProcessorError("too-many-frames", "This picture has more frames than can be processed.")
    if number > MAX_PAGES:
        raise ProcessorError("too-many-pages", "This picture has more pages than can be processed.")


def whole(file: BinaryIO) -> bytes:
    """All of the file's bytes. Raises `ProcessorError` where they are too many to be held."""
    if os.fstat(file.fileno()).st_size > MAX_BYTES:
        raise ProcessorError("too-large", "This file is larger than a picture of its format can be to be processed.")
    file.seek(0)
    return file.read()
