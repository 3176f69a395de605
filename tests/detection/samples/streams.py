"""Sound in frames, and formats that are compressed as a whole."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile

from tests.detection.media_builders import id3, mpeg_frames
from tests.detection.samples import Sample

TITLE = "Sound in frames, what is compressed as a whole, and single signatures"

# In the old format of binary numbers.
CPIO = struct.pack("<13H", 0o070707, 1, 2, 0o100644, 0, 0, 1, 0, 0, 1, 6, 0, 3) + b"a.txt\0abc\0"
ADTS = bytes.fromhex("fff15080 0c7ffc") + bytes(92)
SVG = b'<?xml version="1.0"?><!-- a --><svg xmlns="http://www.w3.org/2000/svg"/>'


def xml(root: bytes) -> bytes:
    return gzip.compress(b'<?xml version="1.0" encoding="UTF-8"?>\n<' + root + b">")


def koffice(name: bytes) -> bytes:
    return b"\x1f\x8b\x08\x08" + bytes(6) + b"KOffice application/" + name + b"\4\6\0" + bytes(20)


def appliance() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("machine.ovf"))
        archive.addfile(tarfile.TarInfo("machine.vmdk"))
    return packed.getvalue()


def owner() -> bytes:
    name = "Ann Other"
    return (
        (bytes([len(name)]) + name.encode()).ljust(54)
        + struct.pack("<H", len(name))
        + name.encode("utf-16-le").ljust(106)
    )


def mobi(version: int) -> bytes:
    record = bytes(16) + b"MOBI" + struct.pack(">IIIII", 232, 2, 65001, 1, version)
    return b"A book".ljust(60, b"\0") + b"BOOKMOBI" + bytes(8) + struct.pack(">HI", 1, 90) + bytes(8) + record


SAMPLES = (
    Sample("audio/mpeg", "a.mp3", mpeg_frames(6)),
    Sample("audio/mpeg", "a.mp2", mpeg_frames(6, header=b"\xff\xfd\xa4\x04", length=576)),
    Sample("audio/mpeg", "a.mpga", id3(300) + mpeg_frames(3)),
    Sample("audio/aac", "a.aac", ADTS * 5),
    Sample("audio/x-mp4a-latm", "a.loas", b"\x56\xe0\x05abcde" * 4),
    Sample("application/x-arc", "a.arc", b"\x1a\x08A.TXT\0" + bytes(107)),
    Sample("application/x-cpio", "a.cpio", CPIO),
    Sample("audio/flac", "a.flac", id3(100) + b"fLaC\0\0\0\x22" + bytes(34)),
    Sample("audio/x-ape", "a.ape", id3(100) + b"MAC \x96\x0f" + bytes(60)),
    Sample("audio/x-tta", "a.tta", id3(100) + b"TTA1\1\0\2\0" + bytes(60)),
    Sample("audio/x-optimfrog", "a.ofr", id3(100) + b"OFR \x0f" + bytes(60)),
    Sample("image/svg+xml", "a.svgz", gzip.compress(SVG)),
    Sample("image/x-emf-compressed", "a.emz", gzip.compress(b"\1\0\0\0".ljust(40, b"\0") + b" EMF\0\0\1\0")),
    Sample("application/x-ms-wmz", "a.wmz", gzip.compress(b"\xd7\xcd\xc6\x9a" + bytes(18))),
    Sample("application/x-gnumeric", "a.gnumeric", xml(b'gnm:Workbook xmlns:gnm="a"')),
    Sample("application/x-dia-diagram", "a.dia", xml(b'dia:diagram xmlns:dia="a"')),
    Sample("application/x-gnucash", "a.gnucash", xml(b'gnc-v2 xmlns:gnc="a"')),
    Sample("application/x-tgsticker", "a.tgs", gzip.compress(b'{"tgs":1,"v":"5.5.2"}')),
    Sample("application/vnd.kde.kword", "a.kwd", b"\x1f\x8b\x08\x08" + bytes(6) + b"KOffice application/x-kword\4\6\0"),
    Sample(
        "application/vnd.kde.kpresenter",
        "a.kpt",
        b"\x1f\x8b\x08\x08" + bytes(6) + b"KOffice application/vnd.kde.kpresenter\4\6\0",
    ),
    Sample("application/illustrator", "a.ai", b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n", without_name="application/pdf"),
    Sample("application/x-ms-owner", "owner-file", owner()),
    Sample("image/x-jbig2", "a.jb2", b"\x97JB2\r\n\x1a\n\1\0\0\0\1" + bytes(50)),
    Sample("chemical/x-cdx", "a.cdx", b"VjCD0100\4\3\2\1" + bytes(60)),
    Sample("image/x-freehand", "a.fh10", b"AGD3\0\0\1\2" + bytes(60)),
    Sample("application/x-msmoney", "a.mny", b"\0\1\0\0MSISAM Database" + bytes(60)),
    Sample("application/x-quattro-pro", "a.wb1", b"\0\0\2\0\1\x10" + bytes(60)),
    Sample("application/x-quattro-pro", "a.wb2", b"\0\0\2\0\2\x10" + bytes(60)),
    Sample("application/vnd.ms-works", "a.wks", bytes.fromhex("ff00020004040554") + bytes(60)),
    Sample("application/vnd.ms-works", "a.wdb", bytes.fromhex("2054020000000554") + bytes(60)),
    Sample("application/msword", "a.doc", bytes.fromhex("9ba52100") + bytes(600)),
    Sample("audio/x-w64", "a.w64", bytes.fromhex("726966662e91cf11a5d628db04c10000") + bytes(90)),
    Sample("application/x-par2", "a.par2", b"PAR2\0PKT" + bytes(60)),
    Sample("application/x-sony-bbeb", "a.lrf", b"L\0R\0F\0\0\0" + bytes(60)),
    Sample("application/ovf", "a.ova", appliance()),
    Sample("application/x-mobipocket-ebook", "a.mobi", mobi(6)),
    Sample("application/vnd.amazon.mobi8-ebook", "a.azw3", mobi(8)),
)
