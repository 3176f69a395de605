"""Strangers' texts, fit to be facts: printable, and in all no more than there is room for."""

from __future__ import annotations

from collections.abc import Iterable

from picasso.process.contract import JSON
from picasso.process.processors import budget as room_for

# All facts of a file may take 64 KiB as JSON; EXIF, IPTC and XMP get 12 each, and GPS 4.
ROOM = 12 * 1024

LENGTH = 300
"""Characters of one text."""
LIST_LENGTH = 50


def clean_line(text: str, length: int = LENGTH) -> str:
    """Cut, and with a space for each character that can't be shown."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:length]).strip()


def clean_lines(texts: Iterable[str], length: int = LENGTH) -> list[JSON]:
    """The first ones that are not empty."""
    return [found for text in list(texts)[:LIST_LENGTH] if (found := clean_line(text, length))]


def that_fit(pairs: Iterable[tuple[str, JSON]], room: int = ROOM) -> dict[str, JSON]:
    return room_for.that_fit(pairs, room)
