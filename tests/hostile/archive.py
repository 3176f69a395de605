"""Archives that harm programs that unpack them or trust their directories."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator

from tests.contract.samples import archive as small
from tests.hostile import Content, flipped, truncated

ZIP, TAR, SEVEN_ZIP, GZIP = "application/zip", "application/x-tar", "application/x-7z-compressed", "application/gzip"
XZ, ZSTD, BZIP2, LZMA = "application/x-xz", "application/zstd", "application/x-bzip2", "application/x-lzma"

GIB = 2**30

Files = Iterator[tuple[str, str, Content]]


def files() -> Files:
    for media_type, content in small.samples():
        yield from truncated(media_type, media_type, content)
        yield from flipped(media_type, media_type, content)
    yield from zips()
    yield from tars()
    yield from packed()
    yield from seven_zips()


# ZIP


def entry(name: bytes, *, packed: int = 0, size: int = 0, offset: int = 0, extra: bytes = b"", flags: int = 0) -> bytes:
    """One entry of a directory."""
    fields = (20, 20, flags, 8, 0, 33, 0, packed, size, len(name), len(extra), 0, 0, 0, 0, offset)
    return b"PK\x01\x02" + struct.pack("<6H3L5H2L", *fields) + name + extra


def end(entries: int, size: int, offset: int, comment: bytes = b"") -> bytes:
    return (
        struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, min(entries, 65_535), min(entries, 65_535), size, offset, len(comment))
        + comment
    )


def zip_of(*entries: bytes, body: bytes = b"", comment: bytes = b"") -> bytes:
    directory = b"".join(entries)
    return body + directory + end(len(entries), len(directory), len(body), comment)


def overlapping(count: int = 250) -> bytes:
    """As by David Fifield: every entry of the directory points to the same zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = packer.compress(bytes(20_000_000)) + packer.flush()
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, 0, len(kernel), 20_000_000, 1, 0) + b"a" + kernel
    return zip_of(*(entry(b"%d" % n, packed=len(kernel), size=20_000_000) for n in range(count)), body=local)


def nested(levels: int = 6, width: int = 16) -> bytes:
    """Like 42.zip: each level contains the next one many times."""
    inner = small.zipped({"0.dll": bytes(1_000_000)})
    for _ in range(levels):
        inner = small.zipped({f"lib {n}.zip": inner for n in range(width)})
    return inner


def zips() -> Files:
    yield "nested like 42", ZIP, nested()
    yield "overlapping", ZIP, overlapping()
    yield "200 megabytes of zeros", ZIP, lambda: small.zipped({"zeros": bytes(200_000_000)})
    yield "100,000 entries", ZIP, lambda: zip_of(*(entry(b"%d" % n) for n in range(100_000)))
    three = b"".join(entry(b"%d" % n) for n in range(3))
    yield "fewer entries than its end says", ZIP, three + end(60_000, len(three), 0)
    yield "a directory that ends within an entry", ZIP, three[:-9] + end(3, len(three) - 9, 0)
    wide = struct.pack("<2H3Q", 1, 24, 2**64 - 1, 2**64 - 1, 2**64 - 1)
    yield (
        "sizes of 64 bits that lie",
        ZIP,
        zip_of(*[entry(b"a", packed=2**32 - 1, size=2**32 - 1, offset=2**32 - 1, extra=wide)] * 9),
    )
    yield "64 bits cut short", ZIP, zip_of(entry(b"a", size=2**32 - 1, extra=struct.pack("<2H", 1, 24)))
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 2**63, 1)
    yield "a directory beyond all files", ZIP, locator + end(65_535, 2**32 - 1, 2**32 - 1)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2**60, 2**60, 2**62, 2**63)
    yield (
        "a directory that is too long",
        ZIP,
        record + struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1) + end(65_535, 2**32 - 1, 2**32 - 1),
    )
    yield "a directory before the file", ZIP, end(1, 2**31, 2**32 - 1)
    yield "only an end", ZIP, end(0, 0, 0)
    yield "only an end, with a comment of ends", ZIP, end(0, 0, 0, end(0, 0, 0) * 2_900)
    yield "a comment that is longer than the file", ZIP, end(0, 0, 0)[:-2] + b"\xff\xff"
    yield "several disks", ZIP, struct.pack("<4s4H2LH", b"PK\5\6", 3, 3, 1, 1, 0, 0, 0)
    yield (
        "names with zeros",
        ZIP,
        zip_of(*(entry(name) for name in (b"a\0.txt", b"\0", b"", b"\xff\xfe", b"/" * 60_000))),
    )
    yield "ways out", ZIP, small.zipped({"../../etc/passwd": b"x", "/etc/passwd": b"x", "C:\\x": b"x", "..\\x": b"x"})
    yield "a link that is a bomb", ZIP, link_bomb
    yield "quine-like: an entry that is its archive", ZIP, zip_of(entry(b"r/r.zip", packed=2**20, size=2**20))


