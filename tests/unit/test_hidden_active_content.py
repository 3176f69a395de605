"""Documents that hide what acts in them from a search: what programs run is found, or the file is ``incomplete``."""

from __future__ import annotations

import base64
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
    ODT,
    OFFICE,
    PACKAGE,
    PPTX,
    SHEET,
    SLIDE,
    WORD,
    XLSB,
    XLSX,
    docx,
    odt,
    pptx,
    xlsb,
    xlsx,
)

from picasso.detection.detector import detect
from picasso.detection.window import Window
from picasso.policy import ActiveContent
from picasso.process.contract import ProcessorError, Source
from picasso.process.processors.document import Document
from picasso.process.processors.document.active import members as members_of_zip
from picasso.process.processors.document.active import read_active_content, rtf, texts
from picasso.process.processors.text import Text

Facts = dict[str, Any]

RTF, XLS = "text/rtf", "application/vnd.ms-excel"

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


def test_two_directories() -> None:
    """The end names one in a member, of another document; `zipfile` reads the one right before the end."""
    hidden = active.docm()
    content = bytearray(b"-" * 100_000 + members(docx(), ("word/a.bin", hidden), method=zipfile.ZIP_STORED))
    start = content.find(hidden)
    with zipfile.ZipFile(io.BytesIO(content)) as outer, zipfile.ZipFile(io.BytesIO(hidden)) as inner:
        place = start + inner.start_dir
        move(content, place, inner, start)
        move(content, outer.start_dir, outer, place - outer.start_dir)
    struct.pack_into("<I", content, content.rfind(b"PK\5\6") + 16, place)
    assert found(bytes(content), DOCX) == INCOMPLETE


def move(content: bytearray, directory: int, archive: zipfile.ZipFile, by: int) -> None:
    """Change the places of all members in the directory."""
    for entry in archive.infolist():
        struct.pack_into("<I", content, directory + 42, entry.header_offset + by)
        directory += 46 + sum(struct.unpack_from("<HHH", content, directory + 28))


def test_a_member_without_a_size_that_can_not_be_unpacked() -> None:
    content = bytearray(members(docx(), ("word/main.foo", DDE)))
    first, last = content.find(b"word/main.foo") - 30, content.rfind(b"word/main.foo") - 46
    content[first + 8] = content[last + 10] = 9  # deflate64
    content[last + 24 : last + 28] = bytes(4)
    assert found(bytes(content), DOCX) == INCOMPLETE


def test_bombs_are_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members_of_zip, "MAX_MEMBER", 10_000)
    padded = relations(" " * 10_000, TEMPLATE)
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
INSTRUCTION = "<w:r><w:instrText>{}</w:instrText></w:r>"
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
    assert found(docx(f"<w:p>{BEGIN}{body}{END}</w:p>"), DOCX)["dde"] == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            f"{INSTRUCTION.format('D')}{BEGIN}{INSTRUCTION.format('QUOTE 68')}{END}{INSTRUCTION.format('EAUTO c:')}",
            INCOMPLETE,
        ),
        (f"{BEGIN}{INSTRUCTION.format('PAGE')}{END}{INSTRUCTION.format('DE a b')}", INCOMPLETE),
        (INSTRUCTION.format("D<x/>DE a b"), INCOMPLETE),
        (f"{INSTRUCTION.format('IF ')}{BEGIN}{INSTRUCTION.format('PAGE')}{END}{INSTRUCTION.format(' = 1')}", {}),
        (f"{INSTRUCTION.format('=')}{BEGIN}{INSTRUCTION.format('PAGE')}{END}{INSTRUCTION.format(' + 1')}", {}),
    ],
)
def test_a_keyword_may_be_made_of_pieces(body: str, expected: Facts) -> None:
    assert found(docx(f"<w:p>{BEGIN}{body}{END}</w:p>"), DOCX) == expected


