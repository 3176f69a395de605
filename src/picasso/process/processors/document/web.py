"""Web pages: title, language and other metadata, and the text that a reader sees.

Uses Python's own parser, which loses nothing. kreuzberg drops forms, navigation, footers, everything below about a
hundred levels and what follows some of them, and reads every page as UTF-8.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from picasso.charset import HEAD, classify, declared_encoding, decode_bytes, detect

# Fewer letters than this tell nothing about the encoding; browsers take the page for windows-1252 then.
MIN_LETTERS = 4
BEYOND_ASCII = bytes(range(0x80, 0x100))

HIDDEN_TAGS = {"script", "style", "template", "noscript", "title"}
BLOCK_TAGS = re.compile(
    "address|article|aside|blockquote|body|br|caption|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|"
    "header|hr|li|main|nav|ol|option|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
)
META_NAMES = {"author": "author", "description": "description", "keywords": "keywords", "generator": "application"}


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.metadata: dict[str, str] = {}
        self.pieces: list[str] = []
        self.titles: list[str] = []
        self.hidden: list[str] = []
        """The element whose content is not displayed, while it is open. These elements do not nest."""
        self.links = self.images = self.headings = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.hidden:
            return
        if tag in HIDDEN_TAGS:
            self.hidden.append(tag)
        if BLOCK_TAGS.fullmatch(tag):
            self.pieces.append("\n")
        self.links += tag == "a"
        self.images += tag == "img"
        self.headings += tag in {"h1", "h2", "h3", "h4", "h5", "h6"}
        if tag in {"meta", "html"}:
            self.add_metadata(tag, {name: text or "" for name, text in attrs})

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def add_metadata(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "html" and attributes.get("lang"):
            self.metadata.setdefault("language", attributes["lang"])
        name = META_NAMES.get(attributes.get("name", "").lower())
        if name and attributes.get("content"):
            self.metadata.setdefault(name, attributes["content"])

    def handle_endtag(self, tag: str) -> None:
        if self.hidden and self.hidden[-1] == tag:
            self.hidden.pop()
        elif BLOCK_TAGS.fullmatch(tag):
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.pieces.append(data)
        elif self.hidden[-1] == "title":
            self.titles.append(data)

    def text(self) -> str:
        """One line for each block that is not empty."""
        lines = (" ".join(line.split()) for line in "".join(self.pieces).split("\n"))
        return "\n".join(line for line in lines if line)


def read(content: bytes, declared: str | None = None) -> tuple[str, dict[str, object]]:
    """The text and the metadata of a page. ``declared``: Python's name of an encoding that stands outside of it."""
    page = Page()
    # Python 3.11 refuses marked sections that it does not know, such as Word's. With a blank they count as comments.
    page.feed(decode(content, declared).replace("<![", "<! [").replace("\r", "\n").replace("\0", ""))
    # Not `close`: it starts again at each "<!--" after an open one, which takes quadratic time.
    rest = page.rawdata
    if not rest.startswith("<"):
        page.handle_data(rest.partition("<")[0])
    title = {"title": " ".join("".join(page.titles).split())}
    counts = {"links": page.links, "images": page.images, "headings": page.headings}
    return page.text(), {**page.metadata, **title, **counts}


def decode(content: bytes, declared: str | None = None) -> str:
    """UTF-8 that says to be something else is UTF-8 all the same: hardly anything else is valid by chance."""
    if not declared:
        found = detect(content)
        letters = len(content) - len(content.translate(None, BEYOND_ASCII))
        is_browsers_choice = not found.sure and letters < MIN_LETTERS
        declared = "utf-8" if classify(content) == "utf-8" else "cp1252" if is_browsers_choice else found.name
    return decode_bytes(content, declared).text


def declares_encoding(content: bytes) -> bool:
    return declared_encoding(content[:HEAD]) is not None
