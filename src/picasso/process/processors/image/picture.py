"""What every decoder returns: a picture whose header is read, and whose pixels are decoded when they are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from picasso.process.processors.image.metadata import image_with_tags

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True)
class Animation:
    frames: int
    loop: int
    """How often it is played; 0 means for ever."""
    seconds: float | None
    """Duration of one time through."""


@dataclass(frozen=True, slots=True)
class Picture:
    format: str
    """As in the facts: ``jpeg``, ``heic``, ``dng``."""
    width: int
    """In pixels, as seen after the rotation; so is ``height``."""
    height: int
    tags: pyvips.Image
    """Has the metadata as fields: ``exif-…``, ``xmp-data``, ``iptc-data``, ``icc-profile-data``, ``orientation``."""
    pixels: Callable[[int], pyvips.Image]
    """Decodes the picture, upright, to fit into a square of this many pixels. Call it only once: it may decode
    again.
    """
    colour_space: str
    has_alpha: bool
    bit_depth: int | None
    dpi: float | None = None
    pages: int = 1
    truncated: bool = False
    """Whether the file lacks its end. What is missing is shown grey, black or transparent."""
    refused: bool = False
    """Whether its pixels will not be decoded. Other decoders must not try either."""
    animation: Animation | None = None
    preview_frames: Callable[[], pyvips.Image | None] | None = None
    """Decodes the first frames of an animation, small, one below the other in one image; None if that is too costly."""


def unseen(kind: str, width: int, height: int, error: Exception) -> Picture:
    """A picture of which only the size is known. Its pixels raise the error."""
    tags = image_with_tags()
    picture = Picture(kind, width, height, tags, lambda _: tags, colour_space="", has_alpha=False, bit_depth=None)
    return refused(picture, error)


def refused(picture: Picture, error: Exception) -> Picture:
    """The picture without pixels: to decode it raises the error."""

    def pixels(size: int) -> pyvips.Image:
        raise error

    return replace(picture, pixels=pixels, refused=True)


def has(image: pyvips.Image, field: str) -> bool:
    return bool(image.get_typeof(field))


def blob(image: pyvips.Image, field: str) -> bytes:
    """A field of bytes; empty if it is missing."""
    return bytes(image.get(field)) if has(image, field) else b""