@pytest.mark.parametrize(
    ("name", "part", "expected"),
    [
        ("word/main.foo", DDE, {"dde": 1}),
        ("word/document.xml", f'<?xml version="1.0" encoding="UTF-16BE"?>{DDE}'.encode("utf-16-be"), {"dde": 1}),
        ("word/document.xml", f"\ufeff   {DDE}".encode("utf-16-le"), {"dde": 1}),
        ("word/document.xml", f'<?xml version="1.0" encoding="cp037"?>{DDE}'.encode("cp037"), INCOMPLETE),
        ("word/document.xml", b'<?xml version="1.0" encoding="UTF-7"?>' + DDE.encode("utf-7"), INCOMPLETE),
        ("word/document.xml", f'<!DOCTYPE x [<!ENTITY e "y">]>{DDE}', INCOMPLETE),
        ("word/main.foo", f"{' ' * 100}{DDE}", {"dde": 1}),
        ("word/document.xml", f'<?xml version="1.0"{" " * 500}encoding="UTF-7"?><+AGY-/>', INCOMPLETE),
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
        ("1+" * 500 + "cmd|'/c calc'!A0", {"dde": 1}),
        ("<?a?>cmd|'/c calc'!A0", {"dde": 1}),
        ("'a\"b'!A1+cmd|'/c calc\"'!A0", {"dde": 1}),
        ("cmd<x/>|'/c calc'!A0", INCOMPLETE),
        ("'a|b'!A1", {}),
        ('A1&amp;"|"&amp;B1', {}),
        ('IF(A1,"cmd|x!y","")', {}),
    ],
)
def test_formulas_that_ask_other_programs(formula: str, expected: Facts) -> None:
    row = f'<row r="1"><c r="A1"><f>{formula}</f></c></row>'
    assert found(xlsx(row), XLSX) == expected


@pytest.mark.parametrize("part", ["<a-b:f>cmd|x!A0</a-b:f>", "<definedName name='a'>cmd|x!A0</definedName>"])
def test_formulas_wherever_they_are(part: str) -> None:
    assert found(active.with_parts(xlsx(), {"xl/a.xml": f"<a>{part}</a>"}), XLSX) == {"dde": 1}


@pytest.mark.parametrize("ending", ["bin", "foo"])
def test_links_and_names_of_a_binary_workbook(ending: str) -> None:
    name = struct.pack("<IBI", 0, 0, 0xFFFFFFFF) + ole.wide("_xlnm.Auto_Open") + bytes(8)
    link = struct.pack("<H", 1) + ole.wide("cmd") + ole.wide("/c calc")
    parts = {f"xl/names.{ending}": ole.binary_record(39, name), f"xl/link.{ending}": ole.binary_record(360, link)}
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


# Compound files


def chosen(streams: dict[str, bytes]) -> Facts:
    return found(ole.compound({name: ole.padded(content, ole.CUTOFF) for name, content in streams.items()}), XLS)


BEGIN_OF_BOOK = ole.record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 6))
SHEET_OF_MACROS = ole.record(0x85, struct.pack("<IBBB", 0, 2, 1, 3) + b"\0One")
PART_OF_MACROS = ole.record(0x809, struct.pack("<HHHHII", 0x600, 0x40, 0, 0, 0, 6))
PROGRAM = b"\x00\x00\xf3\x0f\x10\0\0\0" + bytes(8) + b"\x02" + bytes(7)


