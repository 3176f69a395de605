"""Checks one part of an OOXML file as a stream, and collects what kreuzberg does not return."""

from __future__ import annotations

import re
from typing import ClassVar
from xml.parsers import expat

from picasso.process.processors.document.canonical_xml import is_canonical
from picasso.process.processors.document.xmlscan import LENGTH, Attributes, MetaScan, Scan, local, to_number

REFERENCE = re.compile(r"([A-Za-z]{1,7})([0-9]{1,10})")


class OfficeScan(Scan):
    """Any part."""

    separator: ClassVar[str | None] = ":"

    def __init__(self, max_cells: int) -> None:
        super().__init__(max_cells)
        self.root = ""
        """The local name of the first element."""
        self.is_canonical = True
        """Whether it is in UTF-8, and its prefixes are as readers expect them."""

    def prepare(self, parser: expat.XMLParserType) -> None:
        parser.XmlDeclHandler = self.xml_declaration
        parser.StartNamespaceDeclHandler = self.namespace

    def xml_declaration(self, _: str, encoding: str | None, __: int) -> None:
        if encoding and encoding.lower() not in {"utf-8", "us-ascii", "ascii"}:
            self.is_canonical = False

    def namespace(self, prefix: str | None, uri: str | None) -> None:
        if not is_canonical(prefix or "", uri or ""):
            self.is_canonical = False

    def start(self, tag: str, attributes: Attributes) -> None:
        if not self.depth:
            self.root = local(tag)
        super().start(tag, attributes)


class WorksheetScan(OfficeScan):
    """A sheet of an XLSX: checks the rectangle around its cells, for which a reader reserves memory."""

    tags: ClassVar[dict[str, str]] = {"row": "row", "c": "cell"}

    def __init__(self, max_cells: int) -> None:
        super().__init__(max_cells)
        self.position = [0, 0]  # row and column, from 1
        self.first, self.last = [2**40, 2**40], [0, 0]

    def row(self, attributes: Attributes) -> None:
        self.position = [to_number(attributes.get("r", "")) or self.position[0] + 1, 0]

    def cell(self, attributes: Attributes) -> None:
        match = REFERENCE.fullmatch(attributes.get("r", ""))
        self.position = [int(match[2]), column_number(match[1])] if match else [self.position[0], self.position[1] + 1]
        self.first = list(map(min, self.first, self.position))
        self.last = list(map(max, self.last, self.position))
        self.check_area(self.last[0] - self.first[0] + 1, self.last[1] - self.first[1] + 1)


class PresentationScan(OfficeScan):
    """The main part of a PPTX: the order of its slides."""

    tags: ClassVar[dict[str, str]] = {**Scan.tags, "sldId": "slide"}

    def __init__(self, max_cells: int) -> None:
        super().__init__(max_cells)
        self.slides: list[str] = []
        """Ids of relations."""

    def slide(self, attributes: Attributes) -> None:
        self.slides += [value for name, value in attributes.items() if name.endswith(":id")]


class TextScan(OfficeScan):
    """All text of a part, in its order: one line for each paragraph."""

    texts: ClassVar[frozenset[str]] = frozenset({"t", "Text"})
    lines: ClassVar[frozenset[str]] = frozenset({"p", "br", "Text", "si"})

    def __init__(self, max_cells: int) -> None:
        super().__init__(max_cells)
        self.is_text = False
        self.pieces: list[str] = []

    def prepare(self, parser: expat.XMLParserType) -> None:
        parser.CharacterDataHandler = self.text

    def start(self, tag: str, attributes: Attributes) -> None:
        super().start(tag, attributes)
        self.is_text = self.is_text or local(tag) in self.texts

    def end(self, tag: str) -> None:
        super().end(tag)
        name = local(tag)
        if name in self.texts:
            self.is_text = False
        if name in self.lines:
            self.pieces.append("\n")

    def text(self, text: str) -> None:
        if self.is_text:
            self.pieces.append(text)

    def result(self) -> str:
        lines = (line.strip() for line in "".join(self.pieces).split("\n"))
        return "\n".join(line for line in lines if line)


class SlideScan(TextScan):
    """A slide: the text of its first title that has one."""

    tags: ClassVar[dict[str, str]] = {**Scan.tags, "ph": "placeholder"}

    def __init__(self, max_cells: int) -> None:
        super().__init__(max_cells)
        self.is_title = self.has_title = False

    def placeholder(self, attributes: Attributes) -> None:
        self.is_title = attributes.get("type") in {"title", "ctrTitle"} and not self.has_title

    def end(self, tag: str) -> None:
        super().end(tag)
        if local(tag) == "sp":
            self.is_title = False

    def text(self, text: str) -> None:
        if self.is_title and self.is_text:
            self.has_title = self.has_title or not text.isspace()
            self.pieces.append(text)

    @property
    def title(self) -> str:
        return self.result().replace("\n", " ")[:LENGTH]


class CoreScan(MetaScan):
    """The core properties (ECMA-376 part 2, section 11), for formats that kreuzberg does not read."""

    metadata_names: ClassVar[dict[str, str]] = {
        "title": "title",
        "subject": "subject",
        "creator": "author",
        "keywords": "keywords",
        "description": "description",
        "language": "language",
        "lastModifiedBy": "modified_by",
        "created": "created",
        "modified": "modified",
    }


def column_number(letters: str) -> int:
    value = 0
    for letter in letters.upper():
        value = value * 26 + ord(letter) - 64
    return value
