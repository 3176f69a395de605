"""Which encoding a text has, and how that is known."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Literal

from picasso.charset.declarations import declared_encoding
from picasso.charset.guessing import guess_encoding
from picasso.charset.marks import HEAD, encoding_from_head, starts_as_utf8

PIECE = 131_072  # bytes to guess the encoding from

Evidence = Literal["mark", "declaration", "validity", "guess", "none"]


@dataclass(frozen=True, slots=True)
class Encoding:
    name: str | None
    """Python's name; None if it is unknown."""
    evidence: Evidence
    mark: int = 0
    """Bytes of the byte order mark."""
    sure: bool = True
    """Whether the evidence leaves little doubt."""


def detect(content: bytes, declared: str | None = None) -> Encoding:
    """The encoding of a whole text.

    ``declared`` is what stands outside of the text: Python's name of an encoding (see `encoding_by_label`). A
    declaration counts unless the bytes are invalid in it.
    """
    if known := encoding_from_head(content[:HEAD]):
        return Encoding(known[0], "mark" if known[1] else "validity", known[1])
    named = declared or declared_encoding(content[:HEAD])
    if named and is_valid(content, named):
        return Encoding(named, "declaration")
    if starts_as_utf8(content):
        return Encoding("utf-8", "validity")
    guess = guess_encoding(content[:PIECE])
    return Encoding(guess[0], "guess", sure=guess[1]) if guess else Encoding(None, "none", sure=False)


def is_valid(content: bytes, encoding: str) -> bool:
    """Whether it can be decoded, but for a last character that is cut off."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(content)
    except (UnicodeError, LookupError):
        return False
    return True


def detect_in_file(file: BinaryIO, declared: str | None = None) -> Encoding:
    """The encoding of a file that may be large, from its head and its first piece beyond ASCII."""
    file.seek(0)
    head = file.read(HEAD)
    if known := encoding_from_head(head):
        return Encoding(known[0], "mark" if known[1] else "validity", known[1])
    return detect(_sample(file), declared or declared_encoding(head))


def _sample(file: BinaryIO) -> bytes:
    """The first piece with bytes beyond ASCII: ASCII is the same in all encodings."""
    file.seek(0)
    sample = next((piece for piece in iter(partial(file.read, PIECE), b"") if not piece.isascii()), b"")
    whole_lines = b"".join(sample.splitlines(keepends=True)[1:-1])  # these cut no character in two
    return sample if len(sample) < PIECE or whole_lines.isascii() else whole_lines