@pytest.mark.parametrize(
    ("streams", "expected"),
    [
        ({"WORKBOOK": BEGIN_OF_BOOK + SHEET_OF_MACROS}, {"macros": True}),
        ({"book": BEGIN_OF_BOOK + SHEET_OF_MACROS}, {"macros": True}),
        ({"Workbook": BEGIN_OF_BOOK + PART_OF_MACROS}, {"macros": True}),
        ({"worddocument": b"\x13 DDEAUTO cmd /k \x14\x15"}, {"dde": 1}),
        ({"WordDocument": b"\x13 D\x13 QUOTE 68 \x14D\x15EAUTO cmd \x14\x15"}, INCOMPLETE),
        ({"WordDocument": "\x13 D\x13 QUOTE 68 \x14D\x15EAUTO cmd \x14\x15".encode("utf-16-le")}, INCOMPLETE),
        ({"WordDocument": "\x13 IF \x13 REF a \x14b\x15 = 1 \x14\x15".encode("utf-16-le")}, {}),
        ({"WordDocument": b"x", "_vba_project": b"x"}, {"macros": True}),
        ({"WordDocument": b"x", "MACROS": b"x"}, {"macros": True}),
        ({"WordDocument": b"x", "DIR": active.compressed(b"x")}, {"macros": True}),
        ({"WordDocument": b"x", "dir": b"a list of files"}, {}),
        ({"PowerPoint Document": PROGRAM}, {"launch": 1}),
    ],
)
def test_names_of_streams_have_no_case(streams: dict[str, bytes], expected: Facts) -> None:
    assert chosen(streams) == expected


def test_all_streams_of_a_name_are_read() -> None:
    """An embedded document has streams of the same names, and may come first in the directory."""
    content = ole.compound({"Workbook": ole.padded(BEGIN_OF_BOOK, ole.CUTOFF), "Zorkbook": SHEET_OF_MACROS})
    assert found(content.replace("Zork".encode("utf-16-le"), "Work".encode("utf-16-le")), XLS) == {"macros": True}


def test_damaged_chains_are_incomplete() -> None:
    content = bytearray(ole.compound({"Workbook": ole.padded(BEGIN_OF_BOOK + SHEET_OF_MACROS, ole.CUTOFF)}))
    assert found(bytes(content), XLS) == {"macros": True}
    content[512 + 8 : 512 + 12] = struct.pack("<I", 0xFFFF)
    assert found(bytes(content[:2000]), XLS) == INCOMPLETE


# RTF


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb"{\field{\*\fldinst {\*\foo junk}DDEAUTO cmd /k}{\fldrslt x}}", {"dde": 1}),
        (rb"{\field{\*\fldinst {\*\foo {\*\bar x} junk}DDEAUTO cmd /k}{\fldrslt x}}", {"dde": 1}),
        (rb"{\field{\*\fldinst \u68 X\u68 X\u69 XAUTO cmd}{\fldrslt x}}", {"dde": 1}),
        (rb"{\field{\*\fldinst \uc0\u68 \u68 \u69 AUTO cmd}{\fldrslt x}}", {"dde": 1}),
        (rb"{\field{\*\fldinst " + rb"{\b " * 3_000 + rb"DDEAUTO cmd}{\fldrslt x}}", {"dde": 1}),
        (rb"{\field{\*\fldinst QUOTE 68 68 69 32 97}{\fldrslt x}}", {"dde": 1}),
        (rb"{\*\template \u-65432?\u-65420?\u-65420?\u-65424?\u-65478?\u-65489?\u-65489?x}", REMOTE),
        (rb"{\*\template HTTP://example.org/a.dot}", REMOTE),
        (rb"{\*\nextfile http://example.org/a.rtf}", {"external_links": 1}),
        (rb"{\sp{\sn pibName}{\sv http://example.org/a.png}}", {"external_links": 1}),
        (rb"{\sp{\sn pihlShape}{\sv http://example.org/}}", {}),
        (rb"{\object\objhtml\objupdate x}", {"activex": 1}),
        (rb"{\field{\*\fldinst PAGE}{\fldrslt DDE}}", {}),
        (rb"{\field{\*\fldinst {\field{\*\fldinst QUOTE 68}}DE cmd a}{\fldrslt x}}", INCOMPLETE),
        (rb"{\field{\*\fldinst D{\field{\*\fldinst QUOTE 68}}EAUTO cmd a}}", INCOMPLETE),
        (rb"{\field{\*\fldinst IF {\field{\*\fldinst REF a}} = 1 x y}}", {}),
        (rb"{\field{\*\fldinst PAGE}}{\field{\*\fldinst TIME}}", {}),
    ],
)
def test_rtf_however_written(body: bytes, expected: Facts) -> None:
    assert found(b"{\\rtf1 " + body + b"}", RTF) == expected


