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
    pillow_plugins,
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


# By the media type: camera makers have many names for their raw files, and drawings have no first bytes of their own,
# nor has TGA. What begins as an X bitmap may be a program in C.
BY_MEDIA_TYPE: tuple[tuple[re.Pattern[str], Decoder], ...] = (
    (raw.MEDIA_TYPES, raw.open_picture),
    (re.compile(r"image/svg(\+xml)?(-compressed)?"), svg.open_picture),
    (re.compile(r"image/x-tga"), pillow_plugins.reader("TGA")),
    (re.compile(r"image/x-xbitmap"), pillow_plugins.reader("XBM")),
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
        (rb"\0\0\x02\0", pillow_plugins.cursor),
        (rb"P[1-6f]\s", pillow_plugins.reader("PPM")),
        (rb"\n[\0\2\3\5][\0\1]", pillow_plugins.reader("PCX")),
        (rb"\xb1\x68\xde\x3a", pillow_plugins.reader("DCX")),
        (rb"\x01\xda[\0\1][\1\2]", pillow_plugins.reader("SGI")),
        (rb"/\* XPM \*/", pillow_plugins.reader("XPM")),
        (rb"\x59\xa6\x6a\x95", pillow_plugins.reader("SUN")),
        (rb"DDS ", pillow_plugins.reader("DDS")),
        (rb"icns", pillow_plugins.reader("ICNS")),
        (rb"qoif", pillow_plugins.reader("QOI")),
        (rb"SIMPLE  =", pillow_plugins.reader("FITS")),
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
