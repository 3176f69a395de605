"""One part of an office file, read as a stream before anything builds a tree of it."""

from __future__ import annotations

import re
from typing import IO, ClassVar
from xml.parsers import expat

from picasso.process.contract import ProcessorError
from picasso.process.processors.document.errors import too_many_cells

# Rust's stack overflows somewhere between 3,000 and 40,000 levels; an office file has a few dozen.
MAX_DEPTH = 500

# Word and PowerPoint stop at 63 and 75 columns.
MAX_SPAN = 1_000

PIECE = 2**16

LENGTH = 4_000  # characters of a title or the like that is said again and again

REFERENCE = re.compile(r"([A-Za-z]{1,7})([0-9]{1,10})")

Attributes = dict[str, str]


class Scan:
    """Depth and entities, which every part is held to."""

    tags: ClassVar[dict[str, str]] = {"gridSpan": "span", "tc": "spans"}
    """By local name, the method that looks at the start of such an element."""

    def __init__(self, max_cells: int) -> None:
        self.max_cells = max_cells
        self.depth = 0

    def read(self, file: IO[bytes]) -> None:
        """Raises `ProcessorError`, or `expat.ExpatError` of what is not well-formed."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.EntityDeclHandler = refuse_entities
        self.prepare(parser)
        while piece := file.read(PIECE):
            parser.Parse(piece, False)
        parser.Parse(b"", True)

    def prepare(self, parser: expat.XMLParserType) -> None:
        """Add handlers."""

    def start(self, tag: str, attributes: Attributes) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ProcessorError("corrupt", "This document is nested more deeply than any program writes it.")
        if look := self.tags.get(local(tag)):
            getattr(self, look)(attributes)

    def end(self, tag: str) -> None:
        self.depth -= 1

    def span(self, attributes: Attributes) -> None:
        for name, value in attributes.items():
            if local(name) in {"val", "gridSpan", "rowSpan"} and number(value) > MAX_SPAN:
                raise ProcessorError("corrupt", "This document has a table that is wider than any program writes it.")

    spans = span

    def bound(self, rows: int, columns: int) -> None:
        if rows * columns > self.max_cells:
            raise too_many_cells()


class Worksheet(Scan):
    """A sheet of an XLSX: the rectangle around its cells, which the reader allocates whole."""

    tags: ClassVar[dict[str, str]] = {"row": "row", "c": "cell"}

    def __init__(self, max_cells: int) -> None:
        super().__init__(max_cells)
        self.here = [0, 0]  # row and column, counted from 1
        self.least, self.most = [2**40, 2**40], [0, 0]

    def row(self, attributes: Attributes) -> None:
        self.here = [number(attributes.get("r", "")) or self.here[0] + 1, 0]

    def cell(self, attributes: Attributes) -> None:
        match = REFERENCE.fullmatch(attributes.get("r", ""))
        self.here = [int(match[2]), column(match[1])] if match else [self.here[0], self.here[1] + 1]
        self.least = list(map(min, self.least, self.here))
        self.most = list(map(max, self.most, self.here))
        self.bound(self.most[0] - self.least[0] + 1, self.most[1] - self.least[1] + 1)


class Open(Scan):
    """The content of an OpenDocument file: its cells as repeated; its pages with their text, if it has pages."""

    tags: ClassVar[dict[str, str]] = {
        "table": "table",
        "table-row": "row",
        "table-cell": "cell",
        "covered-table-cell": "cell",
        "page": "page",
        "tab": "tab",
        "s": "blank",
        "line-break": "line",
    }
    ends: ClassVar[dict[str, str]] = {"table-row": "row_end", "p": "line", "h": "line", "page": "line"}

    def __init__(self, max_cells: int) -> None:
        super().__init__(max_cells)
        self.pages: list[str] = []
        self.words: list[str] = []
        self.table({})

    def prepare(self, parser: expat.XMLParserType) -> None:
        parser.CharacterDataHandler = self.text

    def end(self, tag: str) -> None:
        super().end(tag)
        if look := self.ends.get(local(tag)):
            getattr(self, look)()

    def table(self, _: Attributes) -> None:
        self.rows = self.width = self.repeat = self.column = self.filled = 0

    def row(self, attributes: Attributes) -> None:
        self.repeat = repeated(attributes, "number-rows-repeated")
        self.column = self.filled = 0

    def cell(self, attributes: Attributes) -> None:
        self.column += repeated(attributes, "number-columns-repeated")
        if any(local(name) in {"value-type", "formula"} for name in attributes):
            self.filled = self.column

    def row_end(self) -> None:
        self.rows += self.repeat
        self.width = max(self.width, self.filled)
        if self.filled:
            self.bound(self.rows, self.width)

    def page(self, attributes: Attributes) -> None:
        self.pages.append(next((value for name, value in attributes.items() if local(name) == "name"), ""))

    def text(self, text: str) -> None:
        if self.pages:
            self.words.append(text)

    def blank(self, _: Attributes) -> None:
        self.text(" ")

    def tab(self, _: Attributes) -> None:
        self.text("\t")

    def line(self, _: Attributes | None = None) -> None:
        self.text("\n")


class Meta(Scan):
    """The meta.xml of an OpenDocument file, which kreuzberg reads of texts only."""

    tags: ClassVar[dict[str, str]] = {"document-statistic": "statistic"}
    says: ClassVar[dict[str, str]] = {
        "title": "title",
        "subject": "subject",
        "description": "description",
        "language": "language",
        "keyword": "keywords",
        "generator": "application",
        "initial-creator": "author",
        "creator": "modified_by",
        "creation-date": "created",
        "date": "modified",
    }

    def __init__(self, max_cells: int) -> None:
        super().__init__(max_cells)
        self.statistics: dict[str, int] = {}
        self.said: dict[str, str] = {}
        self.words: list[str] = []

    def prepare(self, parser: expat.XMLParserType) -> None:
        parser.CharacterDataHandler = self.words.append

    def start(self, tag: str, attributes: Attributes) -> None:
        super().start(tag, attributes)
        self.words.clear()

    def end(self, tag: str) -> None:
        super().end(tag)
        if name := self.says.get(local(tag)):
            before = [self.said[name]] if name in self.said else []
            self.said[name] = ", ".join([*before, "".join(self.words)])[:LENGTH]
        self.words.clear()

    def statistic(self, attributes: Attributes) -> None:
        self.statistics = {local(name): number(value) for name, value in attributes.items()}


def refuse_entities(*_: object) -> None:
    raise ProcessorError("corrupt", "This document declares entities of its own, as no office program does.")


def local(name: str) -> str:
    return name.rpartition(":")[2]


def number(text: str) -> int:
    """As a reader would have it that takes 64 bits and no more."""
    return int(text[:18]) if text.isascii() and text.isdigit() else 0


def column(letters: str) -> int:
    value = 0
    for letter in letters.upper():
        value = value * 26 + ord(letter) - 64
    return value


def repeated(attributes: Attributes, what: str) -> int:
    return next((max(1, number(value)) for name, value in attributes.items() if local(name) == what), 1)
