"""Types of arguments that several commands take. Each raises `ArgumentTypeError`."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

MAX_DIGITS = 9

DAYS = re.compile(r"(\d{1,5})d", re.ASCII)
SPAN = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > MAX_DIGITS:
        raise ArgumentTypeError("It must be a whole number that is not negative.")
    return int(text)


def grace(longest: timedelta) -> Callable[[str], int]:
    """In seconds, up to this long: a number of them, or such as ``90m``, ``1h`` or ``2d``."""
    most = int(longest.total_seconds())

    def parse(text: str) -> int:
        span = SPAN.fullmatch(text)
        if (found := int(span[1]) * SECONDS[span[2]] if span else whole(text)) > most:
            raise ArgumentTypeError(f"It is at most {most} seconds.")
        return found

    return parse


def moment(text: str) -> datetime:
    """ISO 8601; without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"{text!r} is no time. Try 2026-11-30T12:00:00Z.") from None


def end(text: str) -> datetime:
    """A moment in the future: as `moment`, or in so many days from now, such as ``90d``."""
    now = datetime.now(UTC)
    try:
        days = DAYS.fullmatch(text)
        found = now + timedelta(days=int(days[1])) if days else moment(text)
    except (ArgumentTypeError, OverflowError):
        raise ArgumentTypeError(f"{text!r} is no time. Try 90d, or 2031-12-31T23:59:59Z.") from None
    if found <= now:
        raise ArgumentTypeError("It must be in the future.")
    return found
