"""What a ZIP holds, by its entries."""

from __future__ import annotations

import re
import zlib
from contextlib import suppress

from picasso.detection.media_types import OFFICE

# A ZIP has the first of these types for which an entry's name begins so.
ZIP_TYPES = {
    b"word/": OFFICE + "wordprocessingml.document",
    b"xl/": OFFICE + "spreadsheetml.sheet",
    b"ppt/": OFFICE + "presentationml.presentation",
    b"META-INF/container.xml": "application/epub+zip",
    b"AndroidManifest.xml": "application/vnd.android.package-archive",
    b"classes.dex": "application/vnd.android.package-archive",
    b"META-INF/MANIFEST.MF": "application/java-archive",
}
STATED_TYPE = re.compile(rb"application/(?:epub\+zip|vnd\.oasis\.opendocument\.[a-z-]{1,40})")

LOCAL_HEADER = re.compile(rb"PK\x03\x04.{22}(..)(..)", re.DOTALL)


def detect_zip(head: bytes) -> str | None:
    """By the ZIP's own statement, or the names of its first entries: libmagic gives up if their order is unusual."""
    names: list[bytes] = []
    for match in LOCAL_HEADER.finditer(head):
        start = match.end()
        length, extra = (int.from_bytes(field, "little") for field in match.groups())
        name = head[start : start + length]
        if name == b"mimetype" and (stated := _mimetype_entry(head, match.start(), start + length + extra)):
            return stated
        names.append(name)
    types = (media_type for start, media_type in ZIP_TYPES.items() if any(name.startswith(start) for name in names))
    return next(types, None)


def _mimetype_entry(head: bytes, header: int, content: int) -> str | None:
    """The content of the entry ``mimetype``, which EPUB and OpenDocument want stored and some programs compress."""
    stated = head[content : content + 100]
    if head[header + 8 : header + 10] == b"\x08\0":
        with suppress(zlib.error):
            stated = zlib.decompressobj(-15).decompress(head[content : content + 200], 100)
    match = STATED_TYPE.match(stated)
    return match[0].decode() if match else None
