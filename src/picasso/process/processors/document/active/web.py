"""Scripts and objects of web pages, and of books made of them (HTML Living Standard, sections 4.8 and 4.12)."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from picasso.charset import decode_bytes
from picasso.policy import ActiveContent
from picasso.process.processors.document.active.members import open_members
from picasso.process.processors.web_scripts import has_script, is_script_type

# A page without any of these has nothing of interest and is not parsed.
HINT = re.compile(
    r"<(?:script|object|embed|applet)|\bon[a-z]{3,40}\s*=|script\s*:|text/html|srcdoc|&#|&tab;|&newline;|&colon;",
    re.IGNORECASE,
)
MAX_PAGE = 8 * 2**20

OBJECTS = {"object", "embed", "applet"}


def read(data: bytes, found: ActiveContent) -> None:
    if len(data) > MAX_PAGE:
        found.mark("incomplete")
    text = decode_bytes(data[:MAX_PAGE]).text
    if HINT.search(text):
        page = Page(found)
        page.feed(text)
        page.close()


def read_book(data: bytes, found: ActiveContent) -> None:
    with open_members(data, found) as members:
        for _, content in members.matching(lambda name: name.endswith((".xhtml", ".html", ".htm", ".svg", ".xml"))):
            read(content, found)


class Page(HTMLParser):
    def __init__(self, found: ActiveContent) -> None:
        super().__init__(convert_charrefs=True)
        self.found = found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.rpartition(":")[2] == "script":
            kind = next((value or "" for name, value in attrs if name == "type"), "")
            self.found.count("javascript", is_script_type(kind))
        self.found.count("javascript", sum(has_script(name, value or "") for name, value in attrs))
        self.found.count("embedded_objects", tag in OBJECTS)
