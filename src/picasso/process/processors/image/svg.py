"""Limits the work of drawing an SVG, counted before it is drawn: librsvg limits size and depth, but not work.

Drawings within these limits took less than six seconds of a core and less than 300 MB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

from picasso.process.contract import ProcessorError
from picasso.process.processors.image.errors import corrupt

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


def check_complexity(file: BinaryIO) -> None:
    """Raises `ProcessorError` for a drawing that would take too long or is not XML. Reads nothing but ``file``."""
    counter = _Counter()
    parser = expat.ParserCreate()
    parser.StartElementHandler = counter.start
    parser.CharacterDataHandler = counter.characters
    file.seek(0)
    try:
        parser.ParseFile(file)
    except LimitExceeded as error:
        raise ProcessorError("too-complex", "This drawing has more in it than can be processed.") from error
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise corrupt() from error
