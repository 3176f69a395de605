"""Photoshop's image resources: numbered blocks, in a PSD and, with IPTC in one of them, in JPEGs."""

from __future__ import annotations

import struct
from collections.abc import Mapping

# Numbers of Adobe's file format specification.
IPTC, PREVIEW, ICC, EXIF, XMP = 1028, 1036, 1039, 1058, 1060

MAX_RESOURCES = 1_000


def resources(content: bytes) -> Mapping[int, bytes]:
    """The blocks by their number, the first of each; whatever is broken ends the list."""
    found: dict[int, bytes] = {}
    place = 0
    for _ in range(MAX_RESOURCES):
        if content[place : place + 4] != b"8BIM" or len(content) < place + 12:
            break
        (number,) = struct.unpack_from(">H", content, place + 4)
        place += 6 + even(content[place + 6] + 1)  # past its name, which begins with its length
        if len(content) < place + 4:
            break
        (length,) = struct.unpack_from(">I", content, place)
        found.setdefault(number, content[place + 4 : place + 4 + length])
        place += 4 + even(length)
    return found


def even(number: int) -> int:
    return number + number % 2
