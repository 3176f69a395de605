"""Whether clamd tells what it does not scan. Its protocol has no command for that, so it gets small files to scan.

By default clamd answers OK for encrypted archives (AlertEncrypted), and for what exceeds its limits (AlertExceedsMax).
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import cache

from picasso.scan.answers import Reason, parse
from picasso.scan.clamd import Clamd

# More archives in one another than clamd's MaxRecursion can be.
DEPTH = 120

EXPECTED = {"AlertEncrypted": Reason.ENCRYPTED, "AlertExceedsMax": Reason.LIMITS}


def missing_settings(clamd: Clamd) -> tuple[str, ...]:
    """The settings of clamd that are off and must be on. Raises `ClamdError`, `BadAnswer`."""
    return tuple(
        setting for setting, content in probes().items() if parse(clamd.scan([content])).reason != EXPECTED[setting]
    )


def unpacks_rar(clamd: Clamd) -> bool:
    """Whether it has ClamAV's library for RAR, which many distributions leave out. Raises `ClamdError`, `BadAnswer`."""
    return parse(clamd.scan([encrypted_rar()])).reason == Reason.ENCRYPTED


@cache
def probes() -> dict[str, bytes]:
    """The file that each setting makes clamd complain of."""
    return {"AlertEncrypted": encrypted_zip(), "AlertExceedsMax": nested_zip(DEPTH)}


def nested_zip(depth: int) -> bytes:
    content = b"picasso"
    for _ in range(depth):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a", content)
        content = buffer.getvalue()
    return content


def encrypted_zip() -> bytes:
    """One entry whose flags say that it is encrypted (APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16)."""
    content = bytes(12) + b"picasso"
    fields = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 0x21, zlib.crc32(b"picasso"), len(content), 7, 1, 0)
    local = b"PK\x03\x04" + fields + b"a" + content
    central = b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"a"
    return local + central + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)


def encrypted_rar() -> bytes:
    """One file whose flags say that it is encrypted, in a RAR of version 4 (technote.txt of WinRAR 3.93)."""
    content = bytes(16)
    fields = struct.pack("<IIBIIBBHI", len(content), 7, 0, zlib.crc32(b"picasso"), 0x21 << 16, 29, 0x30, 1, 0)
    main = rar_block(0x73, 0, bytes(6))
    return b"Rar!\x1a\x07\0" + main + rar_block(0x74, 0x8004, fields + b"a") + content + rar_block(0x7B, 0x4000, b"")


def rar_block(kind: int, flags: int, fields: bytes) -> bytes:
    block = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
    return struct.pack("<H", zlib.crc32(block) & 0xFFFF) + block
