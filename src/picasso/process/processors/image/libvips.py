"""The formats that libvips reads, and how it is tamed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from picasso.process.processors.image.limits import MAX_FILM_PIXELS, bound_frames, bound_pixels
from picasso.process.processors.image.picture import Animation, Picture, has

if TYPE_CHECKING:
    import pyvips

# All that libvips may open, with the type each is for; raw pixels, CSV, matrices and whatever else a libvips may have
# stay shut. It calls its SVG loader untrusted, because librsvg was never fuzzed with it. Allowed none the less: librsvg
# is memory-safe Rust with limits of its own, gets no address (see `opened`), and runs in a child without credentials.
LOADERS = {
    "VipsForeignLoadJpeg": "image/jpeg",
    "VipsForeignLoadPng": "image/png",
    "VipsForeignLoadWebp": "image/webp",
    "VipsForeignLoadNsgif": "image/gif",
    "VipsForeignLoadTiff": "image/tiff",
    "VipsForeignLoadHeif": "image/avif",
    "VipsForeignLoadSvg": "image/svg+xml",
}

# A viewer shows a picture that was cut short with its lower part grey; here it is refused, because a neat thumbnail
# would hide the loss until the original is needed. Warnings pass: many cameras write JPEGs that libjpeg grumbles at.
# It is said in this string because thumbnail_source ignores its own fail_on (libvips issue 5195).
STRICT = "fail_on=error"

# What a film is cut down to: a square of this many pixels a side, and so many frames.
FILM_SIDE = 512
FILM_FRAMES = 60

ANIMATED = {"gif", "webp"}
ON_ITS_SIDE = {5, 6, 7, 8}


def prepare() -> None:
    import pyvips

    pyvips.cache_set_max(0)  # a child sees each picture once: what is remembered is memory lost
    pyvips.concurrency_set(1)  # pictures run side by side already: a second thread only takes from the neighbour
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in LOADERS:
        pyvips.operation_block_set(loader, False)


Reader = Callable[[], "pyvips.Source"]


def of_file(file: BinaryIO) -> Reader:
    """As a stream without an address: given a path, librsvg would draw what an SVG names in its folder."""
    import pyvips

    return lambda: pyvips.Source.new_from_descriptor(file.fileno())


def of_bytes(content: bytes) -> Reader:
    import pyvips

    return lambda: pyvips.Source.new_from_memory(content)


def opened(read: Reader, max_pixels: int) -> Picture:
    """Raises `pyvips.Error` for what is not one of `LOADERS`."""
    import pyvips

    header = pyvips.Image.new_from_source(read(), "")
    kind = format_of(header)
    bound_pixels(header.width, header.height, kind, max_pixels)
    animation = _animation(header, kind)
    bound_frames(pages(header), animation is not None)
    return described(
        header,
        kind,
        lambda size: shrink_on_load(read, header, kind, size),
        animation=animation,
        film=(lambda: _film(read, header)) if animation else None,
    )


def described(
    header: pyvips.Image,
    kind: str,
    pixels: Callable[[int], pyvips.Image],
    animation: Animation | None = None,
    film: Callable[[], pyvips.Image | None] | None = None,
) -> Picture:
    """A picture with what libvips knows of its header."""
    width, height = upright(header)
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
        animation=animation,
        film=film,
    )


def upright(header: pyvips.Image) -> tuple[int, int]:
    """Width and height as they are to be seen."""
    on_its_side = has(header, "orientation") and header.get("orientation") in ON_ITS_SIDE
    return (header.height, header.width) if on_its_side else (header.width, header.height)


def format_of(header: pyvips.Image) -> str:
    loader = str(header.get("vips-loader")).removesuffix("load_source")
    if loader == "heif":
        return {"av1": "avif", "hevc": "heic"}.get(header.get("heif-compression"), "heif")
    return loader


def pages(header: pyvips.Image) -> int:
    """Not libvips' own count, which takes ten thousand and more for one."""
    return int(header.get("n-pages")) if has(header, "n-pages") else 1


def bit_depth(header: pyvips.Image) -> int | None:
    """Bits of a sample, as stored where that is known."""
    if has(header, "bits-per-sample"):
        return int(header.get("bits-per-sample"))
    return {"uchar": 8, "ushort": 16, "float": 32, "double": 64}.get(header.format)


def dpi(header: pyvips.Image) -> float | None:
    """Pixels an inch; None where the file has no word on it, which libvips shows as one pixel a millimetre."""
    found = round(header.xres * 25.4, 2)
    return found if header.xres != 1.0 and 0 < found < 1e6 else None


def shrink_on_load(read: Reader, header: pyvips.Image, kind: str, size: int) -> pyvips.Image:
    """Decoded here, and nowhere else; turned upright."""
    import pyvips

    # Not by more than the shorter side, of which no pixel would be left.
    shrink = min(max(header.width, header.height) / size, header.width, header.height)
    factor = jpeg_factor(shrink) if kind == "jpeg" else 1
    if factor > 1:
        large = pyvips.Image.jpegload_source(read(), shrink=factor, access="sequential", fail_on="error")
        return large.thumbnail_image(size, height=size, size="down")
    return pyvips.Image.thumbnail_source(read(), size, height=size, size="down", option_string=f"[{STRICT}]")


def jpeg_factor(shrink: float) -> int:
    """How far the JPEG decoder shrinks, at next to no cost. libvips itself would leave twice as much to its own filter,
    which takes 20 ms more for 12 megapixels, for a difference that nobody sees."""
    return next(factor for factor in (8, 4, 2, 1) if shrink >= factor or factor == 1)


def _animation(header: pyvips.Image, kind: str) -> Animation | None:
    frames = pages(header)
    if kind not in ANIMATED or frames < 2:
        return None
    # A bound before the list is copied into Python. In ms, where the format has nothing finer.
    bound_frames(frames, animated=True)
    delays = header.get("delay") if has(header, "delay") else []
    loop = int(header.get("loop")) if has(header, "loop") else 1
    return Animation(frames, max(0, loop), round(sum(max(0, delay) for delay in delays) / 1000, 3))


def _film(read: Reader, header: pyvips.Image) -> pyvips.Image | None:
    import pyvips

    frames = min(pages(header), FILM_FRAMES, MAX_FILM_PIXELS // (header.width * header.height))
    if frames < 2:
        return None
    how = f"[n={frames},{STRICT}]"
    return pyvips.Image.thumbnail_source(read(), FILM_SIDE, height=FILM_SIDE, size="down", option_string=how)
