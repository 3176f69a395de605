"""JPEG XL: its size from the first bits of its code, its pixels from libjxl, which tells no size before decoding."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from picasso.process.processors.image import libvips
from picasso.process.processors.image.errors import blamed_on_the_file, corrupt, unsupported
from picasso.process.processors.image.limits import bound_pixels, whole
from picasso.process.processors.image.metadata import image_with_tags
from picasso.process.processors.image.picture import Picture

if TYPE_CHECKING:
    import pyvips

SIGNATURE = b"\xff\x0a"
MAX_BOXES = 1_000

# Of a size's number: how many bits it has, by the two bits before it (ISO/IEC 18181-1, SizeHeader).
WIDTHS = (9, 13, 18, 30)

# Width by height, by the three bits that say so; 0 is for a width of its own.
RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}

# Modes that the decoder answers in: bands, and libvips' name of a sample.
MODES = {
    "L": (1, "uchar"),
    "LA": (2, "uchar"),
    "RGB": (3, "uchar"),
    "RGBA": (4, "uchar"),
    "I;16": (1, "ushort"),
    "F": (1, "float"),
}


class Bits:
    """Read from the least significant one."""

    def __init__(self, content: bytes) -> None:
        self._bits = int.from_bytes(content, "little")

    def take(self, number: int) -> int:
        taken = self._bits & ((1 << number) - 1)
        self._bits >>= number
        return taken


def size_of(code: bytes) -> tuple[int, int]:
    """Width and height as stored, from the first bytes of a codestream, its signature included."""
    if len(code) < 12 and not code.startswith(SIGNATURE):
        raise corrupt()
    bits = Bits(code[2:])
    small = bits.take(1)
    height = _side(bits, small)
    ratio = RATIOS.get(bits.take(3))
    return (height * ratio[0] // ratio[1] if ratio else _side(bits, small)), height


def _side(bits: Bits, small: int) -> int:
    return (bits.take(5) + 1) * 8 if small else bits.take(WIDTHS[bits.take(2)]) + 1


def opened(file: BinaryIO, max_pixels: int) -> Picture:
    content = whole(file)
    bound_pixels(*size_of(codestream_of(content)), "jxl", max_pixels)
    decoded = _decoded(content)
    if decoded.jpeg:  # a JPEG in a new dress, given back as it was
        return replace(libvips.opened(libvips.of_bytes(decoded.pixels), max_pixels), format="jxl")
    image = _image(decoded)
    described = libvips.described(image, "jxl", lambda size: image.thumbnail_image(size, height=size, size="down"))
    return replace(described, tags=image_with_tags(decoded.exif, decoded.xmp, icc=decoded.icc))


def codestream_of(content: bytes) -> bytes:
    """Where the code begins, a few bytes of it: bare, or in the box ``jxlc`` or the first ``jxlp``."""
    if content.startswith(SIGNATURE):
        return content[:32]
    place = 0
    for _ in range(MAX_BOXES):
        if len(content) < place + 16:
            break
        length, kind = struct.unpack_from(">I4s", content, place)
        head = 16 if length == 1 else 8
        length = struct.unpack_from(">Q", content, place + 8)[0] if length == 1 else length
        start = place + head + (4 if kind == b"jxlp" else 0)  # past the number of the part
        if kind in {b"jxlc", b"jxlp"}:
            return content[start : start + 32]
        if length < head:
            break
        place += length
    raise corrupt()


@dataclass(frozen=True, slots=True)
class Decoded:
    jpeg: bool
    mode: str
    width: int
    height: int
    pixels: bytes
    """Or the JPEG that it was made from."""
    icc: bytes
    exif: bytes
    xmp: bytes


def _decoded(content: bytes) -> Decoded:
    import pillow_jxl

    with blamed_on_the_file():
        jpeg, info, pixels, icc, boxes = pillow_jxl.Decoder(num_threads=0)(content)
        exif, xmp = _exif(_box(boxes, b"Exif")), _box(boxes, b"xml ")
        return Decoded(bool(jpeg), info.mode, info.width, info.height, pixels, icc or b"", exif, xmp)


def _exif(box: bytes) -> bytes:
    """Past the offset of its beginning, which some writers leave out."""
    return box[4:] if box[4:8] in {b"II*\0", b"MM\0*"} else box


def _box(boxes: Any, kind: bytes) -> bytes:
    return next((bytes(box.data) for box in boxes or () if box.box_type == kind), b"")


def _image(decoded: Decoded) -> pyvips.Image:
    """Upright: libjxl turns it."""
    import pyvips

    if decoded.mode not in MODES:
        raise unsupported()
    bands, sample = MODES[decoded.mode]
    made = pyvips.Image.new_from_memory(decoded.pixels, decoded.width, decoded.height, bands, sample)
    made = made.linear(65_535, 0).cast("ushort") if sample == "float" else made
    made = made.copy(interpretation={1: "grey16" if sample != "uchar" else "b-w", 2: "b-w"}.get(bands, "srgb"))
    if decoded.icc:
        made.set_type(pyvips.GValue.blob_type, "icc-profile-data", decoded.icc)
    return made
