"""Programs of Linux, and disk images that the name tells apart."""

from __future__ import annotations

import struct

from tests.detection.samples import Sample

TITLE = "Programs"


def elf(kind: int, *segments: int, identification: bytes = bytes(8)) -> bytes:
    start = b"\x7fELF\2\1\1\0" + identification
    header = struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, 0x1000, 64, 0, 0, 64, 56, len(segments), 64, 0, 0)
    return start + header + b"".join(struct.pack("<II", segment, 4) + bytes(48) for segment in segments) + bytes(64)


SAMPLES = (
    Sample("application/x-executable", "a.elf", elf(2, 6, 3, 1)),
    Sample("application/x-executable", "a", elf(3, 6, 3, 1)),
    Sample("application/x-sharedlib", "a.so", elf(3, 1, 2)),
    Sample("application/x-object", "a.o", elf(1)),
    Sample("application/x-coredump", "a.core", elf(4, 4)),
    Sample("application/vnd.appimage", "a.appimage", elf(2, 6, 3, identification=b"AI\2" + bytes(5))),
)
