"""RTF 1.9: its text, each letter in the charset of its font, and what it says of itself.

kreuzberg reads all letters in one encoding, loses those beyond the Basic Multilingual Plane and raw bytes, and breaks
words at changes of their format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby

from picasso.charset import Decoder, classify, detect, encoding_by_label
from picasso.process.processors.document.rtf_words import CHARACTERS, CHARSETS, CODE_PAGES, SKIPPED, WITH_TEXT

TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)",
    re.DOTALL,
)

UNKNOWN = ""
"""The encoding of letters for which none is declared."""

# Destinations in the information group, and the names of their facts. The others there are of no interest.
INFORMATION = {
    "title": "title",
    "subject": "subject",
    "author": "author",
    "operator": "modified_by",
    "keywords": "keywords",
    "doccomm": "description",
    "generator": "application",
}
TIMES = {"creatim": "created", "revtim": "modified"}
PARTS_OF_TIMES = {"yr": "year", "mo": "month", "dy": "day", "hr": "hour", "min": "minute", "sec": "second"}

TEXT, NOTES, NOWHERE, FONTS, ANSI = "text", "notes", "nowhere", "fonts", "ansi"
WITHOUT_TEXT = {NOWHERE, FONTS, ANSI}

# Some programs write UTF-8, which RTF does not know.
RAW = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class State:
    """What a group inherits from the group around it."""

    destination: str = TEXT
    font: int = -1
    fallback: int = 1
    """Characters after one in Unicode that stand for it in old readers (``\\uc``)."""
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Letters:
    """Bytes that are not decoded yet."""

    content: bytes
    encoding: str


Piece = str | Letters


@dataclass(slots=True)
class Reader:
    state: State = field(default_factory=State)
    stack: list[State] = field(default_factory=list)
    texts: dict[str, list[Piece]] = field(default_factory=dict)
    """Pieces by destination."""
    pending: bytearray = field(default_factory=bytearray)
    skip: int = 0
    """Characters left that stand for the last one in Unicode."""
    is_optional: bool = False
    """Whether the next word is of a destination that a reader may not know (``\\*``)."""
    page: str = UNKNOWN
    fonts: dict[int, int] = field(default_factory=dict)
    """Charsets by the number of the font."""
    default_font: int = -1
    raw_is_utf8: bool = False
    times: dict[str, dict[str, int]] = field(default_factory=dict)

    def read(self, content: bytes) -> None:
        place = 0
        while match := TOKEN.match(content, place):
            place = match.end()
            word, number, code, symbol, brace, text = match.groups()
            if text is not None:
                self.add_text(text)
            elif code is not None:
                self.add(bytes((int(code, 16),)))
            elif word is not None:
                self.word(word.decode(), int(number) if number is not None else None)
                if word == b"bin":
                    place += max(0, int(number or 0))
            elif symbol is not None:
                self.symbol(symbol)
            elif brace == b"{":
                self.open_group()
            elif brace == b"}" and not self.close_group():
                return

    def open_group(self) -> None:
        self.flush()
        self.skip = 0
        self.stack.append(self.state)

    def close_group(self) -> bool:
        """Whether the document goes on."""
        self.flush()
        self.skip, self.is_optional = 0, False
        if self.stack:
            self.state = self.stack.pop()
        return bool(self.stack)

    def add(self, content: bytes) -> None:
        if self.skip:
            skipped = min(self.skip, len(content))
            self.skip -= skipped
            content = content[skipped:]
        if self.state.destination not in WITHOUT_TEXT and not self.state.is_hidden:
            self.pending += content

    def add_text(self, content: bytes) -> None:
        if self.raw_is_utf8 and not content.isascii():
            self.flush()
            self.character(content.decode("utf-8", "replace"))
        else:
            self.add(content)

    def character(self, text: str) -> None:
        if self.skip:
            self.skip -= 1
            return
        self.flush()
        if self.state.destination not in WITHOUT_TEXT and not self.state.is_hidden:
            self.texts.setdefault(self.state.destination, []).append(text)

    def flush(self) -> None:
        """The pending bytes are all in the encoding of the current font."""
        if self.pending:
            piece = bytes(self.pending)
            self.pending.clear()
            pieces = self.texts.setdefault(self.state.destination, [])
            pieces.append(piece.decode() if piece.isascii() else Letters(piece, self.encoding()))

    def encoding(self) -> str:
        charset = self.fonts.get(self.state.font if self.state.font >= 0 else self.default_font, 1)
        # Writers that know one charset only call it that of ANSI, whatever their code page is.
        if charset == 0 and any(other > 1 for other in self.fonts.values()):
            return "cp1252"
        return CHARSETS.get(charset) or self.page

    def symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self.is_optional = True
        elif symbol in {b"\r", b"\n"}:
            self.character("\n\n")
        else:
            self.character({b"~": "\u00a0", b"_": "\u2011", b"-": ""}.get(symbol, symbol.decode("ascii", "ignore")))

    def word(self, word: str, number: int | None) -> None:
        is_optional, self.is_optional = self.is_optional, False
        if word in CHARACTERS:
            self.character(CHARACTERS[word])
        elif word == "u":
            self.unicode(number or 0)
        elif handler := WORDS.get(word):
            handler(self, number)
        elif word in INFORMATION and (is_optional or self.state.destination == NOWHERE):
            self.go_to(INFORMATION[word])
        elif word in SKIPPED or (is_optional and word not in WITH_TEXT):
            self.go_to(NOWHERE)
        elif self.state.destination == NOWHERE:
            self.time(word, number)

    def time(self, word: str, number: int | None) -> None:
        if word in TIMES:
            self.times[TIMES[word]] = {}
        elif word in PARTS_OF_TIMES and self.times:
            self.times[next(reversed(self.times))].setdefault(PARTS_OF_TIMES[word], number or 0)

    def go_to(self, destination: str) -> None:
        self.flush()
        self.state = replace(self.state, destination=destination)

    def unicode(self, number: int) -> None:
        self.skip = 0
        self.character(chr(number % 0x10000) if number < 0x10000 else chr(number) if number < 0x110000 else "\ufffd")
        self.skip = self.state.fallback

    def set_font(self, number: int | None) -> None:
        self.flush()
        self.state = replace(self.state, font=number or 0)

    def set_charset(self, number: int | None) -> None:
        if self.state.destination == FONTS:
            self.fonts[self.state.font] = number or 0

    def set_page(self, number: int | None) -> None:
        self.page = encoding_by_label(f"cp{number}") or self.page

    def set_default_font(self, number: int | None) -> None:
        self.default_font = number or 0

    def set_fallback(self, number: int | None) -> None:
        self.state = replace(self.state, fallback=min(max(number or 0, 0), 20))

    def set_hidden(self, number: int | None) -> None:
        self.flush()
        self.state = replace(self.state, is_hidden=number != 0)

    def leave_ansi(self, _: int | None) -> None:
        """``{\\upr{…}{\\*\\ud{…}}}`` has a text in ANSI, and the same in Unicode."""
        self.go_to(self.stack[-2].destination if len(self.stack) > 1 else TEXT)

    def reset_format(self, _: int | None) -> None:
        self.flush()
        self.state = replace(self.state, font=-1, is_hidden=False)


def _go_to(destination: str) -> Callable[[Reader, int | None], None]:
    return lambda reader, _: reader.go_to(destination)


def _use_page(page: str) -> Callable[[Reader, int | None], None]:
    def use(reader: Reader, _: int | None) -> None:
        reader.page = page

    return use


WORDS: dict[str, Callable[[Reader, int | None], None]] = {
    "f": Reader.set_font,
    "fcharset": Reader.set_charset,
    "ansicpg": Reader.set_page,
    "deff": Reader.set_default_font,
    "uc": Reader.set_fallback,
    "v": Reader.set_hidden,
    "deleted": Reader.set_hidden,
    "htmlrtf": Reader.set_hidden,  # formats beside the HTML that an RTF was made from (MS-OXRTFEX)
    "plain": Reader.reset_format,
    "fonttbl": _go_to(FONTS),
    "footnote": _go_to(NOTES),
    "shptxt": _go_to(TEXT),
    "upr": _go_to(ANSI),
    "ud": Reader.leave_ansi,
    **{word: _use_page(page) for word, page in CODE_PAGES.items()},
}


def read(content: bytes) -> tuple[str, dict[str, str]]:
    """The text and the metadata."""
    reader = Reader(raw_is_utf8=classify(b" ".join(RAW.findall(content))) == "utf-8")
    reader.read(content)
    reader.flush()
    guess = _undeclared_encoding(reader)
    texts = {name: _join(pieces, guess) for name, pieces in reader.texts.items()}
    notes = texts.pop(NOTES, "")
    text = texts.pop(TEXT, "") + (f"\n\n{notes}" if notes else "")
    lines = "\n".join(line.strip(" \t") for line in text.split("\n"))
    dates = {name: date for name, parts in reader.times.items() if (date := _date(parts))}
    properties = {name: value.removesuffix(";") for name, value in texts.items()}
    return re.sub(r"\n{3,}", "\n\n", lines).strip(), {**properties, **dates}


def _undeclared_encoding(reader: Reader) -> str:
    letters = [piece for pieces in reader.texts.values() for piece in pieces if isinstance(piece, Letters)]
    return detect(b"\n".join(piece.content for piece in letters if piece.encoding == UNKNOWN)).name or "cp1252"


def _join(pieces: list[Piece], guess: str) -> str:
    groups = groupby(pieces, lambda piece: piece.encoding if isinstance(piece, Letters) else None)
    text = "".join(_decode(group, encoding or guess) for encoding, group in groups)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _decode(pieces: Iterable[Piece], encoding: str) -> str:
    """Pieces of one kind, which may divide a letter of several bytes."""
    parts = list(pieces)
    letters = b"".join(part.content for part in parts if isinstance(part, Letters))
    text = "".join(part for part in parts if isinstance(part, str))
    return text + Decoder(encoding).decode(letters, final=True)


def _date(parts: dict[str, int]) -> str | None:
    try:
        return datetime(**{"month": 1, "day": 1, **parts}, tzinfo=UTC).isoformat()
    except (TypeError, ValueError):
        return None
