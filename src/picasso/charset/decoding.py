"""Bytes to text, in the encoding that they most likely have, without losing letters."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from picasso.charset.detection import PIECE, detect, detect_together
from picasso.charset.guessing import NO_LEADS
from picasso.charset.utf8 import is_utf8

# Bytes that an encoding has no character for, as lone surrogates, which no text has.
ESCAPED = re.compile("[\udc00-\udcff]")

UNKNOWN_AS = "cp1252"
"""How a text is read whose encoding is unknown, and a byte that its encoding has no character for."""

# Five bytes have no character there either; they stay what they are in Latin-1.
FALLBACK = {0xDC00 + byte: bytes((byte,)).decode(UNKNOWN_AS, "ignore") or chr(byte) for byte in range(0x100)}


# Where Latin-1 is declared, it is right unless something else fits much better.
DECLARED_LATIN1 = {"cp1252": 4.0}

ESCAPE = "picasso.escape"


def _escape(error: UnicodeError) -> tuple[str, int]:
    """As ``surrogateescape``, but for ASCII too, which is wrong within some East Asian encodings."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return chr(0xDC00 + error.object[error.start]), error.start + 1


codecs.register_error(ESCAPE, _escape)


@dataclass(frozen=True, slots=True)
class Decoded:
    text: str
    encoding: str | None
    """Python's name; None if it is unknown, and the text is read as windows-1252."""
    sure: bool


class Decoder:
    """Decodes piece by piece. A byte that the encoding has no character for is read as windows-1252."""

    def __init__(self, encoding: str) -> None:
        # In UTF-16 and UTF-32 what is wrong is no single byte.
        wide = encoding.startswith(("utf-16", "utf-32"))
        self._decoder = codecs.getincrementaldecoder(encoding)("replace" if wide else ESCAPE)
        self.undecodable = 0
        """Such bytes so far."""

    def decode(self, piece: bytes, *, final: bool = False) -> str:
        text = self._decoder.decode(piece, final)
        if text.isascii():
            return text
        escaped, count = ESCAPED.subn(lambda match: FALLBACK[ord(match[0])], text)
        self.undecodable += count
        return escaped


def decode_file(file: BinaryIO, decoder: Decoder, piece: int = PIECE) -> Iterator[str]:
    """The rest of the file as text."""
    while data := file.read(piece):
        yield decoder.decode(data)
    yield decoder.decode(b"", final=True)


def decode_bytes(content: bytes, declared: str | None = None) -> Decoded:
    """A whole text: a title, a name, a mail's part. ``declared``: see `detect`."""
    found = detect(content, declared)
    decoder = Decoder(found.name or UNKNOWN_AS)
    return Decoded(decoder.decode(content[found.mark :], final=True), found.name, found.sure)


def decode_together(
    contents: Sequence[bytes], declared: str | None = None, leads: Mapping[str, float] = NO_LEADS
) -> list[str]:
    """Texts that share an encoding. Those that are UTF-8 are read as UTF-8."""
    encoding = detect_together(contents, declared, leads).name or UNKNOWN_AS
    return [decode_as(content, encoding) for content in contents]


def decode_as(content: bytes, encoding: str) -> str:
    """The text in UTF-8 if it is that, or else in that encoding."""
    return content.decode() if is_utf8(content) else Decoder(encoding).decode(content, final=True)


def repair_latin1(texts: Sequence[str]) -> list[str]:
    """Texts of one file that were decoded as Latin-1 because it says so, in the encoding that they most likely have.

    Many programs write their own encoding where a format has only Latin-1. Texts with other characters stay.
    """
    contents = {text: content for text in texts if not text.isascii() and (content := as_latin1(text))}
    repaired = dict(zip(contents, decode_together([*contents.values()], leads=DECLARED_LATIN1), strict=True))
    return [repaired.get(text, text) for text in texts]


def as_latin1(text: str) -> bytes | None:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return None
