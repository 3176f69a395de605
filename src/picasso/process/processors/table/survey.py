"""The first pass over a text table: detects its encoding, converts it to UTF-8 if needed, and examines its lines."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from picasso.charset import HEAD, REPLACEMENT, Decoder, decode_file, detect_in_file, encoding_from_head
from picasso.process.contract import ProcessorError

PIECE = 2**20

# Longer lines are refused. DuckDB needs a limit, since it may take the whole file for one record.
MAX_LINE = 2 * 2**20

# Limit for the copy in UTF-8 of a table in another encoding.
MAX_COPY = 512 * 2**20

# Characters to detect the dialect, and the members of JSON objects, from.
SAMPLE = 256 * 2**10

COPY_NAME = "utf-8"


@dataclass(frozen=True, slots=True)
class Survey:
    path: Path
    """The table in UTF-8: the original or a copy."""
    encoding: str | None
    undecodable: int
    sampled: bool
    """Whether ``path`` has only the beginning of the table."""
    newline: str | None
    """``lf``, ``crlf``, ``cr`` or ``mixed``."""
    sample: str
    """The first lines."""


@contextmanager
def survey_file(path: Path, folder: Path) -> Iterator[Survey]:
    """Examine a table before it is read. A copy in UTF-8 exists inside the block only.

    Raises:
        ProcessorError: a line is too long.
    """
    copy = folder / COPY_NAME
    with path.open("rb") as file:
        encoding, skip, replaced = _detect_encoding(file)
        try:
            sampled = False
            if replaced or encoding != "utf-8":
                file.seek(skip)
                replaced, sampled = _copy_as_utf8(file, encoding or "cp1252", copy)
                path = copy
            newline = _newline(path)
            yield Survey(path, encoding, replaced, sampled, newline, _sample(path))
        finally:
            copy.unlink(missing_ok=True)


def _detect_encoding(file: BinaryIO) -> tuple[str | None, int, int]:
    """The encoding, the length of its byte order mark, and how many characters are replaced when it is read as
    UTF-8.
    """
    head = file.read(HEAD)
    encoding, skip = encoding_from_head(head) or ("utf-8", 0)
    if encoding != "utf-8":
        return encoding, skip, 0
    file.seek(0)
    replaced, extra_bytes = _count_replaced(file)
    if replaced > extra_bytes:  # one bad byte in a long file does not make it Latin-1
        return detect_in_file(file).name, skip, replaced
    return encoding, skip, replaced


def _count_replaced(file: BinaryIO) -> tuple[int, int]:
    """How many characters can't be read as UTF-8, and how many bytes are not the first of their character."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    replaced = extra_bytes = 0
    for piece in iter(partial(file.read, PIECE), b""):
        if piece.isascii() and decoder.getstate()[0] == b"":
            continue
        text = decoder.decode(piece)
        replaced += text.count(REPLACEMENT)
        extra_bytes += len(piece) - len(text)
    return replaced + decoder.decode(b"", final=True).count(REPLACEMENT), extra_bytes


def _copy_as_utf8(file: BinaryIO, encoding: str, copy: Path) -> tuple[int, bool]:
    """How many characters could not be decoded, and whether there was more than may be copied."""
    decoder = Decoder(encoding)
    lost_before = 0
    with copy.open("wb") as out:
        for text in decode_file(file, decoder, PIECE):
            lost_before += text.count(REPLACEMENT)
            out.write(text.encode(errors="replace"))
            if out.tell() > MAX_COPY:
                return lost_before + decoder.undecodable, True
    return lost_before + decoder.undecodable, False


def _newline(path: Path) -> str | None:
    lf = cr = pairs = 0
    previous = b""
    with path.open("rb") as file:
        for piece in _check_line_lengths(iter(partial(file.read, PIECE), b"")):
            lf += piece.count(b"\n")
            if crs := piece.count(b"\r") + (previous == b"\r"):
                cr += crs - (previous == b"\r")
                pairs += piece.count(b"\r\n") + (previous == b"\r" and piece.startswith(b"\n"))
            previous = piece[-1:]
    counts = {"crlf": pairs, "lf": lf - pairs, "cr": cr - pairs}
    used = [kind for kind, count in counts.items() if count]
    return "mixed" if len(used) > 1 else next(iter(used), None)


def _check_line_lengths(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces. Raises `ProcessorError` if a line is too long, give or take a piece."""
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
        is_complete = not file.read(1)
    text = head.removeprefix(codecs.BOM_UTF8).decode(errors="ignore")
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text if is_complete or not end else text[:end]
