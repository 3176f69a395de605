"""The document processor: checks the file, reads it, and returns facts under our own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from xml.parsers import expat

from picasso.charset import decode_bytes
from picasso.process.contract import JSON, Derivative, Processor, Result, Source
from picasso.process.options import parse_options
from picasso.process.processors.document import (
    biff12,
    book,
    drawing,
    facts,
    legacy,
    mail,
    ole,
    ooxml,
    open_document,
    outlook,
    reader,
    rtf,
    web,
    zipped,
)
from picasso.process.processors.document.errors import corrupt, protected, too_large, unsupported
from picasso.process.processors.document.options import DocumentOptions

OOXML = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
VISIO = "application/vnd.ms-visio."
XLSB = "application/vnd.ms-excel.sheet.binary.macroEnabled.12"  # as kreuzberg spells it

# By the beginning of the media type: the name in the facts, and the type that kreuzberg is given.
FORMATS = {
    OOXML + "wordprocessingml": ("docx", OOXML + "wordprocessingml.document"),
    OOXML + "spreadsheetml": ("xlsx", OOXML + "spreadsheetml.sheet"),
    OOXML + "presentationml": ("pptx", OOXML + "presentationml.presentation"),
    OPEN_DOCUMENT + "text": ("odt", OPEN_DOCUMENT + "text"),
    OPEN_DOCUMENT + "spreadsheet": ("ods", OPEN_DOCUMENT + "spreadsheet"),
    OPEN_DOCUMENT + "presentation": ("odp", OPEN_DOCUMENT + "text"),
    OPEN_DOCUMENT + "graphics": ("odg", OPEN_DOCUMENT + "text"),
    "application/rtf": ("rtf", "text/rtf"),
    "text/rtf": ("rtf", "text/rtf"),
    "text/markdown": ("markdown", "text/markdown"),
    "message/": ("eml", "message/rfc822"),
    "application/vnd.ms-word": ("docx", OOXML + "wordprocessingml.document"),
    "application/vnd.ms-excel.": ("xlsx", OOXML + "spreadsheetml.sheet"),
    "application/vnd.ms-powerpoint.": ("pptx", OOXML + "presentationml.presentation"),
    "application/msword": ("doc", "application/msword"),
    "application/vnd.ms-excel": ("xls", "application/vnd.ms-excel"),
    "application/vnd.ms-powerpoint": ("ppt", "application/vnd.ms-powerpoint"),
    "application/vnd.ms-outlook": ("msg", "application/vnd.ms-outlook"),
}


# kreuzberg's parser takes 47 s for 768 KiB of `*a_`, and a quarter of that for half as much. Longer Markdown is not
# parsed.
MAX_PARSED_MARKDOWN = 256 * 2**10


@dataclass(slots=True)
class Content:
    """What was read, with metadata under kreuzberg's names."""

    format: str
    text: str
    metadata: Mapping[str, Any]
    language: str | None = None
    counts: dict[str, JSON] = field(default_factory=dict)


class Document(Processor):
    """Facts and ``text`` (UTF-8) of office files, mails, books and web pages.

    ``words`` and ``characters`` count the text, as ``str.split`` and ``len`` do.
    """

    name: ClassVar[str] = "document"
    media_types: ClassVar[tuple[str, ...]] = (
        OOXML + "*",
        OPEN_DOCUMENT + "*",
        "application/cdfv2*",
        "application/encrypted",
        "application/epub+zip",
        "application/msword",
        "application/rtf",
        "application/vnd.ms-excel*",
        "application/vnd.ms-office",
        "application/vnd.ms-outlook",
        "application/vnd.ms-powerpoint*",
        VISIO + "*",
        *("application/vnd.ms-word*", "!application/vnd.ms-wordml"),
        "application/x-ole-storage",
        "application/xhtml+xml",
        "message/rfc822",
        "message/news",
        "text/html",
        "text/markdown",
        "text/rtf",
    )
    queue: ClassVar[str] = "quick"
    Options: ClassVar[type] = DocumentOptions
    requires: ClassVar[tuple[str, ...]] = ("kreuzberg",)
    extra: ClassVar[str] = "documents"

    @staticmethod
    def prepare() -> None:
        import kreuzberg  # noqa: F401 - it starts its threads with the first document, in the child

    def __call__(self, source: Source, folder: Path) -> Result:
        options = parse_options(DocumentOptions, source.options)
        if source.path.stat().st_size > options.max_bytes:
            raise too_large()
        content = read(source, options)
        text, cut = save_text(content.text, folder / "text.txt", options.max_text_bytes)
        common = facts.common_facts(content.metadata, content.language)
        counts = {**count_contents(content, text), **content.counts}
        return Result({"format": content.format, **common, **counts, "text_cut": cut}, derivatives(text))


