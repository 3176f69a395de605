"""Scripts and objects of web pages, and of books made of them (HTML Living Standard, sections 4.8 and 4.12)."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from typing import Any

from picasso.charset import decode_bytes
from picasso.policy import ActiveContent
from picasso.process.processors.document.active.members import is_xml, open_members
from picasso.process.processors.web_markup import MarkupScan
from picasso.process.processors.web_scripts import has_script, is_script_type

# A page without any of these has nothing of interest and is not parsed.
HINT = re.compile(
    r"<(?:script|object|embed|applet)|\bon[a-z]{3,40}\s*=|script\s*:|text/html|image/svg|xml[,;]|srcdoc|&#"
    r"|&tab;|&newline;|&colon;|<!ENTITY|<!ATTLIST|xml-stylesheet|:script",
    re.IGNORECASE,
)
MAX_PAGE = 8 * 2**20

OBJECTS = {"object", "embed", "applet"}

# Elements without elements inside, if scripts run (HTML, section 13.2.6.4). Python's parser knows only some of them.
RAW = {"script", "style", "noscript", "xmp", "iframe", "noembed", "noframes", "title", "textarea"}
FOREIGN = re.compile(r"<(?:svg|math)\b", re.IGNORECASE)

# What browsers read in another way than Python's parser does, whose releases differ, and what it reads as they do.
NAMES = "|".join(sorted(RAW))
AS_BROWSERS = (
    (re.compile(r"<!---?>"), "<!-- -->"),
    (re.compile("--!>"), "-->"),
    (re.compile(r"<!\[cdata\[", re.IGNORECASE), ""),  # a comment in HTML, but text within a drawing
    (re.compile(r"<!\["), "<!x["),
    (re.compile(rf"</({NAMES})(?=[\s/])(?:[^<>]*|[^>]{{0,200}})>", re.IGNORECASE), r"</\1>"),
    (re.compile(rf"<({NAMES})(?=[\s/])([^<>]*)/>", re.IGNORECASE), r"<\1\2>"),
)


def read(data: bytes, found: ActiveContent) -> None:
    if len(data) > MAX_PAGE:
        found.mark("incomplete")
    text = decode_bytes(data[:MAX_PAGE]).text
    if HINT.search(text):
        read_page(text, found)


def read_xhtml(data: bytes, found: ActiveContent) -> None:
    """A browser takes it for XML or for HTML, as the type says with which it is served."""
    read(data, found)
    in_xml = ActiveContent()
    if not found.has("javascript") and HINT.search(decode_bytes(data[:MAX_PAGE]).text):
        MarkupScan(in_xml).read(io.BytesIO(data[:MAX_PAGE]))
        if in_xml.has("javascript"):
            found.count("javascript")
        elif in_xml.has("incomplete"):
            found.mark("incomplete")


def read_page(text: str, found: ActiveContent) -> None:
    for pattern, other in AS_BROWSERS:
        text = pattern.sub(other, text)
    text = _without_open_ends(text)
    _parse(Page(found), text)
    if not found.has("javascript") and FOREIGN.search(text):
        inside = ActiveContent()
        _parse(Page(inside, has_raw=False), text)
        found.count("javascript", inside.has("javascript"))


def _without_open_ends(text: str) -> str:
    """Without a last tag and comments that never end: Python's parser would look for each end through all the rest."""
    closed = text.rfind("-->") + 1
    text = text[:closed] + text[closed:].replace("<!--", "")
    return text[: text.rfind(">") + 1]


def _parse(page: Page, text: str) -> None:
    page.feed(text)
    page.close()


def read_book(data: bytes, found: ActiveContent) -> None:
    """Chapters may have any name, so all members count that begin as XML does."""
    with open_members(data, found) as members:
        for name, entry in members.entries:
            if name.endswith((".xhtml", ".html", ".htm", ".svg", ".xml")) or is_xml(members.start(entry)):
                read_xhtml(members.read(entry), found)


class Page(HTMLParser):
    """Without ``has_raw`` elements count wherever they stand: in a drawing, style and title may have some inside."""

    def __init__(self, found: ActiveContent, *, has_raw: bool = True) -> None:
        super().__init__(convert_charrefs=True)
        self.found = found
        self.has_raw = has_raw

    def set_cdata_mode(self, elem: str, **options: Any) -> None:
        if self.has_raw:
            super().set_cdata_mode(elem, **options)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.rpartition(":")[2] == "script":
            kind = next((value or "" for name, value in attrs if name == "type"), "")
            self.found.count("javascript", is_script_type(kind))
        self.found.count("javascript", sum(has_script(name, value or "") for name, value in attrs))
        self.found.count("embedded_objects", tag in OBJECTS)
        if tag in RAW:
            self.set_cdata_mode(tag)
