"""Formats of office files, mails, books and web pages. The files are built here."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping

from tests.formats import Format, ole

OOXML = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."
DOCX, XLSX, PPTX = (
    OOXML + kind for kind in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
)
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
VSDX = "application/vnd.ms-visio.drawing"
ODT, ODS, ODP = (OPEN + kind for kind in ("text", "spreadsheet", "presentation"))

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SLIDE = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)
URN = "urn:oasis:names:tc:opendocument:xmlns:"
OPEN_NAMES = " ".join(
    f'xmlns:{name}="{URN}{full}:1.0"'
    for name, full in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("meta", "meta"),
    )
)

DUBLIN = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'

CORE = (
    f'{HEAD}<cp:coreProperties xmlns:cp="{PACKAGE}metadata/core-properties" {DUBLIN} '
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<dc:title>A title</dc:title><dc:creator>Ann</dc:creator>"
    '<dcterms:created xsi:type="dcterms:W3CDTF">2026-01-02T03:04:05Z</dcterms:created></cp:coreProperties>'
)

ENGLISH = (
    "The quick brown fox jumps over the lazy dog, and then it goes home to sleep in the shade of the old oak tree."
)


def zipped(parts: Mapping[str, str | bytes], first: str = "") -> bytes:
    """With the parts in this order. ``first`` is stored uncompressed, so that the first bytes identify the file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
            archive.writestr(entry, part, zipfile.ZIP_STORED if name == first else zipfile.ZIP_DEFLATED)
    return content.getvalue()


def package(main: str, kind: str, parts: Mapping[str, str | bytes]) -> bytes:
    """An OOXML file whose main part is ``main``."""
    types = (
        f'{HEAD}<Types xmlns="{PACKAGE}content-types"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/{main}" ContentType="{kind}.main+xml"/></Types>'
    )
    root = relations(
        {
            "r1": (OFFICE + "/officeDocument", main),
            "r2": (PACKAGE + "relationships/metadata/core-properties", "docProps/core.xml"),
        }
    )
    return zipped({"[Content_Types].xml": types, "_rels/.rels": root, **parts, "docProps/core.xml": CORE})


def relations(targets: Mapping[str, tuple[str, str]]) -> str:
    each = (f'<Relationship Id="{name}" Type="{kind}" Target="{to}"/>' for name, (kind, to) in targets.items())
    return f'{HEAD}<Relationships xmlns="{PACKAGE}relationships">{"".join(each)}</Relationships>'


def docx(body: str = "", head: str = HEAD) -> bytes:
    body = body or paragraph(ENGLISH) + paragraph("Größe")
    return package(
        "word/document.xml",
        DOCX,
        {"word/document.xml": f"{head}<w:document {WORD}><w:body>{body}</w:body></w:document>"},
    )


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def xlsx(rows: str = "") -> bytes:
    rows = rows or '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2.5</v></c></row>'
    sheet = '<sheet name="One" sheetId="1" r:id="r1"/>'
    parts = {
        "xl/workbook.xml": f'{HEAD}<workbook {SHEET} xmlns:r="{OFFICE}"><sheets>{sheet}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations({"r1": (OFFICE + "/worksheet", "worksheets/sheet1.xml")}),
        "xl/worksheets/sheet1.xml": f"{HEAD}<worksheet {SHEET}><sheetData>{rows}</sheetData></worksheet>",
    }
    return package("xl/workbook.xml", XLSX, parts)


def binary_sheet(cells: Mapping[int, Mapping[int, float | str]]) -> bytes:
    """The sheet of an XLSB."""
    rows = b"".join(ole.binary_row(number, row) for number, row in cells.items())
    starts = ole.binary_record(129) + ole.binary_record(148, struct.pack("<IIII", 0, 9, 0, 9)) + ole.binary_record(145)
    return starts + rows + ole.binary_record(146) + ole.binary_record(130)


