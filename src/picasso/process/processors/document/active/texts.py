"""Active content of texts and XML that are no documents by their type, but that browsers or Word open as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
OFFICE = (
    b"schemas.microsoft.com/office/",
    b"schemas-microsoft-com:office:",
    b"openxmlformats.org",
    b"purl.oclc.org/ooxml",
)
OPEN_DOCUMENT = (b"oasis:names:tc:opendocument", b"openoffice.org/2000")
WEB = (b"www.w3.org/1999/xhtml", b"www.w3.org/2000/svg", b"www.w3.org/1998/Math", b"xml-stylesheet", b"<!ENTITY")
HIDDEN = (b"<!ATTLIST",)
ESCAPED_NAMESPACE = re.compile(rb"xmlns[^<>=]{0,60}=\s{0,20}[\"'][^\"'<>]{0,200}&")

# What the beginning of a web archive has, in small letters.
MAIL = (b"mime-version", b"content-")

ENCODING = re.compile(rb"""<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w.-]{1,40})""")
WITH_ASCII = re.compile(
    rb"utf-?8|(?:us-)?ascii|iso-8859-\d+|windows-125\d|koi8-\w|gb\w+|big5|euc-\w+|shift_jis", re.IGNORECASE
)

PIECE, OVERLAP = 2**20, 1024


def read_active_text(path: Path, *, is_xml: bool) -> ActiveContent:
    """Never raises for what the file contains."""
    found = ActiveContent()
    with path.open("rb") as file:
        if is_xml:
            _read_xml(file, found)
        else:
            _read_archive(file, found)
    return found


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Each begins with the end of the one before."""
    tail = b""
    while piece := file.read(PIECE):
        yield tail + piece
        tail = piece[-OVERLAP:]


def _read_archive(file: BinaryIO, found: ActiveContent) -> None:
    """Macros of a web archive that is not one by its type, as Word opens it by any name."""
    for number, piece in enumerate(_pieces(file)):
        if number == 0 and not any(each in piece.lower() for each in MAIL):
            return
        if has_active_mime(piece):
            found.mark("macros")
            return


def _signs(file: BinaryIO) -> set[tuple[bytes, ...]]:
    """Those kinds of signs of which the file has one."""
    signs: set[tuple[bytes, ...]] = set()
    for piece in _pieces(file):
        signs.update(kind for kind in (OFFICE, OPEN_DOCUMENT, WEB, HIDDEN) if any(each in piece for each in kind))
        if ESCAPED_NAMESPACE.search(piece):
            signs.add(HIDDEN)
    return signs


def _read_xml(file: BinaryIO, found: ActiveContent) -> None:
    signs = _signs(file)
    file.seek(0)
    start = file.read(OVERLAP)
    encoding = ENCODING.search(start)
    is_unsure = HIDDEN in signs or b"\0" in start[:4] or (encoding and not WITH_ASCII.fullmatch(encoding[1]))
    if is_unsure or OFFICE in signs:
        _scan(OfficeXmlScan(found), file, found)
    if is_unsure or OPEN_DOCUMENT in signs:
        _scan(DocumentScan(found), file, found)
    if is_unsure or WEB in signs:
        file.seek(0)
        MarkupScan(found, any_xml=True).read(file)


def _scan(scan: Scan, file: BinaryIO, found: ActiveContent) -> None:
    file.seek(0)
    try:
        scan.read(file)
    except (expat.ExpatError, ProcessorError, ValueError, LookupError):
        found.mark("incomplete")
