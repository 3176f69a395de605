"""Documents that hide what acts in them from a search: what programs run is found, or the file is ``incomplete``."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.formats import active, document, ole
from tests.formats.document import (
    DOCX,
    HEAD,
    OFFICE,
    PACKAGE,
    PPTX,
    SHEET,
    SLIDE,
    WORD,
    XLSB,
    XLSX,
    docx,
    pptx,
    xlsb,
    xlsx,
)

from picasso.policy import ActiveContent
from picasso.process.contract import ProcessorError, Source
from picasso.process.processors.document import Document
from picasso.process.processors.document.active import read_active_content

Facts = dict[str, Any]

INCOMPLETE = {"incomplete": True}
MACRO = {"macros": True, "auto_run": ["Document_Open"]}
TEMPLATE = active.relation(active.RELATIONS + "attachedTemplate", "http://example.org/a.dotm", external=True)
REMOTE = {"external_templates": 1}
RELATIONS = "word/_rels/document.xml.rels"


def found(content: bytes | str, media_type: str) -> Facts:
    active_content = ActiveContent()
    read_active_content(content.encode() if isinstance(content, str) else content, media_type, active_content)
    return active_content.facts()


def relations(*each: str, head: str = HEAD) -> str:
    return f'{head}<Relationships xmlns="{PACKAGE}relationships">{"".join(each)}</Relationships>'


# ZIP


def members(content: bytes, *more: tuple[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The ZIP with more members, whose names may be there already."""
    made = io.BytesIO(content)
    with zipfile.ZipFile(made, "a") as archive:
        for name, part in more:
            archive.writestr(name, part, method)
    return made.getvalue()


def patched(place: int, new: bytes, *, in_directory: bool) -> bytes:
    """A DOCX with a remote template, and one field of the headers of its relations changed."""
    content = bytearray(members(docx(), (RELATIONS, relations(TEMPLATE))))
    name = RELATIONS.encode()
    start = content.rfind(name) - 46 if in_directory else content.find(name) - 30
    content[start + place : start + place + len(new)] = new
    return bytes(content)


def renamed(old: bytes, new: bytes, *, in_directory: bool) -> bytes:
    content = members(docx(), (f"word/_rels/{old.decode()}", relations(TEMPLATE)))
    place = content.rfind(old) if in_directory else content.find(old)
    return content[:place] + new + content[place + len(old) :]


@pytest.mark.parametrize(
    "name",
    [
        r"word\_rels\document.xml.rels",
        "/word/_rels/document.xml.rels",
        "word/./_rels/document.xml.rels",
        "WORD/_RELS/DOCUMENT.XML.RELS",
        "word/%5Frels/document.xml.rel%73",
    ],
)
def test_names_of_members_may_be_written_in_several_ways(name: str) -> None:
    assert found(members(docx(), (name, relations(TEMPLATE))), DOCX) == REMOTE


@pytest.mark.parametrize("second", [RELATIONS, RELATIONS.upper()])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_all_members_of_a_name_are_read(second: str) -> None:
    assert found(members(docx(), (RELATIONS, relations(TEMPLATE)), (second, relations())), DOCX) == REMOTE
    assert found(members(docx(), (RELATIONS, relations()), (second, relations(TEMPLATE))), DOCX) == REMOTE


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_hides_nothing(method: int) -> None:
    assert found(members(docx(), (RELATIONS, relations(TEMPLATE)), method=method), DOCX) == REMOTE


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"x" * 100 + active.docm(), MACRO),
        (active.docm() + b"x" * 300, MACRO),
        (patched(10, b"\x09", in_directory=True), INCOMPLETE),  # deflate64
        (patched(16, b"sum?", in_directory=True), REMOTE),
        (patched(24, struct.pack("<I", 10), in_directory=True), REMOTE | INCOMPLETE),  # sizes
        (patched(20, bytes(8), in_directory=True), INCOMPLETE),
        (patched(8, bytes(2), in_directory=False), REMOTE | INCOMPLETE),  # method
        (patched(8, b"\1", in_directory=True), INCOMPLETE),  # a password
        (renamed(b"document.xml.relx", b"document.xml.rels", in_directory=False), INCOMPLETE),
        (renamed(b"document.xml.rels", b"document.xml.relx", in_directory=False), REMOTE | INCOMPLETE),
        (active.docm()[:-70], INCOMPLETE),
    ],
)
def test_headers_that_disagree(content: bytes, expected: Facts) -> None:
    assert found(content, DOCX) == expected


