"""The files in a TAR as clamd sees them. What others would read differently is refused (POSIX pax, "ustar Interchange
Format"; GNU tar manual, "Basic Tar Format")."""

from __future__ import annotations

import re
from collections.abc import Iterator

from picasso.scan.answers import Reason
from picasso.scan.parts import LeftOut, Part

BLOCK = 512
SIZE, CHECKSUM, KIND, MAGIC = slice(124, 136), slice(148, 156), 156, slice(257, 262)

NUMBER = re.compile(rb"[ \0]*([0-7]+)[ \0]*")

FILES = frozenset(b"\x0007")
KNOWN = frozenset(b"\x0001234567LKxg")
"""Other kinds, such as sparse files, some programs unpack in a way of their own."""

# GNU tar takes blanks before the length of a record, and several of them behind it.
PAX_SIZE = re.compile(rb"^[ \t]*\d+[ \t]+(?:size|GNU\.sparse\.[a-z.]+)=", re.MULTILINE)

MAX_PAX = 2**20
"""Of an extended header, in bytes. Longer ones are not searched."""


def is_tar(head: bytes) -> bool:
    """``head``: the first 512 bytes."""
    return len(head) == BLOCK and (head[MAGIC] == b"ustar" or _has_checksum(head))


def contents(part: Part) -> Iterator[Part]:
    """What its headers announce, one after the other; of what is no file, nothing. Raises `LeftOut`, `OSError`."""
    position = 0
    while position < part.size:
        header = part.read(position, BLOCK)
        if not header.strip(b"\0"):
            return
        size = _check_header(header)
        content = part.section(position + BLOCK, size)
        position += BLOCK + size
        if position > part.size:
            raise LeftOut(Reason.MALFORMED)
        position += -size % BLOCK
        if header[KIND] in b"xg":
            _check_pax(content)
        yield content if header[KIND] in FILES else content.section(0, 0)


def _check_pax(records: Part) -> None:
    """An extended header must not say how long the next file is. Raises `LeftOut`."""
    if records.size > MAX_PAX:
        raise LeftOut(Reason.LIMITS)
    if PAX_SIZE.search(records.read(0, MAX_PAX)):
        raise LeftOut(Reason.UNSUPPORTED)


def _check_header(header: bytes) -> int:
    """The size of what follows. Raises `LeftOut`."""
    if len(header) < BLOCK or not _has_checksum(header):
        raise LeftOut(Reason.MALFORMED)
    size = NUMBER.fullmatch(header[SIZE])
    if not size or header[KIND] not in KNOWN:
        raise LeftOut(Reason.UNSUPPORTED)
    return int(size[1], 8)


def _has_checksum(header: bytes) -> bool:
    """The sum of its bytes, with spaces in place of the sum itself. Some old programs took them as signed."""
    found = NUMBER.fullmatch(header[CHECKSUM])
    if not found or not header.strip(b"\0"):
        return False
    rest = header[: CHECKSUM.start] + b" " * 8 + header[CHECKSUM.stop :]
    total = sum(rest)
    return int(found[1], 8) in {total, total - 256 * sum(byte > 127 for byte in rest)}
