"""How a text is written down, and how much of it there is."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, ClassVar

from picasso.process.contract import JSON, Result, Source

PIECE = 131_072  # bytes; the list of words that a piece is split into is the largest thing held

HEAD = 4_096  # bytes, in which marks and zeros tell UTF-16

PREVIEW = 1_000  # characters

# The longer first: the mark of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# What texts are found in; charset-normalizer, left to all that Python knows, takes a short one for EBCDIC or UTF-16.
LEGACY = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp874 cp850 cp866 koi8_r cp932 euc_jp gb18030 big5 cp949"
)

LOST = "\N{REPLACEMENT CHARACTER}"

# White space in ASCII to a blank and the rest to an x, so that words can be counted where they begin.
SHAPE = bytes(ord(" ") if chr(code).isspace() else ord("x") for code in range(256))


class Text:
    """Counts characters, words and lines of any file, whatever its bytes.

    A character is a Unicode code point; a byte order mark is none. A word is a run of characters without white space
    between, as ``str.split`` has it. A line ends with LF, CRLF or CR and with nothing else, and what stands after the
    last end is a line too: ``wc -l`` says one less of a file without a final newline.

    ``undecodable`` counts the U+FFFD in the decoded text: places that are lost, here or in an earlier conversion.
    ``encoding`` is None where there is no telling; counts and preview are then those of the text read as UTF-8.
    """

    name: ClassVar[str] = "text"
    media_types: ClassVar[tuple[str, ...]] = (
        "text/*",
        "message/rfc822",
        "application/*+xml",
        "application/csv",
        "application/geo+json",
        "application/javascript",
        "application/json",
        "application/ld+json",
        "application/pgp-keys",
        "application/pgp-signature",
        "application/sql",
        "application/toml",
        "application/x-ndjson",
        "application/x-setupscript",
        "application/x-subrip",
        "application/x-wine-extension-ini",
        "application/x-yaml",
        "application/xml",
        "application/xml-sitemap",
        "application/yaml",
    )
    queue: ClassVar[str] = "quick"

    @staticmethod
    def prepare() -> None:
        import charset_normalizer  # noqa: F401

    def __call__(self, source: Source, folder: Path) -> Result:
        with source.path.open("rb") as file:
            encoding, tally = _read(file)
        return Result({"encoding": encoding, **tally.facts()})


def _read(file: BinaryIO) -> tuple[str | None, Tally]:
    head = file.read(HEAD)
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding, _count(file, len(mark), encoding)
    if wide := _unmarked_utf16(head):
        return wide, _count(file, 0, wide)
    return _read_unmarked(file)


def _read_unmarked(file: BinaryIO) -> tuple[str | None, Tally]:
    """UTF-8, unless that loses more than it finds: one bad byte in a long file doesn't make it Latin-1."""
    tally = _count(file, 0, "utf-8")
    found = file.tell() - tally.characters  # bytes beyond the first of their character
    if tally.lost <= found:
        return "utf-8", tally
    guess = _guess(_sample(file))
    return guess, _count(file, 0, guess) if guess else tally


def _unmarked_utf16(head: bytes) -> str | None:
    """Where most characters are Latin, every other byte is zero, and none in between is."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) / 4 and min(even, odd) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    return None


def _sample(file: BinaryIO) -> bytes:
    """The first piece that tells anything: ASCII looks the same in all of them."""
    file.seek(0)
    sample = next(piece for piece in iter(partial(file.read, PIECE), b"") if not piece.isascii())
    within = b"".join(sample.splitlines(keepends=True)[1:-1])  # where no character is cut in two
    return sample if len(sample) < PIECE or within.isascii() else within


def _guess(sample: bytes) -> str | None:
    import charset_normalizer

    matches = charset_normalizer.from_bytes(sample, cp_isolation=LEGACY.split())
    best = matches.best()
    if best is None:
        return None
    # Where several do equally well, the one that is in use most.
    drawn = (match.could_be_from_charset for match in matches if match.chaos <= best.chaos)
    likely = "cp1252" if any("cp1252" in names for names in drawn) else best.encoding
    return codecs.lookup(likely).name


def _count(file: BinaryIO, start: int, encoding: str) -> Tally:
    file.seek(start)
    tally = Tally()
    for text in _whole_ends(_decoded(file, encoding)):
        tally.add(text)
    return tally


def _decoded(file: BinaryIO, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    while piece := file.read(PIECE):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _whole_ends(texts: Iterator[str]) -> Iterator[str]:
    """The same, with no CR parted from its LF."""
    held = ""
    for text in texts:
        whole = held + text
        held = "\r" if whole.endswith("\r") else ""
        yield whole.removesuffix("\r")
    yield held


@dataclass(slots=True)
class Tally:
    characters: int = 0
    words: int = 0
    lost: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    preview: str = ""
    last: str = "\n"

    def add(self, text: str) -> None:
        """``text`` goes on where the one before it stopped, perhaps within a word, never within a CRLF."""
        if not text:
            return
        goes_on = not self.last.isspace() and not text[0].isspace()
        self.words += _words(text) - goes_on
        self.characters += len(text)
        self.lost += text.count(LOST)
        self.ends.update(_ends(text))
        self.preview += text[: PREVIEW - len(self.preview)]
        self.last = text[-1]

    def facts(self) -> dict[str, JSON]:
        return {
            "line_ends": self.line_ends(),
            "lines": self.ends.total() + (self.last not in "\r\n"),
            "words": self.words,
            "characters": self.characters,
            "undecodable": self.lost,
            "preview": self.preview.replace("\0", LOST),  # which PostgreSQL takes in no JSON
        }

    def line_ends(self) -> str | None:
        kinds = [kind for kind, count in self.ends.items() if count]
        return "mixed" if len(kinds) > 1 else next(iter(kinds), None)


def _words(text: str) -> int:
    if text.isascii():  # the common case, three times as fast
        return (b" " + text.encode().translate(SHAPE)).count(b" x")
    return len(text.split())


def _ends(text: str) -> dict[str, int]:
    crs = text.count("\r")
    pairs = text.count("\r\n") if crs else 0
    return {"lf": text.count("\n") - pairs, "crlf": pairs, "cr": crs - pairs}
