"""Archives that are damaged, lie about themselves, or hide something: with the test virus inside, none is ever "clean".

`test_another_program_unpacks_it` shows for some of them that what clamd does not find others do.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from typing import Any

import py7zr
import pytest
from tests import services
from tests.unit.test_scan import seven_zipped, source, tarred, zipped

from picasso.scan import probe
from picasso.scan.answers import Answer, Reason
from picasso.scan.clamd import Clamd
from picasso.scan.coverage import Coverage
from picasso.scan.parts import Budget, Part
from picasso.scan.processor import Scan

EICAR = services.Clamd.EICAR
LIMIT = services.Clamd.MAX_SIZE


@pytest.fixture(scope="module")
def scan(clamd: services.Clamd) -> Scan:
    return Scan(Clamd(clamd.url), LIMIT)


def deflated(content: bytes) -> bytes:
    return zlib.compress(content, 9, -zlib.MAX_WBITS)


PACKED = deflated(EICAR)
PACKED_FILE = gzip.compress(EICAR)


def local(name: bytes = b"e.com", content: bytes = EICAR, packed: bytes = PACKED, **said: Any) -> bytes:
    """A local header and its content. ``said``: fields that say something else than the truth."""
    flags, method, crc, packed_size, size, extra = fields(content, packed, said)
    head = (b"PK\x03\x04", 20, flags, method, 0, 0x21, crc, packed_size, size, len(name), len(extra))
    return struct.pack("<4sHHHHHIIIHH", *head) + name + extra + packed


def central(
    offset: int = 0, name: bytes = b"e.com", content: bytes = EICAR, packed: bytes = PACKED, **said: Any
) -> bytes:
    flags, method, crc, packed_size, size, extra = fields(content, packed, said)
    head = (b"PK\x01\x02", 20, 20, flags, method, 0, 0x21, crc, packed_size, size, len(name), len(extra))
    return struct.pack("<4sHHHHHHIIIHHHHHII", *head, 0, 0, 0, 0, offset) + name + extra


def fields(content: bytes, packed: bytes, said: dict[str, Any]) -> tuple[int, int, int, int, int, bytes]:
    truth = {"flags": 0, "method": 8, "crc": zlib.crc32(content), "packed_size": len(packed), "size": len(content)}
    return *(said.get(name, value) for name, value in truth.items()), said.get("extra", b"")


def end(count: int, size: int, offset: int, comment: bytes = b"") -> bytes:
    return struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, size, offset, len(comment)) + comment


def whole(body: bytes, directory: bytes, count: int = 1) -> bytes:
    return body + directory + end(count, len(directory), len(body))


def one(here: dict[str, Any], there: dict[str, Any] | None = None, **both: Any) -> bytes:
    """A ZIP of one entry; what its local header says, and what its directory says (the same by default)."""
    return whole(local(**both, **here), central(**both, **(here if there is None else there)))


def zip64(*values: int) -> bytes:
    return struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values)


HARMLESS: dict[str, Any] = {"name": b"a.txt", "content": b"harmless", "packed": deflated(b"harmless")}
FIRST = local(**HARMLESS)
HIDDEN = local()
IN_ZIP64 = {"packed_size": 2**32 - 1, "size": 2**32 - 1, "extra": zip64(len(EICAR), len(PACKED))}
DESCRIPTOR = struct.pack("<4sIII", b"PK\x07\x08", zlib.crc32(EICAR), len(PACKED), len(EICAR))
STREAMED: dict[str, Any] = {"flags": 8, "crc": 0, "packed_size": 0, "size": 0}
LINES = b"".join(b"line %d\n" % n for n in range(2000))
LONG = LINES + EICAR + LINES

ZIPS = {
    "sizes of 0 in both headers": one({"packed_size": 0, "size": 0}),
    "sizes of 1 in both headers": one({"packed_size": 1, "size": 1}),
    "sizes and CRC of 0 in both headers": one({"packed_size": 0, "size": 0, "crc": 0}),
    "a packed size that is too small": one({"packed_size": 10}),
    "a packed size that is too large": one({"packed_size": 100_000}),
    "a packed size of 0 in the local header": one({"packed_size": 0}, {}),
    "a packed size that is too large in the local header": one({"packed_size": 100_000}, {}),
    "packed content that is cut short": one({}, packed=PACKED[:-20]),
    "packed content behind packed content": one({}, content=b"a", packed=deflated(b"a") + PACKED),
    "zlib in place of deflate": one({}, packed=zlib.compress(EICAR)),
    "stored, says the local header": one({"method": 0}, {}),
    "bzip2, say both headers": one({"method": 12}),
    "AES, says the local header": one({"method": 99}, {}),
    "unknown, says the local header": one({"method": 65535}, {}),
    "bzip2, says the directory": one({"method": 8}, {"method": 12}, packed=bz2.compress(EICAR)),
    "two streams of bzip2": one({"method": 12}, content=b"a" + EICAR, packed=bz2.compress(b"a") + bz2.compress(EICAR)),
    "encrypted, says the local header": one({"flags": 1}, {}),
    "headers are masked, says a flag": one({"flags": 0x2000}),
    "streamed, and the directory says 0": whole(local(**STREAMED) + DESCRIPTOR, central(**STREAMED)),
    "an entry that the directory does not have": whole(FIRST + HIDDEN, central(**HARMLESS)),
    "an entry before the first": whole(HIDDEN + FIRST, central(len(HIDDEN), **HARMLESS)),
    "an entry behind the end": whole(FIRST, central(**HARMLESS)) + HIDDEN,
    "an entry in the comment": FIRST + central(**HARMLESS) + end(1, len(central(**HARMLESS)), len(FIRST), HIDDEN),
    "a ZIP behind a ZIP": zipped(("a", b"a")) + one({}),
    "a ZIP before a ZIP": one({}) + zipped(("a", b"a")),
    "a wrong offset of the directory": HIDDEN + central() + end(1, len(central()), len(HIDDEN) + 7),
    "a directory of no size": HIDDEN + central() + end(0, 0, 0),
    "two directories": FIRST + HIDDEN + central(len(FIRST)) + whole(b"", central(**HARMLESS)),
    "no directory": HIDDEN,
    "no end": HIDDEN + central(),
    "the first half": whole(FIRST + HIDDEN, central(**HARMLESS) + central(len(FIRST)), 2)[: len(FIRST + HIDDEN)],
    "ZIP64": one(IN_ZIP64),
    "ZIP64 in the local header": one(IN_ZIP64, {}),
    "ZIP64 in the end record": HIDDEN + central() + b"PK\x06\x06" + bytes(52) + end(0xFFFF, 2**32 - 1, 2**32 - 1),
    "behind the head of an MP3": b"ID3\3" + bytes(100) + one({}),
    "behind the head of an Ogg": b"OggS" + bytes(100) + one({}),
}


def changed(archive: bytes, position: int, value: bytes) -> bytes:
    """A TAR whose first header is changed; its checksum is right."""
    header = bytearray(archive[:512])
    header[position : position + len(value)] = value
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + archive[512:]


def with_filters(*filters: dict[str, int], content: bytes = LONG) -> bytes:
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w", filters=list(filters)) as archive:
        archive.writestr(content, "a.txt")
    return buffer.getvalue()


# What clamd finds by itself, or when it gets the content once more. It must stay so.
FOUND = {
    "honest": one({}),
    "a false size": one({"size": 1}),
    "a false CRC": one({"crc": 1}),
    "two entries of one name": whole(FIRST + HIDDEN, central(**HARMLESS | {"name": b"e.com"}) + central(len(FIRST)), 2),
    "behind a program": b"MZ" + bytes(1000) + one({}),
    "behind a picture": bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9") + one({}),
    "behind a TAR": bytes(10240) + one({}),
    "before other bytes": one({}) + b"x" * 1000,
    "in an MP3": b"ID3\3" + bytes(100) + EICAR,
    "in an Ogg": b"OggS" + bytes(100) + EICAR,
    "in an SQLite file": b"SQLite format 3\0" + bytes(100) + EICAR,
    "in an MP3 in a ZIP": zipped(("a.mp3", b"ID3\3" + bytes(100) + EICAR)),
    "in an MP3 in a tar.gz": tarred(b"ID3\3" + bytes(100) + EICAR, "w:gz"),
    "in a sparse file of a TAR": changed(tarred(PACKED_FILE), 156, b"S"),
    "in a gzip that is cut short": gzip.compress(LONG)[:-20],
    "in a 7z with a filter for programs": with_filters({"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA2}),
}


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)

OTHERS = {
    "two streams of bzip2": (bz2.compress(b"a") + bz2.compress(EICAR), Reason.UNSUPPORTED),
    "a bzip2 that is cut short": (bz2.compress(EICAR)[:-20], Reason.MALFORMED),
    "a gzip that is cut short": (PACKED_FILE[:-12], Reason.MALFORMED),
    "an xz that is cut short": (lzma.compress(LONG)[:-40], Reason.MALFORMED),
    "LZMA alone": (lzma.compress(LONG, lzma.FORMAT_ALONE), Reason.UNSUPPORTED),
    "Zstandard": (bytes.fromhex("28b52ffd") + bytes(60), Reason.UNSUPPORTED),
    "a part of Zstandard that is skipped first": (bytes.fromhex("502a4d1804000000") + bytes(60), Reason.UNSUPPORTED),
    "LZ4": (bytes.fromhex("04224d18") + bytes(60), Reason.UNSUPPORTED),
    "lzip": (b"LZIP\1\x0c" + bytes(60), Reason.UNSUPPORTED),
    "compress": (b"\x1f\x9d\x90" + bytes(60), Reason.UNSUPPORTED),
    "a package of Debian": (b"!<arch>\ndebian-binary   " + bytes(60), Reason.UNSUPPORTED),
    "a RAR without the library for it": (b"Rar!\x1a\x07\x01\0" + bytes(60), Reason.UNSUPPORTED),
    "Zstandard in a tar.gz": (tarred(bytes.fromhex("28b52ffd") + bytes(60), "w:gz"), Reason.UNSUPPORTED),
    "a RAR in a ZIP": (zipped(("a.rar", b"Rar!\x1a\x07\x01\0" + bytes(60))), Reason.UNSUPPORTED),
    "a 7z with bzip2": (with_filters({"id": py7zr.FILTER_BZIP2}), Reason.UNSUPPORTED),
    "a 7z with deflate": (with_filters({"id": py7zr.FILTER_DEFLATE}), Reason.UNSUPPORTED),
    "a 7z with delta": (
        with_filters({"id": py7zr.FILTER_DELTA, "dist": 4}, {"id": py7zr.FILTER_LZMA2}),
        Reason.UNSUPPORTED,
    ),
    "a 7z with PPMd, as not only 7-Zip writes it": (
        with_filters({"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}),
        Reason.UNSUPPORTED,
    ),
    "a 7z with bzip2 in a ZIP": (zipped(("a.7z", with_filters({"id": py7zr.FILTER_BZIP2}))), Reason.UNSUPPORTED),
    "a 7z that is cut short": (seven_zipped(LONG)[:-4], Reason.MALFORMED),
    "a TAR with a false checksum": (
        tarred(PACKED_FILE)[:148] + b"0000000\0" + tarred(PACKED_FILE)[156:],
        Reason.MALFORMED,
    ),
    "a TAR with a size in base 256": (
        changed(tarred(PACKED_FILE), 124, b"\x80" + len(PACKED_FILE).to_bytes(11, "big")),
        Reason.UNSUPPORTED,
    ),
    "a TAR that is cut short": (tarred(PACKED_FILE)[:540], Reason.MALFORMED),
    "a ZIP64 in a ZIP": (zipped(("a.zip", one(IN_ZIP64))), Reason.UNSUPPORTED),
    "a ZIP64 in a tar.gz": (tarred(one(IN_ZIP64), "w:gz"), Reason.UNSUPPORTED),
    "a ZIP64 in a tar in a 7z": (seven_zipped(tarred(one(IN_ZIP64))), Reason.UNSUPPORTED),
    "a ZIP without directory in a ZIP": (zipped(("a.zip", HIDDEN)), Reason.MALFORMED),
    "a ZIP without directory in a tar.gz in a ZIP": (zipped(("a.tgz", tarred(HIDDEN, "w:gz"))), Reason.MALFORMED),
    "false sizes in a ZIP in a ZIP": (zipped(("a.zip", one({"packed_size": 1, "size": 1}))), Reason.MALFORMED),
    "an encrypted Word file": (
        OLE + bytes.fromhex("eca5c100000000000000001300") + bytes(500),
        Reason.ENCRYPTED,
    ),
    "an encrypted Excel file": (
        OLE + bytes.fromhex("0908100000060500" + "00" * 12 + "2f003600") + bytes(500),
        Reason.ENCRYPTED,
    ),
}


@pytest.mark.parametrize("name", ZIPS)
def test_odd_zips_are_never_clean(scan: Scan, name: str) -> None:
    verdict = scan(source(ZIPS[name]))
    assert verdict.scan != "clean"
    assert verdict.action == "quarantine"


@pytest.mark.parametrize("content", FOUND.values(), ids=FOUND)
def test_what_is_found(scan: Scan, content: bytes) -> None:
    assert scan(source(content)).scan == "infected"


@pytest.mark.parametrize(("content", "reason"), OTHERS.values(), ids=OTHERS)
def test_other_archives(scan: Scan, content: bytes, reason: Reason) -> None:
    verdict = scan(source(content))
    assert (verdict.scan, verdict.facts.get("reason")) == ("not-scanned", reason)


@pytest.mark.parametrize(
    "name",
    [
        "headers are masked, says a flag",
        "stored, says the local header",
        "AES, says the local header",
        "a ZIP behind a ZIP",
        "ZIP64",
        "ZIP64 in the local header",
        "behind the head of an MP3",
    ],
)
def test_another_program_unpacks_it(name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(ZIPS[name])) as archive:
        assert archive.read(archive.namelist()[0]) == EICAR


class Pipe(io.RawIOBase):
    """What is written to it can't be changed any more."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.content += bytes(data)
        return len(data)


