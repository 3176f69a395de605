"""Which decoder reads which file. A format that none can read ends as ``unsupported-format``.

The first bytes decide, and the media type only where they do not: types have several names, and new ones appear.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import BinaryIO

from picasso.process.processors.image import (
    avif,
    gif,
    heic,
    jpeg,
    jpeg2000,
    jxl,
    libvips,
    pillow,
    png,
    psd,
    raw,
    svg,
    tiff_picture,
    webp,
)
from picasso.process.processors.image.picture import Picture

Decoder = Callable[[BinaryIO, int], Picture]

HEAD = 32


def heif(file: BinaryIO, max_pixels: int) -> Picture:
    """The first brand may name the container alone."""
    decoder = avif.open_picture if avif.BRANDS & avif.brands(file) else heic.open_picture
    return decoder(file, max_pixels)


# By the media type: camera makers have many names for their raw files, and drawings have no first bytes of their own.
BY_MEDIA_TYPE: tuple[tuple[re.Pattern[str], Decoder], ...] = (
    (raw.MEDIA_TYPES, raw.open_picture),
    (re.compile(r"image/svg(\+xml)?(-compressed)?"), svg.open_picture),
)

# By the first bytes.
BY_HEAD: tuple[tuple[re.Pattern[bytes], Decoder], ...] = tuple(
    (re.compile(pattern, re.DOTALL), decoder)
    for pattern, decoder in (
        (rb"\xff\xd8\xff", jpeg.open_picture),
        (rb"\x89PNG\r\n\x1a\n", png.open_picture),
        (rb"GIF8[79]a", gif.open_picture),
        (rb"RIFF.{4}WEBP", webp.open_picture),
        (rb"II[*+]\0|MM\0[*+]", tiff_picture.open_picture),
        (rb"....ftyp", heif),
        (rb"\xff\n|....JXL ", jxl.open_picture),
        (rb"\0\0\0\x0cjP  ", jpeg2000.open_picture),
        (rb"8BPS", psd.open_picture),
        (rb"BM", pillow.bmp),
        (rb"\0\0\x01\0", pillow.ico),
    )
)


def open_picture(file: BinaryIO, media_type: str, max_pixels: int) -> Picture:
    """Reads the header; the pixels are decoded later.

    Raises `ProcessorError`, or `pyvips.Error` (see `errors.translate_errors`).
    """
    return _decoder(file, media_type)(file, max_pixels)


def _decoder(file: BinaryIO, media_type: str) -> Decoder:
    head = file.read(HEAD)
    file.seek(0)
    by_type = (decoder for pattern, decoder in BY_MEDIA_TYPE if pattern.fullmatch(media_type))
    by_head = (decoder for pattern, decoder in BY_HEAD if pattern.match(head))
    return next(by_type, None) or next(by_head, None) or _by_libvips


def _by_libvips(file: BinaryIO, max_pixels: int) -> Picture:
    return libvips.open_picture(libvips.source_from_file(file), max_pixels)
