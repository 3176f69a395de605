"""HEIC's pixels: libvips' wheel reads its header, but has no decoder of HEVC."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from picasso.process.processors.image import pillow
from picasso.process.processors.image.errors import blamed_on_the_file
from picasso.process.processors.image.limits import whole
from picasso.process.processors.image.picture import Picture, blob

if TYPE_CHECKING:
    import pyvips

FORMATS = {"heic", "heif"}


def with_pixels(picture: Picture, file: BinaryIO) -> Picture:
    return replace(picture, pixels=lambda size: _decoded(picture, file, size))


def _decoded(picture: Picture, file: BinaryIO, size: int) -> pyvips.Image:
    """Already upright: HEIF has its own way to say how it is turned, which the decoder obeys."""
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1
    with blamed_on_the_file():
        image = pillow_heif.open_heif(whole(file), convert_hdr_to_8bit=True).to_pillow()
        image.load()
        decoded = pillow.to_libvips(pillow.plain(image), blob(picture.tags, "icc-profile-data"))
    return decoded.thumbnail_image(size, height=size, size="down")
