import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.formats import Format, document, ole
from tests.hostile import document as hostile
from tests.sampling import sample

from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.processors.document import Document, biff12, legacy, reader, web
from picasso.process.processors.document.facts import parse_date
from picasso.process.processors.document.options import DocumentOptions

Run = Callable[..., Result]

KNOWN = [each for each in document.FORMATS if not each.error and each.make is not document.missing]
CODES = ("corrupt", "protected", "too-large", "too-many-cells", "too-many-entries", "unsupported-format")
HOSTILE = list(hostile.files())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes, media_type: str, **options: JSON) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Document()(Source(tmp_path / "original", media_type, options), tmp_path / "derived")

    return run


@pytest.fixture
def text(tmp_path: Path) -> Callable[[], str]:
    return lambda: (tmp_path / "derived" / "text.txt").read_text(encoding="utf-8")


Text = Callable[[], str]


def fails(code: str) -> Any:
    return pytest.raises(ProcessorError, match=f"^{code}:")


# What it says


@pytest.mark.parametrize("known", KNOWN, ids=lambda each: each.file_name)
def test_every_format_has_the_facts_and_the_text_of_the_table(run: Run, text: Text, known: Format) -> None:
    result = run(known.make(), known.media_type)
    assert set(result.facts) == set(known.facts["document"])
    assert [(each.role, each.media_type) for each in result.derivatives] == [("text", "text/plain")]
    assert result.facts["words"] == len(text().split()) > 0
    assert result.facts["characters"] == len(text())


@pytest.mark.parametrize("make", [document.docx, document.pptx, document.odt, document.odp, document.epub])
def test_title_author_and_language(run: Run, text: Text, make: Callable[[], bytes]) -> None:
    media_type = next(each.media_type for each in KNOWN if each.make is make)
    facts = run(make(), media_type).facts
    assert (facts["title"], facts["author"], facts["text_language"]) == ("A title", "Ann", "eng")
    assert document.ENGLISH in text()


def test_dates_are_in_iso_8601(run: Run) -> None:
    assert run(document.docx(), document.DOCX).facts["created"] == "2026-01-02T03:04:05+00:00"
    assert run(document.rtf(), "text/rtf").facts["created"] == "2026-01-02T03:04:00+00:00"


def test_sheets_and_slides_are_named(run: Run) -> None:
    sheets = run(document.xlsx(), document.XLSX).facts
    assert (sheets["sheets"], sheets["sheet_names"]) == (1, ["One"])
    slides = run(document.odp(), document.ODP).facts
    assert (slides["slides"], slides["slide_names"]) == (2, ["first", "second"])
    assert run(document.pptx(), document.PPTX).facts["slides"] == 1
    assert run(document.pptx_of_two(), document.PPTX).facts["slides"] == 2


def test_an_open_documents_own_count_of_pages(run: Run) -> None:
    assert run(document.odt(), document.ODT).facts["pages"] == 3


def test_the_text_of_a_presentation_keeps_its_blanks(run: Run, text: Text) -> None:
    run(document.odp(), document.ODP)
    assert text().endswith("Two words")


def test_a_mail(run: Run, text: Text) -> None:
    facts = run(document.eml(), "message/rfc822").facts
    assert (facts["subject"], facts["from"]) == ("Größe", '"Jörg" <joe@example.org>')
    assert facts["to"] == ['"Ann" <ann@example.org>', "bob@example.org"]
    assert facts["date"] == "2026-11-23T10:11:12+02:00"
    assert (facts["attachments"], facts["attachment_names"]) == (1, ["a.png"])
    assert document.ENGLISH in text()


def test_attachments_of_a_mail_are_not_read(run: Run, text: Text) -> None:
    attached = document.docx(document.paragraph("within"))
    content = document.eml().replace(
        b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=", b"\r\n" + attached.hex().encode()
    )
    run(content, "message/rfc822")
    assert "within" not in text()


