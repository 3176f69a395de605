"""The name of a colour profile (ICC.1:2022, sections 7.3, 9.2.41, 10.15)."""

from __future__ import annotations

import struct

from picasso.process.processors.image.text_values import clean_line

MAX_TAGS = 100


def read_name(profile: bytes) -> str | None:
    """Its description, in the first language that it has. None if there is no profile or it is damaged."""
    try:
        return clean_line(_description(_tag(profile, b"desc"))) or None
    except (struct.error, UnicodeDecodeError):
        return None


def _tag(profile: bytes, tag: bytes) -> bytes:
    """The data of one tag; empty if it is missing."""
    if len(profile) < 132:
        return b""
    (number,) = struct.unpack_from(">I", profile, 128)
    for position in range(132, 132 + 12 * min(number, MAX_TAGS), 12):
        signature, start, length = struct.unpack_from(">4sII", profile, position)
        if signature == tag:
            return profile[start : start + length]
    return b""


def _description(data: bytes) -> str:
    """Profiles of version 4 have UTF-16 in several languages, those of version 2 ASCII that ends with a zero."""
    if data.startswith(b"mluc"):
        length, start = struct.unpack_from(">II", data, 20)
        return data[start : start + length].decode("utf-16-be")
    if data.startswith(b"desc"):
        (length,) = struct.unpack_from(">I", data, 8)
        return data[12 : 12 + length].partition(b"\0")[0].decode("latin-1")
    return ""
