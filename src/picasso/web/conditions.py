"""Conditional requests (RFC 9110 §13), as functions of a request's headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from picasso.errors import PreconditionFailed

Headers = Mapping[str, str]
"""By lower-case name."""


@dataclass(frozen=True, slots=True)
class Representation:
    """What the conditions of a request are about."""

    etag: str
    """A strong entity tag, with its quotes."""
    modified_at: datetime | None
    """None if nobody knows. Then conditions with a date do not count (RFC 9110 §13.1.3, §13.1.4)."""
    size: int

    @property
    def last_modified(self) -> datetime | None:
        """To the second, like dates in headers."""
        return self.modified_at and self.modified_at.replace(microsecond=0)

    def is_newer_than(self, date: str | None) -> bool | None:
        """None without a valid date, or without a time to compare it with."""
        given, own = http_date(date), self.last_modified
        return None if given is None or own is None else own > given


def is_not_modified(headers: Headers, found: Representation) -> bool:
    """Whether the answer is 304. Follows the order of RFC 9110 §13.2.2; raises `PreconditionFailed`."""
    if (tags := headers.get("if-match")) is not None:
        if not includes(tags, found.etag, weak=False):
            raise PreconditionFailed
    elif found.is_newer_than(headers.get("if-unmodified-since")):
        raise PreconditionFailed
    if (tags := headers.get("if-none-match")) is not None:
        return includes(tags, found.etag, weak=True)
    return found.is_newer_than(headers.get("if-modified-since")) is False


def includes(tags: str, etag: str, *, weak: bool) -> bool:
    """Whether a list of entity tags contains ``etag``, by weak or strong comparison."""
    listed = [tag.strip() for tag in tags.split(",")]
    return "*" in listed or etag in listed or (weak and f"W/{etag}" in listed)


def http_date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def if_range_matches(if_range: str | None, found: Representation) -> bool:
    """Whether what the client has already is a part of the same bytes."""
    if if_range is None:
        return True
    if if_range.startswith('"'):
        return if_range == found.etag
    date = http_date(if_range)
    return date is not None and date == found.last_modified
