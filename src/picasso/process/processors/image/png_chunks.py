"""What the chunks of a PNG say about colours, animation and its end, beyond libvips (PNG 3, section 11)."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from picasso.process.contract import ProcessorError

SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Enough for two gigabytes of pixels in chunks of 8 KiB.
MAX_CHUNKS = 250_000
# Of a chunk's data: the eight numbers of cHRM.
MAX_DATA = 32

# Samples of a pixel by colour type: grey, RGB, palette (as RGB with alpha), grey and RGB with alpha.
SAMPLES = {0: 1, 2: 3, 3: 4, 4: 2, 6: 4}

Chromaticities = tuple[float, ...]
"""x and y of white, red, green and blue."""


@dataclass(slots=True)
class Chunks:
    gamma: float | None = None
    """The exponent with which light was encoded; sRGB is about 0.45."""
    chromaticities: Chromaticities | None = None
    has_colour_space: bool = False
    """Whether a chunk that takes precedence over gamma and chromaticities names the colours: cICP, iCCP or sRGB."""
    interlaced: bool = False
    pixel_bytes: float = 8.0
    """Of a pixel when it is decoded."""
    plays: int = 0
    """Of an animation; 0 means for ever."""
    delays: list[float] = field(default_factory=list)
    """Seconds that each frame of an animation is shown."""
    animated: bool = False
    default_is_frame: bool = False
    """Whether the picture that is shown without animation is its first frame."""
    has_pixels: bool = False
    complete: bool = False
    """Whether the file has its end."""


def read_chunks(file: BinaryIO) -> Chunks:
    """Up to the end or the first damage. Raises `ProcessorError`: ``too-complex``."""
    chunks = Chunks()
    for kind, data in _chunks(file):
        if reader := READERS.get(kind):
            try:
                reader(chunks, data)
            except struct.error:
                continue
    return chunks


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Kind and first bytes of each chunk that is there, at least in part."""
    size = os.fstat(file.fileno()).st_size
    position = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        yield kind, file.read(min(length, MAX_DATA)) if kind in READERS else b""
        position += 12 + length
        if position > size or kind == b"IEND":
            return
    # libvips takes time in the square of their number.
    raise ProcessorError("too-complex", "This picture has more parts than can be processed.")


def _header(chunks: Chunks, data: bytes) -> None:
    bits, colour_type, interlace = struct.unpack_from(">8xBBxxB", data)
    chunks.interlaced = interlace == 1
    chunks.pixel_bytes = SAMPLES.get(colour_type, 4) * max(bits, 8) / 8


def _gamma(chunks: Chunks, data: bytes) -> None:
    (value,) = struct.unpack_from(">I", data)
    chunks.gamma = value / 100_000 or None


def _chromaticities(chunks: Chunks, data: bytes) -> None:
    chunks.chromaticities = tuple(value / 100_000 for value in struct.unpack_from(">8I", data))


def _colour_space(chunks: Chunks, data: bytes) -> None:
    chunks.has_colour_space = True


def _animation(chunks: Chunks, data: bytes) -> None:
    """It counts only before the pixels."""
    if not chunks.has_pixels:
        _, chunks.plays = struct.unpack_from(">II", data)
        chunks.animated = True


def _frame(chunks: Chunks, data: bytes) -> None:
    numerator, denominator = struct.unpack_from(">HH", data, 20)
    chunks.delays.append(numerator / (denominator or 100))
    chunks.default_is_frame |= not chunks.has_pixels


def _pixels(chunks: Chunks, data: bytes) -> None:
    chunks.has_pixels |= bool(data)


def _end(chunks: Chunks, data: bytes) -> None:
    chunks.complete = True


READERS: dict[bytes, Callable[[Chunks, bytes], None]] = {
    b"IHDR": _header,
    b"gAMA": _gamma,
    b"cHRM": _chromaticities,
    b"cICP": _colour_space,
    b"iCCP": _colour_space,
    b"sRGB": _colour_space,
    b"acTL": _animation,
    b"fcTL": _frame,
    b"IDAT": _pixels,
    b"IEND": _end,
}
