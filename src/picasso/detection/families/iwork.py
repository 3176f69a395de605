"""Pages, Numbers and Keynote of Apple's iWork, which are ZIPs.

Until 2009 the document is XML, whose root element and namespace tell the program. Since 2013 it is in ``.iwa`` files:
Snappy blocks of Protocol Buffers. There the names tell Keynote, and the number of the first message tells Pages.
"""

from __future__ import annotations

from picasso.detection.families.zip_directory import Entries, member_window, read_entries, read_member
from picasso.detection.window import Window

KEYNOTE, PAGES, NUMBERS = (f"application/vnd.apple.{name}" for name in ("keynote", "pages", "numbers"))

INDEX_XML = (b"index.apxl", b"index.xml")

# Namespaces of the root elements; the prefixes are always these.
ROOTS = (
    (b"<key:presentation", KEYNOTE),
    (b"<sl:document", PAGES),
    (b"<ls:document", NUMBERS),
    (b"developer.apple.com/namespaces/keynote2", KEYNOTE),
)

SLIDES = (b"index/slide", b"index/masterslide", b"index/templateslide")

# Field 1 (type) of a MessageInfo, and field 2 that follows: TP.DocumentArchive has the number 10,000.
PAGES_MESSAGE = b"\x08\x90\x4e\x12"


def detect_iwork(window: Window, entries: Entries) -> str | None:
    if document := entries.get(b"index/document.iwa"):
        if any(name.startswith(SLIDES) for name in entries):
            return KEYNOTE
        return PAGES if PAGES_MESSAGE in read_member(window, document, 64) else NUMBERS
    if b"index.zip" in entries and any(name.startswith(b"metadata/") for name in entries):
        return _in_index_zip(window, entries)
    return _by_root(window, entries)


def _by_root(window: Window, entries: Entries) -> str | None:
    for name in INDEX_XML:
        if entry := entries.get(name):
            start = read_member(window, entry, 2048)
            if found := next((kind for root, kind in ROOTS if root in start), None):
                return found
    return None


def _in_index_zip(window: Window, entries: Entries) -> str | None:
    """The files of a package folder, which someone packed: its documents are in a ZIP of their own."""
    inner = member_window(window, entries[b"index.zip"])
    names = read_entries(inner) if inner else {}
    return detect_iwork(inner, names) if inner and b"index/document.iwa" in names else None
