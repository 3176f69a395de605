"""What acts by itself in documents is found, however they are written, and only that."""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path
from typing import Any

import pytest
from tests.formats import active, document, ole
from tests.formats.document import DOCX, HEAD, ODT, WORD, docx, odt
from tests.hostile import document as hostile
from tests.sampling import sample

from picasso.policy import ActiveContent
from picasso.process.contract import ProcessorError, Source
from picasso.process.processors.document import Document
from picasso.process.processors.document import ole as compound_files
from picasso.process.processors.document.active import read_active_content, vba

RTF, HTML, DOC, XLS = "text/rtf", "text/html", "application/msword", "application/vnd.ms-excel"
DOCM = "application/vnd.ms-word.document.macroenabled.12"
MACRO = {"macros": True, "auto_run": ["Document_Open"]}

Facts = dict[str, Any]


def found(content: bytes | str, media_type: str) -> Facts:
    active_content = ActiveContent()
    read_active_content(content.encode() if isinstance(content, str) else content, media_type, active_content)
    return active_content.facts()


# VBA


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        (
            "01 19 B0 00 61 62 63 64 65 66 67 68 00 69 6A 6B 6C 6D 6E 6F 70 00 71 72 73 74 75 76 2E",
            "abcdefghijklmnopqrstuv.",
        ),
        (
            "012FB00023616161626364658266007061676869 6A013808616B6C00306D6E6F700671027004107273747576 10 7778797A003C",
            "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa",
        ),
        ("01 03 B0 02 61 45 00", "a" * 73),
    ],
)
def test_vba_is_decompressed_as_in_the_specification(packed: str, text: str) -> None:
    """The examples of [MS-OVBA], section 3.2."""
    assert vba.decompress(bytes.fromhex(packed)) == text.encode()


@pytest.mark.parametrize("seed", range(50))
def test_random_containers_cost_little(seed: int) -> None:
    chance = random.Random(seed)
    content = b"\x01" + bytes(chance.choice([0x3F, 0xB0, 0xBF, 0xFF, 0, chance.randrange(256)]) for _ in range(20_000))
    assert len(vba.decompress(content)) <= vba.MAX_SOURCE + 8192


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (active.MODULE, ["Document_Open"]),
        ("Sub autoopen()\nEnd Sub", ["autoopen"]),
        ("private  static Sub Workbook_Open ()", ["Workbook_Open"]),
        ('Attribute VB_Name = "AutoExec"\nSub Main()', ["AutoExec"]),
        ("Sub InkPicture1_Painted(ByVal h As Long)", ["InkPicture1_Painted"]),
        ('\' Sub AutoOpen()\nx = "Sub AutoOpen"\nSub AutoOpening()\nSub Helper()\nSub Button1_Click()', None),
    ],
)
def test_macros_that_run_by_themselves_are_named(source: str, names: list[str] | None) -> None:
    project = active.vba_project(source)
    assert found(active.docm(project), DOCM) == {"macros": True, **({"auto_run": names} if names else {})}
    assert found(project, DOC) == {"macros": True, **({"auto_run": names} if names else {})}


def test_the_name_and_the_type_of_the_part_do_not_matter() -> None:
    renamed = active.docm(name="picture.jpg.bin")
    assert found(renamed, DOCM) == MACRO
    plain = active.with_parts(docx(), {"word/x.bin": active.vba_project()})
    assert found(plain, DOCX) == MACRO


def test_a_project_that_can_not_be_read_is_a_macro_all_the_same() -> None:
    broken = bytearray(active.vba_project())
    assert found(active.docm(bytes(broken[:600])), DOCM) == {"macros": True, "incomplete": True}


# OOXML


def test_plain_documents_have_none() -> None:
    for known in document.FORMATS:
        if not known.error and known.make is not document.missing:
            expected = {"javascript": 1} if "active_content" in known.facts["document"] else {}
            assert found(known.make(), known.media_type) == expected, known.name


@pytest.mark.parametrize(
    ("kind", "target", "external", "expected"),
    [
        ("hyperlink", "http://example.org/", True, {}),
        ("attachedTemplate", "http://example.org/a.dotm", True, {"external_templates": 1}),
        ("oleObject", "http://example.org/a.rtf", True, {"external_links": 1}),
        ("image", "http://example.org/a.png", True, {"external_links": 1}),
        ("frame", "http://example.org/a.html", True, {"external_links": 1}),
        ("image", "media/a.png", False, {}),
        ("oleObject", "embeddings/a.bin", False, {"embedded_objects": 1}),
        ("package", "embeddings/a.xlsx", False, {"embedded_files": 1}),
        ("aFChunk", "chunk.html", False, {"embedded_files": 1}),
        ("control", "activeX/a.xml", False, {"activex": 1}),
    ],
)
def test_relations_of_a_docx(kind: str, target: str, external: bool, expected: Facts) -> None:
    relation = active.relation(active.RELATIONS + kind, target, external=external)
    assert found(active.related(docx(), relation), DOCX) == expected


