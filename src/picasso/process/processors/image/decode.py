"""Which decoder reads which format. A format that none can read ends as ``unsupported-format``."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from picasso.process.contract import ProcessorError
from picasso.process.processors.image import heic, jxl, libvips, pillow, psd, raw, svg, tiff
from picasso.process.processors.image.picture import Picture

Decoder = Callable[[BinaryIO, int], Picture]

DECODERS: dict[str, Decoder] = {
    "image/bmp": pillow.bmp,
    "image/vnd.microsoft.icon": pillow.ico,
    "image/x-icon": pillow.ico,
    "image/vnd.adobe.photoshop": psd.open_picture,
    "image/jxl": jxl.open_picture,
    "image/svg+xml": svg.open_picture,
    **dict.fromkeys(raw.MEDIA_TYPES, raw.open_picture),
}


def open_picture(file: BinaryIO, media_type: str, max_pixels: int) -> Picture:
    """Reads the header; the pixels are decoded later.

    Raises `ProcessorError`, or `pyvips.Error` (see `errors.translate_errors`).
    """
    if decoder := DECODERS.get(media_type):
        return decoder(file, max_pixels)
    if media_type == "image/tiff":
        return _tiff(file, max_pixels)
    picture = libvips.open_picture(libvips.source_from_file(file), max_pixels)
    return heic.with_decoder(picture, file) if picture.format in heic.FORMATS else picture


def _tiff(file: BinaryIO, max_pixels: int) -> Picture:
    """Many raw files of cameras are TIFFs, whose first picture is only a small preview."""
    if tiff.is_raw(file):
        try:
            return raw.open_picture(file, max_pixels)
        except ProcessorError as error:
            if error.code != "unsupported-format":
                raise
    return tiff.with_exif(libvips.open_picture(libvips.source_from_file(file), max_pixels), file)
