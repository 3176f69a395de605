"""How a text is written down, and how much of it there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, ClassVar

from picasso.process.contract import JSON, Processor, Result, Source
from picasso.process.processors import wellformed
from picasso.process.processors.charset import HEAD, LOST, decoded, guessed, shown, told

PIECE = 131_072  # bytes; the list of words that a piece is split into is the largest thing held

PREVIEW = 1_000  # characters

# White space in ASCII to a blank and the rest to an x, so that words can be counted where they begin.
SHAPE = bytes(ord(" ") if chr(code).isspace() else ord("x") for code in range(256))


class Text(Processor):
    """Counts characters, words and lines of any file, whatever its bytes.

    A character is a Unicode code point; a byte order mark is none. A word is a run of characters without white space
    between, as ``str.split`` has it. A line ends with LF, CRLF or CR and with nothing else, and what stands after the
    last end is a line too: ``wc -l`` says one less of a file without a final newline.

    ``undecodable`` counts the U+FFFD in the decoded text: places that are lost, here or in an earlier conversion.
    ``well_formed`` is told of JSON and XML, and None of all else and where there is no telling (see `form`).
    ``encoding`` is None where there is no telling; counts and preview are then those of the text read as UTF-8.
    """

    name: ClassVar[str] = "text"
    media_types: ClassVar[tuple[str, ...]] = (
        "text/*",
        *("!text/csv", "!text/tab-separated-values"),  # tables
        *("!text/html", "!text/markdown", "!text/rtf"),  # documents
        "application/*+xml",
        "!application/xhtml+xml",  # a document
        "application/geo+json",
        "application/javascript",
        "application/json",
        "application/ld+json",
        "application/pgp-keys",
        "application/pgp-signature",
        "application/sql",
        "application/toml",
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
            well_formed = wellformed.checked(file, source.media_type, encoding)
        return Result({"encoding": encoding, **tally.facts(), "well_formed": well_formed})


def _read(file: BinaryIO) -> tuple[str | None, Tally]:
    if known := told(file.read(HEAD)):
        encoding, mark = known
        return encoding, _count(file, mark, encoding)
    return _read_unmarked(file)


def _read_unmarked(file: BinaryIO) -> tuple[str | None, Tally]:
    """UTF-8, unless that loses more than it finds: one bad byte in a long file doesn't make it Latin-1."""
    tally = _count(file, 0, "utf-8")
    found = file.tell() - tally.characters  # bytes beyond the first of their character
    if tally.lost <= found:
        return "utf-8", tally
    guess = guessed(file)
    return guess, _count(file, 0, guess) if guess else tally


def _count(file: BinaryIO, start: int, encoding: str) -> Tally:
    file.seek(start)
    tally = Tally()
    for text in _whole_ends(decoded(file, encoding, PIECE)):
        tally.add(text)
    return tally


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
            "line_end_counts": {kind: self.ends[kind] for kind in ("lf", "crlf", "cr")},
            "lines": self.ends.total() + (self.last not in "\r\n"),
            "words": self.words,
            "characters": self.characters,
            "undecodable": self.lost,
            "preview": shown(self.preview, PREVIEW),
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
