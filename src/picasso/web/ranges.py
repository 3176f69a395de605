"""Requests for parts of a file, and answers with several of them (RFC 9110 §14)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from picasso.errors import RangeNotSatisfiable
from picasso.web.conditions import Headers, Representation, if_range_matches

MAX_RANGES = 32
"""A request for more of them gets everything: they cost more than that."""

HEADER = re.compile(r"bytes=[ \t]*(.*?)[ \t]*", re.IGNORECASE | re.DOTALL)
RANGE = re.compile(r"(\d*)-(\d*)", re.ASCII)
ONE_RANGE = re.compile(r"bytes=(?:\d{1,18}-\d{0,18}|-\d{1,18})", re.ASCII)

MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes from ``start`` up to, but not including, ``stop``."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """``size``: of everything."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


def requested_spans(headers: Headers, found: Representation) -> tuple[Span, ...] | None:
    """The parts that a GET asks for, in its order, those that overlap or touch joined; None if it is for everything.

    Other units, invalid and too many ranges get everything, as §14.2 allows. A range that includes all bytes is still a
    range: if players get a 200 for it, they take the service for one without ranges.

    Raises:
        RangeNotSatisfiable: all ranges start after the end.
    """
    ranges = parsed(headers.get("range", ""))
    if ranges is None or not if_range_matches(headers.get("if-range"), found):
        return None
    if not found.size and any(first is None and last for first, last in ranges):
        return None  # §14.1.2: the last bytes of nothing are nothing, which no Content-Range can say
    spans = [span for first, last in ranges if (span := _span(first, last, found.size))]
    if not spans:
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{found.size}"})
    return joined(spans)


def is_simple(header: str) -> bool:
    """Whether it is one range that every implementation understands in the same way."""
    return ONE_RANGE.fullmatch(header) is not None


def parsed(header: str) -> list[tuple[int | None, int | None]] | None:
    """First and last position of each range; the first is None for the last bytes. None if it is invalid."""
    match = HEADER.fullmatch(header)
    if not match or match[1].count(",") > 4 * MAX_RANGES:
        return None
    ranges = [_parsed_range(part) for item in match[1].split(",") if (part := item.strip(" \t"))]
    valid = [range_ for range_ in ranges if range_ is not None]
    return valid if 0 < len(valid) == len(ranges) <= MAX_RANGES else None


def _parsed_range(text: str) -> tuple[int | None, int | None] | None:
    match = RANGE.fullmatch(text)
    if not match or match.groups() == ("", ""):
        return None
    first, last = (_number(digits) for digits in match.groups())
    return None if first is not None and last is not None and last < first else (first, last)


def _number(digits: str) -> int | None:
    """No file is so large that more digits matter."""
    if not digits:
        return None
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= MAX_DIGITS else 10**MAX_DIGITS


def _span(first: int | None, last: int | None, size: int) -> Span | None:
    """None if it is not satisfiable."""
    if first is None:
        first, last = max(0, size - (last or 0)), None
    stop = size if last is None else min(last + 1, size)
    return Span(first, stop) if first < size else None


def joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Those that overlap or touch as one, at the place of the first of them."""
    places: dict[Span, int] = {}
    current, place = Span(0, 0), 0
    for index, span in sorted(enumerate(spans), key=lambda item: item[1].start):
        if places and span.start <= current.stop:
            del places[current]
            current, place = Span(current.start, max(current.stop, span.stop)), min(place, index)
        else:
            current, place = span, index
        places[current] = place
    return tuple(sorted(places, key=places.__getitem__))


class Multipart:
    """A body of type ``multipart/byteranges`` (§14.6)."""

    def __init__(self, spans: Sequence[Span], content_type: str, size: int) -> None:
        """``content_type`` and ``size``: of everything."""
        # Nobody can know it beforehand, so no file contains it.
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/byteranges; boundary={boundary}"
        end = f"\r\n--{boundary}--\r\n".encode()
        self.pieces: list[bytes | Span] = []
        """What stands before the bytes of a part, then these, and so on; then the end."""
        for span in spans:
            head = f"Content-Type: {content_type}\r\nContent-Range: {span.content_range(size)}"
            self.pieces += [f"\r\n--{boundary}\r\n{head}\r\n\r\n".encode(), span]
        self.pieces.append(end)
        self.size = sum(piece.size if isinstance(piece, Span) else len(piece) for piece in self.pieces)