@pytest.mark.parametrize("head", [b"{\\rt ", b"{\\rt1", b"{\\rtx01 ", b"{\\rtf\xe4\xe4 ", b"{\\rt\\ansi "])
def test_word_asks_for_little_of_the_head(head: bytes) -> None:
    assert detect(Window.of_bytes(head + rb"{\object\objemb{\*\objdata 0105}}}")).media_type == RTF


def test_long_fields_are_read_within_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtf, "MAX_BYTES", 10_000)
    assert found(b"{\\rtf1 " + rb"{\*\fldinst " * 1_000, RTF) == INCOMPLETE


# OpenDocument

LINK = 'xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href'
LISTENER = '<s:event-listener xmlns:s="s" s:event-name="dom:load" {}="{}"/>'
LIST = '<l:library xmlns:l="l" l:name="Standard"{}><l:element l:name="Module1"/></l:library>'


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (" vnd.sun.star.script:a", {"macros": True, "auto_run": ["dom:load"]}),
        ("VND.SUN.STAR.SCRIPT:a", {"macros": True, "auto_run": ["dom:load"]}),
        ("vnd.sun.star.&#115;cript:a", {"macros": True, "auto_run": ["dom:load"]}),
        ("service:a", {"macros": True, "auto_run": ["dom:load"]}),
        ("vnd.sun.star.expand:a", {"macros": True, "auto_run": ["dom:load"]}),
        ("#page2", {}),
        ("http://example.org/", {}),
    ],
)
def test_addresses_of_macros_however_written(address: str, expected: Facts) -> None:
    assert found(odt(LISTENER.format(LINK, address)), ODT) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f'<text:a {LINK}="macro:///x">x</text:a>', {"macros": True}),
        ('<x xmlns:p="p"><p:event-listener p:action="execute" p:href="cmd.exe"/></x>', {"launch": 1}),
        ('<text:p table:formula=\'of:=DDE("cmd";"/c";"x")\'/>', {"dde": 1}),
        ("<text:p table:formula=\"msoxl:=cmd|'/c calc'!A0\"/>", {"dde": 1}),
        ('<text:p table:formula="of:={1;2|3;4}"/>', {}),
    ],
)
def test_content_of_an_open_document(body: str, expected: Facts) -> None:
    assert found(odt(body), ODT) == expected


