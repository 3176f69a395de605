"""What a gzip file (RFC 1952) is, where a format is compressed as a whole: SVGZ, EMZ, Gnumeric, …

An archive stays gzip: what is inside is another file.
"""

from __future__ import annotations

import re
import zlib
from contextlib import suppress

from picasso.detection.media_types import SYNONYMS
from picasso.detection.window import Window

GZIP = "application/gzip"
SIGNATURE = b"\x1f\x8b\x08"

PACKED_LENGTH, LENGTH = 4096, 8192

# The name that KOffice 1 wrote into the header of its compressed TARs, and its type after it.
KOFFICE = re.compile(rb"KOffice (application/(?:x-|vnd\.kde\.)k[a-z]+)\x04\x06")

# Root elements after declarations and comments. Possessive: with backtracking, many comments would take for ever.
ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:<\?.*?\?>\s*+|<!--.*?-->\s*+|<!DOCTYPE[^<>\[]*+(?:\[.*?\]\s*+)?>\s*+)*+<([A-Za-z][\w:.-]*+)",
    re.DOTALL,
)
BY_ROOT = {
    b"svg": "image/svg+xml",
    b"svg:svg": "image/svg+xml",
    b"gmr:workbook": "application/x-gnumeric",
    b"gnm:workbook": "application/x-gnumeric",
    b"dia:diagram": "application/x-dia-diagram",
    b"abiword": "application/x-abiword",
    b"gnc-v2": "application/x-gnucash",
}

# Offset and bytes of what is inside.
BY_SIGNATURE = (
    (40, b" EMF\0\0\1\0", "image/x-emf-compressed"),
    (0, b"\xd7\xcd\xc6\x9a", "application/x-ms-wmz"),
    (0, b"BLENDER", "application/x-blender"),
    (0, b'{"tgs":', "application/x-tgsticker"),
)


def detect_gzip(window: Window) -> str | None:
    head = window.head
    if not head.startswith(SIGNATURE):
        return None
    if match := KOFFICE.match(head, 10):
        stated = match[1].decode()
        return SYNONYMS.get(stated, stated)
    start = _inflate(head[:PACKED_LENGTH])
    if found := next((kind for place, signature, kind in BY_SIGNATURE if start.startswith(signature, place)), None):
        return found
    match = ROOT.match(start) if start.lstrip()[:1] in {b"<", b"\xef"} else None
    return BY_ROOT.get(match[1].lower(), GZIP) if match else GZIP


def _inflate(packed: bytes) -> bytes:
    with suppress(zlib.error):
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, LENGTH)
    return b""
