"""Animations that Pillow decodes and libvips does not: AVIF sequences and animated PNG."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from picasso.process.processors.image import libvips, pillow
from picasso.process.processors.image.limits import MAX_PREVIEW_PIXELS, check_frames
from picasso.process.processors.image.metadata import image_with_tags
from picasso.process.processors.image.picture import Animation, Picture

if TYPE_CHECKING:
    import PIL.Image
    import pyvips

# Browsers show a frame without a duration for this long, in milliseconds.
DEFAULT_DELAY = 100


def open_picture(file: BinaryIO, plugin: str, max_pixels: int, seconds: float | None = None) -> Picture:
    """The first frame, and its animation if there are more. ``seconds``: the duration, if it is known."""
    with pillow.open_image(file, plugin, max_pixels) as image:
        frames = getattr(image, "n_frames", 1)
        check_frames(frames, animated=True)
        exif, xmp, icc = (image.info.get(name, b"") for name in ("exif", "xmp", "icc_profile"))
        picture = replace(
            pillow.describe(pillow.upright(image), plugin.lower(), pages=frames, icc=icc),
            tags=image_with_tags(exif, xmp, icc=icc),
        )
    if frames < 2:
        return picture
    return replace(
        picture,
        animation=Animation(frames, 0, seconds),
        preview_frames=lambda: preview_frames(file, plugin, max_pixels, loop=0),
    )


def preview_frames(file: BinaryIO, plugin: str, max_pixels: int, *, skip: int = 0, loop: int) -> pyvips.Image | None:
    """The first frames as far as they can be decoded, one below the other. ``skip``: pictures before the first one."""
    with pillow.open_image(file, plugin, max_pixels) as image:
        number = min(libvips.PREVIEW_FRAMES, MAX_PREVIEW_PIXELS // (image.width * image.height))
        frames = list(_frames(image, skip, number))
    return _strip([frame for frame, _ in frames], [delay for _, delay in frames], loop) if len(frames) > 1 else None


def _frames(image: PIL.Image.Image, skip: int, number: int) -> Iterator[tuple[PIL.Image.Image, int]]:
    """Small frames with their delays in milliseconds, up to the first that is damaged."""
    side = libvips.PREVIEW_SIDE
    with suppress(EOFError, OSError, SyntaxError, ValueError, RuntimeError):
        for frame in range(skip, min(skip + number, getattr(image, "n_frames", 1))):
            image.seek(frame)
            image.load()
            small = pillow.upright(image).convert("RGBA")
            small.thumbnail((side, side))
            yield small, round(image.info.get("duration") or DEFAULT_DELAY)


def _strip(frames: list[PIL.Image.Image], delays: list[int], loop: int) -> pyvips.Image:
    import pyvips

    strip = pyvips.Image.arrayjoin([pillow.to_libvips(frame) for frame in frames], across=1).copy()
    strip.set_type(pyvips.GValue.gint_type, "page-height", frames[0].height)
    strip.set_type(pyvips.GValue.array_int_type, "delay", delays)
    strip.set_type(pyvips.GValue.gint_type, "loop", loop)
    return strip
