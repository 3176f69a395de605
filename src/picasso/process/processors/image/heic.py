"""Decodes HEIC: libvips' wheel reads the header, but has no decoder for HEVC."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from picasso.process.processors.image import pillow
from picasso.process.processors.image.errors import blame_file
from picasso.process.processors.image.limits import read_all
from picasso.process.processors.image.picture import Picture, blob

if TYPE_CHECKING:
    import pyvips

FORMATS = {"heic", "heif"}


def with_decoder(picture: Picture, file: BinaryIO) -> Picture:
    return replace(picture, pixels=lambda size: _decode(picture, file, size))


def _decode(picture: Picture, file: BinaryIO, size: int) -> pyvips.Image:
    """Upright already: HEIF has its own rotation, which the decoder applies."""
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1
    with blame_file():
        image = pillow_heif.open_heif(read_all(file), convert_hdr_to_8bit=True).to_pillow()
        image.load()
        decoded = pillow.to_libvips(pillow.to_plain_mode(image), blob(picture.tags, "icc-profile-data"))
    return decoded.thumbnail_image(size, height=size, size="down")