def streamed(method: int) -> bytes:
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive:
        for name in "ab":
            with archive.open(name, "w") as entry:
                entry.write(LINES)
    return pipe.content


def tar_of(form: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name in ("folder", "é" * 120, "z" * 200):
            info = tarfile.TarInfo(name)
            info.type, info.size = (tarfile.DIRTYPE, 0) if name == "folder" else (tarfile.REGTYPE, len(LINES))
            info.linkname = "y" * 150
            archive.addfile(info, io.BytesIO(LINES) if info.size else None)
    return buffer.getvalue()


def with_signature(archive: bytes) -> bytes:
    """An Android package: its signature is a block before the directory."""
    block = b"signature " * 20 + b"APK Sig Block 42"
    place = archive.index(b"PK\x01\x02")
    offset = struct.pack("<I", place + len(block))
    return archive[:place] + block + archive[place:-6] + offset + archive[-2:]


def aligned(content: bytes) -> bytes:
    """Zeros between the entries."""
    body = local(**HARMLESS) + bytes(100)
    return whole(body + local(b"b", content, deflated(content)), ORDERED, 2)


ORDERED = central(**HARMLESS) + central(len(FIRST) + 100, b"b", LINES, deflated(LINES))

USUAL = {
    "a streamed zip": streamed(zipfile.ZIP_DEFLATED),
    "a streamed zip with bzip2": streamed(zipfile.ZIP_BZIP2),
    "a streamed zip that is not packed": streamed(zipfile.ZIP_STORED),
    "a zip with a comment": zipped(("a", LINES))[:-2] + b"\x04\0note",
    "a zip that is aligned": aligned(LINES),
    "a signed package": with_signature(zipped(("a", LINES), ("b", b"a"))),
    "a zip behind a script": b"#!/usr/bin/env python3\n" + zipped(("__main__.py", LINES)),
    "a zip with a line behind it": zipped(("a", LINES)) + b"\r\n",
    "a zip of archives": zipped(
        ("a.zip", zipped(("b", LINES))), ("b.tgz", tarred(LINES, "w:gz")), ("c", lzma.compress(LINES))
    ),
    "tar": tarred(LINES),
    "GNU tar": tar_of(tarfile.GNU_FORMAT),
    "pax": tar_of(tarfile.PAX_FORMAT),
    "tar.xz": tarred(LINES, "w:xz"),
    "gzip of two parts": gzip.compress(LINES) * 2 + bytes(100),
    "xz of two parts": lzma.compress(LINES) + bytes(8) + lzma.compress(LINES),
    "7z": seven_zipped(LINES),
    "7z with LZMA": with_filters({"id": py7zr.FILTER_LZMA}, content=LINES),
}


@pytest.mark.parametrize("content", USUAL.values(), ids=USUAL)
def test_usual_archives_are_clean(scan: Scan, content: bytes) -> None:
    verdict = scan(source(content))
    assert (verdict.scan, verdict.facts.get("reason")) == ("clean", None)


def test_what_clamd_ignores_is_searched_once_more() -> None:
    """An answer that does not say "nothing found" counts, also if it comes of a file in a file."""

    def look(content: Iterable[bytes]) -> Answer:
        assert b"".join(content) == b"\0ID3" + LINES
        return Answer(malware="Some.Malware")

    archive = zipped(("a", b"a"), ("b.mp3", b"ID3" + LINES))
    found = Coverage(look, lambda: False, Budget(LIMIT, lambda: None)).answer(Part(source(archive).open, len(archive)))
    assert found == Answer(malware="Some.Malware")


def test_rar_is_scanned_where_clamd_can_unpack_it() -> None:
    content = probe.encrypted_rar()
    for unpacks, reason in ((True, None), (False, Reason.UNSUPPORTED)):
        coverage = Coverage(lambda _: Answer(), lambda value=unpacks: value, Budget(LIMIT, lambda: None))  # type: ignore[misc]
        assert coverage.answer(Part(source(content).open, len(content))).reason == reason
