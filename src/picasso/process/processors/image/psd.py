"""Photoshop: the merged picture that is stored beside the layers, or else the small preview."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from io import BytesIO
from typing import BinaryIO

from picasso.process.contract import ProcessorError
from picasso.process.processors.image import libvips, pillow
from picasso.process.processors.image.errors import corrupt, unsupported
from picasso.process.processors.image.limits import check_pixels
from picasso.process.processors.image.metadata import MAX_BLOB, image_with_tags
from picasso.process.processors.image.picture import Picture, unseen
from picasso.process.processors.image.resources import EXIF, ICC, IPTC, PREVIEW, XMP, read_resources

# Modes by their number in the header, and those of which Pillow reads the merged picture at 8 bits a channel.
BITMAP, GREY, INDEXED, RGB, CMYK, LAB = 0, 1, 2, 3, 4, 9
SPACES = {BITMAP: "b-w", GREY: "b-w", INDEXED: "srgb", RGB: "srgb", CMYK: "cmyk", LAB: "lab"}
MERGED_MODES = {GREY, INDEXED, RGB, CMYK}

# Channels without alpha.
CHANNELS = {GREY: 1, RGB: 3, CMYK: 4, LAB: 3}

# Resources are read up to this size. Previews are small, and metadata has limits of its own.
MAX_RESOURCES_BYTES = 8 * MAX_BLOB

HEADER_SIZE = 26

# Bytes before the preview's JPEG: its format, sizes and depth.
PREVIEW_HEADER_SIZE = 28


@dataclass(frozen=True, slots=True)
class Header:
    version: int
    channels: int
    height: int
    width: int
    depth: int
    mode: int


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    header, palette = _header(file)
    blocks = _resources(file)
    exif, xmp, iptc, icc = (blocks.get(number, b"") for number in (EXIF, XMP, IPTC, ICC))
    try:
        picture = _shown(file, header, palette, blocks, max_pixels)
    except ProcessorError as error:
        picture = unseen("psd", header.width, header.height, error)
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


def _shown(file: BinaryIO, header: Header, palette: bytes, blocks: Mapping[int, bytes], max_pixels: int) -> Picture:
    check_pixels(header.width, header.height, "psd", max_pixels)
    if header.version == 1 and header.depth == 8 and header.mode in MERGED_MODES:
        with pillow.open_image(_merged_image(file, header, palette), "PSD", max_pixels) as image:
            return pillow.describe(image, "psd", icc=blocks.get(ICC, b""))
    return _preview(blocks.get(PREVIEW, b""), max_pixels)


def _header(file: BinaryIO) -> tuple[Header, bytes]:
    """The header and the palette, which only indexed pictures have."""
    head = file.read(HEADER_SIZE)
    if len(head) < HEADER_SIZE or head[:4] != b"8BPS":
        raise corrupt()
    header = Header(*struct.unpack(">4xH6xHIIHH", head))
    length = _length(file)
    if not header.width or not header.height or header.version not in {1, 2} or length > MAX_BLOB:
        raise corrupt()
    return header, file.read(length)


def _resources(file: BinaryIO) -> Mapping[int, bytes]:
    length = _length(file)
    start = file.tell()
    blocks = read_resources(file.read(min(length, MAX_RESOURCES_BYTES)))
    file.seek(start + length)
    return blocks


def _merged_image(file: BinaryIO, header: Header, palette: bytes) -> BinaryIO:
    """A PSD with only the merged picture, since Pillow reads as much as any length says. PackBits adds a 64th at
    most.
    """
    layers_length = _length(file)
    file.seek(layers_length, 1)
    wanted = 2 + header.channels * header.height * (header.width * 65 // 64 + 4)
    pixels = file.read(min(wanted, os.fstat(file.fileno()).st_size))  # memory is taken before anything is read
    header_bytes = struct.pack(">4sH6xHIIHH", b"8BPS", *astuple(header))
    return BytesIO(b"".join([header_bytes, struct.pack(">I", len(palette)), palette, bytes(8), pixels]))


def _length(file: BinaryIO) -> int:
    content = file.read(4)
    if len(content) < 4:
        raise corrupt()
    return int(struct.unpack(">I", content)[0])


def _preview(content: bytes, max_pixels: int) -> Picture:
    """For pictures of 16 bits, or larger than 30,000 pixels a side (PSB)."""
    if len(content) <= PREVIEW_HEADER_SIZE:
        raise unsupported()
    return libvips.open_picture(libvips.source_from_bytes(content[PREVIEW_HEADER_SIZE:]), max_pixels)
