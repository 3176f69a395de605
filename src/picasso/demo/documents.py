"""PDF by pikepdf; office documents as the zip files of XML that they are (ECMA-376); mail and calendar."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from picasso.demo import texts

if TYPE_CHECKING:
    from pikepdf import Pdf

WHEN = (2026, 11, 30, 12, 0, 0)
TITLE = "Annual report"
PAGES = (
    ("Annual report 2026", "What we received, what we made of it, and what comes next."),
    ("Received", "12 paintings, 340 drawings, and one letter without a sender."),
    ("Next", "An exhibition in spring, and a catalogue before that."),
)
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "application/vnd.openxmlformats-officedocument"


def report() -> bytes:
    output = io.BytesIO()
    with pdf() as document:
        document.save(output)
    return output.getvalue()


def locked() -> bytes:
    """Nobody but who knows the password "demo" can open it."""
    import pikepdf

    output = io.BytesIO()
    with pdf() as document:
        document.save(output, encryption=pikepdf.Encryption(owner="demo", user="demo"))
    return output.getvalue()


def pdf() -> Pdf:
    import pikepdf

    document = pikepdf.new()
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    for heading, sentence in PAGES:
        page = document.add_blank_page(page_size=(595, 842))  # A4 in points
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        page.Contents = document.make_stream(page_content(heading, sentence))
    with document.open_metadata() as metadata:
        metadata["dc:title"] = TITLE
    return document


def page_content(heading: str, sentence: str) -> bytes:
    """Operators of PDF (ISO 32000, annex A): a band of colour, a heading and a sentence."""
    return f"""0.17 0.31 0.62 rg 0 742 595 100 re f
1 g BT /F1 26 Tf 56 780 Td ({heading}) Tj ET
0 g BT /F1 13 Tf 56 690 Td ({sentence}) Tj ET
0.91 0.69 0.29 rg 56 560 140 90 re f 0.85 0.44 0.42 rg 216 560 90 90 re f""".encode()


def letter() -> bytes:
    paragraphs = ["To the council", "The bench in front of the museum has lost a leg.", "With kind regards, the museum"]
    body = "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in paragraphs)
    document = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    return office("word/document.xml", f"{OFFICE}.wordprocessingml.document.main+xml", {"word/document.xml": document})


def sheet() -> bytes:
    rows = [("What", "Planned", "Spent"), ("Paint", 1200, 980), ("Frames", 800, 1130), ("Light", 450, 402)]
    cells = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    workbook = (
        f'<workbook xmlns="{SHEET}" xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="Budget" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    relation = f'<Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    parts = {
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{relation}</Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}"><sheetData>{cells}</sheetData></worksheet>',
    }
    more = f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{OFFICE}.spreadsheetml.worksheet+xml"/>'
    return office("xl/workbook.xml", f"{OFFICE}.spreadsheetml.sheet.main+xml", parts, more)


def cell(value: object) -> str:
    return f"<c><v>{value}</v></c>" if isinstance(value, int) else f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def office(main: str, kind: str, parts: dict[str, str], more: str = "") -> bytes:
    """An Open Packaging Convention file (ECMA-376-2) whose main part is ``main``."""
    types = (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/><Override PartName="/{main}" ContentType="{kind}"/>'
        f"{more}</Types>"
    )
    relation = f'<Relationship Id="r1" Type="{RELATIONS}/officeDocument" Target="{main}"/>'
    relations = f'<Relationships xmlns="{PACKAGE}/relationships">{relation}</Relationships>'
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {"[Content_Types].xml": types, "_rels/.rels": relations, **parts}.items():
            xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{text}'
            archive.writestr(zipfile.ZipInfo(name, WHEN), xml)
    return output.getvalue()


def mail() -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Museum <museum@example.com>", "Ann <ann@example.com>"
    message["Subject"] = "Invitation: opening of the exhibition"
    message["Date"] = "Mon, 30 Nov 2026 12:00:00 +0000"
    message.set_content("Dear Ann,\n\nyou are invited. The programme is attached.\n\nThe museum\n")
    message.add_alternative("<p>Dear Ann,</p><p>you are <b>invited</b>.</p>", subtype="html")
    message.add_attachment(texts.notes(), maintype="text", subtype="markdown", filename="Programme.md")
    return message.as_bytes()


def calendar() -> bytes:
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Picasso//Demo//EN", "BEGIN:VEVENT", "UID:demo@example.com"),
        *("DTSTAMP:20261130T120000Z", "DTSTART:20270320T170000Z", "DTEND:20270320T200000Z"),
        *("SUMMARY:Opening of the exhibition", "END:VEVENT", "END:VCALENDAR", ""),
    ]
    return "\r\n".join(lines).encode()
