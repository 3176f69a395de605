"""Checks one XML part of an office file as a stream, before a reader builds a tree of it."""

from __future__ import annotations

import io
from typing import IO, ClassVar
from xml.parsers import expat

from picasso.process.contract import ProcessorError
from picasso.process.processors.document.errors import too_many_cells

# Rust's stack overflows somewhere between 3,000 and 40,000 levels. Office files have a few dozen.
MAX_DEPTH = 500

# Word and PowerPoint allow at most 63 and 75 columns.
MAX_SPAN = 1_000

PIECE = 2**16

LENGTH = 4_000  # characters of a title and so on, which may be repeated

Attributes = dict[str, str]


class Scan:
    """Checks depth and entities, in all parts."""

    tags: ClassVar[dict[str, str]] = {"gridSpan": "span", "tc": "spans"}
    """Names of the methods that look at the start of an element, by the element's local name."""
    separator: ClassVar[str | None] = None
    """If given, names begin with their namespace and this, instead of the prefix that the document uses."""

    def __init__(self, max_cells: int) -> None:
        self.max_cells = max_cells
        self.depth = 0

    def read(self, file: IO[bytes]) -> None:
        """Raises `ProcessorError`, or `expat.ExpatError` if it is not well-formed."""
        parser = expat.ParserCreate(namespace_separator=self.separator)
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.EntityDeclHandler = refuse_entities
        self.prepare(parser)
        while piece := file.read(PIECE):
            parser.Parse(piece, False)
        parser.Parse(b"", True)

    def read_bytes(self, content: bytes) -> None:
        """As `read`, for what is in memory."""
        self.read(io.BytesIO(content))

    def prepare(self, parser: expat.XMLParserType) -> None:
        """Add handlers."""

    def start(self, tag: str, attributes: Attributes) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ProcessorError("corrupt", "This document is nested more deeply than any program writes it.")
        if handler := self.tags.get(local(tag)):
            getattr(self, handler)(attributes)

    def end(self, tag: str) -> None:
        self.depth -= 1

    def span(self, attributes: Attributes) -> None:
        for name, value in attributes.items():
            if local(name) in {"val", "gridSpan", "rowSpan"} and to_number(value) > MAX_SPAN:
                raise ProcessorError("corrupt", "This document has a table that is wider than any program writes it.")

    spans = span

    def check_area(self, rows: int, columns: int) -> None:
        if rows * columns > self.max_cells:
            raise too_many_cells()


class OpenDocumentScan(Scan):
    """The content of an OpenDocument file: checks its cells with repetitions, and collects pages with their text."""

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
    texts: ClassVar[frozenset[str]] = frozenset({"p", "h"})
    objects: ClassVar[frozenset[str]] = frozenset(
        {"annotation", "binary-data", "frame", "g", "control", "custom-shape", "rect", "line", "polyline", "polygon"}
        | {"path", "circle", "ellipse", "connector"}
    )
    """Elements that may stand inside of a text and have other data beside their own texts."""
    ends: ClassVar[dict[str, str]] = {"table-row": "row_end", "p": "line", "h": "line", "page": "line"}

    def __init__(self, max_cells: int) -> None:
        super().__init__(max_cells)
        self.pages: list[str] = []
        self.words: list[str] = []
        self.is_text = [False]
        """Whether characters are text, for each open element."""
        self.table({})

    def prepare(self, parser: expat.XMLParserType) -> None:
        parser.CharacterDataHandler = self.characters

    def start(self, tag: str, attributes: Attributes) -> None:
        super().start(tag, attributes)
        name = local(tag)
        self.is_text.append(name in self.texts or (self.is_text[-1] and name not in self.objects))

    def end(self, tag: str) -> None:
        super().end(tag)
        self.is_text.pop()
        if handler := self.ends.get(local(tag)):
            getattr(self, handler)()

    def table(self, _: Attributes) -> None:
        self.rows = self.width = self.repeat = self.column = self.filled = 0

    def row(self, attributes: Attributes) -> None:
        self.repeat = repeat_count(attributes, "number-rows-repeated")
        self.column = self.filled = 0

    def cell(self, attributes: Attributes) -> None:
        self.column += repeat_count(attributes, "number-columns-repeated")
        if any(local(name) in {"value-type", "formula"} for name in attributes):
            self.filled = self.column

    def row_end(self) -> None:
        self.rows += self.repeat
        self.width = max(self.width, self.filled)
        if self.filled:
            self.check_area(self.rows, self.width)

    def page(self, attributes: Attributes) -> None:
        self.pages.append(next((value for name, value in attributes.items() if local(name) == "name"), ""))

    def characters(self, text: str) -> None:
        if self.is_text[-1]:
            self.text(text)

    def text(self, text: str) -> None:
        if self.pages:
            self.words.append(text)

    def blank(self, _: Attributes) -> None:
        self.text(" ")

    def tab(self, _: Attributes) -> None:
        self.text("\t")

    def line(self, _: Attributes | None = None) -> None:
        self.text("\n")


class ValueScan(Scan):
    """Takes the text of elements that have no other ones inside."""

    def __init__(self, max_cells: int) -> None:
        super().__init__(max_cells)
        self._words: list[str] = []

    def prepare(self, parser: expat.XMLParserType) -> None:
        parser.CharacterDataHandler = self._words.append

    def start(self, tag: str, attributes: Attributes) -> None:
        super().start(tag, attributes)
        self._words.clear()

    def end(self, tag: str) -> None:
        super().end(tag)
        self.value(local(tag), "".join(self._words))
        self._words.clear()

    def value(self, name: str, text: str) -> None:
        """At the end of an element: its local name, and the text since the last tag."""


class MetaScan(ValueScan):
    """The meta.xml of an OpenDocument file. kreuzberg reads it for texts only."""

    tags: ClassVar[dict[str, str]] = {"document-statistic": "statistic"}
    metadata_names: ClassVar[dict[str, str]] = {
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
        self.metadata: dict[str, str] = {}

    def value(self, name: str, text: str) -> None:
        if known := self.metadata_names.get(name):
            before = [self.metadata[known]] if known in self.metadata else []
            self.metadata[known] = ", ".join([*before, text])[:LENGTH]

    def statistic(self, attributes: Attributes) -> None:
        self.statistics = {local(name): to_number(value) for name, value in attributes.items()}


def refuse_entities(*_: object) -> None:
    raise ProcessorError("corrupt", "This document declares entities of its own, as no office program does.")


def local(name: str) -> str:
    return name.rpartition(":")[2]


def to_number(text: str) -> int:
    """As readers parse it that use 64 bits; 0 if it is no number."""
    return int(text[:18]) if text.isascii() and text.isdigit() else 0


def repeat_count(attributes: Attributes, attribute: str) -> int:
    return next((max(1, to_number(value)) for name, value in attributes.items() if local(name) == attribute), 1)
