"""Active content of OOXML files, by their relations, content types and the fields in their parts.

Relations decide, as they do for office programs; the names of parts are free. Every part with relations is looked at,
whether another one leads to it or not.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import ClassVar
from xml.parsers import expat

from picasso.policy import ActiveContent
from picasso.process.contract import ProcessorError
from picasso.process.processors.document import biff12, ole
from picasso.process.processors.document.active import vba
from picasso.process.processors.document.active.fields import add_field, has_keyword, is_elsewhere
from picasso.process.processors.document.active.members import Members, has_content, is_xml, open_members
from picasso.process.processors.document.package import CONTENT_TYPES, Relation, RelationsScan
from picasso.process.processors.document.xmlscan import Attributes, Scan, local

# By the kind of the relation to a part inside, in small letters.
INSIDE = {
    "oleobject": "embedded_objects",
    "package": "embedded_files",
    "afchunk": "embedded_files",
    "control": "activex",
}
MACROS = {"vbaproject", "xlmacrosheet", "xlintlmacrosheet"}
LINKS_OF_PEOPLE = {"hyperlink", "hlinkclick"}
"""Followed only after a click."""

MACRO_TYPE = re.compile(
    r"vnd\.ms-office\.vbaproject|vnd\.ms-excel\.(?:intl)?macrosheet|vnd\.ms-office\.vbaprojectsignature", re.IGNORECASE
)
BINARY_TYPE = "ms-excel.sheet.binary"

# A part without any of these is not parsed. Declared entities and attributes may hide them, and so may an encoding.
FIELDS = re.compile(
    rb"instrText|fldSimple|ddeLink|ddeService|definedName|macrosheet|ppaction://program|<!DOCTYPE|<!ENTITY|<!ATTLIST",
    re.IGNORECASE,
)
FORMULA = re.compile(rb"<(?:[^\s<>/!?]+:)?f[\s>]")
"""A part with formulas is parsed if it has `ASKING` anywhere: between the two there may be anything."""
ASKING = re.compile(rb"\||&#|dde", re.IGNORECASE)
ENCODING = re.compile(rb"""[^<]{0,100}<\?xml\b[^>]*?\bencoding\s*=\s*["']([\w.-]{1,40})""")
# The beginnings of XML in EBCDIC and in UTF-7.
OTHER_XML = (b"\x4c\x6f\xa7\x94", b"+ADw-", b"+/v")
WITH_ASCII = re.compile(rb"utf-?8|utf-?16(?:[lb]e)?|(?:us-)?ascii|iso-8859-\d+|windows-125\d", re.IGNORECASE)

# Excel runs any macro with a name that begins so (a name of its own namespace has a prefix).
AUTO_NAME = re.compile(r"(?:_xlnm\.)?(auto_(?:open|close|activate|deactivate))", re.IGNORECASE)
AUTO_NAME_16 = re.compile(
    rb"a\0u\0t\0o\0_\0(?:o\0p\0e\0n|c\0l\0o\0s\0e|(?:d\0e\0)?a\0c\0t\0i\0v\0a\0t\0e)\0", re.IGNORECASE
)

INSTRUCTIONS = {"instrText", "delInstrText"}
FORMULAS = {"f", "definedName"}
WITH_TEXT_ONLY = INSTRUCTIONS | FORMULAS | {"binData", "binaryData"}
"""Local names of elements that have no others in them."""

# Names stand in apostrophes, texts in quotation marks, and each may have the marks of the other.
QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")
# A program, then the topic.
DDE_FORMULA = re.compile(r"[\w']\s*\||\bDDE\s*\(", re.IGNORECASE)

# What an XLSB may have besides records, and what may be large.
PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8")

# The record of a link of an XLSB ([MS-XLSB], section 2.4.96), and its kind of link to a program.
BOOK, BOOK_OF_DDE = 360, 1


def read(data: bytes, found: ActiveContent) -> None:
    with open_members(data, found) as members:
        others = [each for each in members.entries if not _is_about_parts(each[0])]
        is_binary = _add_types(members)
        for relation in _relations(members):
            add_relation(relation, found)
        for name, entry in others:
            _add_part(name, entry, members, is_binary=is_binary)


def _is_about_parts(name: str) -> bool:
    return name == CONTENT_TYPES or name.endswith(".rels")


def _add_types(members: Members) -> bool:
    """Macros by the type of a part. Returns whether this is an XLSB."""
    scan = TypesScan()
    for _, content in members.matching(lambda name: name == CONTENT_TYPES):
        _scan(scan, content, members.found)
    if any(map(MACRO_TYPE.search, scan.types)):
        members.found.mark("macros")
    return any(BINARY_TYPE in each for each in scan.types)


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


def add_relation(relation: Relation, found: ActiveContent) -> None:
    kind = relation.kind.strip().lower()
    if kind in MACROS:
        found.mark("macros")
    elif not (relation.is_external or is_elsewhere(relation.stated_target)):
        if inside := INSIDE.get(kind):
            found.count(inside)
    elif kind == "attachedtemplate":
        found.count("external_templates")
    elif kind not in LINKS_OF_PEOPLE:
        found.count("external_links")


