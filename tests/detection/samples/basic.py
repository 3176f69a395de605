"""Types that everybody knows."""

from __future__ import annotations

import gzip
import json
import struct
import zlib

from tests.detection.samples import Sample

TITLE = "Common types"


def png() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    jfif = b"\xff\xe0" + struct.pack(">H5sHBHHBB", 16, b"JFIF\0", 0x0102, 0, 1, 1, 0, 0)
    frame = b"\xff\xc0" + struct.pack(">HBHHB3B", 11, 8, 1, 1, 1, 1, 0x11, 0)
    return b"\xff\xd8" + jfif + frame + b"\xff\xda" + struct.pack(">HB2B3B", 8, 1, 1, 0, 0, 63, 0) + b"\0\xff\xd9"


def gif() -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


def program() -> bytes:
    """The head of a program for Windows: a stub for DOS, then the PE header at 64."""
    stub = b"MZ" + bytes(58) + struct.pack("<I", 64)
    return stub + b"PE\0\0" + struct.pack("<HHIIIHHH", 0x8664, 1, 0, 0, 0, 240, 0x22, 0x20B) + bytes(400)


SAMPLES = (
    Sample("image/jpeg", "a.jpg", jpeg()),
    Sample("image/gif", "a.gif", gif()),
    Sample("application/vnd.microsoft.portable-executable", "a.exe", program()),
    Sample("image/png", "a.png", png()),
    Sample("application/gzip", "a.gz", gzip.compress(b"content")),
    Sample("application/json", "a.json", json.dumps({"a": [1, 2, {"b": None}]}).encode()),
    Sample("text/plain", "a.txt", b"just some words\n"),
    Sample("text/markdown", "README.md", b"just some words\n", without_name="text/plain"),
)
