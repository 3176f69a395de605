"""The formats that libvips reads, and the limits that it is given."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

from picasso.process.processors.image.limits import MAX_PREVIEW_PIXELS, check_frames, max_pixels_of, too_many_pixels
from picasso.process.processors.image.picture import Animation, Picture, has, refused

if TYPE_CHECKING:
    import pyvips

# The loaders that libvips may use, with the type that each is for. Loaders for raw pixels, CSV, matrices and all others
# are blocked. libvips marks its SVG loader as untrusted, because librsvg was not fuzzed with it. It is allowed here:
# librsvg is memory-safe Rust with limits of its own, gets no path (see `source_from_file`), and runs in a child without
# credentials.
LOADERS = {
    "VipsForeignLoadJpeg": "image/jpeg",
    "VipsForeignLoadPng": "image/png",
    "VipsForeignLoadWebp": "image/webp",
    "VipsForeignLoadNsgif": "image/gif",
    "VipsForeignLoadTiff": "image/tiff",
    "VipsForeignLoadHeif": "image/avif",
    "VipsForeignLoadSvg": "image/svg+xml",
}

# Damage is refused, because a neat thumbnail would hide the loss until the original is needed. Only of a file that
# lacks its end, which the facts tell, the rest is shown. Warnings are ignored: many cameras write JPEGs that libjpeg
# warns about. It is an option of the loader because thumbnail_source ignores its own fail_on (libvips issue 5195).
STRICT, LENIENT = "error", "none"

# Size of a preview: it fits into a square of this many pixels and has at most this many frames.
PREVIEW_SIDE = 512
PREVIEW_FRAMES = 60

ANIMATED = {"gif", "webp"}
SIDEWAYS = {5, 6, 7, 8}


def prepare() -> None:
    import pyvips

    pyvips.cache_set_max(0)  # a child sees each picture once, so a cache only costs memory
    pyvips.concurrency_set(1)  # several pictures are processed at a time, so more threads do not help
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in LOADERS:
        pyvips.operation_block_set(loader, False)


SourceFactory = Callable[[], "pyvips.Source"]


def source_from_file(file: BinaryIO) -> SourceFactory:
    """A stream without a path: with a path, librsvg would draw files that an SVG names in the same folder.

    Each has a position of its own. ``file`` has a buffer: if they shared its position, it would go on at a wrong place.
    """
    import pyvips

    def new_source() -> pyvips.Source:
        descriptor = os.open(file.name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return pyvips.Source.new_from_descriptor(descriptor)  # which it duplicates
        finally:
            os.close(descriptor)

    return new_source


def source_from_bytes(content: bytes) -> SourceFactory:
    import pyvips

    return lambda: pyvips.Source.new_from_memory(content)


def open_picture(
    new_source: SourceFactory, max_pixels: int, complete: bool = True, weight: float | None = None
) -> Picture:
    """``complete``: whether the file has its end; ``weight``: the cost of a pixel, see `limits`.

    Raises `pyvips.Error` for files that none of `LOADERS` reads.
    """
    import pyvips

    fail_on = STRICT if complete else LENIENT

    header = pyvips.Image.new_from_source(new_source(), "")
    kind = format_of(header)
    if header.width * header.height > max_pixels_of(kind, max_pixels, weight):
        return refused(describe(header, kind, lambda _: header), too_many_pixels())
    animation = _animation(header, kind)
    check_frames(pages(header), animation is not None)
    return describe(
        header,
        kind,
        lambda size: shrink_on_load(new_source, header, size, fail_on),
        truncated=not complete,
        animation=animation,
        preview_frames=(lambda: _preview_frames(new_source, header, fail_on)) if animation else None,
    )


def describe(
    header: pyvips.Image,
    kind: str,
    pixels: Callable[[int], pyvips.Image],
    **known: Any,
) -> Picture:
    """A picture with what libvips knows from its header, and what else is ``known``: more fields of `Picture`."""
    width, height = upright_size(header)
    return Picture(
        format=kind,
        width=width,
        height=height,
        tags=header,
        pixels=pixels,
        colour_space=header.interpretation,
        has_alpha=bool(header.hasalpha()),
        bit_depth=bit_depth(header),
        dpi=dpi(header),
        pages=pages(header),
        **known,
    )


def upright_size(header: pyvips.Image) -> tuple[int, int]:
    """Width and height as seen, after the rotation."""
    sideways = has(header, "orientation") and header.get("orientation") in SIDEWAYS
    return (header.height, header.width) if sideways else (header.width, header.height)


def format_of(header: pyvips.Image) -> str:
    loader = str(header.get("vips-loader")).removesuffix("load_source")
    if loader == "heif":
        return {"av1": "avif", "hevc": "heic"}.get(header.get("heif-compression"), "heif")
    return loader


def pages(header: pyvips.Image) -> int:
    """Not libvips' own count, which returns 1 for ten thousand pages and more."""
    return int(header.get("n-pages")) if has(header, "n-pages") else 1


def bit_depth(header: pyvips.Image) -> int | None:
    """Bits of a sample, as stored if that is known."""
    if has(header, "bits-per-sample"):
        return int(header.get("bits-per-sample"))
    return {"uchar": 8, "ushort": 16, "float": 32, "double": 64}.get(header.format)


def dpi(header: pyvips.Image) -> float | None:
    """Pixels per inch. None if the file does not say, which libvips shows as one pixel per millimetre."""
    density = round(header.xres * 25.4, 2)
    return density if header.xres != 1.0 and 0 < density < 1e6 else None


def shrink_on_load(new_source: SourceFactory, header: pyvips.Image, size: int, fail_on: str) -> pyvips.Image:
    """The decoded picture, upright. This is the only place that decodes."""
    import pyvips

    # At most by the shorter side, so that one pixel of it remains.
    shrink = min(max(header.width, header.height) / size, header.width, header.height)
    factor = jpeg_factor(shrink) if format_of(header) == "jpeg" else 1
    if factor > 1:
        large = pyvips.Image.jpegload_source(new_source(), shrink=factor, access="sequential", fail_on=fail_on)
        return large.thumbnail_image(size, height=size, size="down")
    options = f"[fail_on={fail_on}]"
    return pyvips.Image.thumbnail_source(new_source(), size, height=size, size="down", option_string=options)


def jpeg_factor(shrink: float) -> int:
    """How far the JPEG decoder shrinks, at almost no cost.

    libvips itself would leave twice as much to its own filter, which takes 20 ms more for 12 megapixels without a
    visible difference.
    """
    return next(factor for factor in (8, 4, 2, 1) if shrink >= factor or factor == 1)


def _animation(header: pyvips.Image, kind: str) -> Animation | None:
    frames = pages(header)
    if kind not in ANIMATED or frames < 2:
        return None
    # Checked before the list is copied into Python. Delays are in ms.
    check_frames(frames, animated=True)
    delays = header.get("delay") if has(header, "delay") else []
    loop = int(header.get("loop")) if has(header, "loop") else 1
    return Animation(frames, max(0, loop), round(sum(max(0, delay) for delay in delays) / 1000, 3))


def _preview_frames(new_source: SourceFactory, header: pyvips.Image, fail_on: str) -> pyvips.Image | None:
    import pyvips

    frames = min(pages(header), PREVIEW_FRAMES, MAX_PREVIEW_PIXELS // (header.width * header.height))
    if frames < 2:
        return None
    options = f"[n={frames},fail_on={fail_on}]"
    return pyvips.Image.thumbnail_source(
        new_source(), PREVIEW_SIDE, height=PREVIEW_SIDE, size="down", option_string=options
    )
