"""UTF-16 and UTF-32 without a byte order mark: what the zeros and the characters show."""

from __future__ import annotations

import codecs
import unicodedata
from typing import Literal

Wide = Literal["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]

TEXT_CONTROLS = frozenset("\t\n\f\r\x1a\x1b")

CONTROLS = bytes(code for code in range(0x20) if chr(code) not in TEXT_CONTROLS)

# Ranges of 256 characters that the letters of a text share, apart from Chinese, Japanese and Korean.
MAX_PAGES = 4
EAST_ASIAN = range(0x2E, 0xD8)

# Of the characters, at most so many are signs: not letters, marks, digits, blanks or punctuation.
MOST_UNUSUAL = 0.1

# Categories of controls, surrogates, private and unassigned characters.
NO_TEXT = frozenset(("Cc", "Cs", "Co", "Cn"))


def unmarked_encoding(head: bytes) -> Wide | None:
    """The encoding, if the bytes are text in it; None in all other cases. A last character may be cut off.

    Without any blank, line end, digit or other ASCII character nothing is told: then other data looks the same.
    """
    if b"\0" not in head or _is_narrow(head):
        return None
    if wide := _utf_32(head):
        return wide
    even, odd = head[::2].count(0), head[1::2].count(0)
    order: tuple[Wide, Wide] = ("utf-16-le", "utf-16-be") if odd >= even else ("utf-16-be", "utf-16-le")
    # Only an ideographic space, U+3000, has its zero at the other place.
    if min(even, odd) > head.count(b"\0\x30" if odd >= even else b"\x30\0"):
        return None
    return order[0] if _is_text(head[: len(head) & ~1], order[0]) else None


def _is_narrow(head: bytes) -> bool:
    """Whether it is UTF-8 with a few zeros in it. In UTF-16, half of the bytes of an alphabet are zeros or controls."""
    plain = head.translate(None, CONTROLS)
    if len(head) - len(plain) > len(head) / 4:
        return False
    try:
        codecs.utf_8_decode(plain, "strict", False)
    except UnicodeDecodeError:
        return False
    return True


def _utf_32(head: bytes) -> Wide | None:
    """No character is above U+10FFFF, so in UTF-32 one of four bytes is always zero, and the next nearly always."""
    whole = head[: len(head) & ~3]
    if len(whole) < 8:
        return None
    zeros = [whole[place::4].count(0) == len(whole) // 4 for place in (0, 3)]
    if zeros == [False, True] and _is_text(whole, "utf-32-le"):
        return "utf-32-le"
    return "utf-32-be" if zeros == [True, False] and _is_text(whole, "utf-32-be") else None


def _is_text(content: bytes, encoding: Wide) -> bool:
    try:
        text = content.decode(encoding, "surrogatepass" if encoding.startswith("utf-16") else "strict")
    except UnicodeDecodeError:
        return False
    # A pair of surrogates may be cut at the end.
    whole = text[:-1] if text and "\ud800" <= text[-1] < "\udc00" else text
    categories = {character: unicodedata.category(character) for character in set(whole)}
    if any(kind in NO_TEXT and character not in TEXT_CONTROLS for character, kind in categories.items()):
        return False
    unusual = sum(whole.count(character) for character, kind in categories.items() if kind[0] == "S")
    pages = {ord(character) >> 8 for character, kind in categories.items() if kind[0] == "L"}
    return unusual <= MOST_UNUSUAL * len(whole) and len(pages.difference(EAST_ASIAN)) <= MAX_PAGES
