"""Texts from files, made fit to be facts: printable, and limited in length."""

from __future__ import annotations

from collections.abc import Iterable

from picasso.process.contract import JSON
from picasso.process.processors import budget

# All facts of a file may take 64 KiB as JSON; EXIF, IPTC and XMP may take this much each, and GPS 4 KiB.
MAX_BYTES = 12 * 1024

LENGTH = 300
"""Characters of one text."""
LIST_LENGTH = 50


def clean_line(text: str, length: int = LENGTH) -> str:
    """At most ``length`` characters, with a space for each one that is not printable."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:length]).strip()


def clean_lines(texts: Iterable[str], length: int = LENGTH) -> list[JSON]:
    """At most `LIST_LENGTH` of the texts, without those that are empty."""
    return [clean for text in list(texts)[:LIST_LENGTH] if (clean := clean_line(text, length))]


def take_fitting(pairs: Iterable[tuple[str, JSON]], max_bytes: int = MAX_BYTES) -> dict[str, JSON]:
    return budget.take_fitting(pairs, max_bytes)
