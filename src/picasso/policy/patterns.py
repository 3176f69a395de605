"""Patterns of media types: ``image/*``, ``application/pdf``, ``*``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from picasso.detection import UNKNOWN, normalize

PATTERN = re.compile(r"[a-z0-9*?][a-z0-9.+*?-]{0,62}/[a-z0-9*?][a-z0-9.+*?-]{0,126}")

ANY = "*/*"


def parse_pattern(text: str) -> str:
    """A pattern in its usual spelling: in lower case, and with the name that detection gives to the type.

    Raises:
        ValueError: it is no pattern of media types.
    """
    pattern = ANY if text.strip() == "*" else text.strip().lower()
    if not PATTERN.fullmatch(pattern):
        raise ValueError(f"{text[:100]!r} is not a pattern of media types such as image/* or application/pdf")
    if is_exact(pattern) and normalize(pattern) != UNKNOWN:
        return normalize(pattern)
    return pattern


def is_exact(pattern: str) -> bool:
    return "*" not in pattern and "?" not in pattern


def matches(media_type: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(media_type, pattern) for pattern in patterns)


def precision(pattern: str) -> tuple[bool, int]:
    """Sorts patterns: an exact type is more precise than a pattern, and a long pattern more than a short one."""
    return is_exact(pattern), len(pattern.replace("*", "").replace("?", ""))
