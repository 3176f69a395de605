"""IPTC: captions and credits of the press, in records of a marker, a number, a length and a text (IIM 4.2)."""

from __future__ import annotations

import struct

from picasso.process.contract import JSON
from picasso.process.processors.image.resources import IPTC, resources
from picasso.process.processors.image.text_values import clean_line, clean_lines, that_fit

# The datasets of record 2 that are told, in the order that they are.
WANTED = {
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
SEVERAL = {"keywords", "creator"}
PLACES = {"sublocation", "city", "state", "country"}

IN_A_JPEG = b"Photoshop 3.0\0"
MARKER = 0x1C
CHARACTER_SET, UTF_8 = (1, 90), b"\x1b%G"
MAX_RECORDS = 2_000


def of(content: bytes) -> dict[str, JSON]:
    """Of a JPEG's segment, of Photoshop's resources, or of bare records."""
    if content.startswith((IN_A_JPEG, b"8BIM")):
        content = resources(content.removeprefix(IN_A_JPEG)).get(IPTC, b"")
    found = records(content)
    # Without the mark, older software writes what its machine does; UTF-8 is hardly ever mistaken for that.
    texts = {
        name: [_decoded(text, found.get(CHARACTER_SET) == [UTF_8]) for text in found.get((2, number), [])]
        for number, name in WANTED.items()
    }
    return that_fit(
        (name, clean_lines(values, 100) if name in SEVERAL else clean_line(values[0]))
        for name, values in texts.items()
        if values
    )


def records(content: bytes) -> dict[tuple[int, int], list[bytes]]:
    """The texts by their record and dataset; whatever is broken ends the list."""
    found: dict[tuple[int, int], list[bytes]] = {}
    place = 0
    for _ in range(MAX_RECORDS):
        if len(content) < place + 5 or content[place] != MARKER:
            break
        record, number, length = struct.unpack_from(">xBBH", content, place)
        if length > 0x7FFF:  # longer ones say their length elsewhere, and are no texts
            break
        found.setdefault((record, number), []).append(content[place + 5 : place + 5 + length])
        place += 5 + length
    return found


def _decoded(text: bytes, is_utf_8: bool) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace") if is_utf_8 else text.decode("cp1252", "replace")