def test_a_mail_with_many_recipients_stays_within_the_size_limit(run: Run) -> None:
    name = "日" * 190
    people = ", ".join(f'"{name}" <a{number}@example.org>' for number in range(60))
    parts = "".join(
        f'--x\nContent-Disposition: attachment; filename="{name}{number}.txt"\n\na\n' for number in range(120)
    )
    head = f"From: a@example.org\nTo: {people}\nCc: {people}\nMessage-ID: <a@b>\nMIME-Version: 1.0\n"
    content = f"{head}Subject: x\nContent-Type: multipart/mixed; boundary=x\n\n{parts}--x--\n".encode()
    facts = run(content, "message/rfc822").facts
    assert facts["attachments"] == 120
    assert 0 < len(facts["attachment_names"]) < 100  # type: ignore[arg-type]
    assert len(json.dumps(dict(facts), ensure_ascii=False).encode()) < 65_536


def test_an_outlook_mail(run: Run, text: Text) -> None:
    facts = run(document.message(), "application/vnd.ms-outlook").facts
    assert (facts["format"], facts["subject"]) == ("msg", "Größe")
    assert "ann@example.org" in str(facts["from"])
    assert document.ENGLISH in text()


def test_the_title_of_an_rtf_is_decoded(run: Run) -> None:
    assert run(document.rtf(), "text/rtf").facts["title"] == "Café €"


def test_properties_of_old_files_are_read() -> None:
    title, saved = b"Gr\xf6\xdfe\0", struct.pack("<Q", 134_000_000_000_000_000)
    values = [
        struct.pack("<Ii", 2, 1252),
        struct.pack("<II", 0x1E, len(title)) + title.ljust(8, b"\0"),
        struct.pack("<I", 0x40) + saved,
    ]
    places, place = [], 8 + 8 * 3
    for number, value in zip((1, 2, 13), values, strict=True):
        places.append(struct.pack("<II", number, place))
        place += len(value)
    section = struct.pack("<II", place, 3) + b"".join(places) + b"".join(values)
    stream = bytes(44) + struct.pack("<I", 48) + section
    said = legacy.properties(stream)
    assert said == {"title": "Größe", "modified": "2025-08-18T14:13:20+00:00"}
    for length in range(len(stream)):
        legacy.properties(stream[:length])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        ("2009-10-07", "2009-10-07T00:00:00"),
        ("Mon, 23 Nov 2026 10:11:12 +0200", "2026-11-23T10:11:12+02:00"),
        ("Mon, 99 Nov 2026 10:11:12 +0200", None),
        ("yesterday", None),
        (7, None),
    ],
)
def test_dates(written: object, read: str | None) -> None:
    assert parse_date(written) == read


# Web pages


def test_a_web_page_keeps_all_visible_text(run: Run, text: Text) -> None:
    hidden = b"<title>T</title><script>no</script><style>no</style>"
    page = b"<nav>a</nav><form><label>b</label></form><iframe></iframe>c<footer>d</footer>"
    run(b"<html><body>" + b"<div>" * 500 + hidden + page, "text/html")
    assert text().split() == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("content", "read"),
    [
        ("<meta charset=windows-1251><p>Привет".encode("cp1251"), "Привет"),
        ("<p>Größe".encode(), "Größe"),
        ("<p>Größe".encode("cp1252"), "Größe"),
        ("<p>Größe".encode("utf-16"), "Größe"),
        (b"<meta charset=punycode><p>a\xff", "aÿ"),
        (b"<p>a&eacute;&#x20ac;&#0;", "aé€\ufffd"),
        (b"<![if !IE]>a<![endif]>b<!-- c", "ab"),
        (b"<p>a &lt;b&gt; <b", "a <b>"),
        (b"plain", "plain"),
    ],
)
def test_web_pages_are_decoded_as_in_browsers(content: bytes, read: str) -> None:
    assert web.read(content)[0] == read


