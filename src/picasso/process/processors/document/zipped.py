"""Checks OpenDocument, EPUB and OOXML files before they are read, by their directory and their XML."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from xml.parsers import expat

from picasso.process.contract import ProcessorError
from picasso.process.processors.document.errors import corrupt, protected, too_large
from picasso.process.processors.document.options import DocumentOptions
from picasso.process.processors.document.xmlscan import MetaScan, OpenDocumentScan, Scan

XML = (".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm", ".vml")

# Pages of books are sometimes HTML, although they should be XML. Their reader can handle that.
LENIENT = (".xhtml", ".html", ".htm")


@dataclass(slots=True)
class Inspection:
    """What was found that kreuzberg does not return."""

    slides: list[str] = field(default_factory=list)
    """Names of the pages of an OpenDocument presentation or drawing."""
    text: str = ""
    """The text of these pages."""
    statistics: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    """Title and so on of an OpenDocument file."""


# Found by flipping bits. An OSError here is not about a disk, since the file is in memory: bzip2 raises it for bad
# data. A LookupError is about an encoding that Python does not know.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, expat.ExpatError, struct.error),
    *(OSError, EOFError, RuntimeError, ValueError, OverflowError, LookupError),
)


@contextmanager
def open_archive(content: bytes, options: DocumentOptions) -> Iterator[zipfile.ZipFile]:
    """Raises `ProcessorError`, also for damage that shows inside the block."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            check_limits(archive.infolist(), options)
            yield archive
    except NotImplementedError as error:  # a compression that no office program uses
        raise ProcessorError(
            "unsupported-format", "This document is compressed in a way that can't be read."
        ) from error
    except DAMAGE as error:
        raise corrupt() from error


def inspect(content: bytes, options: DocumentOptions) -> Inspection:
    """Raises `ProcessorError`."""
    with open_archive(content, options) as archive:
        return scan_parts(archive, options)


def check_limits(entries: list[zipfile.ZipInfo], options: DocumentOptions) -> None:
    if len(entries) > options.max_entries:
        raise ProcessorError("too-many-entries", "This document consists of more parts than can be read.")
    if sum(entry.file_size for entry in entries) > options.max_unpacked_bytes:
        raise too_large()
    if sum(map(weight, entries)) > options.max_xml_bytes:
        raise too_large()
    if any(entry.flag_bits & 1 for entry in entries):
        raise protected()


def scan_parts(archive: zipfile.ZipFile, options: DocumentOptions) -> Inspection:
    inspection = Inspection()
    if "META-INF/manifest.xml" in archive.namelist() and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise protected()
    for entry in archive.infolist():
        if is_xml(entry.filename) and entry.file_size:  # OpenOffice writes empty parts
            scan = scan_type(entry.filename)(options.max_cells)
            read(archive, entry, scan)
            collect(scan, inspection)
    return inspection


def read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, scan: Scan) -> None:
    """Unpacks at most what the directory says. A wrong checksum raises an error."""
    with archive.open(entry) as file:
        try:
            scan.read(file)
        except expat.ExpatError:
            if not entry.filename.lower().endswith(LENIENT):
                raise


def collect(scan: Scan, inspection: Inspection) -> None:
    if isinstance(scan, OpenDocumentScan) and scan.pages:
        inspection.slides, inspection.text = scan.pages, "".join(scan.words)
    if isinstance(scan, MetaScan):
        inspection.statistics, inspection.metadata = scan.statistics, scan.metadata


def scan_type(name: str) -> type[Scan]:
    if name == "content.xml":
        return OpenDocumentScan
    if name == "meta.xml":
        return MetaScan
    return Scan


def weight(entry: zipfile.ZipInfo) -> int:
    """Bytes that are parsed into a tree. HTML counts four times, as its tree is four times as large."""
    name = entry.filename.lower()
    return entry.file_size * (4 if name.endswith(LENIENT) else 1 if is_xml(name) else 0)


def is_xml(name: str) -> bool:
    return name.lower().endswith(XML)