@pytest.mark.parametrize(
    "instruction",
    ["DDEAUTO c:\\\\cmd.exe /k", " dde excel a b ", "DD</w:instrText></w:r><w:r><w:instrText>E x"],
)
def test_dde_fields_of_a_docx(instruction: str) -> None:
    run = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    begin, end = run.format("begin"), run.format("end")
    body = f"<w:p>{begin}<w:r><w:instrText>{instruction}</w:instrText></w:r>{end}</w:p>"
    assert found(docx(body), DOCX) == {"dde": 1}


def test_other_fields_of_a_docx() -> None:
    simple = '<w:p><w:fldSimple w:instr="{}"/></w:p>'
    assert found(docx(simple.format("DDE a b c")), DOCX) == {"dde": 1}
    assert found(docx(simple.format("PAGE DDE")), DOCX) == {}
    picture = simple.format("INCLUDEPICTURE &quot;http://example.org/x&quot;")
    assert found(docx(picture), DOCX) == {"external_links": 1}
    assert found(docx(simple.format("INCLUDEPICTURE picture.png")), DOCX) == {}


def test_utf_16_hides_nothing() -> None:
    body = f'{HEAD}<w:document {WORD}><w:body><w:p><w:fldSimple w:instr="DDE a b"/></w:p></w:body></w:document>'
    part = body.replace("UTF-8", "UTF-16").encode("utf-16")
    assert found(active.with_parts(docx(), {"word/document.xml": part}), DOCX) == {"dde": 1}


def test_macro_sheets_and_links_of_a_workbook() -> None:
    sheet = active.relation(active.MICROSOFT + "xlMacrosheet", "macrosheets/sheet1.xml")
    link = '<x:externalLink xmlns:x="m"><x:ddeLink ddeService="cmd" ddeTopic="/c calc"/></x:externalLink>'
    names = '<x:workbook xmlns:x="m"><x:definedName name="_xlnm.Auto_Open">A1</x:definedName></x:workbook>'
    parts = {"xl/externalLinks/externalLink1.xml": link, "xl/names.xml": names}
    content = active.related(document.xlsx(), sheet, parts=parts)
    assert found(content, document.XLSX) == {"macros": True, "auto_run": ["Auto_Open"], "dde": 1}


# Compound files


def test_a_workbook_of_the_old_kind() -> None:
    sheet = ole.record(0x85, struct.pack("<IBBB", 0, 2, 1, 3) + b"\0One")
    name = ole.record(0x18, struct.pack("<HBBHHHI", 0x20, 0, 1, 0, 0, 0, 0) + b"\0\x01")
    link = ole.record(0x1AE, struct.pack("<HH", 0, 9) + b"\0cmd\x03/calc")
    book = ole.record(0x809, bytes(16)) + sheet + name + link + ole.record(0x0A, b"")
    content = ole.compound({"Workbook": ole.padded(book, ole.CUTOFF)})
    assert found(content, XLS) == {"macros": True, "auto_run": ["Auto_Open"], "dde": 1}


def test_objects_of_a_document_of_the_old_kind() -> None:
    streams = {"WordDocument": b"text \x13 DDEAUTO cmd /k \x14\x15".ljust(600), "\x01Ole10Native": b"x", "Ctls": b"x"}
    streams["1Table"] = b"\0\0" + "http://example.org/a.dotm".encode("utf-16-le") + b"\0\0"
    assert found(ole.compound(streams), DOC) == {
        "external_templates": 1,
        "dde": 1,
        "activex": 1,
        "embedded_files": 1,
    }


def test_a_presentation_of_the_old_kind() -> None:
    macros = b"\x02\x00\x00\x04\x0c\x00\x00\x00\x01\0\0\0\x01\0\0\0\x02\0\0\0"
    content = ole.compound({"PowerPoint Document": b"x" * 10 + macros + b"\x0f\x00\xcc\x0f" + bytes(4)})
    assert found(content, "application/vnd.ms-powerpoint") == {"macros": True, "embedded_objects": 1}


