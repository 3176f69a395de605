"""Active content of OOXML files, by their relations, content types and the fields in their parts.

Relations decide, as they do for office programs; the names of parts are free. Every part with relations is looked at,
whether another one leads to it or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import ClassVar
from xml.parsers import expat

from picasso.policy import ActiveContent
from picasso.process.contract import ProcessorError
from picasso.process.processors.document import ole
from picasso.process.processors.document.active import vba
from picasso.process.processors.document.active.fields import add_field
from picasso.process.processors.document.active.members import Members, open_members
from picasso.process.processors.document.package import CONTENT_TYPES, Relation, RelationsScan
from picasso.process.processors.document.xmlscan import Attributes, Scan

# By the kind of the relation to a part inside.
INSIDE = {
    "oleObject": "embedded_objects",
    "package": "embedded_files",
    "aFChunk": "embedded_files",
    "control": "activex",
}
MACRO_SHEETS = {"xlMacrosheet", "xlIntlMacrosheet"}
LINKS_OF_PEOPLE = {"hyperlink", "hlinkClick"}
"""Followed only after a click."""

MACRO_PARTS = re.compile(
    rb"vnd\.ms-office\.vbaproject|vnd\.ms-excel\.(?:intl)?macrosheet|vnd\.ms-office\.vbaprojectsignature", re.IGNORECASE
)
FIELDS = re.compile(rb"instrText|fldSimple|ddeLink|ddeService|definedName", re.IGNORECASE)

# Excel runs any macro with a name that begins so (a name of its own namespace has a prefix).
AUTO_NAME = re.compile(r"(?:_xlnm\.)?(auto_(?:open|close|activate|deactivate))", re.IGNORECASE)


def read(data: bytes, found: ActiveContent) -> None:
    with open_members(data, found) as members:
        if CONTENT_TYPES in members.entries and MACRO_PARTS.search(members.read(CONTENT_TYPES).replace(b"\0", b"")):
            found.mark("macros")
        for relation in _relations(members):
            _add_relation(relation, found)
        for _, content in members.matching(lambda name: name.endswith((".bin", "vbadata.xml"))):
            _add_project(content, found)
        for _, content in members.matching(lambda name: name.endswith(".xml")):
            _add_fields(content, found)


def _relations(members: Members) -> Iterator[Relation]:
    for name, content in members.matching(lambda name: name.endswith(".rels")):
        scan = RelationsScan(name.replace("_rels/", "").removesuffix(".rels"))
        _scan(scan, content, members.found)
        yield from scan.relations


def _scan(scan: Scan, content: bytes, found: ActiveContent) -> None:
    """Damaged XML counts as far as it goes."""
    try:
        scan.read_bytes(content)
    except (expat.ExpatError, ProcessorError, ValueError, LookupError):
        found.mark("incomplete")


def _add_relation(relation: Relation, found: ActiveContent) -> None:
    if relation.kind == "vbaProject" or relation.kind in MACRO_SHEETS:
        found.mark("macros")
    elif not relation.is_external:
        if kind := INSIDE.get(relation.kind):
            found.count(kind)
    elif relation.kind == "attachedTemplate":
        found.count("external_templates")
    elif relation.kind not in LINKS_OF_PEOPLE:
        found.count("external_links")


def _add_project(content: bytes, found: ActiveContent) -> None:
    """A part that has the macros of a document, whatever its name; other compound files are objects."""
    if not content.startswith(ole.MAGIC):
        return
    with suppress(ProcessorError):
        project = ole.open_compound(content)
        if {"dir", "_VBA_PROJECT"} & project.entries.keys():
            vba.add_macros(project, found)


def _add_fields(content: bytes, found: ActiveContent) -> None:
    if FIELDS.search(content.replace(b"\0", b"") if b"\0" in content[:4] else content):
        _scan(FieldScan(found), content, found)


class FieldScan(Scan):
    """Fields of a DOCX, whose instruction may be in several pieces; links and names of an XLSX."""

    tags: ClassVar[dict[str, str]] = {
        "fldSimple": "simple",
        "fldChar": "mark",
        "ddeLink": "dde",
        "definedName": "defined_name",
    }

    def __init__(self, found: ActiveContent) -> None:
        super().__init__(0)
        self.found = found
        self.pieces: list[str] = []
        self.is_instruction = False

    def prepare(self, parser: expat.XMLParserType) -> None:
        parser.CharacterDataHandler = self.characters

    def start(self, tag: str, attributes: Attributes) -> None:
        super().start(tag, attributes)
        self.is_instruction = tag.rpartition(":")[2] in {"instrText", "delInstrText"}

    def end(self, tag: str) -> None:
        super().end(tag)
        self.is_instruction = False

    def span(self, attributes: Attributes) -> None:
        """Wide tables are a matter of the reader of the text."""

    spans = span

    def characters(self, text: str) -> None:
        if self.is_instruction:
            self.pieces.append(text)

    def mark(self, _: Attributes) -> None:
        """Begin, middle or end of a field."""
        if self.pieces:
            add_field("".join(self.pieces), self.found)
            self.pieces.clear()

    def simple(self, attributes: Attributes) -> None:
        add_field(next((value for name, value in attributes.items() if name.endswith("instr")), ""), self.found)

    def dde(self, _: Attributes) -> None:
        self.found.count("dde")

    def defined_name(self, attributes: Attributes) -> None:
        if match := AUTO_NAME.match(attributes.get("name", "")):
            self.found.name("auto_run", match[1])
