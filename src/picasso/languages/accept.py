"""Which language a client wants: RFC 9110, section 12.5.4."""

from __future__ import annotations

import re
from functools import lru_cache

ENGLISH, RUSSIAN = "en", "ru"

MAX_HEADER = 500
"""Characters of Accept-Language. Browsers send fewer than a hundred."""

RANGE = re.compile(r"([a-z]{1,8}|\*)(?:-[a-z0-9]{1,8})*(?:;q=([01](?:\.\d{1,3})?))?", re.ASCII)


@lru_cache(maxsize=256)
def language_of(header: str) -> str:
    """The language with the greatest weight; the first one of equals; English if there is neither."""
    weights: dict[str, float] = {}
    for each in header[:MAX_HEADER].lower().replace(" ", "").split(","):
        if match := RANGE.fullmatch(each):
            weights.setdefault(match[1], float(match[2] or 1))
    english = weights.get(ENGLISH, weights.get("*", 0.001))
    russian = weights.get(RUSSIAN, 0.0)
    if english == russian and russian:
        return next(name for name in weights if name in {ENGLISH, RUSSIAN, "*"}).replace("*", ENGLISH)
    return RUSSIAN if russian > english else ENGLISH
