"""The formats that Pillow reads and libvips does not. Each uses its own plugin only."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO

from picasso.process.contract import ProcessorError
from picasso.process.processors.image import levels
from picasso.process.processors.image.errors import blame_file
from picasso.process.processors.image.limits import check_pixels, max_pixels_of, too_many_pixels
from picasso.process.processors.image.metadata import image_with_tags
from picasso.process.processors.image.picture import Picture

if TYPE_CHECKING:
    import PIL.Image
    import pyvips

# libvips' names of the colour spaces, by Pillow's modes.
SPACES = {"L": "b-w", "LA": "b-w", "RGB": "srgb", "RGBA": "srgb", "CMYK": "cmyk"}
# Grey with more than 8 bits, with numpy's type for the samples.
WIDE_MODES = {"I": "int32", "F": "float32", "I;16": "uint16", "I;16B": "uint16", "I;16L": "uint16"}
SIGNED = {"uint16": "int16"}
BITS = {"1": 1, "I;16": 16, "I;16B": 16, "I": 32, "F": 32}


def bmp(file: BinaryIO, max_pixels: int) -> Picture:
    head = file.read(26)
    if len(head) == 26:
        old = head[14:18] == b"\x0c\0\0\0"  # the head of OS/2
        width, height = struct.unpack_from("<HH" if old else "<ii", head, 18)
        check_pixels(abs(width), abs(height), "bmp", max_pixels)
    try:
        with open_image(file, "BMP", max_pixels) as image:
            return describe(image, "bmp")
    except ProcessorError as error:
        if error.code != "corrupt":
            raise
    return cut_off(file, "BMP", max_pixels)


def ico(file: BinaryIO, max_pixels: int) -> Picture:
    """The largest picture of the file. Pillow decodes it on opening."""
    with open_image(file, "ICO", max_pixels) as image:
        sizes = len(image.info.get("sizes", ())) or 1
        return describe(image, "ico", pages=sizes)


def cut_off(file: BinaryIO, plugin: str, max_pixels: int) -> Picture:
    """A file that lacks its end, as far as its pixels are there."""
    with truncated_files(), open_image(file, plugin, max_pixels) as image:
        return replace(describe(image, plugin.lower()), truncated=True)


@contextmanager
def truncated_files() -> Iterator[None]:
    """Within, Pillow leaves pixels that are missing at the end of a file black or transparent."""
    import PIL.ImageFile

    previous, PIL.ImageFile.LOAD_TRUNCATED_IMAGES = PIL.ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        PIL.ImageFile.LOAD_TRUNCATED_IMAGES = previous


def upright(image: PIL.Image.Image) -> PIL.Image.Image:
    """Turned as its EXIF says."""
    import PIL.ImageOps

    return PIL.ImageOps.exif_transpose(image)


def tiff(file: BinaryIO, max_pixels: int) -> Picture:
    """Pillow lets libtiff convert what libvips does not: YCbCr, old-style JPEG, 12 bits, floats of 64 bits."""
    with open_image(file, "TIFF", max_pixels) as image:
        image.load()  # applies the rotation
        icc = image.info.get("icc_profile", b"")
        return describe_wide(image, "tiff") if image.mode in WIDE_MODES else describe(image, "tiff", icc=icc)


@contextmanager
def open_image(file: BinaryIO, plugin: str, max_pixels: int) -> Iterator[PIL.Image.Image]:
    """The picture before decoding. Pillow's own limit is set as well, for plugins that decode on opening."""
    import PIL.Image

    previous_limit = PIL.Image.MAX_IMAGE_PIXELS
    allowed = max_pixels_of(plugin.lower(), max_pixels)
    # Pillow refuses pictures of more than twice this number, and warns before.
    PIL.Image.MAX_IMAGE_PIXELS = max(1, allowed // 2)
    import_module(f"PIL.{plugin.title()}ImagePlugin")  # otherwise Pillow imports all its plugins to find it
    file.seek(0)
    try:
        with (
            blame_file(),
            warnings.catch_warnings(action="ignore"),
            PIL.Image.open(file, formats=(plugin,)) as image,
        ):
            check_pixels(image.width, image.height, plugin.lower(), max_pixels)
            yield image
    except ProcessorError as error:
        if isinstance(error.__cause__, PIL.Image.DecompressionBombError):
            raise too_many_pixels() from error
        raise
    finally:
        PIL.Image.MAX_IMAGE_PIXELS = previous_limit


def describe(image: PIL.Image.Image, kind: str, pages: int = 1, icc: bytes = b"") -> Picture:
    """Decodes at once: a picture that is opened is always shown, too."""
    plain = to_plain_mode(image)
    decoded = to_libvips(plain, icc)
    return Picture(
        format=kind,
        width=image.width,
        height=image.height,
        tags=image_with_tags(),
        pixels=lambda size: decoded.thumbnail_image(size, height=size, size="down"),
        colour_space=SPACES[plain.mode],
        has_alpha=plain.mode in {"LA", "RGBA"},
        bit_depth=BITS.get(image.mode, 8),
        pages=pages,
    )


def describe_wide(image: PIL.Image.Image, kind: str, signed: bool = False) -> Picture:
    """A grey picture of more than 8 bits, in whatever range. ``signed``: whether 16 bits are."""
    import numpy as np
    import pyvips

    samples = WIDE_MODES[image.mode]
    decoded = pyvips.Image.new_from_array(np.asarray(image).astype(SIGNED.get(samples, samples) if signed else samples))
    decoded = decoded.copy(interpretation="grey16" if decoded.format == "ushort" else "b-w")
    return Picture(
        format=kind,
        width=image.width,
        height=image.height,
        tags=image_with_tags(),
        pixels=lambda size: levels.shrink_to_visible(decoded, size),
        colour_space=decoded.interpretation,
        has_alpha=False,
        bit_depth=BITS.get(image.mode),
    )


def to_plain_mode(image: PIL.Image.Image) -> PIL.Image.Image:
    """In one of the modes of `SPACES`: colours of palettes are looked up, and 16 bits become 8."""
    if image.mode in SPACES:
        image.load()
        return image
    if image.mode.startswith("I;16"):
        return image.point(lambda level: level / 256, "L")
    if image.mode in {"1", "F", "I"}:
        return image.convert("L")
    return image.convert("RGBA" if "transparency" in image.info or image.mode in {"PA", "RGBa"} else "RGB")


def to_libvips(image: PIL.Image.Image, icc: bytes = b"") -> pyvips.Image:
    import pyvips

    bands = len(image.getbands())
    result = pyvips.Image.new_from_memory(image.tobytes(), image.width, image.height, bands, "uchar")
    result = result.copy(interpretation=SPACES[image.mode])
    if icc:
        result.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    return result
