"""ZIP, from its central directory."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import BinaryIO

from picasso.charset import escape
from picasso.process.contract import Result, Source
from picasso.process.processors.archive.nested import NestedSizes
from picasso.process.processors.archive.summary import Entry, Summary
from picasso.process.processors.archive.zip_members import (
    ENCRYPTED,
    LOCAL_HEADER,
    Header,
    content,
    find_directory,
    headers,
    may_be_archive,
)

# The target of a link is its content. Only so much of it is read, for so many links.
MAX_TARGET = 4_096
MAX_LINKS = 1_000

# So many archives inside of an archive are read.
MAX_NESTED = 1_000


def read(source: Source, folder: Path) -> Result:
    summary = Summary("zip", source.path.stat().st_size)
    links = 0
    nested: list[Header] = []
    with source.path.open("rb") as file, source.path.open("rb") as contents:
        directory = find_directory(file, summary.archive_size)
        for header in headers(file, directory):
            links += header.kind == "link"
            read_target = header.kind == "link" and links <= MAX_LINKS
            target = _target(contents, header, directory.prefix_size) if read_target else ""
            if not summary.add(_entry(header, target)):
                break
            if may_be_archive(header) and len(nested) < MAX_NESTED:
                nested.append(header)
            summary.extents.append(min(header.offset, 2**63))
            summary.extents.append(min(LOCAL_HEADER.size + header.packed, 2**63))
        _measure_nested(contents, nested, directory.prefix_size, summary)
    if summary.entries < directory.entries and not summary.incomplete:
        summary.incomplete = "damaged"
    summary.overlap = has_overlaps(summary)
    return summary.result(folder)


def _measure_nested(file: BinaryIO, nested: list[Header], prefix_size: int, summary: Summary) -> None:
    sizes = NestedSizes(summary.archive_size, summary.total)
    sizes.measure(file, nested, prefix_size)
    summary.nested_bomb = sizes.is_bomb
    if sizes.incomplete:
        summary.active_content.mark("incomplete")


def _entry(header: Header, target: str) -> Entry:
    encrypted = bool(header.flags & ENCRYPTED)
    return Entry(header.name, header.kind, header.size, header.packed, _modified(header), encrypted, target)


def _modified(header: Header) -> str | None:
    """Local time, since a ZIP has no time zones; None if it is no valid time."""
    date, time = header.date, header.time
    year, month, day = 1980 + (date >> 9), date >> 5 & 15, date & 31
    hour, minute, second = time >> 11, time >> 5 & 63, time % 32 * 2
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60):
        return None
    return f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"


def _target(file: BinaryIO, header: Header, prefix_size: int) -> str:
    return escape(content(file, header, prefix_size, MAX_TARGET))


def has_overlaps(summary: Summary) -> bool:
    """Whether entries overlap in the archive, as in bombs that are not nested."""
    extents = sorted(zip(summary.extents[::2], summary.extents[1::2], strict=True))
    return any(start + length > next_start for (start, length), (next_start, _) in itertools.pairwise(extents))
