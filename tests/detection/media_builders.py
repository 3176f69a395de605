"""Small media files of many kinds, built from their structure. None can be played."""

from __future__ import annotations

import struct
from uuid import UUID


def box(kind: bytes, *content: bytes) -> bytes:
    """Of an ISO base media file."""
    data = b"".join(content)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    return box(b"ftyp", major, bytes(4), major, *compatible)


def track(handler: bytes) -> bytes:
    header = box(b"hdlr", bytes(8), handler, bytes(13))
    return box(b"trak", box(b"tkhd", bytes(84)), box(b"mdia", box(b"mdhd", bytes(24)), header))


def moov(*handlers: bytes) -> bytes:
    return box(b"moov", box(b"mvhd", bytes(100)), *map(track, handlers))


def mp4(major: bytes, *handlers: bytes, compatible: tuple[bytes, ...] = (), data: int = 64) -> bytes:
    return ftyp(major, *compatible) + box(b"mdat", bytes(data)) + moov(*handlers)


def element(number: bytes, *content: bytes, size: bytes = b"") -> bytes:
    """Of EBML. ``size`` replaces the coded one."""
    data = b"".join(content)
    return number + (size or (len(data) | 1 << 56).to_bytes(8, "big")) + data


UNKNOWN_SIZE = b"\x01" + b"\xff" * 7


def tracks(*kinds: int) -> bytes:
    return element(b"\x16\x54\xae\x6b", *(element(b"\xae", element(b"\x83", bytes([kind]))) for kind in kinds))


def matroska(doc_type: bytes, *parts: bytes, size: bytes = b"") -> bytes:
    """A file whose segment has these parts."""
    header = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x86", b"\1"), element(b"\x42\x82", doc_type))
    return header + element(b"\x18\x53\x80\x67", *parts, size=size)


def asf_object(guid: str, content: bytes) -> bytes:
    return UUID(guid).bytes_le + struct.pack("<Q", 24 + len(content)) + content


SOUND, VIDEO = "f8699e40-5b4d-11cf-a8fd-00805f5c442b", "bc19efc0-5b4d-11cf-a8fd-00805f5c442b"


def asf_stream(kind: str, codec: bytes) -> bytes:
    specific = codec.ljust(18, b"\0") if kind == SOUND else bytes(11) + bytes(16) + codec + bytes(20)
    content = UUID(kind).bytes_le + bytes(16) + bytes(8) + struct.pack("<IIHI", len(specific), 0, 1, 0) + specific
    return asf_object("b7dc0791-a9b7-11cf-8ee6-00c00c205365", content)


def asf(*streams: bytes) -> bytes:
    inner = asf_object("8cabdca1-a947-11cf-8ee4-00c00c205365", bytes(80)) + b"".join(streams)
    header = struct.pack("<IBB", len(streams) + 1, 1, 2) + inner
    return asf_object("75b22630-668e-11cf-a6d9-00aa0062ce6c", header) + bytes(50)


def ogg(*packets: bytes) -> bytes:
    """A page for each first packet, and one page of content."""
    pages = [b"OggS\0\2" + bytes(20) + bytes([1, len(packet)]) + packet for packet in packets]
    return b"".join(pages) + b"OggS\0\0" + bytes(20) + b"\1\4abcd"


def tiff(tags: dict[int, int | bytes], *, order: str = "<", below: dict[int, int | bytes] | None = None) -> bytes:
    """A first directory of these tags, and maybe another one that its tag 330 (SubIFDs) points to."""
    places = {330: 8 + 1000} if below else {}
    first = directory({**tags, **places}, 8, order)
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return (start + first).ljust(8 + 1000, b"\0") + (directory(below, 8 + 1000, order) if below else b"")


def directory(tags: dict[int, int | bytes], place: int, order: str) -> bytes:
    texts, fields = b"", b""
    end = place + 2 + 12 * len(tags) + 4
    for tag, value in sorted(tags.items()):
        if isinstance(value, bytes):
            fields += struct.pack(order + "HHII", tag, 2, len(value), end + len(texts))
            texts += value
        else:
            fields += struct.pack(order + "HHII", tag, 4, 1, value)
    return struct.pack(order + "H", len(tags)) + fields + bytes(4) + texts


def riff(kind: bytes, start: bytes = b"RIFF") -> bytes:
    content = kind + b"fmt " + struct.pack("<I", 16) + struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    return start + struct.pack("<I", len(content)) + content


def form(kind: bytes, start: bytes = b"FORM") -> bytes:
    content = kind + b"COMM" + struct.pack(">I", 18) + bytes(18)
    return start + struct.pack(">I", len(content)) + content


def mpeg_frames(number: int, *, header: bytes = b"\xff\xfb\x90\x64", length: int = 417) -> bytes:
    """Frames of MP3, or of what ``header`` says."""
    return header.ljust(length, b"\0") * number


def id3(size: int, *, version: int = 3) -> bytes:
    coded = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([version, 0, 0]) + coded + bytes(size)
