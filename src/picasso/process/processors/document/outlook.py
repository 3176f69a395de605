"""The body of an Outlook mail (MS-OXMSG) that has no plain text, which kreuzberg leaves out: HTML or compressed RTF."""

from __future__ import annotations

import struct

from picasso.charset import encoding_by_label
from picasso.process.processors.document import rtf, web
from picasso.process.processors.document.ole import Compound

# Property identifiers of [MS-OXPROPS], and types: 001E is text in a code page, 001F UTF-16, 0102 bytes.
BODY, HTML, RTF, CODE_PAGE = "1000", "1013", "1009", 0x3FDE

PROPERTIES, HEADER = "__properties_version1.0", 32

# Code pages of Windows that Python has under other names.
CODE_PAGES = {20127: "ascii", 20866: "koi8-r", 21866: "koi8-u", 65000: "utf-7", 65001: "utf-8"}

# What an RTF that was compressed refers to before its own text ([MS-OXRTFCP], section 2.1.3.1.4).
DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
RING = 4096
MAX_RTF = 2**23  # bytes


def body(file: Compound) -> str:
    """Empty if there is a plain text, or none at all."""
    if stream(file, BODY, "001F") or stream(file, BODY, "001E"):
        return ""
    if page := stream(file, HTML, "0102") or stream(file, HTML, "001E"):
        return web.read(page, code_page(file))[0]
    if page := stream(file, HTML, "001F"):
        return web.read(page, "utf-16-le")[0]
    packed = stream(file, RTF, "0102")
    return rtf.read(decompress(packed))[0] if packed else ""


def stream(file: Compound, identifier: str, kind: str) -> bytes:
    name = f"__substg1.0_{identifier}{kind}"
    return file.stream(name) if name in file.entries else b""


def code_page(file: Compound) -> str | None:
    """Python's name of the encoding of the HTML."""
    rows = file.stream(PROPERTIES)[HEADER:] if PROPERTIES in file.entries else b""
    for place in range(0, len(rows) - 15, 16):
        identifier, number = struct.unpack_from("<H4xI", rows, place + 2)
        if identifier == CODE_PAGE:
            return CODE_PAGES.get(number) or encoding_by_label(f"cp{number}")
    return None


def decompress(packed: bytes) -> bytes:
    """RTF from its compressed form ([MS-OXRTFCP]). What can't be read is left out."""
    if len(packed) < 16:
        return b""
    size, kind = struct.unpack_from("<I4s", packed, 4)
    if kind == b"MELA":
        return packed[16 : 16 + size]
    out = bytearray(DICTIONARY)
    limit = len(DICTIONARY) + min(size, MAX_RTF)
    place = 16
    while place < len(packed) and len(out) < limit:
        control, place = packed[place], place + 1
        for bit in range(8):
            if place >= len(packed):
                break
            if not control >> bit & 1:
                out.append(packed[place])
                place += 1
                continue
            reference = int.from_bytes(packed[place : place + 2], "big")
            place += 2
            offset, length = reference >> 4, (reference & 15) + 2
            distance = (len(out) - offset) % RING
            if distance == 0:  # the end
                return bytes(out[len(DICTIONARY) : limit])
            for _ in range(length):
                out.append(out[-distance] if distance <= len(out) else 0x20)
    return bytes(out[len(DICTIONARY) : limit])
