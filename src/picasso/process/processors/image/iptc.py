"""IPTC: captions and credits for the press. Each record has a marker, a number, a length and a text (IIM 4.2)."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from picasso.charset import decode_together
from picasso.process.contract import JSON
from picasso.process.processors.image.resources import IPTC, read_resources
from picasso.process.processors.image.text_values import clean_line, clean_lines, take_fitting

# The datasets of record 2 that become facts, in this order.
DATASETS = {
    5: "title",
    105: "headline",
    120: "caption",
    25: "keywords",
    80: "creator",
    110: "credit",
    115: "source",
    116: "copyright",
    55: "date_created",
    92: "sublocation",
    90: "city",
    95: "state",
    101: "country",
}
LISTS = {"keywords", "creator"}
PLACES = {"sublocation", "city", "state", "country"}

JPEG_PREFIX = b"Photoshop 3.0\0"
MARKER = 0x1C
MAX_RECORDS = 2_000


def read_iptc(content: bytes) -> dict[str, JSON]:
    """``content`` is a JPEG's segment, Photoshop's resources, or bare records."""
    if content.startswith((JPEG_PREFIX, b"8BIM")):
        content = read_resources(content.removeprefix(JPEG_PREFIX)).get(IPTC, b"")
    datasets = records(content)
    texts = _decode({name: datasets.get((2, number), []) for number, name in DATASETS.items()})
    return take_fitting(
        (name, clean_lines(values, 100) if name in LISTS else clean_line(values[0]))
        for name, values in texts.items()
        if values
    )


def _decode(texts: Mapping[str, list[bytes]]) -> dict[str, list[str]]:
    """All texts share an encoding. Without the mark for UTF-8, older software writes its own; such text is hardly ever
    valid UTF-8. The mark is not needed, since it may be wrong.
    """
    decoded = iter(decode_together([text for values in texts.values() for text in values]))
    return {name: [next(decoded) for _ in values] for name, values in texts.items()}


def records(content: bytes) -> dict[tuple[int, int], list[bytes]]:
    """The texts by record and dataset. Damage ends the list."""
    datasets: dict[tuple[int, int], list[bytes]] = {}
    position = 0
    for _ in range(MAX_RECORDS):
        if len(content) < position + 5 or content[position] != MARKER:
            break
        record, number, length = struct.unpack_from(">xBBH", content, position)
        if length > 0x7FFF:  # longer records have their length elsewhere, and are not texts
            break
        datasets.setdefault((record, number), []).append(content[position + 5 : position + 5 + length])
        position += 5 + length
    return datasets
