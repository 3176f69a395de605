"""Limits of what is decoded. They are checked before decoding, since afterwards the memory is already used."""

from __future__ import annotations

import os
from typing import BinaryIO

from picasso.process.contract import ProcessorError

# Interlaced PNG, progressive JPEG and WebP are decoded in one piece, at up to 9 bytes a pixel: 576 MB, which fits into
# a child with one gibibyte.
MAX_PIXELS = 64_000_000

# Costs relative to other formats. AVIF and HEIC take up to 24 bytes a pixel (12 bits, 4:4:4, alpha). JPEG XL keeps
# planes of floats, all of them at once.
WEIGHTS = {"avif": 2, "heic": 2, "heif": 2, "jxl": 3}

# Ten thousand frames play for seven minutes. Files with more are likely to be attacks on the decoder.
MAX_FRAMES = 10_000

# To count the pages of a TIFF, all its directories are read.
MAX_PAGES = 10_000

# For formats whose decoders need the whole file in memory.
MAX_BYTES = 256 * 2**20

# Previews decode frame by frame, each as large as the picture. This limits all frames together.
MAX_PREVIEW_PIXELS = 100_000_000


def check_pixels(width: int, height: int, kind: str, limit: int) -> None:
    """Raises `ProcessorError` for a picture that would be too large when decoded, weighted by its format
    (`WEIGHTS`).
    """
    if width * height * WEIGHTS.get(kind, 1) > limit:
        raise ProcessorError("too-many-pixels", "This picture has more pixels than can be processed.")


def check_frames(number: int, animated: bool) -> None:
    if animated and number > MAX_FRAMES:
        raise ProcessorError("too-many-frames", "This picture has more frames than can be processed.")
    if number > MAX_PAGES:
        raise ProcessorError("too-many-pages", "This picture has more pages than can be processed.")


def read_all(file: BinaryIO) -> bytes:
    """All bytes of the file. Raises `ProcessorError` if it has more than `MAX_BYTES`."""
    if os.fstat(file.fileno()).st_size > MAX_BYTES:
        raise ProcessorError("too-large", "This picture's file is larger than can be processed.")
    file.seek(0)
    return file.read()