# What it refuses


def test_an_office_file_with_a_password(run: Run) -> None:
    for media_type in ("application/encrypted", "application/cdfv2", document.DOCX):
        with fails("protected"):
            run(document.locked(), media_type)


def test_an_open_document_with_a_password(run: Run) -> None:
    manifest = "<m:manifest xmlns:m='x'><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>"
    with fails("protected"):
        run(document.opened(document.ODT, "", more={"META-INF/manifest.xml": manifest}), document.ODT)


def test_a_zip_with_a_password(run: Run) -> None:
    content = bytearray(document.docx())
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    with fails("protected"):
        run(bytes(content), document.DOCX)


def test_an_old_workbook_with_a_password(run: Run) -> None:
    book = ole.record(0x0809, bytes(16)) + ole.record(0x002F, bytes(54))
    with fails("protected"):
        run(ole.compound({"Workbook": book.ljust(4096, b"\0")}), "application/vnd.ms-excel")


def test_an_old_text_with_a_password(run: Run) -> None:
    head = bytearray(4096)
    head[0x0B] = 0x01
    with fails("protected"):
        run(ole.compound({"WordDocument": bytes(head)}), "application/msword")


def test_other_formats_are_unsupported(run: Run) -> None:
    with fails("unsupported-format"):
        run(document.odt(), "application/vnd.oasis.opendocument.formula")


def test_a_binary_workbook(run: Run, text: Text) -> None:
    facts = run(document.xlsb({0: {0: "Größe", 2: 2.5}, 3: {0: 7.0}}), document.XLSB).facts
    assert (facts["format"], facts["sheet_names"], facts["title"], facts["author"]) == (
        "xlsb",
        ["One"],
        "A title",
        "Ann",
    )
    assert text().split() == ["One", "Größe", "2.5", "7"]


@pytest.mark.parametrize(
    ("sheet", "code"),
    [
        (ole.binary_row(0, {0: 1.0}) + ole.binary_row(8, {8: 1.0}), None),
        (ole.binary_row(0, {0: 1.0}) + ole.binary_row(8, {9: 1.0}), "too-many-cells"),
        (ole.binary_row(2**20, {0: 1.0}), "corrupt"),
        (ole.binary_row(0, {2**14: 1.0}), "corrupt"),
        (ole.binary_record(5, bytes(200))[:-1], "corrupt"),
        (b"\x80", "corrupt"),
        (b"\x05\xff\xff\xff\xff", "corrupt"),
    ],
)
def test_cells_of_binary_workbooks_are_counted(sheet: bytes, code: str | None) -> None:
    if code is None:
        biff12.check_sheet(sheet, 81)
        return
    with fails(code):
        biff12.check_sheet(sheet, 81)


def test_files_with_macros_are_read_as_those_without(run: Run, text: Text) -> None:
    run(document.docx(), "application/vnd.ms-word.document.macroenabled.12")
    assert document.ENGLISH in text()
    run(document.xlsx(), "application/vnd.ms-excel.sheet.macroenabled.12")
    assert "2.5" in text()


# Office files as other programs write them

Change = Callable[[str, bytes], tuple[str, bytes]]


