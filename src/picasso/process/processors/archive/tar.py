"""TAR, a stream of headers and contents, from a file or from what unpacks one.

Not Python's tarfile: that keeps all members, and reads a name of a gibibyte if a header says so.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from picasso.charset import escape, escape_doubtful
from picasso.process.contract import Result, Source
from picasso.process.processors.archive.summary import Entry, Kind, Summary, corrupt

BLOCK = 512

# Limit for a long name or a member's attributes. The rest is ignored.
MAX_METADATA = 2**20

# Limit for the sparse maps after a header, each for 21 extents.
MAX_MAPS = 10_000

ENTRY_KINDS: dict[bytes, Kind] = {
    **dict.fromkeys((b"0", b"\0", b"7", b"S"), "file"),
    **dict.fromkeys((b"1", b"2"), "link"),
    b"5": "folder",
}


class Stream(Protocol):
    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; fewer only at the end."""

    def skip(self, size: int, /) -> bool:
        """Whether there were that many bytes to skip."""


class PlainFile:
    """An uncompressed file, in which skipping is seeking."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._size = path.stat().st_size

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def skip(self, size: int) -> bool:
        enough = size <= self._size - self._file.tell()
        self._file.seek(size if enough else self._size, 1 if enough else 0)
        return enough

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Header:
    name: str
    kind: bytes
    size: int
    """Bytes that follow the header."""
    mtime: float
    target: str
    real_size: int | None = None
    """Of a sparse file, including its holes."""
    has_maps: bool = False
    """Whether sparse maps follow."""


def read(source: Source, folder: Path) -> Result:
    summary = Summary("tar", source.path.stat().st_size)
    stream = PlainFile(source.path)
    try:
        count_entries(stream, summary)
    finally:
        stream.close()
    return summary.result(folder)


def count_entries(stream: Stream, summary: Summary) -> None:
    """Counts all members that can be read. Raises `ProcessorError` if there is not even a first header."""
    for entry in entries(stream, summary):
        if not summary.add(entry):
            return
    if not summary.entries and summary.incomplete:
        raise corrupt()


def entries(stream: Stream, summary: Summary) -> Iterator[Entry]:
    attributes: dict[str, str] = {}
    for header in headers(stream, summary):
        if header.kind in b"LKxXg":
            metadata = stream.read(min(header.size, MAX_METADATA))
            if not stream.skip(padded_size(header.size) - len(metadata)):
                summary.incomplete = "damaged"
                return
            attributes |= _read_attributes(header.kind, metadata)
            continue
        complete = _apply(header, attributes)
        attributes = {}
        yield _entry(complete)
        if (complete.has_maps and not _skip_maps(stream)) or not stream.skip(padded_size(complete.size)):
            summary.incomplete = summary.incomplete or "damaged"
            return


def headers(stream: Stream, summary: Summary) -> Iterator[Header]:
    empty = 0
    while True:
        block = stream.read(BLOCK)
        if not block.strip(b"\0"):
            empty += 1
            if len(block) < BLOCK or empty == 2:  # the end of an archive
                return
            continue
        header = parse_header(block)
        if header is None:
            summary.incomplete = summary.incomplete or "damaged"
            return
        empty = 0
        yield header


def parse_header(block: bytes) -> Header | None:
    """None if it is no header."""
    checksum = parse_number(block[148:156])
    if len(block) < BLOCK or checksum is None or checksum != sum(block[:148]) + 256 + sum(block[156:]):
        return None
    name, kind, size = parse_text(block[:100]), block[156:157], parse_number(block[124:136])
    if size is None or size < 0:
        return None
    if block[257:263] == b"ustar\0" and (prefix := parse_text(block[345:500])):
        name = f"{prefix}/{name}"
    if kind == b"0" and name.endswith("/"):
        kind = b"5"
    sparse = kind == b"S"
    real = parse_number(block[483:495]) if sparse else None
    length = 0 if kind in b"12345" else size
    return Header(
        name,
        kind,
        length,
        parse_number(block[136:148]) or 0,
        parse_text(block[157:257]),
        real,
        sparse and block[482] != 0,
    )


def parse_number(field: bytes) -> int | None:
    """Octal digits, or bytes if the number is too large for them; None if it is neither."""
    if field[:1] in {b"\x80", b"\xff"}:
        return int.from_bytes(field[1:], "big", signed=field[:1] == b"\xff")
    digits = field.strip(b" \0").partition(b"\0")[0].strip()
    if not digits:
        return 0
    return int(digits, 8) if re.fullmatch(rb"[0-7]+", digits) else None


def parse_text(field: bytes) -> str:
    """Escaped if it is not UTF-8: the encoding is known when all names are (see `names`)."""
    return escape_doubtful(field.partition(b"\0")[0])


def padded_size(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _read_attributes(kind: bytes, metadata: bytes) -> dict[str, str]:
    """Attributes of the next member, which do not fit into its header."""
    if kind in b"LK":
        return {"path" if kind == b"L" else "linkpath": parse_text(metadata)}
    return dict(_attributes(metadata)) if kind in b"xX" else {}


def _attributes(metadata: bytes) -> Iterator[tuple[str, str]]:
    """POSIX: ``27 mtime=1700000000.123456\\n``. The number is the length of the whole record."""
    position = 0
    while match := re.compile(rb"(\d{1,7}) ([^=\n]{1,100})=").match(metadata, position):
        end = position + int(match[1])
        if end <= match.end():
            return
        yield match[2].decode(errors="replace"), escape(metadata[match.end() : end - 1])
        position = end


def _apply(header: Header, attributes: dict[str, str]) -> Header:
    if not attributes:
        return header
    size = attributes.get("size", "")
    real = attributes.get("GNU.sparse.realsize", attributes.get("GNU.sparse.size", ""))
    return replace(
        header,
        name=attributes.get("GNU.sparse.name", attributes.get("path", header.name)),
        target=attributes.get("linkpath", header.target),
        size=int(size) if re.fullmatch(r"\d{1,19}", size) else header.size,
        real_size=int(real) if re.fullmatch(r"\d{1,19}", real) else header.real_size,
        mtime=_parse_seconds(attributes.get("mtime", ""), header.mtime),
    )


def _parse_seconds(text: str, default: float) -> float:
    return float(text) if re.fullmatch(r"-?\d{1,15}(\.\d{1,20})?", text) else default


def _entry(header: Header) -> Entry:
    kind = ENTRY_KINDS.get(header.kind, "other")
    size = header.size if header.real_size is None else max(0, header.real_size)
    return Entry(header.name, kind, size, None, _time(header.mtime), target=header.target if kind == "link" else "")


def _time(seconds: float) -> str | None:
    try:
        return dt.datetime.fromtimestamp(int(seconds), dt.UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return None


def _skip_maps(stream: Stream) -> bool:
    for _ in range(MAX_MAPS):
        block = stream.read(BLOCK)
        if len(block) < BLOCK:
            return False
        if not block[504]:
            return True
    return False