def read(source: Source, options: DocumentOptions) -> Content:
    """Choose the reader by the content, which tells more than the media type for compound files and archives."""
    data = source.path.read_bytes()
    if source.media_type in {"text/html", "application/xhtml+xml"}:
        return read_web_page(data, options)
    if data.startswith(ole.MAGIC):
        return read_compound(data, options)
    if source.media_type == "application/encrypted":
        raise protected()
    if data.startswith(b"PK"):
        return read_zip(source, data, options)
    return read_plain(data, source.media_type, options)


def read_web_page(data: bytes, options: DocumentOptions) -> Content:
    if len(data) > options.max_markup_bytes:
        raise too_large()
    text, metadata = web.read(data)
    counts: dict[str, JSON] = {name: int(str(metadata[name])) for name in ("links", "images", "headings")}
    return Content("html", text, metadata, reader.language(text), counts)


def read_compound(data: bytes, options: DocumentOptions) -> Content:
    media_type, properties = legacy.inspect(data, options.max_cells)
    name, reader_type = format_of(media_type)
    own = {key: value for key, value in properties.items() if value}
    file = ole.open_compound(data)
    if (old := legacy.old_word_text(file)) is not None:
        return Content(name, old, own, reader.language(old))
    text, metadata, language = reader.read(data, reader_type)
    if name == "msg" and (body := outlook.body(file)):
        fields = text.strip().partition("\n\n")[0]
        text, language = f"{fields}\n\n{body}", reader.language(body)
    return Content(name, text, {**metadata, **own, "authors": own.get("author") or metadata.get("authors")}, language)


def read_zip(source: Source, data: bytes, options: DocumentOptions) -> Content:
    if source.media_type.startswith("application/epub"):
        return read_book(data, options)
    if source.media_type.startswith(OPEN_DOCUMENT):
        return read_open_document(source.media_type, data, options)
    if source.media_type.startswith(VISIO):
        return read_drawing(data, options)
    if ".binary" in source.media_type:
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
    except expat.ExpatError as error:
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
    if not text.strip():
        text = ooxml.plain_text(office.content)
        language = reader.language(text) if text else None
    counts: dict[str, JSON] = {}
    if office.format == "pptx":
        counts = {"slides": len(office.slides), "slide_names": facts.names(office.slides, facts.NAMES)}
    return Content(office.format, text, metadata, language, counts)


def read_plain(data: bytes, media_type: str, options: DocumentOptions) -> Content:
    if media_type.endswith(open_document.FLAT):
        return read_flat(data, media_type, options)
    name, reader_type = format_of(media_type)
    if reader_type.startswith("application/"):
        raise corrupt()
    if name in {"rtf", "markdown"} and len(data) > options.max_markup_bytes:
        raise too_large()
    if name == "markdown":
        data = decode_bytes(data).text.encode("utf-8", "replace")
        if len(data) > MAX_PARSED_MARKDOWN:
            return Content(name, data.decode(), {}, reader.language(data.decode()))
    if name == "eml":
        return read_mail(data)
    if name == "rtf":
        text, properties = rtf.read(data)
        return Content(name, text, properties, reader.language(text))
    text, metadata, language = reader.read(data, reader_type)
    return Content(name, text, metadata, language)


def read_mail(data: bytes) -> Content:
    found = mail.read(data)
    fields, metadata, _ = reader.read(found.header, "message/rfc822")
    text = f"{fields.strip()}\n\n{found.text}".strip()
    return Content("eml", text, {**metadata, "attachments": found.attachments}, reader.language(found.text))


def format_of(media_type: str) -> tuple[str, str]:
    """The name in the facts and the type for kreuzberg. Raises `ProcessorError`."""
    for start, names in FORMATS.items():
        if media_type.startswith(start):
            return names
    raise unsupported()


def save_text(text: str, path: Path, limit: int) -> tuple[str, bool]:
    """The text as saved, and whether it was cut. No file is written if there is none."""
    data = facts.clean_text(text).strip().encode()
    saved = data[:limit].decode("utf-8", "ignore")
    if saved:
        path.write_text(saved, encoding="utf-8", newline="")
    return saved, len(data) > limit


def count_contents(content: Content, text: str) -> dict[str, JSON]:
    """Numbers of words, characters, pages, sheets and slides, and the facts of a mail."""
    counts: dict[str, JSON] = {"words": len(text.split()), "characters": len(text)}
    for fact, key in (
        ("pages", "page_count"),
        ("pages", "pages"),
        ("sheets", "sheet_count"),
        ("slides", "slide_count"),
    ):
        value = content.metadata.get(key)
        if type(value) is int and 0 < value < 2**31:
            counts[fact] = value
    for fact, key in (("sheet_names", "sheet_names"), ("slide_names", "slide_names")):
        if isinstance(value := content.metadata.get(key), list):
            counts[fact] = facts.names(
                value[-int(str(counts.get("slides", 0))) :], facts.NAMES
            )  # the names of themes come before
    return {**counts, **(facts.mail_facts(content.metadata) if content.format in {"eml", "msg"} else {})}


def derivatives(text: str) -> tuple[Derivative, ...]:
    return (Derivative("text", "text.txt", "text/plain"),) if text else ()
