"""The document processor: look first, then read, then say it in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from picasso.process.contract import JSON, Derivative, Processor, Result, Source
from picasso.process.options import parse_options
from picasso.process.processors.document import facts, legacy, ole, reader, web, zipped
from picasso.process.processors.document.errors import corrupt, protected, too_large, unsupported
from picasso.process.processors.document.options import DocumentOptions

OOXML = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."

# By the beginning of the media type: what it is called in the facts, and what kreuzberg is told.
FORMATS = {
    OOXML + "wordprocessingml": ("docx", OOXML + "wordprocessingml.document"),
    OOXML + "spreadsheetml": ("xlsx", OOXML + "spreadsheetml.sheet"),
    OOXML + "presentationml": ("pptx", OOXML + "presentationml.presentation"),
    OPEN + "text": ("odt", OPEN + "text"),
    OPEN + "spreadsheet": ("ods", OPEN + "spreadsheet"),
    OPEN + "presentation": ("odp", OPEN + "text"),
    OPEN + "graphics": ("odg", OPEN + "text"),
    "application/epub+zip": ("epub", "application/epub+zip"),
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


# Its parser takes 47 s for 768 KiB of `*a_`, and a quarter of that for half: what is longer is kept as it is written.
MAX_PARSED_MARKDOWN = 256 * 2**10


@dataclass(slots=True)
class Found:
    """What was read, in kreuzberg's words or those that look like them."""

    format: str
    text: str
    said: Mapping[str, Any]
    language: str | None = None
    counts: dict[str, JSON] = field(default_factory=dict)


class Document(Processor):
    """Facts and ``text`` (UTF-8) of office files, mails, books and web pages.

    ``words`` and ``characters`` are those of the text, as ``str.split`` and ``len`` have them.
    """

    name: ClassVar[str] = "document"
    media_types: ClassVar[tuple[str, ...]] = (
        OOXML + "*",
        OPEN + "*",
        "application/cdfv2*",
        "application/encrypted",
        "application/epub+zip",
        "application/msword",
        "application/rtf",
        "application/vnd.ms-excel*",
        "application/vnd.ms-office",
        "application/vnd.ms-outlook",
        "application/vnd.ms-powerpoint*",
        "application/vnd.ms-word*",
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
        import kreuzberg  # noqa: F401 - its threads start with the first document, in the child

    def __call__(self, source: Source, folder: Path) -> Result:
        options = parse_options(DocumentOptions, source.options)
        if source.path.stat().st_size > options.max_bytes:
            raise too_large()
        found = read(source, options)
        text, cut = written(found.text, folder / "text.txt", options.max_text_bytes)
        told = {"format": found.format, **facts.described(found.said, found.language), **counted(found, text)}
        return Result({**told, **found.counts, "text_cut": cut}, derivatives(text))


def read(source: Source, options: DocumentOptions) -> Found:
    """By what the content is, which for compound files and archives is more than their media type."""
    content = source.path.read_bytes()
    if source.media_type in {"text/html", "application/xhtml+xml"}:
        return web_page(content, options)
    if content.startswith(ole.MAGIC):
        return compound(content, options)
    if source.media_type == "application/encrypted":
        raise protected()
    if content.startswith(b"PK"):
        return zip_of_parts(source, content, options)
    return plain(content, source.media_type, options)


def web_page(content: bytes, options: DocumentOptions) -> Found:
    if len(content) > options.max_markup_bytes:
        raise too_large()
    text, said = web.read(content)
    counts: dict[str, JSON] = {name: int(str(said[name])) for name in ("links", "images", "headings")}
    return Found("html", text, said, reader.language(text), counts)


def compound(content: bytes, options: DocumentOptions) -> Found:
    media_type, properties = legacy.looked_into(content, options.max_cells)
    name, known = format_of(media_type)
    text, said, language = reader.read(content, known)
    own = {key: value for key, value in properties.items() if value}
    return Found(name, text, {**said, **own, "authors": own.get("author") or said.get("authors")}, language)


def zip_of_parts(source: Source, content: bytes, options: DocumentOptions) -> Found:
    name, known = format_of(source.media_type)
    seen = zipped.inspected(content, options)
    text, said, language = reader.read(content, known)
    counts: dict[str, JSON] = {}
    if name in {"odp", "odg"}:
        text, language = seen.text, reader.language(seen.text)
        counts["slide_names"] = facts.names(seen.slides, facts.NAMES)
    if seen.slide_count:
        said, counts["slides"] = {**said, "slide_count": seen.slide_count}, seen.slide_count
    if seen.said:
        said = {**said, "authors": None, **seen.said}
    if pages := seen.statistics.get("page-count"):
        counts["pages"] = pages
    return Found(name, text, said, language, counts)


def plain(content: bytes, media_type: str, options: DocumentOptions) -> Found:
    name, known = format_of(media_type)
    if known.startswith("application/"):
        raise corrupt()
    if name in {"rtf", "markdown"} and len(content) > options.max_markup_bytes:
        raise too_large()
    if name == "markdown" and len(content) > MAX_PARSED_MARKDOWN:
        text = content.decode(errors="replace")
        return Found(name, text, {}, reader.language(text))
    text, said, language = reader.read(content, known)
    if name == "rtf":
        said = {key: facts.unescaped(value) if isinstance(value, str) else value for key, value in said.items()}
    return Found(name, text, said, language)


def format_of(media_type: str) -> tuple[str, str]:
    """Raises `ProcessorError`: of XLSB too, which has no XML to look at before it is read."""
    if ".binary" in media_type:
        raise unsupported()
    for start, found in FORMATS.items():
        if media_type.startswith(start):
            return found
    raise unsupported()


def written(text: str, path: Path, limit: int) -> tuple[str, bool]:
    """The text as it is kept, and whether it had to be cut; no file where there is none."""
    content = facts.kept(text).strip().encode()
    cut = len(content) > limit
    kept = content[:limit].decode("utf-8", "ignore")
    if kept:
        path.write_text(kept, encoding="utf-8", newline="")
    return kept, cut


def counted(found: Found, text: str) -> dict[str, JSON]:
    """How much there is of it: of the text, of what it is divided into, and of what a mail has."""
    counts: dict[str, JSON] = {"words": len(text.split()), "characters": len(text)}
    for ours, theirs in (
        ("pages", "page_count"),
        ("pages", "pages"),
        ("sheets", "sheet_count"),
        ("slides", "slide_count"),
    ):
        value = found.said.get(theirs)
        if type(value) is int and 0 < value < 2**31:
            counts[ours] = value
    for ours, theirs in (("sheet_names", "sheet_names"), ("slide_names", "slide_names")):
        if isinstance(value := found.said.get(theirs), list):
            counts[ours] = facts.names(value[-int(str(counts.get("slides", 0))) :], facts.NAMES)  # the theme is before
    return {**counts, **(facts.mail(found.said) if found.format in {"eml", "msg"} else {})}


def derivatives(text: str) -> tuple[Derivative, ...]:
    return (Derivative("text", "text.txt", "text/plain"),) if text else ()
