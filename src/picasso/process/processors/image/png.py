"""PNG: libvips decodes it; colours by gamma and animations are added here."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO
from zlib import crc32

from picasso.process.processors.image import gamma, libvips, pillow, pillow_animation
from picasso.process.processors.image.errors import corrupt
from picasso.process.processors.image.limits import BYTES_PER_PIXEL, IN_STRIPS, check_frames, read_all
from picasso.process.processors.image.picture import Animation, Picture
from picasso.process.processors.image.png_chunks import SIGNATURE, Chunks, read_chunks

if TYPE_CHECKING:
    import pyvips


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    chunks = read_chunks(file)
    weight = chunks.pixel_bytes / BYTES_PER_PIXEL if chunks.interlaced else IN_STRIPS
    picture = libvips.open_picture(libvips.source_from_file(file), max_pixels, chunks.complete, weight)
    if not chunks.has_pixels:
        raise corrupt()
    if not (chunks.complete or picture.refused):
        picture = replace(picture, pixels=_pixels_without_end(file, max_pixels, weight, interlaced=chunks.interlaced))
    if chunks.animated and len(chunks.delays) > 1:
        picture = _animated(picture, file, chunks, max_pixels)
    return picture if gamma.is_srgb(chunks) else _with_gamma(picture, chunks)


def _pixels_without_end(
    file: BinaryIO, max_pixels: int, weight: float, *, interlaced: bool
) -> Callable[[int], pyvips.Image]:
    """Decoders show nothing of a chunk without its end, and a small picture has one chunk. So the file gets an end.

    libvips shows nothing of an interlaced picture without all of its chunks either.
    """
    content = cache(lambda: closed(read_all(file)))  # libvips reads it later than it is asked

    def pixels(size: int) -> pyvips.Image:
        if interlaced:
            return pillow.cut_off(BytesIO(content()), "PNG", max_pixels).pixels(size)
        return libvips.open_picture(libvips.source_from_bytes(content()), max_pixels, False, weight).pixels(size)

    return pixels


def closed(content: bytes) -> bytes:
    """A file with the end that it lacks: its last chunk as long as it is, and the chunk that ends a picture."""
    position = len(SIGNATURE)
    while position + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, position)
        if position + 12 + length > len(content):
            break
        position += 12 + length
    data = content[position + 8 :] if content[position + 4 : position + 8] == b"IDAT" else b""
    return content[:position] + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))


def _with_gamma(picture: Picture, chunks: Chunks) -> Picture:
    def pixels(size: int) -> pyvips.Image:
        return gamma.to_srgb(picture.pixels(size), chunks)

    return replace(picture, pixels=pixels)


def _animated(picture: Picture, file: BinaryIO, chunks: Chunks, max_pixels: int) -> Picture:
    frames = len(chunks.delays)
    check_frames(frames, animated=True)
    animation = Animation(frames, chunks.plays, round(sum(chunks.delays), 3))
    return replace(picture, pages=frames, animation=animation, preview_frames=_preview(file, chunks, max_pixels))


def _preview(file: BinaryIO, chunks: Chunks, max_pixels: int) -> Callable[[], pyvips.Image | None]:
    skip = 0 if chunks.default_is_frame else 1

    def frames() -> pyvips.Image | None:
        strip = pillow_animation.preview_frames(file, "PNG", max_pixels, skip=skip, loop=chunks.plays)
        return strip if strip is None or gamma.is_srgb(chunks) else gamma.to_srgb(strip, chunks)

    return frames
