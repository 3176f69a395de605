"""Encoded words in the header of a mail (RFC 2047), with the languages that RFC 2231 (section 5) adds."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from functools import partial
from itertools import groupby

from picasso.charset import decode_bytes, encoding_by_label

MAX_WORD = 1_000  # characters; the standard allows 75

# A word without a known charset costs about 2 ms. A reader of the header decodes the words that follow.
MAX_RUNS = 1_000

WORD = re.compile(rf"=\?([^?\s]{{1,60}})\?([bq])\?((?:[^?\r\n]|\?(?!=)){{0,{MAX_WORD}}})\?=", re.IGNORECASE)

# Blanks and line ends between encoded words are no part of the text.
WORDS = re.compile(rf"{WORD.pattern}(?:[ \t]*(?:\r?\n[ \t]+)*{WORD.pattern})*", re.IGNORECASE)

CONTROLS = dict.fromkeys(map(ord, "\r\n\0"), " ")


def decode_words(text: str) -> str:
    """The text with its encoded words decoded."""
    return WORDS.sub(lambda match: decode_run(match[0]), text, count=MAX_RUNS)


def words_as_utf8(header: str) -> str:
    """The header with each run of encoded words as one word in UTF-8.

    So a reader need not know other charsets, and quotes or commas in the text stay apart from those of the header.
    """
    return WORDS.sub(lambda match: encode_word(decode_run(match[0])), header, count=MAX_RUNS)


def encode_word(text: str) -> str:
    content = text.translate(CONTROLS).encode("utf-8", "replace")
    return f"=?utf-8?B?{binascii.b2a_base64(content, newline=False).decode()}?=" if content else ""


def decode_run(words: str) -> str:
    """The text of adjacent words. Those of one charset are joined first, as some mailers split a letter."""
    pieces = ((match[1].partition("*")[0].lower(), content(match[2], match[3])) for match in WORD.finditer(words))
    return "".join(
        decode_bytes(b"".join(each for _, each in group), encoding_by_label(charset)).text
        for charset, group in groupby(pieces, key=lambda piece: piece[0])
    )


def content(coding: str, letters: str) -> bytes:
    return DECODERS[coding.lower()](letters.encode("utf-8", "replace"))


def decode_base64(content: bytes) -> bytes:
    """The bytes up to the padding. Other characters are left out, and missing padding is no fault."""
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", content.partition(b"=")[0])
    return binascii.a2b_base64(
        letters[: len(letters) // 4 * 4 + (len(letters) % 4 if len(letters) % 4 > 1 else 0)] + b"=="
    )


DECODERS: dict[str, Callable[[bytes], bytes]] = {"b": decode_base64, "q": partial(binascii.a2b_qp, header=True)}
