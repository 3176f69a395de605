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

from picasso.process.contract import Result, Source
from picasso.process.processors.archive.summary import Entry, Kind, Tally, corrupt

BLOCK = 512

# A long name, or a member's attributes: of what goes beyond, nothing is looked at.
MAX_META = 2**20

# As many sparse maps may follow a header, each for 21 extents.
MAX_MAPS = 10_000

KINDS: dict[bytes, Kind] = {
    **dict.fromkeys((b"0", b"\0", b"7", b"S"), "file"),
    **dict.fromkeys((b"1", b"2"), "link"),
    b"5": "folder",
}


class Stream(Protocol):
    def read(self, size: int, /) -> bytes:
        """Fewer than that at the end only."""

    def skip(self, size: int, /) -> bool:
        """Whether there were as many."""


class Plain:
    """A file, in which to skip is to seek."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._size = path.stat().st_size

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def skip(self, size: int) -> bool:
        there = size <= self._size - self._file.tell()
        self._file.seek(size if there else self._size, 1 if there else 0)
        return there

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Header:
    name: str
    kind: bytes
    size: int
    """Bytes that follow."""
    mtime: float
    target: str
    real_size: int | None = None
    """Of a sparse file, with its holes."""
    maps: bool = False
    """Whether a sparse map follows."""


def read(source: Source, folder: Path) -> Result:
    tally = Tally("tar", source.path.stat().st_size)
    stream = Plain(source.path)
    try:
        count(stream, tally)
    finally:
        stream.close()
    return tally.result(folder)


def count(stream: Stream, tally: Tally) -> None:
    """All members, as far as there are any. Raises `ProcessorError` if there is not even a first header."""
    for entry in entries(stream, tally):
        if not tally.add(entry):
            return
    if not tally.entries and tally.incomplete:
        raise corrupt()


def entries(stream: Stream, tally: Tally) -> Iterator[Entry]:
    more: dict[str, str] = {}
    for header in headers(stream, tally):
        if header.kind in b"LKxXg":
            meta = stream.read(min(header.size, MAX_META))
            if not stream.skip(padded(header.size) - len(meta)):
                tally.incomplete = "damaged"
                return
            more |= _told(header.kind, meta)
            continue
        whole = _with(header, more)
        more = {}
        yield _entry(whole)
        if (whole.maps and not _skip_maps(stream)) or not stream.skip(padded(whole.size)):
            tally.incomplete = tally.incomplete or "damaged"
            return


def headers(stream: Stream, tally: Tally) -> Iterator[Header]:
    empty = 0
    while True:
        block = stream.read(BLOCK)
        if not block.strip(b"\0"):
            empty += 1
            if len(block) < BLOCK or empty == 2:  # which ends an archive, by the book
                return
            continue
        header = parsed(block)
        if header is None:
            tally.incomplete = tally.incomplete or "damaged"
            return
        empty = 0
        yield header


def parsed(block: bytes) -> Header | None:
    """None for what is no header."""
    told = number(block[148:156])
    if len(block) < BLOCK or told is None or told != sum(block[:148]) + 256 + sum(block[156:]):
        return None
    name, kind, size = text(block[:100]), block[156:157], number(block[124:136])
    if size is None or size < 0:
        return None
    if block[257:263] == b"ustar\0" and (prefix := text(block[345:500])):
        name = f"{prefix}/{name}"
    if kind == b"0" and name.endswith("/"):
        kind = b"5"
    sparse = kind == b"S"
    real = number(block[483:495]) if sparse else None
    length = 0 if kind in b"12345" else size
    return Header(
        name, kind, length, number(block[136:148]) or 0, text(block[157:257]), real, sparse and block[482] != 0
    )


def number(field: bytes) -> int | None:
    """Octal digits, or where they don't suffice the bytes of it."""
    if field[:1] in {b"\x80", b"\xff"}:
        return int.from_bytes(field[1:], "big", signed=field[:1] == b"\xff")
    digits = field.strip(b" \0").partition(b"\0")[0].strip()
    if not digits:
        return 0
    return int(digits, 8) if re.fullmatch(rb"[0-7]+", digits) else None


def text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode(errors="replace")


def padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _told(kind: bytes, meta: bytes) -> dict[str, str]:
    """What stands before a header and says more of it than it has room for."""
    if kind in b"LK":
        return {"path" if kind == b"L" else "linkpath": text(meta)}
    return dict(_attributes(meta)) if kind in b"xX" else {}


def _attributes(meta: bytes) -> Iterator[tuple[str, str]]:
    """POSIX: ``27 mtime=1700000000.123456\\n``, the number being the length of it all."""
    place = 0
    while match := re.compile(rb"(\d{1,7}) ([^=\n]{1,100})=").match(meta, place):
        end = place + int(match[1])
        if end <= match.end():
            return
        yield match[2].decode(errors="replace"), meta[match.end() : end - 1].decode(errors="replace")
        place = end


def _with(header: Header, more: dict[str, str]) -> Header:
    if not more:
        return header
    size = more.get("size", "")
    real = more.get("GNU.sparse.realsize", more.get("GNU.sparse.size", ""))
    return replace(
        header,
        name=more.get("GNU.sparse.name", more.get("path", header.name)),
        target=more.get("linkpath", header.target),
        size=int(size) if re.fullmatch(r"\d{1,19}", size) else header.size,
        real_size=int(real) if re.fullmatch(r"\d{1,19}", real) else header.real_size,
        mtime=_seconds(more.get("mtime", ""), header.mtime),
    )


def _seconds(told: str, otherwise: float) -> float:
    return float(told) if re.fullmatch(r"-?\d{1,15}(\.\d{1,20})?", told) else otherwise


def _entry(header: Header) -> Entry:
    kind = KINDS.get(header.kind, "other")
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
