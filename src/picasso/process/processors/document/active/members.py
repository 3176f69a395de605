"""The members of a ZIP within limits, by their names in small letters and with slashes.

Two members may have one name, and the two headers of a member may differ. Programs do not agree on what counts then, so
all members of a name are read, and a file with such headers is ``incomplete``.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import unquote

from picasso.policy import ActiveContent

MAX_MEMBERS = 10_000

# Unpacked, of one member and of all that are read. As much XML is read for the text of a document.
MAX_MEMBER = 32 * 2**20
MAX_BYTES = 64 * 2**20

START = 64  # bytes of a member that show what it is

LOCAL = struct.Struct("<4s2xHH8xI4xHH")
"""Signature, flags, method, packed size, lengths of name and extra field (APPNOTE.TXT, section 4.3.7)."""
LOCAL_SIGNATURE, DIRECTORY_SIGNATURE, END_SIGNATURE = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
HEADER = re.compile(rb"PK(?:\x03\x04|\x01\x02)")
PLACE = 16  # of the place of the directory, in the end (section 4.3.16)
ENCRYPTED, SIZES_FOLLOW, UTF8 = 0x01, 0x08, 0x800
IN_EXTRA_FIELD = 0xFFFFFFFF

# What deflate makes of nothing has this length.
EMPTY = 2


@dataclass(slots=True)
class Members:
    data: bytes
    archive: zipfile.ZipFile
    found: ActiveContent
    """Gets the mark ``incomplete`` if a limit is met, or if not all is as it should be."""
    bytes_left: int = MAX_BYTES
    entries: list[tuple[str, zipfile.ZipInfo]] = field(init=False)

    def __post_init__(self) -> None:
        entries = self.archive.infolist()
        if len(entries) > MAX_MEMBERS or _has_more(self.data, entries[:MAX_MEMBERS], self.archive.start_dir):
            self.found.mark("incomplete")
        self.entries = [(plain_name(each.filename), each) for each in entries[:MAX_MEMBERS]]

    def start(self, entry: zipfile.ZipInfo) -> bytes:
        """The first bytes; fewer or none if they can't be read."""
        with suppress(Exception):  # many kinds of errors stand for damage
            return self._content(entry, START)
        return b""

    def read(self, entry: zipfile.ZipInfo) -> bytes:
        """The content of a member, as far as it can be read."""
        limit = min(MAX_MEMBER, self.bytes_left)
        content = b""
        with suppress(Exception):
            content = self._content(entry, limit + 1)
        if len(content) != entry.file_size or (not content and entry.compress_size > EMPTY):
            self.found.mark("incomplete")
        content = content[:limit]
        self.bytes_left -= len(content)
        return content

    def _content(self, entry: zipfile.ZipInfo, limit: int) -> bytes:
        """Not by `zipfile`, which ends at the size that the directory gives, whatever follows."""
        if entry.flag_bits & ENCRYPTED or entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            with self.archive.open(entry) as file:  # raises an error without a password
                return file.read(limit)
        start = _end_of_header(self.data, entry)
        if entry.compress_type == zipfile.ZIP_STORED:
            return self.data[start : start + min(limit, entry.compress_size)]
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(self.data[start : start + entry.compress_size], limit)

    def matching(self, wanted: Callable[[str], object]) -> Iterator[tuple[str, bytes]]:
        """Name and content of each member with a name that is ``wanted``."""
        for name, entry in self.entries:
            if wanted(name):
                yield name, self.read(entry)


@contextmanager
def open_members(data: bytes, found: ActiveContent) -> Iterator[Members]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        yield Members(data, archive, found)


def plain_name(name: str) -> str:
    """Without escapes: names of parts may have them (ECMA-376 part 2, section 6.2.2)."""
    plain = posixpath.normpath("/" + unquote(name).replace("\\", "/")).lstrip("/").lower()
    return plain + "/" if name.endswith(("/", "\\")) and plain else plain


def is_xml(start: bytes) -> bool:
    """Whether a member with these first bytes is XML in UTF-8, UTF-16 or what has ASCII in it."""
    text = start.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    text = text.lstrip(b"\0 \t\r\n")
    return text.startswith(b"<") or bool(start and not text)  # any number of blanks may come first


def has_content(entry: zipfile.ZipInfo) -> bool:
    """Whether it has any by one of the sizes that the directory gives."""
    return entry.file_size > 0 or entry.compress_size > EMPTY


def _has_more(data: bytes, entries: list[zipfile.ZipInfo], directory: int) -> bool:
    """Whether a program that reads the headers before the members sees others than one that reads the directory."""
    end = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        if not _agrees(data, entry) or HEADER.search(data, end, entry.header_offset):
            return True
        end = max(end, _end_of_header(data, entry) + entry.compress_size)
    return HEADER.search(data, end, directory) is not None or _has_second_directory(data, directory)


def _has_second_directory(data: bytes, directory: int) -> bool:
    """Whether the end names the place of another one than the one right before it, which `zipfile` reads."""
    (place,) = struct.unpack_from("<I", data, data.rfind(END_SIGNATURE) + PLACE)
    return place != directory and data.startswith(DIRECTORY_SIGNATURE, place)


def _agrees(data: bytes, entry: zipfile.ZipInfo) -> bool:
    """Whether the header before a member says what the directory does."""
    header = data[entry.header_offset : entry.header_offset + LOCAL.size]
    if len(header) < LOCAL.size:
        return False
    signature, flags, method, packed, length, _ = LOCAL.unpack(header)
    start = entry.header_offset + LOCAL.size
    name = data[start : start + length].decode("utf-8" if flags & UTF8 else "cp437", "replace")
    sizes = {entry.compress_size, IN_EXTRA_FIELD} | ({0} if flags & SIZES_FOLLOW else set())
    return (
        signature == LOCAL_SIGNATURE
        and name == entry.orig_filename
        and method == entry.compress_type
        and packed in sizes
        and not (flags ^ entry.flag_bits) & ENCRYPTED
    )


def _end_of_header(data: bytes, entry: zipfile.ZipInfo) -> int:
    *_, name, extra = LOCAL.unpack_from(data, entry.header_offset)
    return entry.header_offset + LOCAL.size + int(name) + int(extra)
