"""The source of VBA macros ([MS-OVBA]), for the names of those that run by themselves."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from picasso.policy import ActiveContent
from picasso.process.contract import ProcessorError
from picasso.process.processors.document.ole import Compound

MAX_MODULES = 500
MAX_SOURCE = 4 * 2**20
"""Bytes of one module. VBA itself allows 64 KiB of compiled code."""
MAX_SOURCES = 16 * 2**20

# Records of the stream `dir` (section 2.3.4.2). The version has a size that does not count two of its bytes.
STREAM_NAME, OFFSET, VERSION = 0x1A, 0x31, 0x09

# What the three office programs call by name, and events of controls that come without a click.
EVENTS = (
    r"auto_?(?:open|close|exec|exit|new)|auto_(?:activate|deactivate|add|remove)|newdocument"
    r"|document_?(?:open|new|close|beforeclose|beforesave|change|sync|contentcontrolonenter)"
    r"|workbook_(?:open|activate|deactivate|close|beforeclose|beforesave|beforeprint|newsheet|windowactivate|addininstall)"
    r"|worksheet_(?:activate|calculate|change|selectionchange)|onslideshowpagechange|onslideshowterminate"
    r"|(?:app_)?presentationopen|application_(?:startup|quit|newmail|newmailex|reminder)"
    r"|\w{1,60}_(?:painted|painting|layout|resize|gotfocus|lostfocus|mousehover|titlechange|initialize"
    r"|beforenavigate2|navigatecomplete2|documentcomplete|onconnecting|onconnected)"
)
AUTO_RUN = re.compile(
    rf"^[ \t]*(?:(?:public|private|friend|static)[ \t]+)*(?:sub|function)[ \t]+({EVENTS})\b",
    re.IGNORECASE | re.MULTILINE,
)
MODULE = re.compile(
    r'^attribute[ \t]+vb_name[ \t]*=[ \t]*"(auto(?:exec|open|close|exit|new))"', re.IGNORECASE | re.MULTILINE
)


def add_macros(project: Compound, found: ActiveContent) -> None:
    """Mark the macros of a project, and name those that run by themselves."""
    found.mark("macros")
    left = MAX_SOURCES
    for source in sources(project):
        left -= len(source)
        if left < 0:
            found.mark("incomplete")
            return
        text = source.decode("latin-1")
        for match in (*AUTO_RUN.finditer(text), *MODULE.finditer(text)):
            found.name("auto_run", match[1])


def sources(project: Compound) -> Iterator[bytes]:
    """The source of each module that can be read."""
    if "dir" not in project.entries:
        return
    try:
        modules = list(_modules(decompress(project.stream("dir"))))
    except (ProcessorError, ValueError):
        return
    streams = {name.lower(): name for name in project.entries}
    for name, offset in modules[:MAX_MODULES]:
        if stored := streams.get(name.lower()):
            try:
                yield decompress(project.stream(stored)[offset:])
            except (ProcessorError, ValueError):
                continue


def _modules(directory: bytes) -> Iterator[tuple[str, int]]:
    """Stream and offset of each module. A name in Unicode comes after the one in the project's code page."""
    position, name = 0, ""
    while position + 6 <= len(directory):
        kind, size = struct.unpack_from("<HI", directory, position)
        content = directory[position + 6 : position + 6 + size]
        position += 6 + size + (2 if kind == VERSION else 0)
        if kind == STREAM_NAME:
            name = content.decode("latin-1")
        elif kind == 0x32 and content:
            name = content.decode("utf-16-le", "replace")
        elif kind == OFFSET and len(content) == 4:
            yield name, struct.unpack("<I", content)[0]


def decompress(container: bytes) -> bytes:
    """A compressed container (section 2.4.1). Raises `ValueError` if it is none; damage ends it."""
    if not container.startswith(b"\x01"):
        raise ValueError("no compressed container")
    out, position = bytearray(), 1
    while position + 2 <= len(container) and len(out) < MAX_SOURCE:
        header = struct.unpack_from("<H", container, position)[0]
        if header & 0x7000 != 0x3000:
            break
        chunk = container[position + 2 : position + 3 + (header & 0x0FFF)]
        position += 3 + (header & 0x0FFF)
        if header & 0x8000:
            _add_chunk(chunk, out)
        else:
            out += chunk[:4096]
    return bytes(out)


def _add_chunk(chunk: bytes, out: bytearray) -> None:
    """Tokens of one chunk, which unpacks to at most 4,096 bytes."""
    start, position = len(out), 0
    while position < len(chunk):
        flags, position = chunk[position], position + 1
        for bit in range(8):
            if position >= len(chunk) or len(out) - start >= 4096:
                return
            if not flags >> bit & 1:
                out.append(chunk[position])
                position += 1
                continue
            if position + 2 > len(chunk) or len(out) == start:
                return
            token = struct.unpack_from("<H", chunk, position)[0]
            position += 2
            _copy(token, start, out)


def _copy(token: int, start: int, out: bytearray) -> None:
    """A copy token has as many bits of offset as the chunk needs so far (section 2.4.1.3.19.1)."""
    bits = max(4, (len(out) - start - 1).bit_length())
    length = (token & (0xFFFF >> bits)) + 3
    distance = (token >> (16 - bits)) + 1
    if distance > len(out) - start:
        return
    for _ in range(length):
        out.append(out[-distance])
