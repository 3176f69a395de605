"""Active content of texts and XML that are no documents by their type, but that browsers or Word open as such."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from picasso.policy import ActiveContent
from picasso.process.contract import ProcessorError
from picasso.process.processors.document.active.office_xml import OfficeXmlScan, has_active_mime
from picasso.process.processors.document.active.open_document import DocumentScan
from picasso.process.processors.document.xmlscan import Scan
from picasso.process.processors.web_markup import MarkupScan

# XML without any of these is not parsed. What hides a namespace hides all of them, and so may another encoding.
OFFICE = re.compile(
    rb"schemas\.microsoft\.com/office/(?:2006/xmlPackage|word/2003)|schemas-microsoft-com:office:(?:spreadsheet|word)"
    rb"|openxmlformats\.org|purl\.oclc\.org/ooxml"
)
OPEN_DOCUMENT = re.compile(rb"oasis:names:tc:opendocument|openoffice\.org/2000")
WEB = re.compile(rb"www\.w3\.org/(?:1999/xhtml|2000/svg|1998/Math)|xml-stylesheet|<!ENTITY")
HIDDEN = re.compile(rb"<!ATTLIST|\bxmlns[^<>=]{0,60}=\s{0,20}[\"'][^\"'<>]{0,200}&")
PATTERNS = (OFFICE, OPEN_DOCUMENT, WEB, HIDDEN)

ENCODING = re.compile(rb"""<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w.-]{1,40})""")
WITH_ASCII = re.compile(
    rb"utf-?8|(?:us-)?ascii|iso-8859-\d+|windows-125\d|koi8-\w|gb\w+|big5|euc-\w+|shift_jis", re.IGNORECASE
)

PIECE, OVERLAP = 2**20, 1024


def read_active_text(path: Path, *, is_xml: bool) -> ActiveContent:
    """Never raises for what the file contains."""
    found = ActiveContent()
    with path.open("rb") as file:
        patterns = _search(file, PATTERNS if is_xml else (), found)
        if is_xml:
            _read_xml(file, patterns, found)
    return found


def _search(file: BinaryIO, wanted: tuple[re.Pattern[bytes], ...], found: ActiveContent) -> set[re.Pattern[bytes]]:
    """Those of the patterns that the file has. Also marks macros that are packed in any text."""
    patterns: set[re.Pattern[bytes]] = set()
    tail = b""
    while piece := file.read(PIECE):
        piece = tail + piece
        patterns.update(each for each in wanted if each not in patterns and each.search(piece))
        if has_active_mime(piece):
            found.mark("macros")
        tail = piece[-OVERLAP:]
    return patterns


def _read_xml(file: BinaryIO, patterns: set[re.Pattern[bytes]], found: ActiveContent) -> None:
    file.seek(0)
    start = file.read(OVERLAP)
    encoding = ENCODING.search(start)
    is_unsure = HIDDEN in patterns or b"\0" in start[:4] or (encoding and not WITH_ASCII.fullmatch(encoding[1]))
    if is_unsure or OFFICE in patterns:
        _scan(OfficeXmlScan(found), file, found)
    if is_unsure or OPEN_DOCUMENT in patterns:
        _scan(DocumentScan(found), file, found)
    if is_unsure or WEB in patterns:
        file.seek(0)
        MarkupScan(found, any_xml=True).read(file)


def _scan(scan: Scan, file: BinaryIO, found: ActiveContent) -> None:
    file.seek(0)
    try:
        scan.read(file)
    except (expat.ExpatError, ProcessorError, ValueError, LookupError):
        found.mark("incomplete")
