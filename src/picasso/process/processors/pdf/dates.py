"""Dates as PDF writes them (ISO 32000-1, section 7.9.4), and as XMP does."""

from __future__ import annotations

import re
from datetime import datetime

DATE = re.compile(
    r"(?:D:|(?=\d{8}))(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)(?:00'?(?:00'?)?)?|([+-]\d\d)'?(?:(\d\d)'?)?)?"
)
ISO_DATE = re.compile(r"\s*\d{4}-\d\d-\d\d(?!\d)")


def parse_date(text: str) -> str | None:
    """A PDF's ``D:20070915110231+02'00'`` in ISO 8601, in the time zone that it names; None if it is no date.

    A year or a month alone is no date, and a date alone stays one: nothing is invented.
    Dates that are in ISO 8601 already are not allowed, but there are some, and in XMP they are the rule.
    """
    if ISO_DATE.match(text):
        return parse_iso_date(text)
    match = DATE.fullmatch(text.strip())
    if not match:
        return None
    year, month, day, *times, zulu, hours, minutes = match.groups()
    if day is None:
        return None
    zone = "+00:00" if zulu else f"{hours}:{minutes or '00'}" if hours else ""
    time = "T{}:{}:{}".format(*(part or "00" for part in times)) + zone if times[0] else ""
    return parse_iso_date(f"{year}-{month}-{day}{time}")


def parse_iso_date(text: str) -> str | None:
    """A date alone stays one: no time is invented."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.isoformat() if "T" in text or ":" in text else moment.date().isoformat()
