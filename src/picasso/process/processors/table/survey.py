"""The first pass over a text table: detects its encoding, converts it to UTF-8 if needed, and examines its lines."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from picasso.charset import REPLACEMENT, Decoder, Encoding, decode_file, detect_in_file
from picasso.process.contract import JSON, ProcessorError

PIECE = 2**20

# Longer lines are refused. DuckDB needs a limit, since it may take the whole file for one record.
MAX_LINE = 2 * 2**20

# Limit for the copy in UTF-8 of a table in another encoding.
MAX_COPY = 512 * 2**20

# Characters to detect the dialect, and the members of JSON objects, from.
SAMPLE = 256 * 2**10

COPY_NAME = "utf-8"

# Two returns before a line feed come from a text that was converted twice.
LINE_END = re.compile(rb"\r?\r?\n|\r")


@dataclass(frozen=True, slots=True)
class Survey:
    path: Path
    """The table in UTF-8: the original or a copy."""
    encoding: Encoding
    undecodable: int
    sampled: bool
    """Whether ``path`` has only the beginning of the table."""
    newline: str | None
    """``lf``, ``crlf``, ``cr`` or ``mixed``."""
    sample: str
    """The first lines."""

    def encoding_facts(self) -> dict[str, JSON]:
        return {
            "encoding": self.encoding.name,
            "encoding_evidence": self.encoding.evidence,
            "encoding_sure": self.encoding.sure,
            "undecodable": self.undecodable,
        }


@contextmanager
def survey_file(path: Path, folder: Path) -> Iterator[Survey]:
    """Examine a table before it is read. A copy in UTF-8 exists inside the block only.

    Raises:
        ProcessorError: a line is too long.
    """
    copy = folder / COPY_NAME
    with path.open("rb") as file:
        encoding = detect_in_file(file)
        try:
            lost, sampled = 0, False
            if encoding.name != "utf-8" or _has_replacements(file):
                file.seek(encoding.mark)
                lost, sampled = _copy_as_utf8(file, encoding.name or "cp1252", copy)
                path = copy
            line_ends = _count_line_ends(path)
            if "cr" in line_ends and len(line_ends) > 1:
                sampled |= _copy_with_line_feeds(path, copy)
                path = copy
            newline = "mixed" if len(line_ends) > 1 else next(iter(line_ends), None)
            yield Survey(path, encoding, lost, sampled, newline, _sample(path))
        finally:
            copy.unlink(missing_ok=True)


def _has_replacements(file: BinaryIO) -> bool:
    """Whether a text that is said to be in UTF-8 has bytes that are not, or characters that were lost before."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for piece in iter(partial(file.read, PIECE), b""):
        if not (piece.isascii() and decoder.getstate()[0] == b"") and REPLACEMENT in decoder.decode(piece):
            return True
    return REPLACEMENT in decoder.decode(b"", final=True)


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


def _copy_with_line_feeds(path: Path, copy: Path) -> bool:
    """Whether there was more than may be copied. DuckDB loses cells where a lone CR is one of several line ends."""
    unfinished = copy.with_suffix(".part")
    try:
        with path.open("rb") as file, unfinished.open("wb") as out:
            rest, is_cut = b"", False
            while not is_cut and (piece := rest + file.read(PIECE)) != rest:
                end = len(piece) - piece.endswith(b"\r") - piece.endswith(b"\r\r")
                rest = piece[end:]
                out.write(LINE_END.sub(b"\n", piece[:end]))
                is_cut = out.tell() > MAX_COPY
            out.write(LINE_END.sub(b"\n", rest))
        unfinished.replace(copy)
    finally:
        unfinished.unlink(missing_ok=True)
    return is_cut


def _count_line_ends(path: Path) -> dict[str, int]:
    """Those that occur."""
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
    return {kind: count for kind, count in counts.items() if count}


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
