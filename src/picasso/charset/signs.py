"""What the bytes of a one-byte encoding are, apart from which letters: capitals, quotes, signs, nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

QUOTES, APOSTROPHES, DASHES = "«»“”„", "‘’¿¡", "–—\xa0‐"  # noqa: RUF001
USUAL_SIGNS = "…№§°€·©®™•ºª×£"  # noqa: RUF001
LIGATURES = "ﬁﬂ"
# Letters, with vowels and tones that are marks.
THAI = [chr(code) for code in (*range(0x0E01, 0x0E3B), *range(0x0E40, 0x0E4F))]
BOXES = re.compile("[\u2500-\u259f]")

# Kinds of bytes: see `_kind`. Where signs stand depends on coarser ones: any letter, any sign that is not punctuation.
LETTER_KINDS = b"luc"
COARSE = bytes.maketrans(b"lucpsxb", b"LLLssss")

# What capitals cost at most: they are a style of the whole text.
MAX_CAPITALS = 10.0

# The same byte three times or more: a line or an area of a DOS encoding, hardly ever a letter.
RUN = re.compile(rb"([\x80-\xff])\1\1+")
BOX_OF_RUN, LETTER_OF_RUN = -4.5, 4.0


@cache
def characters(encoding: str) -> list[str]:
    """The character of each byte; empty if it has none."""
    return [bytes((byte,)).decode(encoding, "ignore") for byte in range(256)]


@cache
def kinds(encoding: str) -> bytes:
    """The kind of each byte, for `bytes.translate`."""
    return "".join(_kind(character) for character in characters(encoding)).encode()


def _kind(character: str) -> str:
    """A letter is l (lower), u (upper) or c (no case). What is within ASCII and no letter is the same in all encodings,
    so it is a blank.
    """
    category = unicodedata.category(character) if character else "Cn"
    if character in THAI:
        return "c"
    if category[0] == "L" and character not in f"ªº{LIGATURES}":
        return {"Lu": "u", "Ll": "l"}.get(category, "c")
    if character and character.isascii():
        return " "
    return _kind_of_sign(character, category)


def _kind_of_sign(character: str, category: str) -> str:
    """q, a, d: quote, apostrophe, dash; p: usual; b: box; m: mark on a letter; x: control or nothing; s: any other."""
    if category in {"Cc", "Cn", "Co"}:
        return "x"
    if BOXES.match(character):
        return "b"
    named = {QUOTES: "q", APOSTROPHES: "a", DASHES: "d", USUAL_SIGNS: "p"}
    usual = next((kind for signs, kind in named.items() if character in signs), "s")
    return "m" if category[0] == "M" else usual


def signs_cost(encoding: str, words: bytes) -> float:
    """What signs and capitals cost in this encoding, where they stand in these words, in nats.

    The numbers are estimates of how rare each is, tried on texts apart from the tests.
    """
    shape = words.translate(kinds(encoding))
    signs = 0.0 if _has_letters_only(shape) else _signs_cost(shape)
    return _capitals_cost(shape) + signs


def runs_cost(encoding: str, runs: list[bytes]) -> float:
    """What runs of the same byte (see `RUN`) cost more than that, or less for boxes."""
    return sum(_run_cost(encoding, run) for run in runs)


def _run_cost(encoding: str, run: bytes) -> float:
    kind = kinds(encoding)[run[0]]
    each = {ord("b"): BOX_OF_RUN}.get(kind, LETTER_OF_RUN if kind in LETTER_KINDS else 0)
    return each * (len(run) - 2)


def _has_letters_only(shape: bytes) -> bool:
    return not shape.translate(None, b" luc")


def _capitals_cost(shape: bytes) -> float:
    """A capital within a word is rare, unless all of it is in capitals."""
    count = shape.count
    return 6 * count(b"lu") + 2 * count(b"uul") + min(MAX_CAPITALS, 1.2 * count(b" uu") + 0.15 * count(b"u"))


def _signs_cost(shape: bytes) -> float:
    count = shape.count
    # A word that begins with a quote is followed by one that ends with it.
    unpaired = abs(shape.count(b" q") - shape.count(b"q "))
    quotes = 3 * count(b"q") + 3 * (count(b"q") % 2) + 4 * count(b"qq") + 4 * unpaired
    others = 3 * count(b"a") + 3 * count(b"d") + 4 * count(b"p") + 7 * count(b"s") + 14 * count(b"x") + 6 * count(b"m")
    return quotes + others + 6 * count(b"b") + _places_cost(shape.translate(COARSE).count)


def _places_cost(count: Callable[[bytes], int]) -> float:
    """Signs within a word or at a letter, dashes and apostrophes at one end of a word."""
    within = count(b"LsL") + count(b"LqL") + count(b"LdL")
    at_letter = count(b"Ls") + count(b"sL")
    dashes = count(b"Ld") + count(b"dL") - 2 * count(b"LdL")
    alone = count(b"La") + count(b"aL") - 2 * count(b"LaL")
    return 4 * within + 3 * at_letter + 5 * dashes + 3 * alone