def xlsb(cells: Mapping[int, Mapping[int, float | str]] | None = None) -> bytes:
    name = struct.pack("<II", 0, 1) + ole.wide("r1") + ole.wide("One")
    book = b"".join(ole.binary_record(*each) for each in ((131,), (143,), (156, name), (144,), (132,)))
    types = (
        f'{HEAD}<Types xmlns="{PACKAGE}content-types"><Default Extension="bin" '
        'ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": types,
        "_rels/.rels": relations(
            {
                "r1": (OFFICE + "/officeDocument", "xl/workbook.bin"),
                "r2": (PACKAGE + "relationships/metadata/core-properties", "docProps/core.xml"),
            }
        ),
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": relations({"r1": (OFFICE + "/worksheet", "worksheets/sheet1.bin")}),
        "xl/worksheets/sheet1.bin": binary_sheet(cells or {0: {0: "Größe", 1: 2.5}}),
        "docProps/core.xml": CORE,
    }
    return zipped(parts)


def pptx(text: str = ENGLISH) -> bytes:
    body = f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody>"
    shape = f"<p:sp><p:nvSpPr><p:cNvPr id='2' name='T'/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/>{body}</p:sp>"
    group = "<p:nvGrpSpPr><p:cNvPr id='1' name=''/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>"
    slide = f"<p:cSld><p:spTree>{group}{shape}</p:spTree></p:cSld>"
    slides = '<p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst>'
    parts = {
        "ppt/presentation.xml": f'{HEAD}<p:presentation {SLIDE} xmlns:r="{OFFICE}">{slides}</p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations({"r1": (OFFICE + "/slide", "slides/slide1.xml")}),
        "ppt/slides/slide1.xml": f"{HEAD}<p:sld {SLIDE}>{slide}</p:sld>",
    }
    return package("ppt/presentation.xml", PPTX, parts)


def pptx_of_two() -> bytes:
    """With slides that are shown in another order than that of their names."""
    namespaces = f'{SLIDE} xmlns:r="{OFFICE}"'
    slides = '<p:sldIdLst><p:sldId id="256" r:id="r2"/><p:sldId id="257" r:id="r1"/></p:sldIdLst>'
    parts = {
        "ppt/presentation.xml": f"{HEAD}<p:presentation {namespaces}>{slides}</p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(
            {"r1": (OFFICE + "/slide", "slides/slide1.xml"), "r2": (OFFICE + "/slide", "slides/slide2.xml")}
        ),
        "ppt/slides/slide1.xml": titled_slide("Shown second"),
        "ppt/slides/slide2.xml": titled_slide("Shown first"),
    }
    return package("ppt/presentation.xml", PPTX, parts)


def titled_slide(title: str) -> str:
    body = f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{title}</a:t></a:r></a:p></p:txBody>"
    names = "<p:nvSpPr><p:cNvPr id='2' name='T'/><p:cNvSpPr/><p:nvPr><p:ph type='title'/></p:nvPr></p:nvSpPr>"
    group = "<p:nvGrpSpPr><p:cNvPr id='1' name=''/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>"
    tree = f"<p:spTree>{group}<p:sp>{names}<p:spPr/>{body}</p:sp></p:spTree>"
    return f"{HEAD}<p:sld {SLIDE}><p:cSld>{tree}</p:cSld></p:sld>"


def vsdx() -> bytes:
    visio = "http://schemas.microsoft.com/visio/2010/relationships/"
    shapes = [[f"<cp IX='0'/>{ENGLISH}\n", "Größe"], ["Second <pp IX='0'/>page"]]
    pages = {
        f"visio/pages/page{number}.xml": f"{HEAD}<PageContents xmlns='x'><Shapes>"
        + "".join(f"<Shape><Cell N='A' V='1'/><Text>{text}</Text></Shape>" for text in texts)
        + "</Shapes></PageContents>"
        for number, texts in enumerate(shapes, 1)
    }
    parts = {
        "visio/document.xml": f"{HEAD}<VisioDocument xmlns='x'/>",
        "visio/_rels/document.xml.rels": relations({"r1": (visio + "pages", "pages/pages.xml")}),
        "visio/pages/pages.xml": f"{HEAD}<Pages xmlns='x'/>",
        "visio/pages/_rels/pages.xml.rels": relations(
            {"r1": (visio + "page", "page1.xml"), "r2": (visio + "page", "page2.xml")}
        ),
        **pages,
    }
    return package("visio/document.xml", VSDX, parts)


