"""Which decoder reads which format. A format that none can read ends as ``unsupported-format``."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from picasso.process.processors.image import heic, jxl, libvips, pillow, psd, raw, svg, tiff_picture
from picasso.process.processors.image.picture import Picture

Decoder = Callable[[BinaryIO, int], Picture]

DECODERS: dict[str, Decoder] = {
    "image/bmp": pillow.bmp,
    "image/vnd.microsoft.icon": pillow.ico,
    "image/x-icon": pillow.ico,
    "image/vnd.adobe.photoshop": psd.open_picture,
    "image/jxl": jxl.open_picture,
    "image/svg+xml": svg.open_picture,
    "image/tiff": tiff_picture.open_picture,
    **dict.fromkeys(raw.MEDIA_TYPES, raw.open_picture),
}


def open_picture(file: BinaryIO, media_type: str, max_pixels: int) -> Picture:
    """Reads the header; the pixels are decoded later.

    Raises `ProcessorError`, or `pyvips.Error` (see `errors.translate_errors`).
    """
    if decoder := DECODERS.get(media_type):
        return decoder(file, max_pixels)
    picture = libvips.open_picture(libvips.source_from_file(file), max_pixels)
    return heic.with_decoder(picture, file) if picture.format in heic.FORMATS else picture
