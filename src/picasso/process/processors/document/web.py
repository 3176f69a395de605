"""Web pages: title, language and other metadata, and the text that a reader sees.

Uses Python's own parser, which loses nothing. kreuzberg drops forms, navigation, footers, everything below about a
hundred levels and what follows some of them, and reads every page as UTF-8.
"""

from __future__ import annotations

import codecs
import re
from html.parser import HTMLParser

# Encodings that browsers know. Python has more; some take quadratic time (punycode) or are no encodings (zip).
ENCODINGS = re.compile(
    r"utf-?8|utf-?16(le|be)?|us-ascii|iso-?8859-\d{1,2}|windows-125\d|windows-874|koi8-[ru]|macintosh|"
    r"gbk|gb2312|gb18030|big5|shift_jis|euc-jp|euc-kr|iso-2022-jp",
    re.IGNORECASE,
)
DECLARED_ENCODING = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([A-Za-z0-9_-]{3,20})")
HEAD = 4096
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

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


def read(content: bytes) -> tuple[str, dict[str, object]]:
    """The text and the metadata of a page."""
    page = Page()
    # Python 3.11 refuses marked sections that it does not know, such as Word's. With a blank they count as comments.
    page.feed(decode(content).replace("<![", "<! [").replace("\r", "\n").replace("\0", ""))
    # Not `close`: it starts again at each "<!--" after an open one, which takes quadratic time.
    rest = page.rawdata
    if not rest.startswith("<"):
        page.handle_data(rest.partition("<")[0])
    title = {"title": " ".join("".join(page.titles).split())}
    counts = {"links": page.links, "images": page.images, "headings": page.headings}
    return page.text(), {**page.metadata, **title, **counts}


def decode(content: bytes) -> str:
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    match = DECLARED_ENCODING.search(content, 0, HEAD)
    declared = match[1].decode() if match else ""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        known = ENCODINGS.fullmatch(declared) and not declared.lower().startswith("utf")
        return content.decode(declared if known else "cp1252", "replace")
