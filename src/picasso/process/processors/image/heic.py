"""Decodes HEIC: libvips' wheel reads the header, but has no decoder for HEVC."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from picasso.process.processors.image import libvips, pillow
from picasso.process.processors.image.errors import blame_file
from picasso.process.processors.image.limits import read_all
from picasso.process.processors.image.picture import Picture, blob

if TYPE_CHECKING:
    import pyvips

FORMATS = {"heic", "heif"}


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    picture = libvips.open_picture(libvips.source_from_file(file), max_pixels)
    return replace(picture, pixels=lambda size: _decode(picture, file, size)) if picture.format in FORMATS else picture


def _decode(picture: Picture, file: BinaryIO, size: int) -> pyvips.Image:
    """Upright already: HEIF has its own rotation, which the decoder applies."""
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1
    with blame_file():
        image = pillow_heif.open_heif(read_all(file), convert_hdr_to_8bit=True).to_pillow()
        image.load()
        decoded = pillow.to_libvips(pillow.to_plain_mode(image), blob(picture.tags, "icc-profile-data"))
    return decoded.thumbnail_image(size, height=size, size="down")
