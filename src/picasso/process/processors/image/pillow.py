"""The formats that Pillow reads and libvips does not: each by its own plugin and no other."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO

from picasso.process.contract import ProcessorError
from picasso.process.processors.image.errors import blamed_on_the_file
from picasso.process.processors.image.limits import bound_pixels
from picasso.process.processors.image.metadata import image_with_tags
from picasso.process.processors.image.picture import Picture

if TYPE_CHECKING:
    import PIL.Image
    import pyvips

# How libvips calls them, and how many bands of which depth they have.
SPACES = {"L": "b-w", "LA": "b-w", "RGB": "srgb", "RGBA": "srgb", "CMYK": "cmyk"}
BITS = {"1": 1, "I;16": 16, "I;16B": 16, "I": 32, "F": 32}


def bmp(file: BinaryIO, max_pixels: int) -> Picture:
    with opened(file, "BMP", max_pixels) as image:
        return described(image, "bmp")


def ico(file: BinaryIO, max_pixels: int) -> Picture:
    """The largest of its pictures, which Pillow decodes when it opens the file."""
    with opened(file, "ICO", max_pixels) as image:
        sizes = len(image.info.get("sizes", ())) or 1
        return described(image, "ico", pages=sizes)


@contextmanager
def opened(file: BinaryIO, plugin: str, max_pixels: int) -> Iterator[PIL.Image.Image]:
    """The undecoded picture. Its limit is also Pillow's own, for what its plugin decodes by itself."""
    import PIL.Image

    theirs = PIL.Image.MAX_IMAGE_PIXELS
    # Pillow refuses what has more than twice this, and warns before.
    PIL.Image.MAX_IMAGE_PIXELS = max(1, max_pixels // 2)
    import_module(f"PIL.{plugin.title()}ImagePlugin")  # or Pillow would look for it by importing all that it has
    file.seek(0)
    try:
        with (
            blamed_on_the_file(),
            warnings.catch_warnings(action="ignore"),
            PIL.Image.open(file, formats=(plugin,)) as image,
        ):
            bound_pixels(image.width, image.height, plugin.lower(), max_pixels)
            yield image
    except ProcessorError as error:
        if isinstance(error.__cause__, PIL.Image.DecompressionBombError):
            bound_pixels(max_pixels + 1, 1, plugin.lower(), max_pixels)
        raise
    finally:
        PIL.Image.MAX_IMAGE_PIXELS = theirs


def described(image: PIL.Image.Image, kind: str, pages: int = 1, icc: bytes = b"") -> Picture:
    """Decodes, and keeps the pixels: whoever opens a picture also wants to see it."""
    solid = plain(image)
    decoded = to_libvips(solid, icc)
    return Picture(
        format=kind,
        width=image.width,
        height=image.height,
        tags=image_with_tags(),
        pixels=lambda size: decoded.thumbnail_image(size, height=size, size="down"),
        colour_space=SPACES[solid.mode],
        has_alpha=solid.mode in {"LA", "RGBA"},
        bit_depth=BITS.get(image.mode, 8),
        pages=pages,
    )


def plain(image: PIL.Image.Image) -> PIL.Image.Image:
    """In one of the modes of `SPACES`: a palette's colours are looked up, and 16 bits become 8."""
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
    made = pyvips.Image.new_from_memory(image.tobytes(), image.width, image.height, bands, "uchar")
    made = made.copy(interpretation=SPACES[image.mode])
    if icc:
        made.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    return made