def _add_part(name: str, entry: zipfile.ZipInfo, members: Members, *, is_binary: bool) -> None:
    """By its first bytes, since its name is free."""
    start = members.start(entry)
    if start.startswith(ole.MAGIC):
        add_project(members.read(entry), members.found)
    elif is_xml(start):
        _add_fields(members.read(entry), members.found)
    elif has_content(entry) and (name.endswith(".piece") or start.startswith(OTHER_XML) or not start):
        members.found.mark("incomplete")
    elif is_binary and not start.startswith(PICTURES):
        _add_records(members.read(entry), members.found)


def add_project(content: bytes, found: ActiveContent) -> None:
    """A part that has the macros of a document, whatever its name; other compound files are objects."""
    try:
        project = ole.open_compound(content)
    except ProcessorError:
        found.mark("incomplete")
        return
    if {"dir", "_vba_project"} & {name.lower() for name in project.names}:
        vba.add_macros(project, found)


def _add_fields(content: bytes, found: ActiveContent) -> None:
    text = content.replace(b"\0", b"") if b"\0" in content[:4] else content
    encoding = ENCODING.match(text)
    asks = FORMULA.search(text) and ASKING.search(text)
    if asks or FIELDS.search(text) or (encoding and not WITH_ASCII.fullmatch(encoding[1])):
        _scan(FieldScan(found), content, found)


def _add_records(content: bytes, found: ActiveContent) -> None:
    for match in AUTO_NAME_16.finditer(content):
        found.name("auto_run", match[0].decode("utf-16-le"))
    with suppress(ProcessorError):  # other parts have no records, such as settings of printers
        for kind, place, size in biff12.records(content):
            if kind == BOOK and size >= 2 and content[place] == BOOK_OF_DDE:
                found.count("dde")


class TypesScan(Scan):
    """Content types of all parts."""

    tags: ClassVar[dict[str, str]] = {"Override": "part", "Default": "part"}

    def __init__(self) -> None:
        super().__init__(0)
        self.types: list[str] = []

    def part(self, attributes: Attributes) -> None:
        self.types.append(attributes.get("ContentType", "").lower())


class FieldScan(Scan):
    """Fields of a DOCX, whose instruction may be in several pieces; links and names of an XLSX."""

    tags: ClassVar[dict[str, str]] = {
        "fldSimple": "simple",
        "fldChar": "mark",
        "ddeLink": "dde",
        "definedName": "defined_name",
        "macrosheet": "macro_sheet",
        "hlinkClick": "action",
        "hlinkHover": "action",
        "hlinkMouseOver": "action",
    }

    def __init__(self, found: ActiveContent) -> None:
        super().__init__(0)
        self.found = found
        self.pieces: list[str] = []
        self.in_instruction: list[bool] = []
        """Of each field that has begun, the outermost first: whether its instruction goes on."""
        self.formula: list[str] = []
        self.tag = ""

    def prepare(self, parser: expat.XMLParserType) -> None:
        parser.CharacterDataHandler = self.characters

    def start(self, tag: str, attributes: Attributes) -> None:
        super().start(tag, attributes)
        if self.tag in WITH_TEXT_ONLY:  # programs may leave out what they do not know
            self.found.mark("incomplete")
        self.tag = local(tag)

    def end(self, tag: str) -> None:
        super().end(tag)
        if self.tag in FORMULAS:
            self.found.count("dde", is_dde_formula("".join(self.formula)))
            self.formula.clear()
        self.tag = ""

    def span(self, attributes: Attributes) -> None:
        """Wide tables are a matter of the reader of the text."""

    spans = span

    def characters(self, text: str) -> None:
        if self.tag in INSTRUCTIONS:
            self.pieces.append(text)
        elif self.tag in FORMULAS:
            self.formula.append(text)

    def mark(self, attributes: Attributes) -> None:
        """Begin, middle or end of a field."""
        kind = next((value for name, value in attributes.items() if name.endswith("fldCharType")), "")
        if kind == "begin":
            self.require_keyword()
        if self.pieces:
            add_field("".join(self.pieces), self.found)
            self.pieces.clear()
        if kind == "begin":
            self.in_instruction.append(True)
        elif self.in_instruction and kind == "separate":
            self.in_instruction[-1] = False
        elif self.in_instruction and kind == "end":
            self.in_instruction.pop()

    def require_keyword(self) -> None:
        """A field in an instruction may make the keyword of the field around it."""
        if self.in_instruction[-1:] == [True] and not has_keyword("".join(self.pieces)):
            self.found.mark("incomplete")
        elif self.in_instruction:
            self.in_instruction[-1] = False

    def simple(self, attributes: Attributes) -> None:
        self.require_keyword()
        add_field(next((value for name, value in attributes.items() if name.endswith("instr")), ""), self.found)

    def dde(self, _: Attributes) -> None:
        self.found.count("dde")

    def defined_name(self, attributes: Attributes) -> None:
        if match := AUTO_NAME.match(attributes.get("name", "")):
            self.found.name("auto_run", match[1])

    def macro_sheet(self, _: Attributes) -> None:
        self.found.mark("macros")

    def action(self, attributes: Attributes) -> None:
        """Of a shape in a presentation, by a click or by the mouse over it."""
        self.found.count("launch", attributes.get("action", "").strip().lower().startswith("ppaction://program"))


def is_dde_formula(formula: str) -> bool:
    return DDE_FORMULA.search(QUOTED.sub("'", formula)) is not None
