"""How well the encodings of Chinese, Japanese and Korean fit, by how frequent the characters are."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping

from picasso.charset.candidates import EAST_ASIAN
from picasso.charset.model import character_costs
from picasso.charset.one_byte import Ranked
from picasso.charset.sample import Sample

WORD = re.compile(r"[A-Za-z\x80-\U0010ffff]+")
RUN = re.compile(r"[A-Za-z]+|[^A-Za-z]+")

# A letter beyond ASCII in a Latin word looks like one character between ASCII letters, which is rare.
ALONE, SWITCH = 5.0, 5.0
ASCII_LETTER, ASCII_LETTER_OF_RUN, MAX_ASCII_RUN = 4.5, 3.0, 12.0

PUNCTUATION = "、。「」，！？：（）《》“”・…—；"  # noqa: RUF001
HAN, HANGUL = range(0x4E00, 0xA000), range(0xAC00, 0xD7A4)
HALF_WIDTH, WIDE_SIGNS = range(0xFF61, 0xFFA0), (*range(0x3000, 0x3020), *range(0xFF00, 0xFF5F))
PRIVATE = range(0xE000, 0xF900)


def rank(sample: Sample, language_costs: Mapping[str, float]) -> Iterator[Ranked]:
    """The candidates in which the bytes are valid."""
    for candidate in EAST_ASIAN:
        text = _decode(sample, candidate.encoding)
        for language, rarity in candidate.languages.items() if text is not None else ():
            cost = candidate.cost + rarity + language_costs[language] + _cost(text or "", language)
            yield Ranked(cost, candidate.encoding, language)


def _decode(sample: Sample, encoding: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample.tokens, not sample.cut)
    except UnicodeDecodeError:
        return None


def _cost(text: str, language: str) -> float:
    return sum(_word_cost(word, language) for word in WORD.findall(text) if not word.isascii())


def _word_cost(word: str, language: str) -> float:
    runs = RUN.findall(word)
    longest = max(len(run) for run in runs if not run.isascii())
    cost = sum(_ascii_cost(run, longest) if run.isascii() else _run_cost(run, language) for run in runs)
    return cost + (ALONE * sum(len(run) == 1 and not run.isascii() for run in runs) if len(runs) > 1 else 0)


def _ascii_cost(run: str, longest: int) -> float:
    if longest == 1:
        return SWITCH + ASCII_LETTER * len(run)
    return SWITCH + min(MAX_ASCII_RUN, ASCII_LETTER_OF_RUN * len(run))


def _run_cost(run: str, language: str) -> float:
    known = character_costs(language)
    return sum(known[character] if character in known else _rare_cost(character, language) for character in run)


def _rare_cost(character: str, language: str) -> float:
    code = ord(character)
    if character in PUNCTUATION:
        return 4.5
    if code in HALF_WIDTH:
        return 8
    if code in WIDE_SIGNS:
        return 9
    if code in (HANGUL if language == "ko" else HAN):
        return 13.5
    return 20 if code in PRIVATE else 15
