"""What an OOXML, OpenDocument or EPUB file holds, by its directory and by a first look at its XML."""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from xml.parsers import expat

from picasso.process.contract import ProcessorError
from picasso.process.processors.document.errors import corrupt, protected, too_large
from picasso.process.processors.document.options import DocumentOptions
from picasso.process.processors.document.xmlscan import Meta, Open, Scan, Worksheet

XML = (".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm", ".vml")

SLIDE = re.compile(r"ppt/slides/[^/]+\.xml")

# Pages of books are HTML now and then, whatever they should be; their reader is prepared for it.
LOOSE = (".xhtml", ".html", ".htm")


@dataclass(slots=True)
class Zipped:
    """What the look found that its reader doesn't tell."""

    slides: list[str] = field(default_factory=list)
    """The names of the pages of an OpenDocument presentation or drawing."""
    text: str = ""
    """Of those pages."""
    statistics: dict[str, int] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    """Title and the like of an OpenDocument file."""
    slide_count: int = 0


# As met by flipping bits; in memory there is no disk that an OSError could be about, and bzip2 says so of bad data.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, expat.ExpatError, struct.error),
    *(OSError, EOFError, RuntimeError, ValueError, OverflowError, KeyError),
)


def inspected(content: bytes, options: DocumentOptions) -> Zipped:
    """Raises `ProcessorError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            bound(archive.infolist(), options)
            return scanned(archive, options)
    except NotImplementedError as fault:  # a compression that no office program uses
        raise ProcessorError(
            "unsupported-format", "This document is compressed in a way that can't be read."
        ) from fault
    except DAMAGE as fault:
        raise corrupt() from fault


def bound(entries: list[zipfile.ZipInfo], options: DocumentOptions) -> None:
    if len(entries) > options.max_entries:
        raise ProcessorError("too-many-entries", "This document consists of more parts than can be read.")
    if sum(entry.file_size for entry in entries) > options.max_unpacked_bytes:
        raise too_large()
    if sum(map(weight, entries)) > options.max_xml_bytes:
        raise too_large()
    if any(entry.flag_bits & 1 for entry in entries):
        raise protected()


def scanned(archive: zipfile.ZipFile, options: DocumentOptions) -> Zipped:
    found = Zipped()
    if "META-INF/manifest.xml" in archive.namelist() and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise protected()
    for entry in archive.infolist():
        if is_xml(entry.filename) and entry.file_size:  # OpenOffice leaves some empty
            scan = scanner(entry.filename)(options.max_cells)
            read(archive, entry, scan)
            take(scan, found)
    found.slide_count = len(found.slides) or sum(map(bool, map(SLIDE.fullmatch, archive.namelist())))
    return found


def read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, scan: Scan) -> None:
    """No more is unpacked than the directory says, and what differs from its checksum is refused."""
    with archive.open(entry) as file:
        try:
            scan.read(file)
        except expat.ExpatError:
            if not entry.filename.lower().endswith(LOOSE):
                raise


def take(scan: Scan, found: Zipped) -> None:
    if isinstance(scan, Open) and scan.pages:
        found.slides, found.text = scan.pages, "".join(scan.words)
    if isinstance(scan, Meta):
        found.statistics, found.said = scan.statistics, scan.said


def scanner(name: str) -> type[Scan]:
    if name == "content.xml":
        return Open
    if name == "meta.xml":
        return Meta
    return Worksheet if "/worksheets/" in name else Scan


def weight(entry: zipfile.ZipInfo) -> int:
    """Of what is read as a tree; that of HTML is four times as large as that of office files."""
    name = entry.filename.lower()
    return entry.file_size * (4 if name.endswith(LOOSE) else 1 if is_xml(name) else 0)


def is_xml(name: str) -> bool:
    return name.lower().endswith(XML)
