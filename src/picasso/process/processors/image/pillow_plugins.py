"""Formats of scanners, games, Unix, Windows, macOS and telescopes. Pillow decodes each with its own plugin only."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

from picasso.process.contract import ProcessorError
from picasso.process.processors.image import pillow
from picasso.process.processors.image.errors import corrupt, unsupported
from picasso.process.processors.image.limits import MAX_TEXT_BYTES, check_pixels, read_all, too_large
from picasso.process.processors.image.picture import Picture

if TYPE_CHECKING:
    import PIL.Image

# The cost of a pixel (see `limits`). Decoders in Python take up to two microseconds for each, so that a screen of 4K
# takes 15 seconds. Grey of more than 8 bits is copied as 4 bytes and more.
IN_PYTHON, WIDE = 7.0, 2.0

# How much of a file may be read until the size is known: much more than the comments, keywords or colours of any real
# picture.
MAX_HEAD = 4 * 2**20

# A call that reads less counts as this many bytes: comments of PPM are read byte by byte.
CALL = 16

# Formats that are text as a whole, or may be. A line of theirs may be as long as the file.
TEXTS = {"XPM", "XBM"}
PLAIN_PPM = re.compile(rb"P[123]\s")
MAX_COMMENTS = 1_000

UNSUPPORTED = re.compile(r"unsupported|unimplemented|unknown (pcx|pixel)|cannot (load|read) this", re.IGNORECASE)
TRUNCATED = re.compile(r"truncated|not enough image data", re.IGNORECASE)

# Files whose 16 bits have a sign.
SIGNED = {"FITS"}


PNG = b"\x89PNG\r\n\x1a\n"


def reader(plugin: str) -> Callable[[BinaryIO, int], Picture]:
    """The decoder that uses this plugin of Pillow: ``PCX``, ``TGA``."""
    return lambda file, max_pixels: read(file, plugin, max_pixels)


def cursor(file: BinaryIO, max_pixels: int) -> Picture:
    """Pillow reads a PNG only in icons, which have the same head except for one byte."""
    content = read_all(file)
    if PNG not in content:
        return read(file, "CUR", max_pixels)
    return replace(pillow.ico(io.BytesIO(content[:2] + b"\1" + content[3:]), max_pixels), format="cur")


def read(file: BinaryIO, plugin: str, max_pixels: int) -> Picture:
    """Raises `ProcessorError`. A file that lacks its end is shown as far as its decoder can."""
    _check_text(file, plugin)
    try:
        return _read(file, plugin, max_pixels)
    except ProcessorError as error:
        reason = error.__cause__
        if error.code == "corrupt" and (isinstance(reason, NotImplementedError) or UNSUPPORTED.search(str(reason))):
            raise unsupported() from error
        if error.code != "corrupt" or not TRUNCATED.search(str(reason)):
            raise
    with pillow.truncated_files():
        return replace(_read(file, plugin, max_pixels), truncated=True)


def _check_text(file: BinaryIO, plugin: str) -> None:
    """Limits what takes more memory or time than its number of pixels suggests."""
    start = file.read(3)
    if plugin in TEXTS or PLAIN_PPM.match(start):
        if file.seek(0, io.SEEK_END) > MAX_TEXT_BYTES:
            raise too_large()
        file.seek(0)
        if plugin == "PPM" and file.read().count(b"#") > MAX_COMMENTS:  # Pillow copies a megabyte for each
            raise corrupt()
    file.seek(0)


def _read(file: BinaryIO, plugin: str, max_pixels: int) -> Picture:
    limited = LimitedHead(file)
    with pillow.open_image(limited, plugin, max_pixels) as image:
        limited.unlimited = True
        check_pixels(image.width, image.height, plugin.lower(), max_pixels, _weight(image))
        return _describe(image, plugin)


def _describe(image: PIL.Image.Image, plugin: str) -> Picture:
    kind = plugin.lower()
    if image.mode not in pillow.WIDE_MODES:
        return pillow.describe(image, kind, pages=_pages(image))
    if plugin == "PPM" and image.mode == "I":
        return pillow.describe_wide(image.convert("I;16"), kind)
    return pillow.describe_wide(image, kind, signed=plugin in SIGNED)


def _pages(image: PIL.Image.Image) -> int:
    """The pages of a fax, or the sizes of an icon."""
    return getattr(image, "n_frames", 1) if image.format == "DCX" else len(image.info.get("sizes", ())) or 1


def _weight(image: PIL.Image.Image) -> float:
    import PIL.Image

    tiles: list[Any] = getattr(image, "tile", [])
    if any(tile[0] in PIL.Image.DECODERS for tile in tiles):  # the registry of those in Python
        return IN_PYTHON
    return WIDE if image.mode in pillow.WIDE_MODES else 1.0


class LimitedHead(io.BufferedReader):
    """A file that refuses to be read further than a head is long, until it is ``unlimited``.

    Raises `ProcessorError` beyond. To seek before the start goes to the start, as plugins look for what stands at the
    end of a file without asking how long it is.
    """

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        super().__init__(io.FileIO(file.fileno(), closefd=False))
        self.unlimited = False
        self.consumed = 0

    def read(self, size: int | None = -1, /) -> bytes:
        allowed = MAX_HEAD if size is None or size < 0 else size
        return self._count(super().read(size if self.unlimited else min(allowed, MAX_HEAD)))

    def readline(self, size: int | None = -1, /) -> bytes:
        allowed = MAX_HEAD if size is None or size < 0 else size
        return self._count(super().readline(size if self.unlimited else min(allowed, MAX_HEAD)))

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_END:
            offset = max(0, super().seek(0, io.SEEK_END) + offset)
            whence = io.SEEK_SET
        return super().seek(offset, whence)

    def _count(self, content: bytes) -> bytes:
        self.consumed += max(len(content), CALL)
        if self.consumed > MAX_HEAD and not self.unlimited:
            raise corrupt()
        return content