# RTF


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb"plain \b bold\par", {}),
        (rb"{\object\objemb{\*\objdata 0105000002000000}}", {"embedded_objects": 1}),
        (rb"{\object\objocx{\*\objdata 01}}", {"activex": 1, "embedded_objects": 1}),
        (rb"{\*\objdata 01\objx 05 {\x}" + b"Package\0".hex().encode() + b"}", {"embedded_files": 1}),
        (rb"{\*\objdata 01" + b"".join(b"%02x\r\n" % each for each in b"Package\0") + b"}", {"embedded_files": 1}),
        (rb"{\object\objautlink{\*\objdata 01}}", {"external_links": 1, "embedded_objects": 1}),
        (rb"{\*\template http://example.org/a.dot}", {"external_templates": 1}),
        (rb"{\*\template \u104?\u116?tp://example.org/a.dot}", {"external_templates": 1}),
        (rb"{\*\template C:\\Office\\Normal.dot}", {}),
        (rb"{\field{\*\fldinst DDEAUTO cmd /k}{\fldrslt x}}", {"dde": 1}),
        (rb"{\field{\*\fldinst {D}{\b D}{\'45}AUTO cmd /k}{\fldrslt x}}", {"dde": 1}),
        (rb'{\field{\*\fldinst HYPERLINK "http://example.org/"}{\fldrslt DDE}}', {}),
        (rb"{\objdatax \templates \fldinsts}", {}),
    ],
)
def test_rtf(body: bytes, expected: Facts) -> None:
    assert found(b"{\\rtf1 " + body + b"}", RTF) == expected


# OpenDocument


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Basic/script-lc.xml", {}),
        ("Basic/Standard/script-lb.xml", {}),
        ("Basic/Standard/Module1.xml", {"macros": True}),
        ("Scripts/python/x.py", {"macros": True}),
        ("Object 1/content.xml", {"embedded_objects": 1}),
    ],
)
def test_parts_of_an_open_document(name: str, expected: Facts) -> None:
    assert found(active.with_parts(odt(), {name: "<x/>"}), ODT) == expected


@pytest.mark.parametrize("make", [odt, lambda body: document.flat(odt(body))])
def test_the_content_of_an_open_document(make: Any) -> None:
    names = 'xmlns:script="s" xmlns:xlink="x" xmlns:office="o" xmlns:draw="d"'
    listener = '<script:event-listener script:event-name="dom:load" xlink:href="vnd.sun.star.script:A.B"/>'
    picture = '<draw:image xlink:href="http://example.org/a.png"/><draw:image xlink:href="Pictures/a.png"/>'
    content = make(f"<text:p><text:span {names}>{listener}{picture}<office:dde-source/></text:span></text:p>")
    kind = ODT if content.startswith(b"PK") else ODT + "-flat-xml"
    assert found(content, kind) == {"macros": True, "auto_run": ["dom:load"], "external_links": 1, "dde": 1}


# Web pages


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<p>about javascript: and onclick=1</p>", {}),
        ("<script>alert(1)</script>", {"javascript": 1}),
        ("<script type='application/ld+json'>{}</script>", {}),
        ("<p ONCLICK='x()'>a", {"javascript": 1}),
        ("<a href=' Java\tScript:alert(1)'>a", {"javascript": 1}),
        ("<a href='&#106;avascript:alert(1)'>a", {"javascript": 1}),
        ("<iframe srcdoc='<script>1</script>'>", {"javascript": 1}),
        ("<object data=a.swf></object><embed src=b>", {"embedded_objects": 2}),
        ("<a href='http://example.org/'>a", {}),
    ],
)
def test_web_pages(page: str, expected: Facts) -> None:
    assert found(f"<html><body>{page}", HTML) == expected
    assert found(f"<html><body>{page}".encode("utf-16"), HTML) == expected


def test_books() -> None:
    assert found(document.epub("<p><script>1</script></p>"), "application/epub+zip") == {"javascript": 1}


# The processor


def test_the_facts_of_the_processor(tmp_path: Path) -> None:
    (tmp_path / "derived").mkdir()
    (tmp_path / "original").write_bytes(active.docm())
    facts = Document()(Source(tmp_path / "original", DOCM), tmp_path / "derived").facts
    assert facts["active_content"] == MACRO
    (tmp_path / "original").write_bytes(active.with_parts(active.docm(), {"_rels/.rels": "<broken"}))
    with pytest.raises(ProcessorError, match=r"^corrupt:") as failure:
        Document()(Source(tmp_path / "original", DOCM), tmp_path / "derived")
    assert failure.value.facts["active_content"] == {**MACRO, "incomplete": True}
    (tmp_path / "original").write_bytes(document.locked())
    with pytest.raises(ProcessorError, match=r"^protected:") as failure:
        Document()(Source(tmp_path / "original", "application/encrypted"), tmp_path / "derived")
    assert failure.value.facts["encrypted"] is True


def test_hostile_documents_cost_little() -> None:
    for name, media_type, content in sample(hostile.files(), lambda file: file[1], 1 / 4):
        started = time.process_time()
        assert isinstance(found(content, media_type), dict)
        assert time.process_time() - started < 20, name


def test_a_compound_file_keeps_all_names() -> None:
    assert sorted(compound_files.open_compound(active.vba_project()).names) == ["Module1", "_VBA_PROJECT", "dir"]