def test_members_that_the_directory_does_not_name() -> None:
    hidden = active.docm()
    hidden = hidden[: hidden.find(b"PK\1\2")]
    assert found(hidden + docx(), DOCX) == INCOMPLETE


def test_bombs_are_incomplete() -> None:
    padded = relations(" " * (33 * 2**20), TEMPLATE)
    assert found(members(docx(), (RELATIONS, padded)), DOCX) == INCOMPLETE


def test_pieces_of_a_part_are_not_put_together() -> None:
    text = relations(TEMPLATE)
    parts = ((f"{RELATIONS}/[0].piece", text[:80]), (f"{RELATIONS}/[1].last.piece", text[80:]))
    assert found(members(docx(), *parts), DOCX) == INCOMPLETE


# OOXML


def typed(content: bytes, part_type: str) -> bytes:
    types = f'{HEAD}<Types xmlns="{PACKAGE}content-types"><Override PartName="/a.b" ContentType="{part_type}"/></Types>'
    return active.with_parts(content, {"[Content_Types].xml": types})


@pytest.mark.parametrize(
    "content",
    [
        active.with_parts(docx(), {"word/data.xyz": active.vba_project()}),
        active.related(
            docx(), active.relation(active.MICROSOFT + "vbaProject", "x"), parts={"word/x": active.vba_project()}
        ),
    ],
)
def test_a_project_may_have_any_name(content: bytes) -> None:
    assert found(content, DOCX) == MACRO


@pytest.mark.parametrize(
    "content",
    [
        typed(docx(), "application/vnd.ms-office.vba&#80;roject"),
        typed(docx(), "APPLICATION/VND.MS-OFFICE.VBAPROJECT"),
        typed(xlsx(), "application/vnd.ms-excel.intlmacrosheet+xml"),
        active.related(docx(), active.relation(active.MICROSOFT + "vba&#80;roject", "x")),
        active.related(docx(), active.relation(active.MICROSOFT + "VBAPROJECT ", "x")),
        active.with_parts(xlsx(), {"xl/worksheets/x": f"<m:macrosheet xmlns:m='m' {SHEET}/>"}),
    ],
)
def test_types_of_macros_however_written(content: bytes) -> None:
    assert found(content, DOCX) == {"macros": True}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (relations(TEMPLATE.replace('"External"', '"external"')), REMOTE),
        (relations(TEMPLATE.replace(' TargetMode="External"', "")), REMOTE),
        (relations(TEMPLATE.replace("http://example.org/", r"\\example.org\x")), REMOTE),
        (relations(TEMPLATE.replace("http://schemas.openxmlformats.org", "http://purl.oclc.org/ooxml")), REMOTE),
        (relations(TEMPLATE.replace("http://example.org/a.dotm", "mhtml:http://example.org/a!b")), REMOTE),
        (relations(TEMPLATE, head='<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16"), REMOTE),
        (b'<?xml version="1.0" encoding="UTF-7"?>' + relations(TEMPLATE, head="").encode("utf-7"), INCOMPLETE),
        (relations(TEMPLATE, head='<?xml version="1.0" encoding="cp037"?>').encode("cp037"), INCOMPLETE),
        ('<!DOCTYPE x [<!ENTITY a "http://example.org/a.dotm">]>' + relations(TEMPLATE, head=""), INCOMPLETE),
        ('<!DOCTYPE x [<!ATTLIST Relationship TargetMode CDATA "External">]>'
         + relations(TEMPLATE.replace(' TargetMode="External"', ""), head=""), REMOTE),
        ("<Relationships><x" + TEMPLATE, INCOMPLETE),
    ],
)  # fmt: skip
def test_relations_however_written(text: str | bytes, expected: Facts) -> None:
    assert found(active.with_parts(docx(), {RELATIONS: text}), DOCX) == expected


RUN = "<w:r>{}</w:r>"
BEGIN, END = (RUN.format(f'<w:fldChar w:fldCharType="{kind}"/>') for kind in ("begin", "end"))
QUOTED = f"{BEGIN}<w:r><w:instrText>QUOTE 68 68 69 65 85 84 79</w:instrText></w:r>{END}"
DDE = f'<w:document {WORD}><w:body><w:p><w:fldSimple w:instr="DDE a b"/></w:p></w:body></w:document>'


