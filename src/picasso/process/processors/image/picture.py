"""What every decoder makes of a file: an opened picture, whose pixels are paid for when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True)
class Animation:
    frames: int
    loop: int
    """How often it is played; 0 is for ever."""
    seconds: float | None
    """Of one time through."""


@dataclass(frozen=True, slots=True)
class Picture:
    format: str
    """As in the facts: ``jpeg``, ``heic``, ``dng``."""
    width: int
    """In pixels, upright, as is the height."""
    height: int
    tags: pyvips.Image
    """Carries the metadata: ``exif-…``, ``xmp-data``, ``iptc-data``, ``icc-profile-data``, ``orientation``."""
    pixels: Callable[[int], pyvips.Image]
    """The picture upright, in no more than a square of this many pixels a side. Asked for once: it may decode anew."""
    colour_space: str
    has_alpha: bool
    bit_depth: int | None
    dpi: float | None = None
    pages: int = 1
    animation: Animation | None = None
    film: Callable[[], pyvips.Image | None] | None = None
    """Its first frames below each other, small, as libvips holds an animation; None if they are too costly."""


def has(image: pyvips.Image, field: str) -> bool:
    return bool(image.get_typeof(field))


def blob(image: pyvips.Image, field: str) -> bytes:
    """A field of bytes; empty where it is missing."""
    return bytes(image.get(field)) if has(image, field) else b""
