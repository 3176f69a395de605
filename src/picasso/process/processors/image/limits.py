"""Limits of what is decoded. They are checked before decoding, since afterwards the memory is already used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import BinaryIO

from picasso.process.contract import JSON, ProcessorError

# A picture that is decoded in one piece may have this many pixels, at up to 10 bytes each: 640 MB, which fits into a
# child with one gibibyte.
MAX_PIXELS, BYTES_PER_PIXEL = 64_000_000, 10

# The cost of a pixel, in memory or in time, relative to that. What shrinks while it loads, or comes in strips, needs
# next to no memory, and is limited so that it takes ten seconds at most.
SHRINKING, IN_STRIPS, DRAWN = 1 / 16, 1 / 8, 1 / 64

# Measured: HEIC takes 5 bytes a pixel, AVIF 15. With more than 8 bits or alpha both may take 24. JPEG XL keeps planes
# of floats, all of them at once.
WEIGHTS = {"svg": DRAWN, "heic": 0.4, "heif": 0.4, "avif": 1.25, "jxl": 3.0}
DEEP_HEIF = 2.0

# The largest thumbnail that can be asked for.
MAX_SIDE = 4_096

# Ten thousand frames play for seven minutes. Files with more are likely to be attacks on the decoder.
MAX_FRAMES = 10_000

# To count the pages of a TIFF, all its directories are read.
MAX_PAGES = 10_000

# For formats whose decoders need the whole file in memory.
MAX_BYTES = 256 * 2**20

# For pictures that are written as text: Python decodes them line by line.
MAX_TEXT_BYTES = 32 * 2**20

# Previews decode frame by frame, each as large as the picture. This limits all frames together.
MAX_PREVIEW_PIXELS = 100_000_000


def max_pixels_of(kind: str, limit: int, weight: float | None = None) -> int:
    """How many pixels a picture of this format may have. ``limit`` is the operator's own, or 0.

    A higher limit than `MAX_PIXELS` also allows that much more memory.
    """
    allowed = int(max(limit, MAX_PIXELS) / (weight or WEIGHTS.get(kind, 1.0)))
    return min(allowed, limit) if limit else allowed


def check_pixels(width: int, height: int, kind: str, limit: int, weight: float | None = None) -> None:
    """Raises `ProcessorError` for a picture that costs too much to decode. ``weight``: instead of `WEIGHTS`."""
    if width * height > max_pixels_of(kind, limit, weight):
        raise too_many_pixels({"format": kind, "width": width, "height": height})


def too_many_pixels(facts: Mapping[str, JSON] | None = None) -> ProcessorError:
    return ProcessorError("too-many-pixels", "This picture has more pixels than can be processed.", facts)


def too_large() -> ProcessorError:
    return ProcessorError("too-large", "This picture's file is larger than can be processed.")


def check_frames(number: int, animated: bool) -> None:
    if animated and number > MAX_FRAMES:
        raise ProcessorError("too-many-frames", "This picture has more frames than can be processed.")
    if number > MAX_PAGES:
        raise ProcessorError("too-many-pages", "This picture has more pages than can be processed.")


def read_all(file: BinaryIO) -> bytes:
    """All bytes of the file. Raises `ProcessorError` if it has more than `MAX_BYTES`."""
    if os.fstat(file.fileno()).st_size > MAX_BYTES:
        raise too_large()
    file.seek(0)
    return file.read()
