"""What a picture is, thumbnails of it, and a short film of one that moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from picasso.process.contract import JSON, Derivative, Processor, Result, Source
from picasso.process.options import parse_options
from picasso.process.processors.image import animation, decode, facts, libvips, perceptual, thumbnails
from picasso.process.processors.image.errors import verdicts
from picasso.process.processors.image.limits import MAX_PIXELS
from picasso.process.processors.image.picture import Picture

MAX_SIDE = 4096
MAX_SIZES = 8


@dataclass(frozen=True, slots=True)
class Options:
    max_pixels: int = MAX_PIXELS
    """Of the first frame, as its header tells them; costlier formats are allowed fewer (see `limits.WEIGHTS`)."""
    sizes: tuple[int, ...] = (256, 1024)
    """The squares, in pixels, that the thumbnails fit into. None is larger than its picture."""
    formats: tuple[Literal["webp", "avif", "jpeg", "png"], ...] = ("webp",)
    quality: int = 80
    """1 to 100, as each encoder understands it; PNG has none."""
    gps: Literal["keep", "strip"] = "keep"
    """Whether the facts tell where the picture was taken. Derivatives never do: they carry no metadata at all."""
    animated_preview: bool = True

    def __post_init__(self) -> None:
        if self.max_pixels < 1:
            raise ValueError("max_pixels is less than 1")
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality is not 1 to 100: {self.quality}")
        if not 1 <= len(set(self.sizes)) == len(self.sizes) <= MAX_SIZES:
            raise ValueError(f"sizes are not 1 to {MAX_SIZES} different ones")
        if wrong := [size for size in self.sizes if not 16 <= size <= MAX_SIDE]:
            raise ValueError(f"sizes are not 16 to {MAX_SIDE}: {wrong[0]}")
        if not 1 <= len(set(self.formats)) == len(self.formats):
            raise ValueError("formats are not one or more different ones")


class Image(Processor):
    name: ClassVar[str] = "image"
    media_types: ClassVar[tuple[str, ...]] = ("image/*",)
    queue: ClassVar[str] = "quick"
    Options: ClassVar[type] = Options
    requires: ClassVar[tuple[str, ...]] = ("numpy", "PIL", "pillow_heif", "pillow_jxl", "pyvips", "rawpy")
    extra: ClassVar[str] = "images"

    @staticmethod
    def prepare() -> None:
        libvips.prepare()
        perceptual.prepare()

    def __call__(self, source: Source, folder: Path) -> Result:
        """Facts and thumbnails of the first frame or page, decoded once."""
        options = parse_options(Options, source.options)
        self.prepare()
        with source.path.open("rb") as file, verdicts(source.media_type):
            picture = decode.opened(file, source.media_type, options.max_pixels)
            shown = thumbnails.shrunk(picture.pixels(max(options.sizes)), options.sizes)
            made = tuple(_derivatives(picture, shown, options, folder))
            told = facts.of(picture, strip_gps=options.gps == "strip")
            return Result(told | _looks(shown), made)


def _derivatives(picture: Picture, shown: thumbnails.Shrunk, options: Options, folder: Path) -> Iterator[Derivative]:
    yield from thumbnails.saved(shown, options.formats, options.quality, folder)
    if picture.film and options.animated_preview and (frames := picture.film()):
        yield animation.saved(frames, options.quality, folder)


def _looks(shown: thumbnails.Shrunk) -> dict[str, JSON]:
    return perceptual.of(shown[min(shown)])