def opened(kind: str, body: str, head: str = HEAD, more: Mapping[str, str] | None = None) -> bytes:
    """An OpenDocument file. ``body`` is the content of office:body."""
    meta = (
        f"{HEAD}<office:document-meta {OPEN_NAMES} {DUBLIN}><office:meta>"
        "<dc:title>A title</dc:title><meta:initial-creator>Ann</meta:initial-creator><dc:language>en</dc:language>"
        '<meta:document-statistic meta:page-count="3"/></office:meta></office:document-meta>'
    )
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
    manifest = f'{HEAD}<manifest:manifest xmlns:manifest="{URN}manifest:1.0">{entry}</manifest:manifest>'
    content = f"{head}<office:document-content {OPEN_NAMES}><office:body>{body}</office:body></office:document-content>"
    parts = {"mimetype": kind, "content.xml": content, "meta.xml": meta, "META-INF/manifest.xml": manifest}
    return zipped({**parts, **(more or {})}, "mimetype")


def odt(body: str = f"<text:p>{ENGLISH}</text:p>", head: str = HEAD) -> bytes:
    return opened(ODT, f"<office:text>{body}</office:text>", head)


def ods(rows: str = "") -> bytes:
    blank = '<table:table-cell table:number-columns-repeated="16383"/>'
    rows = rows or f"<table:table-row>{cell('hello')}{blank}</table:table-row>"
    table = f'<table:table table:name="One">{rows}</table:table>'
    return opened(ODS, f"<office:spreadsheet>{table}</office:spreadsheet>")


def cell(text: str, repeated: int = 1) -> str:
    attributes = f'office:value-type="string" table:number-columns-repeated="{repeated}"'
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def odp() -> bytes:
    slides = slide("first", ENGLISH) + slide("second", "Two<text:s/>words")
    return opened(ODP, f"<office:presentation>{slides}</office:presentation>")


def slide(name: str, text: str) -> str:
    box = f"<draw:frame><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>"
    return f'<draw:page draw:name="{name}">{box}</draw:page>'


