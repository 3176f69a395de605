"""Draws an SVG. Its elements are counted before: librsvg limits size and depth, but not work.

Drawings within these limits took less than six seconds of a core and less than 300 MB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO
from xml.parsers import expat

from picasso.process.contract import ProcessorError
from picasso.process.processors.image import libvips
from picasso.process.processors.image.errors import corrupt
from picasso.process.processors.image.limits import check_pixels
from picasso.process.processors.image.picture import Picture
from picasso.process.processors.image.svg_bytes import read_drawing

if TYPE_CHECKING:
    import pyvips

# Pixels of an inch in CSS, and so in every browser. libvips also enlarges by the ratio to its own default.
DPI, DEFAULT_DPI = 96, 72

# The size of a picture that states none and shows nothing (CSS 2.2, section 10.3.2), such as a collection of symbols.
DEFAULT_SIZE = 300, 150
NOTHING_TO_SHOW = "bad dimensions"

MAX_ELEMENTS = 50_000
MAX_TEXT = 100_000
"""Characters. For 900,000 in one text, pango needed two gibibytes."""

MAX_FILTER_WEIGHT = 200
"""Filter primitives, by weight: each one processes all pixels."""
WEIGHTS = {
    "feTurbulence": 20,
    "feMorphology": 20,
    "feConvolveMatrix": 10,
    "feDiffuseLighting": 10,
    "feSpecularLighting": 10,
}
MAX_FILTERED_ELEMENTS = 500
"""Elements that use a filter."""


class LimitExceeded(Exception):
    """The drawing exceeds one of the limits above."""


@dataclass(slots=True)
class _Counter:
    elements: int = 0
    text: int = 0
    filter_weight: int = 0
    filtered_elements: int = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = name.rpartition(":")[2]
        self.elements += 1
        self.filter_weight += WEIGHTS.get(local, 1) if local.startswith("fe") else 0
        self.filtered_elements += "filter" in attributes or "filter:" in attributes.get("style", "")
        if (
            self.elements > MAX_ELEMENTS
            or self.filter_weight > MAX_FILTER_WEIGHT
            or self.filtered_elements > MAX_FILTERED_ELEMENTS
        ):
            raise LimitExceeded

    def characters(self, text: str) -> None:
        self.text += len(text.strip())
        if self.text > MAX_TEXT:
            raise LimitExceeded


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    """Raises `ProcessorError`, or `pyvips.Error` (see `errors.translate_errors`)."""
    content = read_drawing(file)
    check_complexity(content)
    header = _draw(content, 1.0)
    check_pixels(header.width, header.height, "svg", max_pixels)
    picture = libvips.describe(header, "svg", lambda size: _fit(content, header, size))
    return replace(picture, dpi=None)


def check_complexity(content: bytes) -> None:
    """Raises `ProcessorError` for a drawing that would take too long or is not XML."""
    counter = _Counter()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = counter.start
    parser.CharacterDataHandler = counter.characters
    try:
        parser.Parse(content, True)
    except LimitExceeded as error:
        raise ProcessorError("too-complex", "This drawing has more in it than can be processed.") from error
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise corrupt() from error


def _fit(content: bytes, header: pyvips.Image, size: int) -> pyvips.Image:
    """Drawn at the size that is needed; the rounding of a side may be one pixel too many."""
    scale = min(1.0, size / max(header.width, header.height))
    return _draw(content, scale).thumbnail_image(size, height=size, size="down")


def _draw(content: bytes, scale: float) -> pyvips.Image:
    """Given bytes and no path: with a path, librsvg would draw files that an SVG names in the same folder."""
    import pyvips

    pixel_scale = scale * DEFAULT_DPI / DPI
    try:
        return pyvips.Image.svgload_source(pyvips.Source.new_from_memory(content), dpi=DPI, scale=pixel_scale)
    except pyvips.Error as error:
        if NOTHING_TO_SHOW not in str(error):
            raise
        return pyvips.Image.black(*DEFAULT_SIZE, bands=4).copy(interpretation="srgb")
