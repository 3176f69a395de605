"""Hostile office files, mails and pages: truncated, with flipped bits, nested, and far larger than they seem."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping

from tests.formats import ole
from tests.formats.document import (
    DOCX,
    FORMATS,
    HEAD,
    ODS,
    ODT,
    OFFICE,
    WORD,
    XLSB,
    XLSX,
    binary_sheet,
    cell,
    docx,
    eml,
    epub,
    flat,
    html,
    missing,
    ods,
    odt,
    package,
    paragraph,
    rtf,
    xlsb,
    xlsx,
    zipped,
)
from tests.formats.document import relations as relations_of

EPUB = "application/epub+zip"
XLS = "application/vnd.ms-excel"

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {name} "{f"&{chr(ord(name) - 1)};" * 10}">' for name in "bcdefghij")
    + "]>"
)
QUADRATIC = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY j "{"a" * 50_000}">]>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY j SYSTEM "file:///etc/passwd">]>'


def files() -> Iterator[tuple[str, str, bytes]]:
    for name, media_type, content in (
        *damaged(),
        *entities(),
        *nested(),
        *wide(),
        *packed(),
        *relations(),
        *mails(),
        *web(),
    ):
        yield f"document-{name}", media_type, content
    yield "markdown-emphasis-that-never-ends", "text/markdown", b"*a_" * 262_144
    yield "markdown-emphasis-that-is-parsed", "text/markdown", b"*a_" * 87_381


def damaged() -> Iterator[tuple[str, str, bytes]]:
    chance = random.Random(5)
    for each in FORMATS:
        if each.make is missing:
            continue
        whole, name = each.make(), each.file_name
        for eighth in range(8):
            yield f"{name}-cut-{eighth}-of-8", each.media_type, whole[: len(whole) * eighth // 8]
        for number in range(4):
            turned = bytearray(whole)
            for _ in range(1 + number * 4):
                turned[chance.randrange(len(turned))] ^= 1 << chance.randrange(8)
            yield f"{name}-flipped-{number}", each.media_type, bytes(turned)


def entities() -> Iterator[tuple[str, str, bytes]]:
    for name, head in (("laughs", LAUGHS), ("quadratic", QUADRATIC), ("outside", OUTSIDE)):
        times = 50_000 if name == "quadratic" else 1
        yield f"docx-{name}", DOCX, docx(paragraph("&j;" * times), head)
        yield f"odt-{name}", ODT, odt(f"<text:p>{'&j;' * times}</text:p>", head)
    yield "epub-laughs", EPUB, laughing_book()


def laughing_book() -> bytes:
    return rebuilt(epub("<p>&j;</p>"), "c.xhtml", lambda page: LAUGHS.encode() + page.removeprefix(HEAD.encode()))


def nested() -> Iterator[tuple[str, str, bytes]]:
    deep = 50_000
    table = "<w:tbl><w:tr><w:tc>"
    yield "docx-deep", DOCX, docx(table * deep + paragraph("x") + "</w:tc></w:tr></w:tbl>" * deep)
    yield "odt-deep", ODT, odt("<text:section>" * deep + "<text:p>x</text:p>" + "</text:section>" * deep)
    yield "odt-deep-spans", ODT, odt("<text:p>" + "<text:span>" * deep + "x" + "</text:span>" * deep + "</text:p>")
    yield "epub-deep", EPUB, epub("<div>" * deep + "x" + "</div>" * deep)
    yield "epub-deep-and-open", EPUB, epub("<div>" * deep + "x")
    yield "rtf-deep", "text/rtf", rb"{\rtf1" + b"{" * 500_000 + b"x" + b"}" * 500_000 + b"}"
    yield "html-deep", "text/html", b"<html><body>" + b"<div>" * 200_000 + b"x"
    yield "html-deep-formats", "text/html", b"<html><body>" + b"<b><i><table><tr><td>" * 20_000 + b"x"


def wide() -> Iterator[tuple[str, str, bytes]]:
    """Files that claim cells for which a reader would reserve memory."""
    first = '<row r="1"><c r="A1"><v>1</v></c></row>'
    for name, row, column in (("all", 1_048_576, "XFD"), ("half", 100_000, "ZZ"), ("beyond", 4_294_967_295, "ZZZZZZ")):
        yield f"xlsx-{name}", XLSX, xlsx(f'{first}<row r="{row}"><c r="{column}{row}"><v>2</v></c></row>')
    yield (
        "xlsx-many-rows",
        XLSX,
        xlsx('<row r="1">' + "<c><v>1</v></c>" * 16_384 + '</row><row r="9000"><c><v>1</v></c></row>'),
    )
    span = '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2000000000"/></w:tcPr>'
    yield "docx-wide", DOCX, docx(f"{span}{paragraph('x')}</w:tc></w:tr></w:tbl>")
    for name, rows, columns in (
        ("all", 1_048_576, 16_384),
        ("beyond", 4_000_000_000, 4_000_000_000),
        ("some", 60_000, 1_000),
    ):
        repeated = f'<table:table-row table:number-rows-repeated="{rows}">{cell("hi", columns)}</table:table-row>'
        yield f"ods-{name}", ODS, ods(repeated)
    yield "odt-blanks", ODT, odt('<text:p>a<text:s text:c="2000000000"/>b</text:p>')
    yield "xls-all", XLS, ole.workbook({(0, 0): 1, (65_535, 255): 2})
    yield "xlsb-all", XLSB, xlsb({0: {0: 1.0}, 2**20 - 1: {2**14 - 1: 1.0}})
    yield "xlsb-beyond", XLSB, xlsb({2**32 - 1: {2**32 - 1: 1.0}})
    elsewhere = rebuilt(xlsb(), "xl/workbook.bin", lambda book: book.replace(b"r\x001\x00", b"r\x002\x00"))
    relation = relations_of({"r2": (OFFICE + "/vbaProject", "evil.bin")}).encode()
    elsewhere = rebuilt(elsewhere, "xl/_rels/workbook.bin.rels", lambda _: relation)
    yield (
        "xlsb-elsewhere",
        XLSB,
        many(elsewhere, 1, "xl/evil.bin", binary_sheet({2**20 - 1: {2**14 - 1: 1.0}, 0: {0: 1.0}})),
    )
    yield "xls-claims", XLS, ole.workbook({(0, 0): 1}, (2**32 - 1, 65_535))
    yield "ole-long-fat", XLS, patched(ole.workbook({(0, 0): 1}), 44, 2**31)
    yield "ole-long-stream", XLS, patched(ole.workbook({(0, 0): 1}), 2 * 512 + 128 + 120, 2**31)
    yield "ole-ring", XLS, patched(ole.workbook({(0, 0): 1}), 512 + 4 * 3, 2)
    yield "ole-of-nothing", "application/cdfv2", ole.compound({"Nothing": b"x"})


def packed() -> Iterator[tuple[str, str, bytes]]:
    yield "docx-bomb", DOCX, with_part(docx(), "word/more.xml", 64)
    yield "epub-bomb", EPUB, with_part(epub(), "more.xhtml", 64)
    yield "odt-picture-bomb", ODT, with_part(odt(), "Pictures/a.png", 1, claimed=2**31)
    yield "docx-liar", DOCX, with_part(docx(), "word/more.xml", 64, claimed=10)
    yield "docx-of-many-parts", DOCX, many(docx(), 20_000)
    yield "docx-of-strange-parts", DOCX, many(docx(), 3, name="../../../../tmp/{}.xml")
    yield "docx-empty", DOCX, many(b"", 1)


def relations() -> Iterator[tuple[str, str, bytes]]:
    """Packages whose relations lead in circles, nowhere, or to very many parts."""
    header = (OFFICE + "/header", "document.xml")
    ring = document_with_relations({f"r{n}": header for n in range(50_000)})
    yield "docx-ring", DOCX, ring
    outside = {f"r{n}": (OFFICE + "/header", "../" * n + "etc/passwd") for n in range(2_000)}
    yield "docx-relations-outside", DOCX, document_with_relations(outside)
    parts = {f"word/h{n}.xml": f"<w:hdr {WORD}>{paragraph('x')}</w:hdr>" for n in range(5_000)}
    many_headers = {f"r{n}": (OFFICE + "/header", f"h{n}.xml") for n in range(5_000)}
    yield "docx-of-headers", DOCX, document_with_relations(many_headers, parts)
    deep = f"<w:document {WORD}><w:body>{'<w:sdt>' * 450}{paragraph('x')}{'</w:sdt>' * 450}</w:body></w:document>"
    yield "docx-utf-16-deep", DOCX, document_with_relations({}, {"word/document.xml": deep.encode("utf-16")})
    laughs = LAUGHS + f"<w:document {WORD}><w:body>{paragraph('&j;')}</w:body></w:document>"
    yield "docx-utf-16-laughs", DOCX, document_with_relations({}, {"word/document.xml": laughs[21:].encode("utf-16")})
    spaces = "".join(f" xmlns:n{n}='urn:{n}'" for n in range(100_000))
    named = f"<x:document xmlns:x='{WORD.partition(chr(34))[2][:-1]}'{spaces}><x:body/></x:document>"
    yield "docx-of-namespaces", DOCX, document_with_relations({}, {"word/document.xml": named})
    yield "odt-flat-deep", ODT + "-flat-xml", flat(odt("<text:section>" * 50_000 + "</text:section>" * 50_000))
    yield "odt-flat-laughs", ODT + "-flat-xml", LAUGHS.encode() + flat(odt("<text:p>&j;</text:p>")).partition(b"\n")[2]


def document_with_relations(
    targets: dict[str, tuple[str, str]], parts: Mapping[str, str | bytes] | None = None
) -> bytes:
    main = f"{HEAD}<w:document {WORD}><w:body>{paragraph('x')}</w:body></w:document>"
    rels = {"word/_rels/document.xml.rels": relations_of(targets)}
    return package("word/document.xml", DOCX, {"word/document.xml": main, **rels, **(parts or {})})


def mails() -> Iterator[tuple[str, str, bytes]]:
    start = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
    parts = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1_000))
    yield "eml-deep", "message/rfc822", start + b"".join(parts) + b"Content-Type: text/plain\r\n\r\ndeep\r\n"
    yield "eml-in-eml", "message/rfc822", (start + b"Content-Type: message/rfc822\r\n\r\n") * 1_000 + start + b"\r\nx"
    yield "eml-headers", "message/rfc822", start + b"X-More: and more and more\r\n" * 70_000 + b"\r\nx"
    yield "eml-long-header", "message/rfc822", start + b"X-Long: " + b"=?utf-8?q?a?= " * 100_000 + b"\r\n\r\nx"
    yield "eml-addresses", "message/rfc822", b"From: a@example.org\r\nTo: " + b"(((<a@b>,\r\n " * 50_000 + b"\r\n\r\nx"
    bounds = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\nContent-Type: image/png; name=a\r\n\r\n\r\n" * 20_000
    )
    yield "eml-attachments", "message/rfc822", start + bounds
    quotes = b"Content-Type: multipart/mixed; boundary=b" + b';"' * 100_000
    yield "eml-parameters", "message/rfc822", start + quotes + b"\r\n\r\n--b\r\n" * 1_000
    bounds = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b--b\r\n" * 500_000
    yield "eml-boundaries", "message/rfc822", start + bounds
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n" % (b"b" * n, b"b" * n) for n in range(1, 30)
    )
    yield "eml-boundaries-within", "message/rfc822", start + nested + b"--b\r\n" * 200_000
    yield "eml-folded", "message/rfc822", start + b"Content-Type: text/plain;\r\n" + b" \r\n" * 80_000 + b"\r\nx"
    yield "eml-with-a-bomb", "message/rfc822", eml().replace(b"image/png", b"application/zip")


def books() -> Iterator[tuple[str, str, bytes]]:
    chapter = '<item id="a" href="a.html" media-type="text/html"/>'
    order = '<itemref idref="a"/>' * 100_000
    again = f"<package><manifest>{chapter}</manifest><spine>{order}</spine></package>"
    yield "epub-one-chapter-often", EPUB, zipped({"book.opf": again, "a.html": "x" * 100_000})
    lists = "".join(f'<item id="{n}" href="{n}.html" media-type="text/html"/>' for n in range(9_000))
    parts = {f"{n}.html": "<p>x" for n in range(9_000)}
    yield "epub-many-chapters", EPUB, zipped({"book.opf": f"<package><manifest>{lists}</manifest></package>", **parts})
    yield "epub-open-tags", EPUB, epub("<a <p <div" * 100_000)
    outside = '<item id="a" href="../../../../etc/passwd" media-type="text/html"/>'
    yield "epub-outside", EPUB, zipped({"book.opf": f"<package><manifest>{outside}</manifest></package>"})


def outlook() -> Iterator[tuple[str, str, bytes]]:
    packed = struct.pack("<II4sI", 0, 2**32 - 1, b"LZFu", 0) + b"\xff" + b"\0\x0f" * 500_000
    rows = struct.pack("<HHIII", 0x0102, 0x1009, 6, len(packed), 0)
    streams = {"__properties_version1.0": bytes(32) + rows, "__substg1.0_10090102": packed[: 50 * 2**10]}
    yield "msg-rtf-bomb", "application/vnd.ms-outlook", ole.compound(streams)
    word_6 = struct.pack("<HH", 0xA5DC, 101).ljust(0x18, b"\0") + struct.pack("<II", 0, 2**32 - 1)
    yield (
        "doc-word-6-that-ends-nowhere",
        "application/msword",
        ole.compound({"WordDocument": word_6.ljust(50_000, b"x")}),
    )


def web() -> Iterator[tuple[str, str, bytes]]:
    address = b"http://127.0.0.1:9/x"
    yield (
        "html-outside",
        "text/html",
        (
            b"<html><head><base href='" + address + b"'><link rel=stylesheet href='" + address + b"'>"
            b"<meta http-equiv=refresh content='0;url=" + address + b"'><script src='" + address + b"'></script></head>"
            b"<body><img src='"
            + address
            + b"'><iframe src='file:///etc/passwd'></iframe><object data='"
            + address
            + b"'>x"
        ),
    )
    for name, piece in (
        ("comments", b"<!--"),
        ("sections", b"<![CDATA["),
        ("tags", b"<a "),
        ("ends", b"</"),
        ("references", b"&#x"),
    ):
        yield f"html-open-{name}", "text/html", b"<html><body>x" + piece * 100_000
    yield "html-wide", "text/html", b"<table><tr><td colspan=1000000000 rowspan=1000000000>x</table>"
    yield "html-attributes", "text/html", b"<html " + b"".join(b"a%d=1 " % n for n in range(100_000)) + b">x"
    yield "html-charset", "text/html", html().replace(b"utf-8", b"punycode") + "\xff".encode("cp1252") * 1_000
    yield "rtf-binary", "text/rtf", rb"{\rtf1\bin2000000000 x}"
    yield "rtf-fonts", "text/rtf", rb"{\rtf1" + b"{\\f1 \xff" * 300_000
    yield "rtf-all-in-unicode", "text/rtf", rb"{\rtf1" + rb"\u-10179?" * 300_000
    yield "rtf-skips", "text/rtf", rb"{\rtf1\uc2000000000" + rb"\u1 \bin-1 \'" * 300_000
    yield "rtf-unicode", "text/rtf", rtf().replace(rb"\u8364?", rb"\u-55296?\u99999?\u0?")


def patched(content: bytes, place: int, number: int) -> bytes:
    return content[:place] + struct.pack("<I", number) + content[place + 4 :]


def with_part(content: bytes, name: str, mebibytes: int, claimed: int | None = None) -> bytes:
    """With one more part of blanks. Its directory claims ``claimed`` bytes, if given."""
    target = io.BytesIO(content)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(entry, "w") as part:
            for _ in range(mebibytes):
                part.write(b" " * 2**20)
        if claimed is not None:
            entry.file_size = claimed
    return target.getvalue()


def many(content: bytes, count: int, name: str = "word/{}.xml", part: bytes = b"<a/>") -> bytes:
    target = io.BytesIO(content)
    with zipfile.ZipFile(target, "a") as archive:
        for number in range(count):
            archive.writestr(zipfile.ZipInfo(name.format(number)), part)
    return target.getvalue()


def rebuilt(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """With one part replaced."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            part = old.read(entry)
            new.writestr(entry, change(part) if entry.filename == name else part)
    return target.getvalue()
