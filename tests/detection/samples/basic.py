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


SAMPLES = (
    Sample("image/png", "a.png", png()),
    Sample("application/gzip", "a.gz", gzip.compress(b"content")),
    Sample("application/json", "a.json", json.dumps({"a": [1, 2, {"b": None}]}).encode()),
    Sample("text/plain", "a.txt", b"just some words\n"),
    Sample("text/markdown", "README.md", b"just some words\n", without_name="text/plain"),
)
