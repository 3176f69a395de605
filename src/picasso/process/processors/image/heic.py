"""Decodes HEIC: libvips' wheel reads the header, but has no decoder for HEVC."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

from picasso.process.processors.image import libvips, pillow
from picasso.process.processors.image.errors import blame_file
from picasso.process.processors.image.limits import DEEP_HEIF, check_pixels, read_all
from picasso.process.processors.image.picture import Picture, blob

if TYPE_CHECKING:
    import pyvips

BANDS = {"L": 1, "RGB": 3, "RGBA": 4}
FORMATS = {"heic", "heif"}


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    picture = libvips.open_picture(libvips.source_from_file(file), max_pixels)
    check_depth(picture, max_pixels)
    if picture.refused or picture.format not in FORMATS:
        return picture
    return replace(picture, pixels=lambda size: _decode(picture, file, size))


def check_depth(picture: Picture, max_pixels: int) -> None:
    """Raises `ProcessorError` if the picture is too large for its depth. For AVIF as well."""
    if picture.has_alpha or (picture.bit_depth or 8) > 8:
        check_pixels(picture.width, picture.height, picture.format, max_pixels, DEEP_HEIF)


def _decode(picture: Picture, file: BinaryIO, size: int) -> pyvips.Image:
    """Upright already: HEIF has its own rotation, which the decoder applies."""
    import pillow_heif
    import pyvips

    pillow_heif.options.DECODE_THREADS = 1
    with blame_file():
        image = pillow_heif.open_heif(read_all(file), convert_hdr_to_8bit=True)
        decoded = _to_libvips(image)
        if icc := blob(picture.tags, "icc-profile-data"):
            decoded.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
        return decoded.thumbnail_image(size, height=size, size="down").copy_memory()


def _to_libvips(image: Any) -> pyvips.Image:
    """Without a copy of the pixels, which are hundreds of megabytes. Each row is padded to the ``stride``."""
    import pyvips

    if image.mode not in BANDS or image.stride % BANDS[image.mode]:
        picture = image.to_pillow()
        picture.load()
        return pillow.to_libvips(pillow.to_plain_mode(picture))
    width, height = image.size
    bands = BANDS[image.mode]
    rows = pyvips.Image.new_from_memory(image.data, image.stride // bands, height, bands, "uchar")
    return rows.crop(0, 0, width, height).copy(interpretation="srgb" if bands >= 3 else "b-w")
