"""The most likely encoding of a text that is neither UTF-8 nor UTF-16.

For each encoding and language, the cost of a text is how unlikely its letters are in that language, if the bytes are in
that encoding. The least cost wins. Measured against other libraries in docs/decisions.
"""

from __future__ import annotations

import codecs
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from types import MappingProxyType

from picasso.charset import east_asian, one_byte
from picasso.charset.candidates import EAST_ASIAN
from picasso.charset.languages import preferred_languages
from picasso.charset.one_byte import Ranked
from picasso.charset.sample import ASCII_ENOUGH, Sample
from picasso.charset.signs import characters

# What an expected language costs less than another.
EXPECTED = 5.0

# With this lead before the next different reading, a guess was wrong in less than one of a hundred tests.
SURE = 6.0

# Texts cost 2 to 4 nats a byte, random bytes 5 to 8. A few nats do not depend on the length.
FIXED, MOST_FOR_SURE, MOST_FOR_TEXT = 10.0, 4.5, 5.5

# Bytes later in the text that an encoding has no characters for speak against it.
INVALID, MAX_INVALID = 8.0, 5
INVALID_EAST_ASIAN = 60.0
CLOSE = 60.0

NO_LEADS: Mapping[str, float] = MappingProxyType({})

# One or two letters or signs in a long text in ASCII say little; most such texts are in English and windows-1252.
FEW, MOSTLY_ASCII_LEADS = 2, MappingProxyType({"cp1252": 5.0})

# A line or a name hardly ever begins or ends with a no-break space, unless there are more.
NO_BREAK, NO_BREAK_SPACE = 8.0, "\xa0"
EDGES = re.compile(rb"(?:(?<![^\n\r/])([\x80-\xff])(?!\1))|(?:([\x80-\xff])(?<!\2\2)(?![^\n\r.,]))")

ASCII = bytes(range(0x80))

EAST_ASIAN_ENCODINGS = frozenset(candidate.encoding for candidate in EAST_ASIAN)


def guess_encoding(
    content: bytes, languages: Sequence[str] | None = None, leads: Mapping[str, float] = NO_LEADS
) -> tuple[str, bool] | None:
    """The most likely encoding, and whether it is far more likely than the others; None if there is none.

    ``languages`` are ISO 639-1 codes; without them, those that the operator prefers. ``leads`` are encodings that are
    more usual where the text comes from; a lead of 2 means some seven times as frequent. Less than a millisecond for a
    kibibyte. Only the first non-ASCII bytes decide, as long as the rest is valid.
    """
    sample = Sample.of(content)
    if not sample.tokens:
        return None
    preferred = preferred_languages() if languages is None else languages
    costs = _language_costs(sample, preferred)
    every = [*one_byte.rank(sample, costs), *east_asian.rank(sample, costs)]
    usual = MOSTLY_ASCII_LEADS if _is_mostly_ascii(sample) and not preferred else NO_LEADS
    ranked = sorted(each.plus(-leads.get(each.encoding, usual.get(each.encoding, 0.0))) for each in every)
    if ranked[0].cost > FIXED + MOST_FOR_TEXT * len(sample.words):
        return None
    close = [each for each in ranked if each.cost <= ranked[0].cost + CLOSE]
    edges = {match[1] or match[2] for match in EDGES.finditer(content)}
    checked = sorted(each.plus(_invalid_cost(content, each.encoding) + _edges_cost(edges, each)) for each in close)
    return checked[0].encoding, _is_sure(checked, sample)


def prepare() -> None:
    """Load the model, which takes some tenths of a second, before the first text needs it."""
    guess_encoding("Привет, über 日本".encode(), ("en",))


def _language_costs(sample: Sample, languages: Sequence[str]) -> Mapping[str, float]:
    plain = one_byte.ascii_costs(sample.ascii_words)
    costs: dict[str, float] = defaultdict(lambda: plain["en"], plain)
    for language in languages:
        costs[language] -= EXPECTED
    if "zh" in languages:
        costs["zh-TW"] -= EXPECTED
    return costs


def _is_mostly_ascii(sample: Sample) -> bool:
    letters = sample.tokens.translate(None, ASCII)
    return len(letters) <= FEW and len(sample.ascii_words) >= ASCII_ENOUGH


def _edges_cost(edges: Collection[bytes], each: Ranked) -> float:
    blank = any(characters(each.encoding)[byte[0]] == NO_BREAK_SPACE for byte in edges)
    return NO_BREAK if blank and each.encoding not in EAST_ASIAN_ENCODINGS else 0.0


def _invalid_cost(content: bytes, encoding: str) -> float:
    if encoding in EAST_ASIAN_ENCODINGS:
        return 0.0 if _starts_valid(content, encoding) else INVALID_EAST_ASIAN
    return INVALID * min(MAX_INVALID, len(content.translate(None, _valid_bytes(encoding))))


@cache
def _valid_bytes(encoding: str) -> bytes:
    """All but those that are controls or nothing. Controls below 0x20 are the same in all encodings."""
    every = enumerate(characters(encoding))
    return bytes(byte for byte, character in every if byte < 0x80 or (character and not "\x80" <= character < "\xa0"))


def _starts_valid(content: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(content)
    except UnicodeDecodeError:
        return False
    return True


def _is_sure(ranked: Sequence[Ranked], sample: Sample) -> bool:
    """Whether all other readings of the sample are far less likely."""
    if ranked[0].cost > FIXED + MOST_FOR_SURE * len(sample.words):
        return False
    best = _read(sample, ranked[0].encoding)
    close = {each.encoding for each in ranked if each.cost < ranked[0].cost + SURE}
    return all(_read(sample, encoding) == best for encoding in close)


def _read(sample: Sample, encoding: str) -> str:
    return sample.tokens.decode(encoding, "replace")