@pytest.mark.parametrize(
    "body",
    [
        r"<w:r><w:instrText>&#68;DEAUTO c:\cmd</w:instrText></w:r>",
        r"<w:r><w:instrText><![CDATA[DDE]]>AUTO c:\cmd</w:instrText></w:r>",
        rf"{QUOTED}<w:r><w:instrText> c:\cmd</w:instrText></w:r>",
        f"<w:r><w:instrText>DDE</w:instrText></w:r>{BEGIN}<w:r><w:instrText>PAGE</w:instrText></w:r>{END}",
    ],
)
def test_instructions_however_written(body: str) -> None:
    assert found(docx(f"<w:p>{BEGIN}{body}{END}</w:p>"), DOCX) == {"dde": 1}


@pytest.mark.parametrize(
    ("name", "part", "expected"),
    [
        ("word/main.foo", DDE, {"dde": 1}),
        ("word/document.xml", f'<?xml version="1.0" encoding="UTF-16BE"?>{DDE}'.encode("utf-16-be"), {"dde": 1}),
        ("word/document.xml", f"\ufeff   {DDE}".encode("utf-16-le"), {"dde": 1}),
        ("word/document.xml", f'<?xml version="1.0" encoding="cp037"?>{DDE}'.encode("cp037"), INCOMPLETE),
        ("word/document.xml", b'<?xml version="1.0" encoding="UTF-7"?>' + DDE.encode("utf-7"), INCOMPLETE),
        ("word/document.xml", f'<!DOCTYPE x [<!ENTITY e "y">]>{DDE}', INCOMPLETE),
    ],
)
def test_parts_however_written(name: str, part: str | bytes, expected: Facts) -> None:
    assert found(active.with_parts(docx(), {name: part}), DOCX) == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("cmd|'/c calc'!A0", {"dde": 1}),
        ("cmd&#124;'/c calc'!A0", {"dde": 1}),
        ("'cmd'|'/c calc'!A0", {"dde": 1}),
        ('DDE("soffice";"a";"b")', {"dde": 1}),
        ('A1&amp;"|"&amp;B1', {}),
        ('IF(A1,"cmd|x!y","")', {}),
    ],
)
def test_formulas_that_ask_other_programs(formula: str, expected: Facts) -> None:
    row = f'<row r="1"><c r="A1"><f>{formula}</f></c></row>'
    assert found(xlsx(row), XLSX) == expected


def test_links_and_names_of_a_binary_workbook() -> None:
    name = struct.pack("<IBI", 0, 0, 0xFFFFFFFF) + ole.wide("_xlnm.Auto_Open") + bytes(8)
    link = struct.pack("<H", 1) + ole.wide("cmd") + ole.wide("/c calc")
    parts = {"xl/names.bin": ole.binary_record(39, name), "xl/link.bin": ole.binary_record(360, link)}
    assert found(active.with_parts(xlsb(), parts), XLSB) == {"auto_run": ["Auto_Open"], "dde": 1}
    other = {"xl/printerSettings/printerSettings1.bin": bytes(range(256))}
    assert found(active.with_parts(xlsb(), other), XLSB) == {}


def test_a_shape_that_starts_a_program() -> None:
    shape = f'<p:sld {SLIDE}><a:hlinkHover xmlns:r="{OFFICE}" r:id="a" action="ppaction://program"/></p:sld>'
    assert found(active.with_parts(pptx(), {"ppt/slides/slide1.xml": shape}), PPTX) == {"launch": 1}


# The processor


def failure(content: bytes, media_type: str, folder: Path) -> ProcessorError:
    (folder / "derived").mkdir()
    (folder / "original").write_bytes(content)
    with pytest.raises(ProcessorError) as raised:
        Document()(Source(folder / "original", media_type, {"max_bytes": 100_000}), folder / "derived")
    return raised.value


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (document.locked, "protected"),
        (lambda: docx()[:500], "corrupt"),
        (lambda: active.docm() + bytes(100_000), "too-large"),
    ],
)
def test_what_a_failure_leaves_open_is_told(make: Callable[[], bytes], code: str, tmp_path: Path) -> None:
    raised = failure(make(), DOCX, tmp_path)
    assert raised.code == code
    assert raised.facts["active_content"] == INCOMPLETE