@pytest.mark.parametrize(
    ("name", "part", "expected"),
    [
        ("./Basic/Standard/Module1.xml", "<x/>", {"macros": True}),
        ("Basic/Standard/dialog-lc.xml", "<x/>", {"macros": True}),
        ("Basic/Standard/script-lb.xml", LIST.format(""), {"macros": True}),
        ("Basic/script-lc.xml", '<l:library xmlns:l="l" l:link="true"/>', {"macros": True}),
        ("Basic/script-lc.xml", '<l:library xmlns:l="l" l:link="false"/>', {}),
        ("Any name/content.xml", "<x/>", {"embedded_objects": 1}),
        ("any.ole", active.vba_project(), {"embedded_objects": 1}),
        ("ObjectReplacements/Object 1", "picture", {}),
        ("content.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', INCOMPLETE),
    ],
)
def test_members_of_an_open_document(name: str, part: str | bytes, expected: Facts) -> None:
    assert found(active.with_parts(odt(), {name: part}), ODT) == expected


# Office documents in one text

WORD_2003 = 'xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"'
PACKED = base64.b64encode(b"ActiveMime\0\0\x01").decode()
PROJECT = base64.b64encode(active.vba_project()).decode()
FLAT = 'xmlns:p="http://schemas.microsoft.com/office/2006/xmlPackage"'
EXCEL_2003 = 'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="x"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'<w:wordDocument {WORD_2003} w:macrosPresent="yes"/>', {"macros": True}),
        (f'<w:wordDocument {WORD_2003}><w:binData w:name="x">\n{PACKED[:5]}\n{PACKED[5:]}</w:binData></w:wordDocument>',
         {"macros": True}),
        (f'<w:wordDocument {WORD_2003}><w:binData w:name="a.png">iVBORw0KGgo</w:binData></w:wordDocument>', {}),
        (f'<w:wordDocument {WORD_2003}><w:fldSimple w:instr="DDE a b"/></w:wordDocument>', {"dde": 1}),
        (f"<p:package {FLAT}><p:part p:name='x'><p:binaryData>{PROJECT}</p:binaryData></p:part></p:package>", MACRO),
        (f"<p:package {FLAT}><p:binaryData>{PROJECT[:4]}\n!{PROJECT[4:]}</p:binaryData></p:package>", MACRO),
        (f"<p:package {FLAT}><p:binaryData>{PROJECT[:4]}<p:x/>{PROJECT[4:]}</p:binaryData></p:package>", INCOMPLETE),
        (f'<w:wordDocument {WORD_2003}><w:binData>{" " * 300}{PACKED}</w:binData></w:wordDocument>', {"macros": True}),
        (f"<p:package {FLAT}><p:part p:contentType='application/vnd.ms-office.vbaProject'/></p:package>",
         {"macros": True}),
        (f"<p:package {FLAT}><p:part>{relations(TEMPLATE, head='')}</p:part></p:package>", REMOTE),
        (f"<Workbook {EXCEL_2003}><x:Macrosheet/></Workbook>", {"macros": True}),
        (f"<Workbook {EXCEL_2003} xmlns:s='s'><Cell s:Formula=\"=cmd|'/c calc'!A0\"/></Workbook>", {"dde": 1}),
        (f"<Workbook {EXCEL_2003} xmlns:s='s'><NamedRange s:Name='Auto_Open'/></Workbook>",
         {"auto_run": ["Auto_Open"]}),
        ("<x xmlns:w='http://sch&#101;mas.microsoft.com/office/word/2003/wordml'><w:fldSimple w:instr='DDE a'/></x>",
         {"dde": 1}),
        ("<x xmlns='http://www.w3.org/1999/xhtml'><script>x()</script></x>", {"javascript": 1}),
        ("<x><s:svg xmlns:s='http://www.w3.org/2000/svg' onload='x()'/></x>", {"javascript": 1}),
        ("<project><script type='text/javascript'>x()</script><a href='javascript:x'/></project>", {}),
        ("<?xml-stylesheet type='text/xsl' href='data:text/xsl,x'?><x/>", {"javascript": 1}),
        ("<?xml-stylesheet type='text/xsl' href='style.xsl'?><x/>", {}),
        ("<x>ActiveMime</x>", {}),
        (f'<?xml version="1.0" encoding="UTF-16"?><x {WORD_2003} w:macrosPresent="yes"/>', INCOMPLETE),
    ],
)  # fmt: skip
def test_texts_that_word_or_a_browser_opens(text: str, expected: Facts, tmp_path: Path) -> None:
    (tmp_path / "text").write_text(text)
    assert texts.read_active_text(tmp_path / "text", is_xml=True).facts() == expected


def test_macros_in_a_web_archive(tmp_path: Path) -> None:
    archive = f"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n{PACKED[:8]}\r\n{PACKED[8:]}\r\n"
    assert found(archive, "message/rfc822") == {"macros": True}
    (tmp_path / "text").write_text(archive)
    assert Text()(Source(tmp_path / "text", "text/plain"), tmp_path).facts["active_content"] == {"macros": True}
