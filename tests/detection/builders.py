"""Small files of many families, built from their structure."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

NONE, END = 0xFFFFFFFF, 0xFFFFFFFE
SECTOR = 512


def zip_with(entries: Mapping[str, bytes], *, compress: bool = True, comment: bytes = b"") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        archive.comment = comment
    return packed.getvalue()


def content_types(*types: str, prefix: str = "") -> bytes:
    """``[Content_Types].xml`` with an override for each of the types."""
    name = f"{prefix}:" if prefix else ""
    overrides = "".join(f'<{name}Override PartName="/a/{n}.xml" ContentType="{t}"/>' for n, t in enumerate(types))
    space = f"xmlns{':' + prefix if prefix else ''}"
    return (
        f'<?xml version="1.0"?><{name}Types {space}="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<{name}Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{overrides}</{name}Types>"
    ).encode()


def package(*types: str, **others: bytes) -> bytes:
    """An OPC package of these content types."""
    return zip_with({"[Content_Types].xml": content_types(*types), "a/0.xml": b"<a/>", **others})


def ole_entry(
    name: str, kind: int, following: int, child: int, *, class_id: bytes = bytes(16), place: int = 0
) -> bytes:
    """Of the kind 1 (storage), 2 (stream) or 5 (root)."""
    encoded = name.encode("utf-16-le") + b"\0\0"
    start = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
    return start + struct.pack("<III", NONE, following, child) + class_id + bytes(20) + struct.pack("<IQ", place, 0)


def ole(*names: str, class_id: bytes = bytes(16), inner: tuple[str, ...] = (), content: bytes = b"") -> bytes:
    """A compound file whose root has these streams, in a chain of siblings, and maybe a storage with ``inner``.

    All streams have the same ``content``.
    """
    streams = [*names, *(["Pool"] if inner else [])]
    content_sector = 1 + -(-(1 + len(streams) + len(inner)) // 4)
    entries = [ole_entry("Root Entry", 5, NONE, 1 if streams else NONE, class_id=class_id, place=content_sector)]
    for number, name in enumerate(streams, 1):
        following = number + 1 if number < len(streams) else NONE
        is_pool = inner and number == len(streams)
        entries.append(ole_entry(name, 1 if is_pool else 2, following, number + 1 if is_pool else NONE))
    first = len(entries)
    for number, name in enumerate(inner, first):
        entries.append(ole_entry(name, 2, number + 1 if number < first + len(inner) - 1 else NONE, NONE))
    directory = b"".join(entries).ljust(-(-len(entries) // 4) * SECTOR, b"\0")
    chain = [END if n == len(directory) // SECTOR else n + 1 for n in range(1, len(directory) // SECTOR + 1)]
    table = struct.pack(f"<{len(chain) + 1}I", 0xFFFFFFFD, *chain).ljust(SECTOR, b"\xff")
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0) + struct.pack("<I", 0)
    return header.ljust(SECTOR, b"\xff") + table + directory + content.ljust(SECTOR, b"\0")


def der(tag: int, *content: bytes) -> bytes:
    """An element of ASN.1."""
    data = b"".join(content)
    length = len(data)
    coded = bytes([length]) if length < 0x80 else bytes([0x82]) + length.to_bytes(2, "big")
    return bytes([tag]) + coded + data


def integer(value: int) -> bytes:
    return der(2, value.to_bytes(max(1, value.bit_length() // 8 + 1), "big"))


def algorithm(oid: str) -> bytes:
    return der(0x30, der(6, bytes.fromhex(oid)), der(5))
