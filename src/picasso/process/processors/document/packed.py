"""Documents that are ZIPs, by their family."""

from __future__ import annotations

from xml.parsers import expat

from picasso.charset import decode_bytes
from picasso.process.contract import JSON
from picasso.process.processors.document import (
    biff12,
    book,
    drawing,
    facts,
    mail,
    ooxml,
    open_document,
    reader,
    rtf,
    web,
    zipped,
)
from picasso.process.processors.document.content import OPEN_DOCUMENT, VISIO, XLSB, Content, format_of
from picasso.process.processors.document.errors import corrupt, too_large
from picasso.process.processors.document.options import DocumentOptions


def read(media_type: str, data: bytes, options: DocumentOptions) -> Content:
    if media_type.startswith("application/epub"):
        return read_book(data, options)
    if media_type.startswith(OPEN_DOCUMENT):
        return read_open_document(media_type, data, options)
    if media_type.startswith(VISIO):
        return read_drawing(data, options)
    if ".binary" in media_type:
        return read_binary_workbook(data, options)
    return read_office(data, options)


def read_open_document(media_type: str, data: bytes, options: DocumentOptions) -> Content:
    name, reader_type = format_of(media_type)
    inspection = zipped.inspect(data, options)
    with zipped.open_archive(data, options) as archive:
        data = open_document.with_usual_xml(archive, data, media_type)
    text, metadata, language = reader.read(data, reader_type)
    counts: dict[str, JSON] = {}
    if name in {"odp", "odg"}:
        text, language = inspection.text, reader.language(inspection.text)
        counts["slide_names"] = facts.names(inspection.slides, facts.NAMES)
        counts["slides"] = len(inspection.slides)
    if inspection.metadata:
        metadata = {**metadata, "authors": None, **inspection.metadata}
    if pages := inspection.statistics.get("page-count"):
        counts["pages"] = pages
    return Content(name, text, metadata, language, counts)


def read_binary_workbook(data: bytes, options: DocumentOptions) -> Content:
    with zipped.open_archive(data, options) as archive:
        properties = biff12.check_workbook(archive, options.max_cells, options.max_xml_bytes)
    text, metadata, language = reader.read(data, XLSB)
    return Content("xlsb", text, {**metadata, **properties}, language)


def read_book(data: bytes, options: DocumentOptions) -> Content:
    with zipped.open_archive(data, options) as archive:
        found = book.read(archive)
    text = "\n\n".join(filter(None, found.chapters))
    return Content("epub", text, found.metadata, reader.language(text))


def read_flat(data: bytes, media_type: str, options: DocumentOptions) -> Content:
    if len(data) > options.max_xml_bytes:
        raise too_large()
    try:
        packed = open_document.pack_flat(data, media_type)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter for encodings that can't be read
        raise corrupt() from error
    return read_open_document(media_type.removesuffix(open_document.FLAT), packed, options)


def read_drawing(data: bytes, options: DocumentOptions) -> Content:
    with zipped.open_archive(data, options) as archive:
        found = drawing.read(archive)
    text = "\n\n".join(filter(None, found.pages))
    return Content("vsdx", text, found.metadata, reader.language(text), {"pages": len(found.pages)})


def read_office(data: bytes, options: DocumentOptions) -> Content:
    with zipped.open_archive(data, options) as archive:
        office = ooxml.rebuild(archive, options.max_cells)
    text, metadata, language = reader.read(office.content, office.media_type)
    if not text.strip() or office.chunks:
        texts = (text.strip() or ooxml.plain_text(office.content), *(read_chunk(*each) for each in office.chunks))
        text = "\n\n".join(filter(None, texts))
        language = reader.language(text) if text else None
    counts: dict[str, JSON] = {}
    if office.format == "pptx":
        counts = {"slides": len(office.slides), "slide_names": facts.names(office.slides, facts.NAMES)}
    return Content(office.format, text, metadata, language, counts)


def read_chunk(name: str, content: bytes) -> str:
    """The text of a document inside a DOCX, by the extension of its name."""
    if name.endswith((".htm", ".html", ".xhtml")):
        return web.read(content)[0]
    if name.endswith((".mht", ".mhtml")):
        return mail.read(content).text
    if name.endswith(".rtf"):
        return rtf.read(content)[0]
    return decode_bytes(content).text if name.endswith(".txt") else ""
