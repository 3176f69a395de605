"""Bytes to text, in the encoding that they most likely have, without losing letters."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from picasso.charset.detection import PIECE, detect

# Bytes that an encoding has no character for, as lone surrogates, which no text has.
ESCAPED = re.compile("[\udc00-\udcff]")

UNKNOWN_AS = "cp1252"
"""How a text is read whose encoding is unknown, and a byte that its encoding has no character for."""

# Five bytes have no character there either; they stay what they are in Latin-1.
FALLBACK = {0xDC00 + byte: bytes((byte,)).decode(UNKNOWN_AS, "ignore") or chr(byte) for byte in range(0x100)}


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


def decode_together(contents: Sequence[bytes], declared: str | None = None) -> list[str]:
    """Texts that share an encoding, such as the names in an archive. Those that are UTF-8 are read as UTF-8."""
    together = detect(b"\n".join(content for content in contents if not _is_utf8(content)), declared)
    return [_decode_one(content, together.name or UNKNOWN_AS) for content in contents]


def _decode_one(content: bytes, encoding: str) -> str:
    return content.decode() if _is_utf8(content) else Decoder(encoding).decode(content, final=True)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def repair_latin1(text: str) -> str:
    """A text that was decoded as Latin-1 because its file says so, in the encoding that it most likely has."""
    if text.isascii():
        return text
    try:
        return decode_bytes(text.encode("latin-1")).text
    except UnicodeEncodeError:
        return text
