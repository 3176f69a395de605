"""Conditional requests and ranges (RFC 9110 §13-14), as functions of a request's headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from picasso.errors import PreconditionFailed, RangeNotSatisfiable

Headers = Mapping[str, str]
"""By lower-case name."""

RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Representation:
    """What the conditions of a request are about."""

    etag: str
    """A strong entity tag, with its quotes."""
    modified_at: datetime
    size: int

    @property
    def last_modified(self) -> datetime:
        """To the second, like dates in headers."""
        return self.modified_at.replace(microsecond=0)


def is_not_modified(headers: Headers, found: Representation) -> bool:
    """Whether the answer is 304. Follows the order of RFC 9110 §13.2.2; raises `PreconditionFailed`."""
    if (tags := headers.get("if-match")) is not None:
        if not includes(tags, found.etag, weak=False):
            raise PreconditionFailed
    elif (date := http_date(headers.get("if-unmodified-since"))) and found.last_modified > date:
        raise PreconditionFailed
    if (tags := headers.get("if-none-match")) is not None:
        return includes(tags, found.etag, weak=True)
    date = http_date(headers.get("if-modified-since"))
    return date is not None and found.last_modified <= date


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


def requested_range(headers: Headers, found: Representation) -> tuple[int, int] | None:
    """The bytes ``[start, stop)`` if the request is for one range; None if it is for everything.

    Several ranges, other units and invalid ranges get everything, as RFC 9110 §14.2 allows. A range that includes all
    bytes is still a range: if players get a 200 for it, they take the service for one without ranges.

    Raises:
        RangeNotSatisfiable: the range starts after the end.
    """
    match = RANGE.fullmatch(headers.get("range", ""))
    if not match or match.groups() == ("", "") or not if_range_matches(headers.get("if-range"), found):
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(0, found.size - int(last))
    stop = min(int(last) + 1, found.size) if first and last else found.size
    if start >= found.size or (not first and int(last) == 0):
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{found.size}"})
    return start, stop


def if_range_matches(if_range: str | None, found: Representation) -> bool:
    """Whether what the client has already is a part of the same bytes."""
    if if_range is None:
        return True
    if if_range.startswith('"'):
        return if_range == found.etag
    return http_date(if_range) == found.last_modified