def flat(content: bytes) -> bytes:
    """An OpenDocument file as one XML document, with blanks between its elements."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        kind, *parts = (archive.read(name).decode() for name in ("mimetype", "meta.xml", "content.xml"))
    inner = "".join(part.partition("<office:document-")[2].partition(">")[2].rpartition("</")[0] for part in parts)
    for between in ("table-row>", "table-cell>", "page>", "list>", "body>"):
        inner = inner.replace(between, f"{between}\n    ")
    return f'{HEAD}<office:document {OPEN_NAMES} {DUBLIN} office:mimetype="{kind}">{inner}</office:document>'.encode()


def epub(chapter: str = f"<p>{ENGLISH}</p>") -> bytes:
    root = '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/>'
    container = (
        f'{HEAD}<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        f"<rootfiles>{root}</rootfiles></container>"
    )
    book = (
        f'{HEAD}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i"><metadata {DUBLIN}>'
        '<dc:identifier id="i">x</dc:identifier><dc:title>A title</dc:title><dc:creator>Ann</dc:creator>'
        "<dc:language>en</dc:language></metadata>"
        '<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="c"/></spine></package>'
    )
    head = "<head><title>C</title></head>"
    page = f'{HEAD}<html xmlns="http://www.w3.org/1999/xhtml">{head}<body>{chapter}</body></html>'
    parts = {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "book.opf": book, "c.xhtml": page}
    return zipped(parts, "mimetype")


def rtf() -> bytes:
    info = rb"{\info{\title Caf\'e9 \u8364?}{\author Ann}{\creatim\yr2026\mo1\dy2\hr3\min4}}"
    return rb"{\rtf1\ansi\ansicpg1252\deff0" + info + b" " + ENGLISH.encode() + rb"\par Gr\'f6\'dfe\par}"


def eml() -> bytes:
    return (
        "From: =?utf-8?q?J=C3=B6rg?= <joe@example.org>\r\nTo: Ann <ann@example.org>, bob@example.org\r\n"
        "Subject: =?utf-8?b?R3LDtsOfZQ==?=\r\nDate: Mon, 23 Nov 2026 10:11:12 +0200\r\nMessage-ID: <x@example.org>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{ENGLISH}\r\n--B\r\n"
        "Content-Type: image/png; name=a.png\r\nContent-Disposition: attachment; filename=a.png\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--B--\r\n"
    ).encode()


def html() -> bytes:
    return (
        "<!DOCTYPE html><html lang='fr'><head><meta charset='utf-8'><title>Un titre</title>"
        "<meta name='author' content='Ann'><script>var hidden = '<p>no</p>';</script></head>"
        "<body><nav><a href='/x'>Accueil</a></nav><h1>Tête</h1><p>Un petit <b>texte</b> en français, "
        "qui est assez long pour qu'on en reconnaisse la langue sans peine.</p></body></html>"
    ).encode()


def missing() -> bytes:
    raise LookupError("nothing here writes this format")


COMMON = (
    "format title author subject keywords description created modified modified_by application language text_language "
    "words characters text_cut"
)


def known(
    name: str, file_name: str, make: Callable[[], bytes], media_type: str, *, more: str = "", gaps: str = ""
) -> Format:
    facts = {"document": tuple(f"{COMMON} {more}".split())}
    return Format(name, file_name, make, media_type, facts, ("text",), gaps=gaps)


def locked() -> bytes:
    return ole.compound({"EncryptionInfo": b"\4\0\4\0" + bytes(60), "EncryptedPackage": bytes(8192)})


def sums() -> bytes:
    return ole.workbook({(0, 0): 1, (2, 3): 2.5}, (3, 4))


def message() -> bytes:
    return ole.message("Größe", ENGLISH, "ann@example.org")


MAIL = "from to cc date message_id attachments attachment_names"
LARGE_SHEETS = (
    "Sheets with more than 3,000,000 cells fail with `too-many-cells`. "
    "A space separates the cells of a row in the text, and an empty cell is empty text."
)
ATTACHED = "Attachments are listed but not opened."
OLD = "application/vnd.ms-"

FORMATS: tuple[Format, ...] = (
    known("Word (DOCX)", "letter.docx", docx, DOCX, gaps="`pages` is the count that Word stored, if it did."),
    known("Excel (XLSX)", "sums.xlsx", xlsx, XLSX, more="sheets sheet_names", gaps=LARGE_SHEETS),
    known("Excel, binary (XLSB)", "sums.xlsb", xlsb, XLSB, more="sheets sheet_names", gaps=LARGE_SHEETS),
    known("PowerPoint (PPTX)", "talk.pptx", pptx, PPTX, more="slides slide_names"),
    known("Word 97 (DOC)", "letter.doc", missing, "application/msword", more="pages"),
    known("Excel 97 (XLS)", "sums.xls", sums, OLD + "excel", more="sheets sheet_names", gaps=LARGE_SHEETS),
    known("PowerPoint 97 (PPT)", "talk.ppt", missing, OLD + "powerpoint", more="slides"),
    known("OpenDocument text (ODT)", "letter.odt", odt, ODT, more="pages"),
    known("OpenDocument spreadsheet (ODS)", "sums.ods", ods, ODS, more="sheets sheet_names pages", gaps=LARGE_SHEETS),
    known("OpenDocument presentation (ODP)", "talk.odp", odp, ODP, more="slides slide_names pages"),
    known("Visio (VSDX)", "plan.vsdx", vsdx, VSDX, more="pages"),
    known("OpenDocument text, flat (FODT)", "letter.fodt", lambda: flat(odt()), ODT + "-flat-xml", more="pages"),
    known("RTF", "letter.rtf", rtf, "text/rtf"),
    known("Book (EPUB)", "book.epub", epub, "application/epub+zip", gaps="The cover is not extracted."),
    known("Mail (EML)", "mail.eml", eml, "message/rfc822", more=MAIL, gaps=ATTACHED),
    known("Outlook mail (MSG)", "mail.msg", message, OLD + "outlook", more=MAIL, gaps=ATTACHED),
    known(
        "Web page (HTML)",
        "page.html",
        html,
        "text/html",
        more="links images headings active_content",
        gaps="No linked resource is loaded.",
    ),
    Format(
        "Office file with a password",
        "locked.xlsx",
        locked,
        "application/encrypted",
        {"document": ("encrypted",)},
        error="protected",
    ),
)
