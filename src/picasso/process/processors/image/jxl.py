"""JPEG XL. Its size is read here, because libjxl tells none before it decodes; libjxl decodes the pixels."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from picasso.process.processors.image import libvips
from picasso.process.processors.image.errors import blame_file, corrupt, unsupported
from picasso.process.processors.image.limits import check_pixels, read_all
from picasso.process.processors.image.metadata import image_with_tags
from picasso.process.processors.image.picture import Picture

if TYPE_CHECKING:
    import pyvips

SIGNATURE = b"\xff\x0a"
MAX_BOXES = 1_000

# How many bits a side has, by the two bits before it (ISO/IEC 18181-1, SizeHeader).
WIDTHS = (9, 13, 18, 30)

# Width to height, by three bits. 0 means that the width follows by itself.
RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}

# The decoder's modes: number of bands, and libvips' name of the sample format.
MODES = {
    "L": (1, "uchar"),
    "LA": (2, "uchar"),
    "RGB": (3, "uchar"),
    "RGBA": (4, "uchar"),
    "I;16": (1, "ushort"),
    "F": (1, "float"),
}


class Bits:
    """Reads bits, the least significant first."""

    def __init__(self, content: bytes) -> None:
        self._bits = int.from_bytes(content, "little")

    def take(self, number: int) -> int:
        taken = self._bits & ((1 << number) - 1)
        self._bits >>= number
        return taken


def read_size(code: bytes) -> tuple[int, int]:
    """Width and height as stored, from the first bytes of a codestream with its signature."""
    if len(code) < 12 and not code.startswith(SIGNATURE):
        raise corrupt()
    bits = Bits(code[2:])
    small = bits.take(1)
    height = _side(bits, small)
    ratio = RATIOS.get(bits.take(3))
    return (height * ratio[0] // ratio[1] if ratio else _side(bits, small)), height


def _side(bits: Bits, small: int) -> int:
    return (bits.take(5) + 1) * 8 if small else bits.take(WIDTHS[bits.take(2)]) + 1


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    content = read_all(file)
    check_pixels(*read_size(find_codestream(content)), "jxl", max_pixels)
    decoded = _decode(content)
    if decoded.jpeg:  # a JPEG that was recompressed without loss
        return replace(libvips.open_picture(libvips.source_from_bytes(decoded.data), max_pixels), format="jxl")
    image = _image(decoded)
    picture = libvips.describe(image, "jxl", lambda size: image.thumbnail_image(size, height=size, size="down"))
    return replace(picture, tags=image_with_tags(decoded.exif, decoded.xmp, icc=decoded.icc))


def find_codestream(content: bytes) -> bytes:
    """The first bytes of the codestream: the file itself, or in the box ``jxlc`` or the first ``jxlp``."""
    if content.startswith(SIGNATURE):
        return content[:32]
    position = 0
    for _ in range(MAX_BOXES):
        if len(content) < position + 16:
            break
        length, box_type = struct.unpack_from(">I4s", content, position)
        head = 16 if length == 1 else 8
        length = struct.unpack_from(">Q", content, position + 8)[0] if length == 1 else length
        start = position + head + (4 if box_type == b"jxlp" else 0)  # after the number of the part
        if box_type in {b"jxlc", b"jxlp"}:
            return content[start : start + 32]
        if length < head:
            break
        position += length
    raise corrupt()


@dataclass(frozen=True, slots=True)
class Decoded:
    jpeg: bool
    mode: str
    width: int
    height: int
    data: bytes
    """The pixels, or the original JPEG."""
    icc: bytes
    exif: bytes
    xmp: bytes


def _decode(content: bytes) -> Decoded:
    import pillow_jxl

    with blame_file():
        jpeg, info, data, icc, boxes = pillow_jxl.Decoder(num_threads=0)(content)
        exif, xmp = _exif(_box(boxes, b"Exif")), _box(boxes, b"xml ")
        return Decoded(bool(jpeg), info.mode, info.width, info.height, data, icc or b"", exif, xmp)


def _exif(box: bytes) -> bytes:
    """Without the offset before it, which some writers leave out."""
    return box[4:] if box[4:8] in {b"II*\0", b"MM\0*"} else box


def _box(boxes: Any, box_type: bytes) -> bytes:
    return next((bytes(box.data) for box in boxes or () if box.box_type == box_type), b"")


def _image(decoded: Decoded) -> pyvips.Image:
    """Upright, because libjxl applies the rotation."""
    import pyvips

    if decoded.mode not in MODES:
        raise unsupported()
    bands, sample = MODES[decoded.mode]
    image = pyvips.Image.new_from_memory(decoded.data, decoded.width, decoded.height, bands, sample)
    image = image.linear(65_535, 0).cast("ushort") if sample == "float" else image
    image = image.copy(interpretation={1: "grey16" if sample != "uchar" else "b-w", 2: "b-w"}.get(bands, "srgb"))
    if decoded.icc:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", decoded.icc)
    return image
