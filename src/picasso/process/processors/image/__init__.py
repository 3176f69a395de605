"""Facts about pictures, thumbnails, and a short preview of animations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from picasso.policy import ActiveContent
from picasso.process.contract import JSON, Derivative, Processor, ProcessorError, Result, Source
from picasso.process.options import check_range, parse_options
from picasso.process.processors.image import animation, decode, facts, libvips, perceptual, svg_scripts, thumbnails
from picasso.process.processors.image.errors import translate_errors
from picasso.process.processors.image.limits import MAX_SIDE
from picasso.process.processors.image.picture import Picture

MAX_SIZES = 8


@dataclass(frozen=True, slots=True)
class Options:
    max_pixels: int = 0
    """Limit for the first frame, as its header gives its size; 0 means as many as memory and time allow for its format
    (see `limits`).
    """
    sizes: tuple[int, ...] = (256, 1024)
    """The squares, in pixels, that the thumbnails fit into. No thumbnail is larger than its picture."""
    formats: tuple[Literal["webp", "avif", "jpeg", "png"], ...] = ("webp",)
    quality: int = 80
    """1 to 100, as each encoder understands it. PNG has none."""
    gps: Literal["keep", "strip"] = "keep"
    """Whether the facts tell where the picture was taken. Derivatives never do, because they have no metadata at
    all.
    """
    animated_preview: bool = True

    def __post_init__(self) -> None:
        if self.max_pixels < 0:
            raise ValueError("max_pixels must be at least 0")
        check_range("quality", self.quality, 1, 100)
        if not 1 <= len(set(self.sizes)) == len(self.sizes) <= MAX_SIZES:
            raise ValueError(f"sizes must be 1 to {MAX_SIZES} different numbers")
        for size in self.sizes:
            check_range("sizes", size, 16, MAX_SIDE)
        if not 1 <= len(set(self.formats)) == len(self.formats):
            raise ValueError("formats must be one or more different formats")


class Image(Processor):
    name: ClassVar[str] = "image"
    media_types: ClassVar[tuple[str, ...]] = (
        "image/*",
        *("!image/vnd.dwg", "!image/vnd.dxf", "!image/vnd.dgn", "!image/x-lwo", "!image/x-cmx"),  # drawings of programs
        *("!image/x-skencil", "!image/x-freehand", "!image/openraster"),
    )
    queue: ClassVar[str] = "quick"
    Options: ClassVar[type] = Options
    requires: ClassVar[tuple[str, ...]] = ("numpy", "PIL", "pillow_heif", "pillow_jxl", "pyvips", "rawpy")
    extra: ClassVar[str] = "images"

    @staticmethod
    def prepare() -> None:
        libvips.prepare()
        perceptual.prepare()

    def __call__(self, source: Source, folder: Path) -> Result:
        """Facts and thumbnails of the first frame or page. It is decoded once."""
        options = parse_options(Options, source.options)
        self.prepare()
        with source.path.open("rb") as file:
            is_drawing = source.media_type.startswith("image/svg")
            active = (svg_scripts.read_active_content(file) if is_drawing else ActiveContent()).as_fact()
            with _keeping(active), translate_errors(source.media_type):
                picture = decode.open_picture(file, source.media_type, options.max_pixels)
                picture_facts = facts.read_facts(picture, strip_gps=options.gps == "strip") | active
            with _keeping(picture_facts), translate_errors(source.media_type):
                thumbnail_images = thumbnails.shrink(picture.pixels(max(options.sizes)), options.sizes)
                derivatives = tuple(_derivatives(picture, thumbnail_images, options, folder))
            return Result(picture_facts | _perceptual_facts(thumbnail_images), derivatives)


@contextmanager
def _keeping(picture_facts: dict[str, JSON]) -> Iterator[None]:
    """Errors of decoding keep what the head of the file told."""
    try:
        yield
    except ProcessorError as error:
        raise ProcessorError(error.code, error.sentence, {**error.facts, **picture_facts}) from error


def _derivatives(
    picture: Picture, thumbnail_images: thumbnails.Thumbnails, options: Options, folder: Path
) -> Iterator[Derivative]:
    yield from thumbnails.save(thumbnail_images, options.formats, options.quality, folder)
    if picture.preview_frames and options.animated_preview and (frames := picture.preview_frames()):
        yield animation.save(frames, options.quality, folder)


def _perceptual_facts(thumbnail_images: thumbnails.Thumbnails) -> dict[str, JSON]:
    return perceptual.read_look(thumbnail_images[min(thumbnail_images)])
