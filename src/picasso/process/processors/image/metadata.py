"""Metadata in one form, whichever decoder found it: fields of a libvips image."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyvips

# The length of a JPEG segment has two bytes and includes these two and ``Exif`` with two zeros.
MAX_EXIF = 65_535 - 8

# Larger blobs are not read for a title and a few keywords.
MAX_BLOB = 2**20


def image_with_tags(exif: bytes = b"", xmp: bytes = b"", iptc: bytes = b"", icc: bytes = b"") -> pyvips.Image:
    """An image of one pixel with these fields, as if a loader of libvips had read them. Damaged EXIF gives no
    fields.
    """
    import pyvips

    image = pyvips.Image.jpegload_buffer(_jpeg_with(exif)).copy()
    for name, content in (("xmp-data", xmp), ("iptc-data", iptc), ("icc-profile-data", icc)):
        if 0 < len(content) <= MAX_BLOB:
            image.set_type(pyvips.GValue.blob_type, name, content)
    return image


def _jpeg_with(exif: bytes) -> bytes:
    """libexif can't be called alone, so the EXIF is put into a JPEG for libvips."""
    plain, body = _one_pixel(), exif.removeprefix(b"Exif\0\0")
    if not 0 < len(body) <= MAX_EXIF:
        return plain
    return plain[:2] + struct.pack(">2sH6s", b"\xff\xe1", len(body) + 8, b"Exif\0\0") + body + plain[2:]


@cache
def _one_pixel() -> bytes:
    import pyvips

    return bytes(pyvips.Image.black(1, 1).jpegsave_buffer(keep="none"))
