"""Which decoder reads which format. What none reads here ends as ``unsupported-format``."""

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
    "image/vnd.adobe.photoshop": psd.opened,
    "image/jxl": jxl.opened,
    **dict.fromkeys(raw.MEDIA_TYPES, raw.opened),
}


def opened(file: BinaryIO, media_type: str, max_pixels: int) -> Picture:
    """Raises `ProcessorError`, or `pyvips.Error` for what the file is at fault for; pixels are not decoded yet."""
    if decoder := DECODERS.get(media_type):
        return decoder(file, max_pixels)
    if media_type == "image/tiff":
        return _tiff(file, max_pixels)
    picture = libvips.opened(libvips.of_file(file), max_pixels)
    if picture.format == "svg":
        svg.bound(file)
    return heic.with_pixels(picture, file) if picture.format in heic.FORMATS else picture


def _tiff(file: BinaryIO, max_pixels: int) -> Picture:
    """Many cameras write their raw files as a TIFF, whose first picture is then only a stamp."""
    if tiff.is_raw(file):
        try:
            return raw.opened(file, max_pixels)
        except ProcessorError as error:
            if error.code != "unsupported-format":
                raise
    return tiff.with_exif(libvips.opened(libvips.of_file(file), max_pixels), file)
