"""How much the bytes of a text speak for UTF-8 and against it."""

from __future__ import annotations

import codecs
import unicodedata

# Blocks of emoji, which each version of Unicode fills further. Python's may be older than the text.
GROWING = range(0x1F000, 0x1FC00)

# As many wrong bytes as a last character that is cut off weighs, beside few others: a text in Latin-1 may end with "é".
CUT_OFF = 2


def utf8_evidence(content: bytes) -> tuple[int, int]:
    """Characters beyond ASCII, and what is wrong: bytes, and characters that no text has."""
    text, decoded = codecs.utf_8_decode(content, "surrogateescape", False)
    strange = strange_characters(text)
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    wrong = sum(character in strange for character in text) if strange else 0
    whole = beyond_ascii - wrong
    if decoded < len(content) and not (whole >= CUT_OFF and not wrong):
        wrong += CUT_OFF
    return whole, wrong


def is_utf8(content: bytes) -> bool:
    """Whether all of a name or a tag is text in UTF-8."""
    try:
        return not strange_characters(content.decode())
    except UnicodeDecodeError:
        return False


def strange_characters(text: str) -> set[str]:
    """Those that are in no text: not assigned, for private use, or lone surrogates, which are bytes that are wrong.

    A few letters in another encoding may be valid UTF-8, but then they are often such characters.
    """
    if text.isprintable():
        return set()
    return {character for character in set(text) if _is_strange(character)}


def _is_strange(character: str) -> bool:
    return unicodedata.category(character) in {"Cn", "Co", "Cs"} and ord(character) not in GROWING
