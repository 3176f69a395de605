"""A document's metadata stream (ISO 32000-2, section 14.3.2), which PDFium does not read: XMP."""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from picasso.process.contract import JSON
from picasso.process.processors.image.xmp import read_xmp
from picasso.process.processors.pdf.dates import parse_date

# Bytes at each end of the file that are searched.
WINDOW = 16 * 2**20

MAX_STREAMS = 50
MAX_STREAM = 2**20

CATALOG = re.compile(rb"/Metadata\s+(\d{1,10})\s+(\d{1,5})\s+R")
CATALOG_TYPE = re.compile(rb"/Type\s*/Catalog\b")
METADATA = re.compile(rb"/Type\s*/Metadata\b")
OBJECT = re.compile(rb"\b(\d{1,10})\s+(\d{1,5})\s+obj\b")
STREAM = re.compile(rb"[^\0]{0,400}?\bstream\r?\n", re.DOTALL)

# So far before a type its object begins, and the stream after it.
BEFORE = 400

# Properties of the document itself have it; those of a picture in it do not.
OF_PDF = b"http://ns.adobe.com/pdf/"


# The facts of a PDF by the properties that `read_xmp` finds.
FACTS = {"title": "title", "author": "creator", "subject": "description", "keywords": "keywords", "creator": "tool"}
DATES = {"created": "created", "modified": "modified"}


def read_metadata(path: Path) -> dict[str, JSON]:
    """Facts from the stream that the catalog names, or else from the last one that is about a PDF."""
    found = read_xmp(_stream(path))
    texts = {fact: _joined(found[name]) for fact, name in FACTS.items() if found.get(name)}
    dates = {fact: parse_date(str(found[name])) for fact, name in DATES.items() if found.get(name)}
    return {**texts, **dates}


def _joined(value: JSON) -> JSON:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _stream(path: Path) -> bytes:
    content = _ends(path)
    streams = dict(_streams(content))
    named = next((stream for number in _named(content) if (stream := streams.get(number))), None)
    last = next((stream for stream in reversed(streams.values()) if OF_PDF in stream), b"")
    return named or last


def _ends(path: Path) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= 2 * WINDOW:
            return file.read()
        start = file.read(WINDOW)
        file.seek(-WINDOW, 2)
        return start + b"\n" + file.read()


def _named(content: bytes) -> Iterator[bytes]:
    """The number of the object that the catalog names; the last catalog first, which is the current one."""
    for catalog in reversed(deque(CATALOG_TYPE.finditer(content), MAX_STREAMS)):
        start = content.rfind(b"obj", 0, catalog.start())
        end = content.find(b"endobj", catalog.end())
        if match := CATALOG.search(content, max(start, 0), end if end > 0 else len(content)):
            yield match[1]


def _streams(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The number and the content of each metadata stream that is not encrypted."""
    for match in deque(METADATA.finditer(content), MAX_STREAMS):
        objects = list(OBJECT.finditer(content, max(0, match.start() - BEFORE), match.start()))
        begins = STREAM.match(content, match.end())
        if objects and begins:
            filters = content[objects[-1].end() : begins.end()]
            yield objects[-1][1], _decoded(content[begins.end() : begins.end() + MAX_STREAM], filters)


def _decoded(content: bytes, filters: bytes) -> bytes:
    if b"FlateDecode" in filters:
        try:
            return zlib.decompressobj().decompress(content, MAX_STREAM)
        except zlib.error:
            return b""
    return content.partition(b"endstream")[0]
