"""AVIF. libvips decodes still pictures, Pillow sequences and what libvips refuses."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import BinaryIO

from picasso.process.contract import ProcessorError
from picasso.process.processors.image import heic, libvips, pillow_animation
from picasso.process.processors.image.picture import Picture

SEQUENCE = b"avis"
BRANDS = {b"avif", SEQUENCE}
MAX_BRANDS = 256

# Where the box with the duration of a track is searched.
HEAD = 2**20


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    import pyvips

    if SEQUENCE in brands(file):
        return _by_pillow(file, max_pixels)
    try:
        picture = libvips.open_picture(libvips.source_from_file(file), max_pixels)
        picture = replace(picture, format="avif")  # libvips looks at the first brand only
    except pyvips.Error as error:
        try:
            return _by_pillow(file, max_pixels)
        except ProcessorError as fault:
            if fault.code != "corrupt":
                raise
            raise error from fault
    heic.check_depth(picture, max_pixels)
    return picture


def brands(file: BinaryIO) -> set[bytes]:
    """Of the file type box (ISO/IEC 14496-12, section 4.3)."""
    file.seek(0)
    head = file.read(8)
    if head[4:] != b"ftyp":
        return set()
    content = file.read(min(struct.unpack(">I", head[:4])[0], 4 * MAX_BRANDS))
    return {content[place : place + 4] for place in range(0, len(content), 4)}


def _by_pillow(file: BinaryIO, max_pixels: int) -> Picture:
    import PIL.AvifImagePlugin

    PIL.AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    return pillow_animation.open_picture(file, "AVIF", max_pixels, _seconds(file))


def _seconds(file: BinaryIO) -> float | None:
    """The duration of the first track (ISO/IEC 14496-12, section 8.4.2)."""
    file.seek(0)
    content = file.read(HEAD)
    place = content.find(b"mdhd", content.find(b"moov"))
    if place < 0 or len(content) < place + 36:
        return None
    form, start = (">IQ", place + 24) if content[place + 4] == 1 else (">II", place + 16)
    timescale, length = struct.unpack_from(form, content, start)
    return round(length / timescale, 3) if timescale and length / timescale < 10**6 else None
