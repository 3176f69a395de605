"""Which encoding a text has, and how that is known."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Literal

from picasso.charset.declarations import declared_encoding
from picasso.charset.guessing import NO_LEADS, guess_encoding
from picasso.charset.marks import HEAD, encoding_from_head
from picasso.charset.utf8 import is_utf8, utf8_evidence

PIECE = 131_072  # bytes to find the encoding from

Evidence = Literal["mark", "declaration", "validity", "guess"]

# Escape sequences that select a character set (ISO 2022, RFC 1468, RFC 1557), and the encodings that have them.
ESCAPES = re.compile(rb"\x1b(?:\$[@AB]|\$[()][A-GI-M]|\([BJI])")
ESCAPED = ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_3")
KOREAN_HEADER = b"\x1b$)C"

# Characters beyond ASCII that show UTF-8 despite damage: so many, and so many for each wrong byte.
ENOUGH, MANY = 3, 4


@dataclass(frozen=True, slots=True)
class Encoding:
    name: str | None
    """Python's name; None if it is unknown."""
    evidence: Evidence | None
    mark: int = 0
    """Bytes of the byte order mark."""
    sure: bool = True
    """Whether the evidence leaves little doubt."""


UNKNOWN = Encoding(None, None, sure=False)
UTF_8 = Encoding("utf-8", "validity")


def detect(content: bytes, declared: str | None = None, leads: Mapping[str, float] = NO_LEADS) -> Encoding:
    """The encoding of a text, from all of it or its first bytes; a last character may be cut off.

    ``declared`` is what stands outside of the text: Python's name of an encoding (see `encoding_by_label`). A
    declaration counts unless bytes are invalid in it. One wrong byte in a text in UTF-8 does not make it
    another. ``leads``: see `guess_encoding`.
    """
    head = content[:HEAD]
    if known := encoding_from_head(head):
        return Encoding(known[0], "mark" if known[1] else "validity", known[1])
    named = declared or declared_encoding(head)
    if named and is_valid(content, named):
        return Encoding(named, "declaration")
    return _by_content(content, leads)


def _by_content(content: bytes, leads: Mapping[str, float]) -> Encoding:
    """Damage to UTF-8 is tolerated unless the text is surely in another encoding: a few letters in those look like
    characters of UTF-8.
    """
    if content.isascii():
        return Encoding(_escaped(content) or "utf-8", "validity")
    characters, doubts = utf8_evidence(content)
    if characters >= max(1, doubts * MANY) and (not doubts or characters >= ENOUGH):
        return UTF_8
    guess = _by_guess(content, leads)
    return UTF_8 if characters >= max(1, doubts) and not guess.sure else guess


def _escaped(content: bytes) -> str | None:
    if not ESCAPES.search(content):
        return None
    likely = ("iso2022_kr",) if KOREAN_HEADER in content else ESCAPED
    return next((encoding for encoding in likely if is_valid(content, encoding)), None)


def _by_guess(content: bytes, leads: Mapping[str, float]) -> Encoding:
    guess = guess_encoding(content, leads=leads)
    return Encoding(guess[0], "guess", sure=guess[1]) if guess else UNKNOWN


def detect_together(
    contents: Sequence[bytes], declared: str | None = None, leads: Mapping[str, float] = NO_LEADS
) -> Encoding:
    """The encoding of texts that share it, such as the names in an archive, apart from those that are in UTF-8."""
    older: list[bytes] = []
    size = 0
    for content in contents:
        if size < PIECE and not is_utf8(content):
            older.append(content)
            size += len(content)
    return detect(b"\n".join(older), declared, leads)


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
    """The first piece with bytes beyond ASCII, or with escape sequences: the rest of ASCII is the same everywhere."""
    file.seek(0)
    pieces = iter(partial(file.read, PIECE), b"")
    sample = next((piece for piece in pieces if not piece.isascii() or ESCAPES.search(piece)), b"")
    whole_lines = b"".join(sample.splitlines(keepends=True)[1:-1])  # these cut no character in two
    return sample if len(sample) < PIECE or whole_lines.isascii() else whole_lines
