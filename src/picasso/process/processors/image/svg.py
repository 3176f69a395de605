"""How much there is to draw in an SVG, counted before it is drawn: librsvg bounds its size and its depth, not its work.

The numbers are such that what they let through took under six seconds of a core, and under 300 MB.
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
"""Characters: 900,000 in one text took pango two gibibytes."""

MAX_FILTERING = 200
"""Filter primitives, by their weight: a filter goes over all pixels for each."""
WEIGHTS = {
    "feTurbulence": 20,
    "feMorphology": 20,
    "feConvolveMatrix": 10,
    "feDiffuseLighting": 10,
    "feSpecularLighting": 10,
}
MAX_FILTERED = 500
"""Elements that have a filter."""


class TooComplex(Exception):
    """There is more to it than any of the limits above."""


@dataclass(slots=True)
class _Counter:
    elements: int = 0
    text: int = 0
    filtering: int = 0
    filtered: int = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = name.rpartition(":")[2]
        self.elements += 1
        self.filtering += WEIGHTS.get(local, 1) if local.startswith("fe") else 0
        self.filtered += "filter" in attributes or "filter:" in attributes.get("style", "")
        if self.elements > MAX_ELEMENTS or self.filtering > MAX_FILTERING or self.filtered > MAX_FILTERED:
            raise TooComplex

    def characters(self, text: str) -> None:
        self.text += len(text.strip())
        if self.text > MAX_TEXT:
            raise TooComplex


def bound(file: BinaryIO) -> None:
    """Raises `ProcessorError` for a drawing that would take too long, or is no XML. Fetches nothing."""
    counter = _Counter()
    parser = expat.ParserCreate()
    parser.StartElementHandler = counter.start
    parser.CharacterDataHandler = counter.characters
    file.seek(0)
    try:
        parser.ParseFile(file)
    except TooComplex as error:
        raise ProcessorError("too-complex", "This drawing has more in it than can be processed.") from error
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise corrupt() from error
