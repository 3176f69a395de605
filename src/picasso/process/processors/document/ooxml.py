"""OOXML files are read as a package that has what their text needs, under the names that readers expect.

kreuzberg looks for ``word/document.xml`` and for ``w:t``, and takes slides in the order of their names. Programs other
than Office choose other names and prefixes, or write UTF-16. So a package is made of the parts that the relations lead
to, renamed and, where needed, rewritten. Pictures, macros and all else stay out.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar
from xml.sax.saxutils import quoteattr

from picasso.process.contract import ProcessorError
from picasso.process.processors.document import canonical_xml
from picasso.process.processors.document.errors import unsupported
from picasso.process.processors.document.officescan import (
    OfficeScan,
    PresentationScan,
    SlideScan,
    TextScan,
    WorksheetScan,
)
from picasso.process.processors.document.package import ROOT, Package, Relation

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
MAIN_TYPE = "application/vnd.openxmlformats-officedocument."

# By the root element of the main part: format, name of that part, its type.
MAIN_PARTS = {
    "document": ("docx", "word/document.xml", "wordprocessingml.document"),
    "workbook": ("xlsx", "xl/workbook.xml", "spreadsheetml.sheet"),
    "presentation": ("pptx", "ppt/presentation.xml", "presentationml.presentation"),
}

# Names of parts that text is made from, by the kind of the relation that leads to them. Beside the main part, but for
# those of the whole package.
PARTS = {
    "styles": "styles.xml",
    "numbering": "numbering.xml",
    "footnotes": "footnotes.xml",
    "endnotes": "endnotes.xml",
    "comments": "comments.xml",
    "header": "header{}.xml",
    "footer": "footer{}.xml",
    "sharedStrings": "sharedStrings.xml",
    "worksheet": "worksheets/sheet{}.xml",
    "chartsheet": "chartsheets/sheet{}.xml",
    "slide": "slides/slide{}.xml",
    "notesSlide": "notesSlides/notesSlide{}.xml",
    "core-properties": "../docProps/core.xml",
    "extended-properties": "../docProps/app.xml",
    "custom-properties": "../docProps/custom.xml",
}

SCANS: dict[str, type[OfficeScan]] = {"worksheet": WorksheetScan, "slide": SlideScan}

# Relations of the whole package, and the namespaces of their types.
PROPERTIES = {
    "core-properties": f"{PACKAGE}relationships/metadata/",
    "extended-properties": f"{canonical_xml.RELATIONSHIPS}/",
    "custom-properties": f"{canonical_xml.RELATIONSHIPS}/",
}

# The relation to a document that Word imports when it opens the file (ECMA-376 part 1, section 17.17.2).
CHUNK = "aFChunk"
MAX_CHUNK = 2**23  # bytes

S = TypeVar("S", bound=OfficeScan)


@dataclass(slots=True)
class Office:
    """An OOXML file as kreuzberg reads it."""

    format: str = ""
    media_type: str = ""
    content: bytes = b""
    slides: list[str] = field(default_factory=list)
    """The titles of the slides, in the order in which they are shown."""
    chunks: list[tuple[str, bytes]] = field(default_factory=list)
    """Names and contents of documents of other formats that stand in its place, as programs leave them to Word."""


def rebuild(archive: zipfile.ZipFile, max_cells: int) -> Office:
    """Raises `ProcessorError`, and what `zipfile` and `expat` raise for damage."""
    package = Package(archive)
    main = package.main_part()
    if main is None:
        raise ProcessorError("corrupt", "This document lacks its main part, so its text can't be found.")
    builder = Builder(package, max_cells)
    builder.add_main_part(main)
    while builder.waiting:
        builder.add_part(*builder.waiting.pop(0))
    return builder.finish()


def plain_text(content: bytes) -> str:
    """All text of a rebuilt file, for files in which kreuzberg finds none."""
    texts: list[str] = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.startswith(("word/", "ppt/", "xl/")) and name.endswith(".xml"):
                scan = TextScan(0)
                with archive.open(name) as file:
                    scan.read(file)
                texts.append(scan.result())
    return "\n".join(filter(None, texts))


class Builder:
    def __init__(self, package: Package, max_cells: int) -> None:
        self.package = package
        self.max_cells = max_cells
        self.office = Office()
        self.folder = ""
        self.names: dict[str, str] = {}
        """New names of parts."""
        self.counts: Counter[str] = Counter()
        self.waiting: list[tuple[str, str]] = []
        """Parts to add, each with the kind of the relation that leads to it."""
        self.buffer = io.BytesIO()
        self.archive = zipfile.ZipFile(self.buffer, "w", zipfile.ZIP_STORED)

    def add_main_part(self, main: str) -> None:
        content, scan = self.read(main, PresentationScan)
        if scan.root not in MAIN_PARTS:
            raise unsupported()
        self.office.format, name, kind = MAIN_PARTS[scan.root]
        self.office.media_type = MAIN_TYPE + kind
        self.folder = posixpath.dirname(name)
        self.names[main] = name
        self.archive.writestr("[Content_Types].xml", content_types(name, self.office.media_type))
        properties = [each for each in self.package.relations(ROOT) if each.kind in PROPERTIES]
        self.add_relations(ROOT, [Relation("main", "officeDocument", main), *properties])
        self.archive.writestr(name, content)
        self.add_chunks(self.package.relations(main))
        order = {relation: number for number, relation in enumerate(scan.slides)}
        relations = sorted(self.package.relations(main), key=lambda relation: order.get(relation.id, len(order)))
        self.add_relations(name, relations)

    def add_chunks(self, relations: list[Relation]) -> None:
        for relation in relations:
            if relation.kind == CHUNK and not relation.is_external and relation.target in self.package.parts:
                with self.package.open(relation.target) as file:
                    self.office.chunks.append((relation.target, file.read(MAX_CHUNK)))

    def add_part(self, part: str, kind: str) -> None:
        content, scan = self.read(part, SCANS.get(kind, OfficeScan))
        if isinstance(scan, SlideScan):
            self.office.slides.append(scan.title)
        self.archive.writestr(self.names[part], content)
        self.add_relations(self.names[part], self.package.relations(part))

    def read(self, part: str, scan_type: type[S]) -> tuple[bytes, S]:
        """The part as readers expect it."""
        with self.package.open(part) as file:
            content = file.read()
        scan = scan_type(self.max_cells)
        scan.read(io.BytesIO(content))
        if scan.is_canonical and b"\0" not in content[:4]:  # UTF-16 needs no declaration
            return content, scan
        return canonical_xml.rewrite(io.BytesIO(content)), scan

    def add_relations(self, name: str, relations: list[Relation]) -> None:
        """Writes the relations of a part, and notes the parts that they lead to."""
        lines = list(self._relation_lines(posixpath.dirname(name), relations))
        if lines:
            folder, file = posixpath.split(name)
            text = f'{HEAD}<Relationships xmlns="{PACKAGE}relationships">{"".join(lines)}</Relationships>'
            self.archive.writestr(posixpath.join(folder, "_rels", f"{file}.rels"), text)

    def _relation_lines(self, folder: str, relations: list[Relation]) -> Iterator[str]:
        for relation in relations:
            if relation.is_external and relation.kind == "hyperlink":
                yield relation_line(relation, relation.target, ' TargetMode="External"')
            elif not relation.is_external and (name := self.new_name(relation)):
                yield relation_line(relation, posixpath.relpath(name, folder or "."))

    def new_name(self, relation: Relation) -> str | None:
        """The new name of the part that a relation leads to; None if no text is made from it."""
        part = relation.target
        if part not in self.names and relation.kind in PARTS and part in self.package.parts:
            self.counts[relation.kind] += 1
            number = self.counts[relation.kind]
            pattern = PARTS[relation.kind]
            # A second part that should be the only one of its kind gets a name as well.
            name = pattern.format(number) if "{}" in pattern or number == 1 else f"{relation.kind}-{number}.xml"
            self.names[part] = posixpath.normpath(posixpath.join(self.folder, name))
            self.waiting.append((part, relation.kind))
        return self.names.get(part)

    def finish(self) -> Office:
        self.archive.close()
        self.office.content = self.buffer.getvalue()
        return self.office


def content_types(main: str, media_type: str) -> str:
    return (
        f'{HEAD}<Types xmlns="{PACKAGE}content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/{main}" ContentType="{media_type}.main+xml"/></Types>'
    )


def relation_line(relation: Relation, target: str, mode: str = "") -> str:
    folder = PROPERTIES.get(relation.kind, f"{canonical_xml.RELATIONSHIPS}/")
    return (
        f"<Relationship Id={quoteattr(relation.id)} Type={quoteattr(folder + relation.kind)} "
        f"Target={quoteattr(target)}{mode}/>"
    )
