"""Photoshop's image resources: numbered blocks in a PSD, and in JPEGs, where one of them has the IPTC."""

from __future__ import annotations

import struct
from collections.abc import Mapping

# Numbers from Adobe's file format specification.
IPTC, PREVIEW, ICC, EXIF, XMP = 1028, 1036, 1039, 1058, 1060

MAX_RESOURCES = 1_000


def read_resources(content: bytes) -> Mapping[int, bytes]:
    """The first block of each number. Damage ends the list."""
    blocks: dict[int, bytes] = {}
    position = 0
    for _ in range(MAX_RESOURCES):
        if content[position : position + 4] != b"8BIM" or len(content) < position + 12:
            break
        (number,) = struct.unpack_from(">H", content, position + 4)
        position += 6 + round_up_to_even(content[position + 6] + 1)  # after its name, which begins with its length
        if len(content) < position + 4:
            break
        (length,) = struct.unpack_from(">I", content, position)
        blocks.setdefault(number, content[position + 4 : position + 4 + length])
        position += 4 + round_up_to_even(length)
    return blocks


def round_up_to_even(number: int) -> int:
    return number + number % 2
