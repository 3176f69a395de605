"""Encodings that the bytes themselves show: byte order marks, ASCII, UTF-8, UTF-16 and UTF-32."""

from __future__ import annotations

import codecs
from typing import Literal

from picasso.charset.wide import unmarked_encoding

Kind = Literal["ascii", "utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "unknown-8bit"]

# Bytes that may show UTF-16.
HEAD = 4_096

# The longer first: the byte order mark of UTF-32 begins with that of UTF-16.
MARKS: tuple[tuple[bytes, Kind], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def classify(head: bytes) -> Kind:
    """What the first bytes of a text show. ``unknown-8bit`` (RFC 1428) is any one-byte or East Asian encoding, or no
    text. Some 10 µs for a kibibyte. A last character may be cut off.
    """
    if head.isascii() and b"\0" not in head:
        return "ascii"
    if known := encoding_from_head(head):
        return known[0]
    return "utf-8" if starts_as_utf8(head) else "unknown-8bit"


def encoding_from_head(head: bytes) -> tuple[Kind, int] | None:
    """The encoding that a byte order mark or zeros show, and the length of its mark; None if they do not show it."""
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    wide = unmarked_encoding(head)
    return (wide, 0) if wide else None


def starts_as_utf8(head: bytes) -> bool:
    """Whether it is valid UTF-8, as far as it goes. A cut character alone shows nothing: Latin-1 may end with "é"."""
    try:
        text, decoded = codecs.utf_8_decode(head, "strict", False)
    except UnicodeDecodeError:
        return False
    return decoded == len(head) or not text.isascii()
