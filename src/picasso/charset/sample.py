"""The part of a text that a guess is made from."""

from __future__ import annotations

import re
from dataclasses import dataclass

# What ASCII blanks and punctuation separate. No encoding has bytes below 0x30 within a character.
TOKEN = re.compile(rb"[^\x00-\x2f]+")
WORD = re.compile(rb"[A-Za-z\x80-\xff]+")

# So many bytes of tokens beyond ASCII are as good as more.
ENOUGH = 224

# ASCII words beside them tell the language of a Latin script.
ASCII_HEAD, ASCII_ENOUGH = 600, 150


@dataclass(frozen=True, slots=True)
class Sample:
    tokens: bytes
    """The first tokens beyond ASCII, with blanks between them."""
    words: bytes
    """The runs of letters and non-ASCII bytes in the tokens, with a blank before, between and after them."""
    ascii_words: bytes
    cut: bool
    """Whether the last token is cut, perhaps within a character."""

    @classmethod
    def of(cls, content: bytes) -> Sample:
        tokens, cut = _tokens(content)
        words = [word for word in WORD.findall(tokens) if not word.isascii()]
        plain = [word for word in WORD.findall(content[:ASCII_HEAD]) if word.isascii() and len(word) > 1]
        return cls(tokens, spaced(words), spaced(plain)[:ASCII_ENOUGH], cut)


def _tokens(content: bytes) -> tuple[bytes, bool]:
    tokens: list[bytes] = []
    left = ENOUGH
    for match in TOKEN.finditer(content):
        token = match[0]
        if token.isascii():
            continue
        tokens.append(token[:left])
        left -= len(token)
        if left <= 0:
            break
    return b" ".join(tokens), left < 0


def spaced(words: list[bytes]) -> bytes:
    return b" ".join((b"", *words, b"")) if words else b""
