"""Draws an SVG. Its elements are counted before: librsvg limits size and depth, but not work.

Drawings within these limits took less than six seconds of a core and less than 300 MB.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO
from xml.parsers import expat

from picasso.process.contract import ProcessorError
from picasso.process.processors.image import libvips
from picasso.process.processors.image.errors import corrupt, too_complex
from picasso.process.processors.image.limits import check_pixels, too_many_pixels
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
MAX_DEPTH = 256
"""Of elements in each other, for libxml2."""
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


MAX_SIDE = 10_000_000
"""Pixels; for more libvips states one pixel."""

# Of CSS, in pixels (CSS Values 4, section 6.2). Without its size in use, an em is 16 pixels.
UNITS = {"": 1, "px": 1, "pt": 4 / 3, "pc": 16, "in": DPI, "cm": DPI / 2.54, "mm": DPI / 25.4, "em": 16, "ex": 8}
LENGTH = re.compile(r"\s*\+?(\d{0,400}(?:\.\d{0,400})?(?:[eE][-+]?\d{1,4})?)([a-z]{0,2})\s*")

AMPLIFIED = expat.errors.codes[expat.errors.XML_ERROR_AMPLIFICATION_LIMIT_BREACH]


class LimitExceeded(Exception):
    """The drawing exceeds one of the limits above."""


class ExternalContent(Exception):
    """The drawing uses an entity that is outside of it."""


@dataclass(slots=True)
class _Counter:
    stated_size: tuple[float, float] = (0, 0)
    """Pixels, as the root element states them."""
    depth: int = 0
    elements: int = 0
    text: int = 0
    filter_weight: int = 0
    filtered_elements: int = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = name.rpartition(":")[2]
        if not self.elements:
            self.stated_size = pixels(attributes.get("width", "")), pixels(attributes.get("height", ""))
        self.elements += 1
        self.depth += 1
        self.filter_weight += WEIGHTS.get(local, 1) if local.startswith("fe") else 0
        self.filtered_elements += "filter" in attributes or "filter:" in attributes.get("style", "")
        if (
            self.elements > MAX_ELEMENTS
            or self.depth > MAX_DEPTH
            or self.filter_weight > MAX_FILTER_WEIGHT
            or self.filtered_elements > MAX_FILTERED_ELEMENTS
        ):
            raise LimitExceeded

    def end(self, name: str) -> None:
        self.depth -= 1

    def characters(self, text: str) -> None:
        self.text += len(text.strip())
        if self.text > MAX_TEXT:
            raise LimitExceeded


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    """Raises `ProcessorError`, or `pyvips.Error` (see `errors.translate_errors`)."""
    content = read_drawing(file)
    stated = check_complexity(content)
    if max(stated) > MAX_SIDE:
        raise too_many_pixels({"format": "svg", "width": round(stated[0]), "height": round(stated[1])})
    header = _draw(content, 1.0)
    check_pixels(header.width, header.height, "svg", max_pixels)
    picture = libvips.describe(header, "svg", lambda size: _fit(content, header, size))
    return replace(picture, dpi=None)


def check_complexity(content: bytes) -> tuple[float, float]:
    """The size that the drawing states, in pixels; 0 for a side without one.

    Raises `ProcessorError` for a drawing that would take too long or is not XML.
    """
    counter = _Counter()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = counter.start
    parser.EndElementHandler = counter.end
    parser.ExternalEntityRefHandler = parser.SkippedEntityHandler = _refuse_external
    parser.CharacterDataHandler = counter.characters
    try:
        parser.Parse(content, True)
    except LimitExceeded as error:
        raise too_complex() from error
    except ExternalContent as error:
        raise ProcessorError("unsupported-format", "This drawing needs other files, which are not read.") from error
    except expat.ExpatError as error:
        raise (too_complex() if error.code == AMPLIFIED else corrupt()) from error
    except (ValueError, LookupError) as error:
        raise corrupt() from error
    return counter.stated_size


def pixels(length: str) -> float:
    """Of a side; 0 if it depends on the window or is no length."""
    match = LENGTH.fullmatch(length)
    try:
        return min(float(match[1]) * UNITS[match[2]], 1e15) if match else 0
    except (ValueError, KeyError):
        return 0


def _refuse_external(*names: object) -> int:
    raise ExternalContent


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
