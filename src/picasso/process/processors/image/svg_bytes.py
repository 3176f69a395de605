"""The bytes of a drawing as librsvg reads them: not compressed, and in UTF-8.

The librsvg in libvips' wheel knows no other encoding, and its sniffing misses drawings with a prefix or long comments.
"""

from __future__ import annotations

import codecs
import re
import zlib
from typing import BinaryIO

from picasso.process.contract import ProcessorError
from picasso.process.processors.image.errors import corrupt
from picasso.process.processors.image.limits import read_all

GZIP = b"\x1f\x8b"

MAX_UNPACKED = 64 * 2**20
"""Bytes of a drawing that was compressed or in another encoding: it is held in memory twice."""

# Of a compressed drawing: the rest of the file is copied for each.
MAX_MEMBERS = 100

# Byte order marks, and how `<?` or `<s` begins in an encoding without one. The longer first.
BEGINNINGS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
DECLARATION = re.compile(rb"\A\s*<\?xml\s[^>]{0,500}?\?>")
ENCODING = re.compile(rb"""\s*<\?xml\s[^>]{0,300}?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["']""")

# Python's own codecs that are not encodings of documents; some of them take quadratic time.
NOT_FOR_DOCUMENTS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7", "undefined"}


def read_drawing(file: BinaryIO) -> bytes:
    """Raises `ProcessorError`: ``corrupt``, ``too-large``."""
    content = read_all(file)
    if content.startswith(GZIP):
        content = _unpack(content)
    return DECLARATION.sub(b"", _to_utf8(content), count=1)


def _to_utf8(content: bytes) -> bytes:
    encoding = _encoding(content)
    if encoding == "utf-8":
        return content.removeprefix(codecs.BOM_UTF8)
    if len(content) > MAX_UNPACKED:
        raise too_large()
    try:
        return content.decode(encoding).removeprefix("\ufeff").encode()
    except (UnicodeError, LookupError, ValueError) as error:
        raise corrupt() from error


def too_large() -> ProcessorError:
    return ProcessorError("too-large", "This picture's file is larger than can be processed.")


def _unpack(content: bytes) -> bytes:
    """A file may have several members (RFC 1952, section 2.2). Bytes after them that are no member are ignored."""
    unpacked = b""
    for _ in range(MAX_MEMBERS):
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            unpacked += unpacker.decompress(content, MAX_UNPACKED - len(unpacked) + 1)
        except zlib.error as error:
            raise corrupt() from error
        if len(unpacked) > MAX_UNPACKED:
            raise too_large()
        content = unpacker.unused_data
        if not content.startswith(GZIP):
            return unpacked
    raise too_large()


def _encoding(content: bytes) -> str:
    """As the bytes show it, or else as the XML declaration states it (XML 1.0, appendix F)."""
    for beginning, encoding in BEGINNINGS:
        if content.startswith(beginning):
            return encoding
    declared = ENCODING.match(content)
    try:
        name = codecs.lookup(declared[1].decode("ascii")).name if declared else "utf-8"
    except LookupError:
        return "utf-8"
    # A document that can be read as ASCII is not in UTF-16, whatever it states.
    return "utf-8" if name in NOT_FOR_DOCUMENTS or name.startswith(("utf-16", "utf-32", "ascii")) else name
