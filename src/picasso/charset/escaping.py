"""Text whose encoding is not known yet: what is UTF-8 is text, and each other byte is a lone surrogate (PEP 383)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from picasso.charset.decoding import UNKNOWN_AS, Decoder, decode_as
from picasso.charset.detection import detect_together
from picasso.charset.utf8 import strange_characters

ERRORS = "surrogateescape"
ESCAPED = re.compile("[\udc80-\udcff]")
# Valid UTF-8, but two or four letters in another encoding may look the same.
FEW_LETTERS = re.compile("[\x00-\x7f]*[\x80-\u07ff][\x00-\x7f]*[\x80-\u07ff]?[\x00-\x7f]*")
OTHER_SURROGATES = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def escape(content: bytes) -> str:
    return content.decode(errors=ERRORS)


def escape_doubtful(content: bytes) -> str:
    """Where nothing says that it is UTF-8, what may be so by chance is escaped too."""
    text = content.decode(errors=ERRORS)
    doubtful = not text.isascii() and (FEW_LETTERS.fullmatch(text) or strange_characters(text))
    return content.decode("ascii", ERRORS) if doubtful else text


def is_escaped(text: str) -> bool:
    return not text.isascii() and ESCAPED.search(text) is not None


def escaped_bytes(texts: Iterable[str]) -> list[bytes]:
    """The bytes of those texts that are escaped."""
    return [_bytes(text) for text in texts if is_escaped(text)]


def unescape(text: str, encoding: str, *, sure: bool = False) -> str:
    """Escaped UTF-8 is read as UTF-8 unless the encoding is sure."""
    if not is_escaped(text):
        return text
    return Decoder(encoding).decode(_bytes(text), final=True) if sure else decode_as(_bytes(text), encoding)


def unescape_together(texts: Sequence[str]) -> list[str]:
    """Texts of one file in the encoding that they most likely share."""
    encoding = detect_together(escaped_bytes(texts)).name or UNKNOWN_AS
    return [unescape(text, encoding) for text in texts]


def _bytes(text: str) -> bytes:
    # Other lone surrogates come from UTF-16, and are no bytes.
    return OTHER_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text).encode(errors=ERRORS)
