"""The document processor: checks the file, reads it, and returns facts under our own names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from picasso.charset import decode_bytes
from picasso.policy import ActiveContent
from picasso.process.contract import JSON, Derivative, Processor, ProcessorError, Result, Source
from picasso.process.options import parse_options
from picasso.process.processors.document import (
    facts,
    legacy,
    mail,
    ole,
    open_document,
    outlook,
    packed,
    reader,
    rtf,
    web,
)
from picasso.process.processors.document.active import read_active_content
from picasso.process.processors.document.content import OOXML, OPEN_DOCUMENT, VISIO, Content, format_of
from picasso.process.processors.document.errors import corrupt, protected, too_large
from picasso.process.processors.document.options import DocumentOptions

# kreuzberg's parser takes 47 s for 768 KiB of `*a_`, and a quarter of that for half as much. Longer Markdown is not
# parsed.
MAX_PARSED_MARKDOWN = 256 * 2**10


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
        active = ActiveContent()
        with keeping(active):
            data = read_all(source, options, active)
            read_active_content(data, source.media_type, active)
            content = read(data, source.media_type, options)
        text, cut = save_text(content.text, folder / "text.txt", options.max_text_bytes)
        common = facts.common_facts(content.metadata, content.language)
        counts = {**count_contents(content, text), **content.counts}
        return Result(
            {"format": content.format, **common, **counts, "text_cut": cut, **active.as_fact()}, derivatives(text)
        )


def read_all(source: Source, options: DocumentOptions, active: ActiveContent) -> bytes:
    """Raises `ProcessorError`."""
    if source.path.stat().st_size > options.max_bytes:
        active.mark("incomplete")
        raise too_large()
    return source.path.read_bytes()


@contextmanager
def keeping(active: ActiveContent) -> Iterator[None]:
    """A failure tells all the same what acts by itself in the document, and whether it needs a password."""
    try:
        yield
    except ProcessorError as error:
        encrypted: dict[str, JSON] = {"encrypted": True} if error.code == "protected" else {}
        known = {**error.facts, **encrypted, **active.of_failure(error.code).as_fact()}
        raise ProcessorError(error.code, error.sentence, known) from error


def read(data: bytes, media_type: str, options: DocumentOptions) -> Content:
    """Choose the reader by the content, which tells more than the media type for compound files and archives."""
    if media_type in {"text/html", "application/xhtml+xml"}:
        return read_web_page(data, options)
    if data.startswith(ole.MAGIC):
        return read_compound(data, options)
    if media_type == "application/encrypted":
        raise protected()
    if data.startswith(b"PK"):
        return packed.read(media_type, data, options)
    return read_plain(data, media_type, options)


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


def read_plain(data: bytes, media_type: str, options: DocumentOptions) -> Content:
    if media_type.endswith(open_document.FLAT):
        return packed.read_flat(data, media_type, options)
    name, reader_type = format_of(media_type)
    if reader_type.startswith("application/"):
        raise corrupt()
    if name in {"rtf", "markdown"} and len(data) > options.max_markup_bytes:
        raise too_large()
    if name == "markdown":
        return read_markdown(data)
    if name == "eml":
        return read_mail(data)
    if name == "rtf":
        text, properties = rtf.read(data)
        return Content(name, text, properties, reader.language(text))
    text, metadata, language = reader.read(data, reader_type)
    return Content(name, text, metadata, language)


def read_markdown(data: bytes) -> Content:
    found = decode_bytes(data)
    encoding: dict[str, JSON] = {"encoding": found.encoding, "encoding_sure": found.sure}
    data = found.text.encode("utf-8", "replace")
    if len(data) > MAX_PARSED_MARKDOWN:
        return Content("markdown", data.decode(), {}, reader.language(data.decode()), encoding)
    text, metadata, language = reader.read(data, "text/markdown")
    return Content("markdown", text, metadata, language, encoding)


def read_mail(data: bytes) -> Content:
    found = mail.read(data)
    fields, metadata, _ = reader.read(found.header, "message/rfc822")
    text = f"{fields.strip()}\n\n{found.text}".strip()
    return Content("eml", text, {**metadata, "attachments": found.attachments}, reader.language(found.text))


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