def link_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, b"../" * 10_000_000, zipfile.ZIP_DEFLATED)
    return out.getvalue()


# TAR


def member(
    name: bytes = b"a", size: bytes = b"00000000000\0", kind: bytes = b"0", **fields: tuple[int, bytes]
) -> bytes:
    block = bytearray(512)
    for place, content in {
        "name": (0, name),
        "size": (124, size),
        "kind": (156, kind),
        "magic": (257, b"ustar\x0000"),
        **fields,
    }.values():
        block[place : place + len(content)] = content
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def octal(size: int) -> bytes:
    return b"%011o\0" % size


def base_256(size: int) -> bytes:
    return (b"\xff" if size < 0 else b"\x80") + size.to_bytes(11, "big", signed=size < 0)


def pax(records: bytes) -> bytes:
    return member(b"pax", octal(len(records)), b"x") + records.ljust(-(-len(records) // 512) * 512, b"\0")


def tars() -> Files:
    yield "a member of 8 exbibytes", TAR, member(size=base_256(2**63)) + bytes(1024)
    yield "a negative size", TAR, member(size=base_256(-512)) + member() + bytes(1024)
    yield "a size that is no number", TAR, member(size=b"zzz") + bytes(1024)
    yield "a long name of a gibibyte", TAR, member(b"././@LongLink", octal(GIB), b"L") + b"x" * 100_000
    yield "long names without end", TAR, (member(b"././@LongLink", octal(1), b"L") + b"x" + bytes(511)) * 1_500
    yield "attributes without end", TAR, pax(b"9 a=bcde\n" * 50_000) + member()
    yield "attributes that lie of their length", TAR, pax(b"0 a=b\n99999999 path=x\n-1 a=b\n") + member()
    yield (
        "a size in attributes",
        TAR,
        pax(b"34 size=9999999999999999999999999\n25 size=99999999999999999\n") + member() + bytes(1024),
    )
    yield "sparse without end", TAR, member(kind=b"S", maps=(482, b"\1")) + (bytes(504) + b"\1" + bytes(7)) * 3_000
    yield "sparse and vast", TAR, member(kind=b"S", real=(483, base_256(2**62))) + bytes(1024)
    yield "10,000 tiny members", TAR, b"".join(member(b"%d" % n) for n in range(3_900))
    yield "no end", TAR, member(size=octal(512)) + bytes(512)
    yield "only zeros", TAR, bytes(10_240)
    yield "ways out", TAR, b"".join((
        member(b"../../a"), member(b"/etc/passwd"), member(b"l", kind=b"2", target=(157, b"/etc/passwd")),
        member(b"l/x"), member(b"fifo", kind=b"6"), member(b"dev", kind=b"3"), bytes(1024),
    ))  # fmt: skip
    yield (
        "100,000 members",
        GZIP,
        lambda: gzip.compress(b"".join(member(b"%d" % n) for n in range(100_000)) + bytes(1024), 9, mtime=0),
    )
    vast = gzip.compress(bytes(GIB // 64), 9, mtime=0)
    yield "a member of a gibibyte", GZIP, gzip.compress(member(size=octal(GIB)), mtime=0) + vast * 64
    yield (
        "a long name of a gibibyte, all there",
        GZIP,
        gzip.compress(member(b"x", octal(GIB), b"L"), mtime=0) + vast * 64,
    )


# What is compressed as a whole


def packed() -> Files:
    yield "a gibibyte of zeros", GZIP, gzip.compress(bytes(GIB // 64), 9, mtime=0) * 64
    yield "a gibibyte of zeros", BZIP2, bz2.compress(bytes(GIB // 64)) * 64
    yield "a gibibyte of zeros", XZ, lzma.compress(bytes(GIB // 64)) * 64
    yield "a gibibyte of zeros", ZSTD, small.zstd(bytes(GIB // 64)) * 64
    yield "empty members without end", GZIP, gzip.compress(b"", mtime=0) * 50_000
    yield "empty streams without end", BZIP2, bz2.compress(b"") * 50_000
    yield "a name without end", GZIP, b"\x1f\x8b\x08\x08" + bytes(6) + b"x" * 1_000_000
    yield "a dictionary of 4 gibibytes", XZ, huge_dictionary()
    yield (
        "a dictionary of 4 gibibytes",
        LZMA,
        b"\x5d\xff\xff\xff\xff" + b"\xff" * 8 + lzma.compress(b"x" * 99, lzma.FORMAT_ALONE)[13:],
    )
    yield "a window of 2 gibibytes", ZSTD, b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + b"\x0b\x00\x00" + b"x"
    yield "a content of 16 exbibytes", ZSTD, b"\x28\xb5\x2f\xfd\xe0" + b"\xff" * 8 + b"\x09\x00\x00x"
    yield "frames to be skipped", ZSTD, (b"\x50\x2a\x4d\x18" + struct.pack("<I", 4) + b"skip") * 50_000
    yield "a frame to be skipped that is too long", ZSTD, b"\x50\x2a\x4d\x18\xff\xff\xff\xff"


def huge_dictionary() -> bytes:
    """The header asks for as much memory as the format allows. The checksums are right."""
    filters = b"\x00\x21\x01\x28"  # LZMA2, with the largest dictionary there is
    header = b"\x02" + filters + bytes(3)
    block = header + struct.pack("<I", zlib.crc32(header))
    flags = b"\x00\x00"
    return b"\xfd7zXZ\x00" + flags + struct.pack("<I", zlib.crc32(flags)) + block + b"\x01\x00\x00x\x00" + bytes(64)


# 7z


def seven_zip_with(header: bytes, offset: int = 0, length: int | None = None) -> bytes:
    """A header with these values and right checksums."""
    length = len(header) if length is None else length
    start = struct.pack("<2QL", offset, length, zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<L", zlib.crc32(start)) + start + header


VAST = b"\xff" + b"\xff" * 7 + b"\x7f"


def seven_zips() -> Files:
    yield "a header beyond the file", SEVEN_ZIP, seven_zip_with(b"\x01\x00", offset=2**62)
    yield "a header of 16 exbibytes", SEVEN_ZIP, seven_zip_with(b"\x01\x00", length=2**64 - 1)
    yield "no header", SEVEN_ZIP, seven_zip_with(b"")
    yield "vast numbers of files", SEVEN_ZIP, seven_zip_with(b"\x01\x05" + VAST + b"\x00\x00")
    yield "vast numbers of streams", SEVEN_ZIP, seven_zip_with(b"\x01\x04\x06\x00" + VAST + b"\x09" + b"\x00" * 99)
    yield "vast numbers of folders", SEVEN_ZIP, seven_zip_with(b"\x01\x04\x07\x0b" + VAST + b"\x00" + b"\x00" * 99)
    yield "a hundred million files", SEVEN_ZIP, seven_zip_with(b"\x01\x05\xf0\x00\xe1\xf5\x05\x0e" + b"\xff" * 99)
    whole = small.seven_zip()
    for place in range(32, len(whole), max(1, (len(whole) - 32) // 30)):
        lying = bytearray(whole)
        lying[place] = 0xFF
        yield f"a lie at {place}, told with all checks right", SEVEN_ZIP, rechecked(bytes(lying))
    yield (
        "a header that is a bomb",
        SEVEN_ZIP,
        lambda: packed_header(lzma.compress(bytes(GIB // 8), lzma.FORMAT_ALONE), GIB // 8),
    )
    yield "protected", SEVEN_ZIP, small.seven_zip(password="secret", header_encryption=True)


def rechecked(content: bytes) -> bytes:
    offset, length = struct.unpack_from("<2Q", content, 12)
    start = struct.pack("<2QL", offset, length, zlib.crc32(content[32 + offset : 32 + offset + length]))
    return content[:8] + struct.pack("<L", zlib.crc32(start)) + start + content[32:]


def packed_header(alone: bytes, size: int) -> bytes:
    """A compressed header that unpacks to very much."""
    properties, stream = alone[:5], alone[13:]

    def number(value: int) -> bytes:
        return b"\xff" + value.to_bytes(8, "little")

    folder = b"\x01\x23\x03\x01\x01\x05" + properties
    streams = b"\x06" + number(0) + b"\x01\x09" + number(len(stream)) + b"\x00"
    streams += b"\x07\x0b\x01\x00" + folder + b"\x0c" + number(size) + b"\x00"
    header = b"\x17" + streams + b"\x00"
    start = struct.pack("<2QL", len(stream), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<L", zlib.crc32(start)) + start + stream + header