def changed(content: bytes, change: Change) -> bytes:
    """With the name and the content of each part changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return document.zipped(dict(change(name, archive.read(name)) for name in archive.namelist()))


def to_utf_16(name: str, part: bytes) -> tuple[str, bytes]:
    return name, part.replace(b'"UTF-8"', b'"UTF-16"').decode().encode("utf-16")


def to_utf_16_undeclared(name: str, part: bytes) -> tuple[str, bytes]:
    return name, part.removeprefix(document.HEAD.encode()).decode().encode("utf-16")


def to_backslashes(name: str, part: bytes) -> tuple[str, bytes]:
    return name.replace("/", "\\"), part


def to_capitals(name: str, part: bytes) -> tuple[str, bytes]:
    return name.upper(), part


def to_strict(name: str, part: bytes) -> tuple[str, bytes]:
    for kind in ("wordprocessingml", "spreadsheetml", "presentationml", "drawingml"):
        part = part.replace(
            f"http://schemas.openxmlformats.org/{kind}/2006/main".encode(),
            f"http://purl.oclc.org/ooxml/{kind}/main".encode(),
        )
    return name, part.replace(document.OFFICE.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships")


def to_other_prefixes(name: str, part: bytes) -> tuple[str, bytes]:
    for place, prefix in enumerate((b"w", b"p", b"a", b"r", b"table", b"office", b"text", b"draw")):
        new = b"ns%d" % place
        for before in (b"<", b"</", b" ", b"xmlns:"):
            end = b"=" if before == b"xmlns:" else b":"
            part = part.replace(before + prefix + end, before + new + end)
    return name, part


def to_no_prefix(name: str, part: bytes) -> tuple[str, bytes]:
    for prefix in (b"w", b"p"):
        part = part.replace(b"<" + prefix + b":", b"<").replace(b"</" + prefix + b":", b"</")
        part = part.replace(b"xmlns:" + prefix + b"=", b"xmlns=")
    return name, part


def to_other_names(name: str, part: bytes) -> tuple[str, bytes]:
    for old, new in (
        ("word/document.xml", "text/main9.xml"),
        ("xl/workbook.xml", "xl/book.xml"),
        ("ppt/presentation.xml", "ppt/deck.xml"),
        ("slides/slide1.xml", "pages/one.xml"),
        ("worksheets/sheet1.xml", "one.xml"),
    ):
        part = part.replace(old.encode(), new.encode())
        relations = old.replace("/", "/_rels/", 1) + ".rels"
        name = name.replace(old, new).replace(relations, new.replace("/", "/_rels/", 1) + ".rels")
    return name, part


OFFICE_FILES = [(document.docx, document.DOCX), (document.xlsx, document.XLSX), (document.pptx, document.PPTX)]
CHANGES: list[Change] = [
    *(to_utf_16, to_utf_16_undeclared, to_backslashes, to_capitals),
    *(to_strict, to_other_prefixes, to_no_prefix, to_other_names),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("make", "media_type"), OFFICE_FILES)
def test_parts_are_found_by_relations_and_read_by_namespaces(
    run: Run, text: Text, make: Callable[[], bytes], media_type: str, change: Change
) -> None:
    facts = run(make(), media_type).facts
    plain = text()
    assert run(changed(make(), change), media_type).facts == facts
    assert text() == plain != ""


@pytest.mark.parametrize("missing", ["_rels/.rels", "[Content_Types].xml"])
def test_a_package_without_relations(run: Run, text: Text, missing: str) -> None:
    run(changed(document.docx(), lambda name, part: ("gone" if name == missing else name, part)), document.DOCX)
    assert document.ENGLISH in text()


def test_a_package_without_a_main_part(run: Run) -> None:
    with pytest.raises(ProcessorError, match="lacks its main part"):
        run(changed(document.docx(), lambda name, part: (name.replace("document", "gone"), part)), document.DOCX)


def test_the_format_is_that_of_the_main_part(run: Run) -> None:
    assert run(document.xlsx(), document.DOCX).facts["format"] == "xlsx"


def test_text_that_stands_in_headers_only(run: Run, text: Text) -> None:
    parts = {
        "word/document.xml": f"{document.HEAD}<w:document {document.WORD}><w:body><w:p/></w:body></w:document>",
        "word/_rels/document.xml.rels": document.relations({"r1": (document.OFFICE + "/header", "header1.xml")}),
        "word/header1.xml": f"{document.HEAD}<w:hdr {document.WORD}>{document.paragraph('Only here')}</w:hdr>",
    }
    run(document.package("word/document.xml", document.DOCX, parts), document.DOCX)
    assert text() == "Only here"


@pytest.mark.parametrize(
    ("name", "chunk"),
    [
        ("chunk.html", "<meta charset=utf-8><p>Größe</p>".encode()),
        ("chunk.mht", b"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n" + "<p>Größe".encode()),
        ("chunk.rtf", rb"{\rtf1\ansi\ansicpg1252 Gr\'f6\'dfe}"),
        ("chunk.txt", "Größe".encode()),
    ],
)
def test_documents_that_word_would_import(run: Run, text: Text, name: str, chunk: bytes) -> None:
    main = f"{document.HEAD}<w:document {document.WORD}><w:body><w:altChunk/></w:body></w:document>"
    relations = document.relations({"r1": (document.OFFICE + "/aFChunk", name)})
    parts: dict[str, str | bytes] = {"word/document.xml": main, "word/_rels/document.xml.rels": relations}
    run(document.package("word/document.xml", document.DOCX, {**parts, f"word/{name}": chunk}), document.DOCX)
    assert text() == "Größe"


def test_slides_are_in_the_order_of_the_presentation(run: Run, text: Text) -> None:
    facts = run(document.pptx_of_two(), document.PPTX).facts
    assert (facts["slides"], facts["slide_names"]) == (2, ["Shown first", "Shown second"])
    assert text().split("\n\n") == ["Shown first", "Shown second"]


def test_a_slides_name_is_the_text_of_its_title_alone(run: Run) -> None:
    def add(name: str, part: bytes) -> tuple[str, bytes]:
        table = b"<a:tblPr><a:tableStyleId>{5C22544A}</a:tableStyleId></a:tblPr><a:tc><a:t>cell</a:t></a:tc>"
        empty = b"<p:sp><p:nvPr><p:ph type='title'/></p:nvPr><a:t> </a:t></p:sp>"
        lines = b"Shown</a:t></a:r><a:br/><a:r><a:t>first<!-- --></a:t></a:r><a:ext>markup</a:ext><a:r><a:t>"
        part = part.replace(b"Shown first", lines).replace(b"<p:sp>", b"<a:t>before</a:t>" + empty + b"<p:sp>")
        return name, part.replace(b"</p:spTree>", b"<p:graphicFrame>" + table + b"</p:graphicFrame></p:spTree>")

    facts = run(changed(document.pptx_of_two(), add), document.PPTX).facts
    assert facts["slide_names"] == ["Shown first", "Shown second"]


def test_a_page_has_the_text_of_its_paragraphs_alone(run: Run, text: Text) -> None:
    def add(name: str, part: bytes) -> tuple[str, bytes]:
        image = b"<draw:image><office:binary-data>QUJD</office:binary-data></draw:image>"
        frame = b"<draw:frame>" + image + b"<svg:desc xmlns:svg='s'>picture</svg:desc></draw:frame>"
        note = b"<office:annotation><dc:creator xmlns:dc='d'>Bob</dc:creator><text:p>Note</text:p></office:annotation>"
        return name, part.replace(b"Two<text:s/>", frame + note + b"Two<text:s/><text:date>today</text:date> ")

    run(changed(document.odp(), add), document.ODP)
    assert text().endswith("\nNote\nTwo today words")


def test_a_drawing_has_the_text_of_its_pages(run: Run, text: Text) -> None:
    facts = run(document.vsdx(), document.VSDX).facts
    assert (facts["format"], facts["pages"], facts["title"], facts["author"]) == ("vsdx", 2, "A title", "Ann")
    assert text().split("\n") == [document.ENGLISH, "Größe", "", "Second page"]
    assert (
        run(document.zipped({"[Content_Types].xml": "<Types/>", "_rels/.rels": "<r/>"}), document.VSDX).facts["words"]
        == 0
    )


@pytest.mark.parametrize("change", [to_utf_16, to_utf_16_undeclared, to_other_prefixes])
@pytest.mark.parametrize(
    ("make", "media_type"),
    [(document.odt, document.ODT), (document.ods, document.ODS), (document.odp, document.ODP)],
)
def test_open_documents_in_other_encodings_and_with_other_prefixes(
    run: Run, text: Text, make: Callable[[], bytes], media_type: str, change: Change
) -> None:
    facts = run(make(), media_type).facts
    plain = text()
    parts = {"content.xml", "meta.xml"}
    other = changed(make(), lambda name, part: change(name, part) if name in parts else (name, part))
    assert run(other, media_type).facts == facts
    assert text() == plain != ""


@pytest.mark.parametrize(
    ("make", "media_type"),
    [(document.odt, document.ODT), (document.ods, document.ODS), (document.odp, document.ODP)],
)
def test_flat_open_documents(run: Run, text: Text, make: Callable[[], bytes], media_type: str) -> None:
    facts = run(make(), media_type).facts
    plain = text()
    assert run(document.flat(make()), f"{media_type}-flat-xml").facts == facts
    assert text() == plain
    with fails("corrupt"):
        run(document.flat(make())[:-20], f"{media_type}-flat-xml")


def test_a_compound_file_of_an_unknown_kind(run: Run) -> None:
    with fails("unsupported-format"):
        run(ole.compound({"Nothing": b"x"}), "application/cdfv2")


@pytest.mark.parametrize("known", KNOWN, ids=lambda each: each.file_name)
def test_half_a_file_gives_a_result_or_a_processor_error(run: Run, known: Format) -> None:
    content = known.make()
    if content.startswith((b"PK", ole.compound({})[:8])) or known.media_type.endswith("-flat-xml"):
        with fails("corrupt"):
            run(content[: len(content) // 2], known.media_type)
    else:
        run(content[: len(content) // 2], known.media_type)


# The directory is asked before anything is unpacked.


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("max_bytes", "too-large"),
        ("max_xml_bytes", "too-large"),
        ("max_unpacked_bytes", "too-large"),
        ("max_entries", "too-many-entries"),
    ],
)
def test_limits_of_the_unpacked_size(run: Run, option: str, code: str) -> None:
    with fails(code):
        run(document.docx(), document.DOCX, **{option: 3})


@pytest.mark.parametrize(
    ("make", "media_type"), [(document.html, "text/html"), (document.rtf, "text/rtf"), (document.rtf, "text/markdown")]
)
def test_the_limit_of_markup(run: Run, make: Callable[[], bytes], media_type: str) -> None:
    with fails("too-large"):
        run(make(), media_type, max_markup_bytes=10)


def test_markdown_in_another_encoding(run: Run, text: Text) -> None:
    russian = "Добрый день, высылаю документы"
    facts = run(f"# {russian}\n\n{russian}".encode("cp1251"), "text/markdown").facts
    assert (facts["title"], facts["encoding"], facts["encoding_sure"]) == (russian, "cp1251", True)
    assert text() == f"{russian}\n\n{russian}"


def test_long_markdown_is_not_parsed(run: Run, text: Text) -> None:
    """Parsing this would take a minute."""
    found = run(b"# Title\n\n" + b"*a_" * 262_144, "text/markdown")
    assert (found.facts["format"], found.facts["title"]) == ("markdown", None)
    assert text().startswith("# Title\n\n*a_*a_")


def test_wrong_sizes_in_the_directory_are_damage(run: Run) -> None:
    content = bytearray(document.docx())
    place = content.rindex(b"word/document.xml") - 46
    content[place + 24 : place + 28] = struct.pack("<I", 10)
    with fails("corrupt"):
        run(bytes(content), document.DOCX)


def test_parts_that_no_text_is_made_from_may_be_damaged(run: Run, text: Text) -> None:
    run(hostile.with_part(document.docx(), "customXml/item1.xml", 1), document.DOCX)
    assert document.ENGLISH in text()


def test_cells_are_counted_by_the_rectangle_around_them(run: Run) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="9"><c r="I9"><v>2</v></c></row>'
    run(document.xlsx(rows), document.XLSX, max_cells=81)
    with fails("too-many-cells"):
        run(document.xlsx(rows), document.XLSX, max_cells=80)
    run(ole.workbook({(0, 0): 1, (8, 8): 2}), "application/vnd.ms-excel", max_cells=81)
    with fails("too-many-cells"):
        run(ole.workbook({(0, 0): 1, (8, 8): 2}), "application/vnd.ms-excel", max_cells=80)


def test_repeated_cells_are_counted_and_empty_ones_are_not(run: Run, text: Text) -> None:
    row = f'<table:table-row table:number-rows-repeated="9">{document.cell("x", 9)}</table:table-row>'
    blank = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    run(document.ods(row + blank), document.ODS, max_cells=81)
    assert text().split().count("x") == 81
    with fails("too-many-cells"):
        run(document.ods(row + blank), document.ODS, max_cells=80)


def test_text_is_cut_at_a_character_and_says_so(run: Run, text: Text) -> None:
    result = run(document.docx(document.paragraph("ßßßß")), document.DOCX, max_text_bytes=5)
    assert (text(), result.facts["text_cut"], result.facts["characters"]) == ("ßß", True, 2)


def test_a_document_without_text_has_no_derivative(run: Run, tmp_path: Path) -> None:
    result = run(document.docx("<w:p/>"), document.DOCX)
    assert (result.derivatives, result.facts["words"]) == ((), 0)
    assert list((tmp_path / "derived").iterdir()) == []


@pytest.mark.parametrize("name", ["laughs", "quadratic", "outside"])
def test_entities_are_refused(run: Run, name: str) -> None:
    content = {each: content for each, _, content in HOSTILE}[f"document-odt-{name}"]
    with fails("corrupt"):
        run(content, document.ODT)


# `tests/hostile` runs them too, in children.
SOME_HOSTILE = sample(HOSTILE, lambda case: case[1], 1 / 8)


@pytest.mark.parametrize(("name", "media_type", "content"), SOME_HOSTILE, ids=[name for name, _, _ in SOME_HOSTILE])
def test_hostile_files_give_a_result_or_a_processor_error(run: Run, name: str, media_type: str, content: bytes) -> None:
    assert code_of(run, content, media_type) in {None, *CODES}


def code_of(run: Run, content: bytes, media_type: str) -> str | None:
    try:
        run(content, media_type)
    except ProcessorError as verdict:
        return verdict.code
    return None


# The library


def test_a_panic_is_corrupt_unless_it_is_about_threads() -> None:
    panic = type("PanicException", (BaseException,), {})
    assert isinstance(reader.translate_panic(panic("index out of bounds")), ProcessorError)
    assert isinstance(reader.translate_panic(panic("OS can't spawn worker thread: Resource …")), RuntimeError)
    assert isinstance(reader.translate_panic(KeyboardInterrupt()), KeyboardInterrupt)


def test_a_sheet_that_lies_beyond_the_file_is_damage(run: Run) -> None:
    """kreuzberg panics on this sheet."""
    whole = ole.workbook({(0, 0): 1})
    place = whole.index(struct.pack("<HH", 0x0085, 11))
    with fails("corrupt"):
        run(whole[: place + 4] + b"\xff\xff\xff\x7f" + whole[place + 8 :], "application/vnd.ms-excel")


def test_nothing_is_cached(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    run(document.docx(), document.DOCX)
    assert {each.name for each in tmp_path.iterdir()} == {"original", "derived"}


def test_options_have_ranges() -> None:
    with pytest.raises(ValueError, match="max_cells"):
        DocumentOptions(max_cells=0)


def test_the_samples_are_zips_that_python_reads_too() -> None:
    for each in (document.docx(), document.odt(), document.epub()):
        assert zipfile.ZipFile(io.BytesIO(each)).testzip() is None
