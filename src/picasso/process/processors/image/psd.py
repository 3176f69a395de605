"""Photoshop: the picture as it was last seen, which is stored beside the layers, or else the small preview."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from io import BytesIO
from typing import BinaryIO

from picasso.process.processors.image import libvips, pillow
from picasso.process.processors.image.errors import corrupt, unsupported
from picasso.process.processors.image.limits import bound_pixels
from picasso.process.processors.image.metadata import MAX_BLOB, image_with_tags
from picasso.process.processors.image.picture import Picture
from picasso.process.processors.image.resources import EXIF, ICC, IPTC, PREVIEW, XMP, resources

# Mode by its number in the header, and whether Pillow reads the merged picture of it at 8 bits a channel.
BITMAP, GREY, INDEXED, RGB, CMYK, LAB = 0, 1, 2, 3, 4, 9
SPACES = {BITMAP: "b-w", GREY: "b-w", INDEXED: "srgb", RGB: "srgb", CMYK: "cmyk", LAB: "lab"}
READABLE = {GREY, INDEXED, RGB, CMYK}

# The picture's own channels; what is beyond them is alpha.
CHANNELS = {GREY: 1, RGB: 3, CMYK: 4, LAB: 3}

# Of the resources this much is read: previews are small, and metadata is bounded by itself.
MAX_RESOURCES_BYTES = 8 * MAX_BLOB

HEAD = 26

# Before the preview's JPEG: its form, sizes and depth.
PREVIEW_HEAD = 28


@dataclass(frozen=True, slots=True)
class Header:
    version: int
    channels: int
    height: int
    width: int
    depth: int
    mode: int


def opened(file: BinaryIO, max_pixels: int) -> Picture:
    header, palette = _header(file)
    bound_pixels(header.width, header.height, "psd", max_pixels)
    found = _resources(file)
    exif, xmp, iptc, icc = (found.get(number, b"") for number in (EXIF, XMP, IPTC, ICC))
    if header.version == 1 and header.depth == 8 and header.mode in READABLE:
        with pillow.opened(_flat(file, header, palette), "PSD", max_pixels) as image:
            picture = pillow.described(image, "psd", icc=icc)
    else:
        picture = _preview(found.get(PREVIEW, b""), max_pixels)
    return replace(
        picture,
        format="psd" if header.version == 1 else "psb",
        width=header.width,
        height=header.height,
        tags=image_with_tags(exif, xmp, iptc, icc),
        colour_space=SPACES.get(header.mode, "multiband"),
        has_alpha=header.channels > CHANNELS.get(header.mode, header.channels),
        bit_depth=header.depth,
    )


def _header(file: BinaryIO) -> tuple[Header, bytes]:
    """And the palette, of which only indexed pictures have one."""
    head = file.read(HEAD)
    if len(head) < HEAD or head[:4] != b"8BPS":
        raise corrupt()
    header = Header(*struct.unpack(">4xH6xHIIHH", head))
    length = _length(file)
    if not header.width or not header.height or header.version not in {1, 2} or length > MAX_BLOB:
        raise corrupt()
    return header, file.read(length)


def _resources(file: BinaryIO) -> Mapping[int, bytes]:
    length = _length(file)
    start = file.tell()
    found = resources(file.read(min(length, MAX_RESOURCES_BYTES)))
    file.seek(start + length)
    return found


def _flat(file: BinaryIO, header: Header, palette: bytes) -> BinaryIO:
    """The picture alone, for Pillow reads whatever a length says; runs in PackBits are a 64th longer at most."""
    layers = _length(file)
    file.seek(layers, 1)
    pixels = file.read(2 + header.channels * header.height * (header.width * 65 // 64 + 4))
    plain = struct.pack(">4sH6xHIIHH", b"8BPS", *astuple(header))
    return BytesIO(b"".join([plain, struct.pack(">I", len(palette)), palette, bytes(8), pixels]))


def _length(file: BinaryIO) -> int:
    content = file.read(4)
    if len(content) < 4:
        raise corrupt()
    return int(struct.unpack(">I", content)[0])


def _preview(content: bytes, max_pixels: int) -> Picture:
    """Of what has 16 bits, or is larger than 30,000 pixels a side (PSB), only this is read."""
    if len(content) <= PREVIEW_HEAD:
        raise unsupported()
    return libvips.opened(libvips.of_bytes(content[PREVIEW_HEAD:]), max_pixels)
