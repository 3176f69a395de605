"""The first pass over a table that is text: into UTF-8 where it is not, and a look at its lines."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from picasso.process.contract import ProcessorError
from picasso.process.processors.charset import HEAD, REPLACEMENT, decode, encoding_from_head, guess_encoding

PIECE = 2**20

# A line of more is refused; DuckDB takes a record for its whole and wants a bound.
MAX_LINE = 2 * 2**20

# A table that is not in UTF-8 is copied, and no more of it than this is.
MAX_COPY = 512 * 2**20

# What the dialect, and names and kinds of JSON's members, are made from.
SAMPLE = 256 * 2**10

COPY = "utf-8"


@dataclass(frozen=True, slots=True)
class Survey:
    path: Path
    """Where the table is in UTF-8."""
    encoding: str | None
    undecodable: int
    sampled: bool
    """Whether ``path`` holds only the beginning."""
    newline: str | None
    """``lf``, ``crlf``, ``cr`` or ``mixed``."""
    sample: str
    """Its first lines."""


@contextmanager
def surveyed(path: Path, folder: Path) -> Iterator[Survey]:
    """What there is to know of a table before it is read as one; a copy in UTF-8 is there for as long.

    Raises:
        ProcessorError: a line is too long.
    """
    copy = folder / COPY
    with path.open("rb") as file:
        encoding, skip, lost = _encoding(file)
        try:
            sampled = False
            if lost or encoding != "utf-8":
                file.seek(skip)
                lost, sampled = _copied(file, encoding or "cp1252", copy)
                path = copy
            newline = _newline(path)
            yield Survey(path, encoding, lost, sampled, newline, _sample(path))
        finally:
            copy.unlink(missing_ok=True)


def _encoding(file: BinaryIO) -> tuple[str | None, int, int]:
    """With the length of its mark, and how many places are lost in reading it as UTF-8."""
    head = file.read(HEAD)
    encoding, skip = encoding_from_head(head) or ("utf-8", 0)
    if encoding != "utf-8":
        return encoding, skip, 0
    file.seek(0)
    lost, beyond = _losses(file)
    if lost > beyond:  # one bad byte in a long file doesn't make it Latin-1
        return guess_encoding(file), skip, lost
    return encoding, skip, lost


def _losses(file: BinaryIO) -> tuple[int, int]:
    """How many places of a text can't be read as UTF-8, and how many bytes go beyond the first of their character."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    lost = beyond = 0
    for piece in iter(partial(file.read, PIECE), b""):
        if piece.isascii() and decoder.getstate()[0] == b"":
            continue
        text = decoder.decode(piece)
        lost += text.count(REPLACEMENT)
        beyond += len(piece) - len(text)
    return lost + decoder.decode(b"", final=True).count(REPLACEMENT), beyond


def _copied(file: BinaryIO, encoding: str, copy: Path) -> tuple[int, bool]:
    """How many places were lost, and whether there was more than may be copied."""
    lost = 0
    with copy.open("wb") as out:
        for text in decode(file, encoding, PIECE):
            lost += text.count(REPLACEMENT)
            out.write(text.encode(errors="replace"))
            if out.tell() > MAX_COPY:
                return lost, True
    return lost, False


def _newline(path: Path) -> str | None:
    lf = cr = pairs = 0
    before = b""
    with path.open("rb") as file:
        for piece in _lines_bounded(iter(partial(file.read, PIECE), b"")):
            lf += piece.count(b"\n")
            if crs := piece.count(b"\r") + (before == b"\r"):
                cr += crs - (before == b"\r")
                pairs += piece.count(b"\r\n") + (before == b"\r" and piece.startswith(b"\n"))
            before = piece[-1:]
    kinds = {"crlf": pairs, "lf": lf - pairs, "cr": cr - pairs}
    found = [kind for kind, count in kinds.items() if count]
    return "mixed" if len(found) > 1 else next(iter(found), None)


def _lines_bounded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same, as long as no line is too long, give or take a piece."""
    length = 0
    for piece in pieces:
        last = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
        length = length + len(piece) if last < 0 else len(piece) - last - 1
        if length > MAX_LINE:
            raise ProcessorError("too-long-rows", "A line of this table has more than two mebibytes.")
        yield piece


def _sample(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(SAMPLE)
        whole = not file.read(1)
    text = head.removeprefix(codecs.BOM_UTF8).decode(errors="ignore")
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text if whole or not end else text[:end]
