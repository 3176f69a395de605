"""Binary formats that are told by a signature: the head of a file, with the fields that its specification demands."""

from __future__ import annotations

import bz2
import lzma
import struct
import uuid
import zlib

from tests.detection.samples import Sample

TITLE = "Binary formats by their signature"

TEXT = b"just some words, and again some words\n" * 8


def le(layout: str, *values: float | bytes) -> bytes:
    return struct.pack("<" + layout, *values)


def be(layout: str, *values: float | bytes) -> bytes:
    return struct.pack(">" + layout, *values)


def guid(text: str) -> bytes:
    return uuid.UUID(text).bytes_le


def at(*pieces: tuple[int, bytes], size: int = 0) -> bytes:
    """Zeros with pieces at their offsets."""
    end = max([size, *(offset + len(piece) for offset, piece in pieces)])
    content = bytearray(end)
    for offset, piece in pieces:
        content[offset : offset + len(piece)] = piece
    return bytes(content)


def stl() -> bytes:
    """One triangle: 80 bytes of header, the number of triangles, 50 bytes for each."""
    return b"exported by a program".ljust(80, b" ") + le("I", 1) + le("12fH", *range(12), 0)


def glb() -> bytes:
    scene = b'{"asset":{"version":"2.0"}} '
    return le("4sII", b"glTF", 2, 20 + len(scene)) + le("I4s", len(scene), b"JSON") + scene


def emf() -> bytes:
    header = le("II", 1, 108) + bytes(32) + b" EMF" + le("III", 0x10000, 108, 1)
    return header + bytes(108 - len(header))


def wmf(*, placeable: bool) -> bytes:
    head = le("IHhhhhHIH", 0x9AC6CDD7, 0, 0, 0, 100, 100, 1440, 0, 0x5711) if placeable else b""
    return head + le("HHHIHIH", 1, 9, 0x300, 12, 0, 5, 0) + le("IHHH", 3, 0, 0, 0)


def pict() -> bytes:
    """Version 2, after the 512 bytes of an empty header."""
    return bytes(512) + be("H4h", 100, 0, 0, 9, 9) + be("HHH", 0x0011, 0x02FF, 0x0C00) + bytes(24) + be("H", 0x00FF)


def dds() -> bytes:
    return b"DDS " + le("7I", 124, 0x1007, 4, 4, 16, 0, 0) + bytes(44) + le("II4s", 32, 4, b"DXT1") + bytes(40)


def sgi() -> bytes:
    return be("hBBHHHHll", 474, 0, 1, 3, 4, 4, 3, 0, 255) + bytes(492) + bytes(48)


def flic(magic: int) -> bytes:
    return le("IHHHHHH", 140, magic, 1, 320, 200, 8, 3) + bytes(110) + le("IHH", 16, 0xF1FA, 0) + bytes(8)


def bplist(extra: bytes = b"") -> bytes:
    objects = b"bplist00\xd1\x01\x02" + extra + b"\x51a\x10\x01"
    return objects + bytes(6) + b"\x01\x01" + be("QQQ", 3, 0, len(objects))


def berkeley_db(magic: int, version: int) -> bytes:
    return at((12, le("II", magic, version)), (20, le("I", 4096)), size=4096)


def sas7bdat() -> bytes:
    signature = bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")
    return signature + at((84 - 32, b"SAS FILE"), size=1024)


def arrow() -> bytes:
    schema = le("iI", -1, 16) + bytes(16)
    return b"ARROW1\0\0" + schema + le("I", 16) + b"ARROW1"


def avro() -> bytes:
    return b'Obj\x01\x04\x16avro.schema\x0c"null"\x14avro.codec\x08null\0' + bytes(16)


def dta(release: int) -> bytes:
    return bytes([release, 2, 1, 0]) + le("HI", 1, 1) + b"a label".ljust(81, b"\0") + b"01 Jan 2024 10:00\0"


def tga() -> bytes:
    return le("BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 2, 2, 24, 0) + bytes(12) + bytes(8) + b"TRUEVISION-XFILE.\0"


def shapefile() -> bytes:
    return be("i5ii", 9994, 0, 0, 0, 0, 0, 50) + le("ii", 1000, 1) + bytes(64)


def icc() -> bytes:
    return at((0, be("I", 132)), (8, be("I", 0x02400000)), (12, b"mntrRGB XYZ "), (36, b"acsp"), size=132)


def dex() -> bytes:
    return at((0, b"dex\n035\0"), (32, le("III", 112, 112, 0x12345678)), size=112)


def dbf() -> bytes:
    field = b"NAME\0\0\0\0\0\0\0C" + bytes(4) + b"\x0a" + bytes(15)
    return le("BBBBIHH", 3, 124, 1, 31, 1, 65, 11) + bytes(20) + field + b"\r" + b" Guernica  " + b"\x1a"


def marc() -> bytes:
    record = b"00068nam a2200037 a 4500" + b"245002000000" + b"\x1e" + b"10\x1faGuernica" + b"\x1e\x1d"
    return record.replace(b"00068", str(len(record)).zfill(5).encode(), 1)


def lz4() -> bytes:
    return bytes.fromhex("04224d18644082") + le("I", 0x80000000 | 4) + b"text" + bytes(4)


def luks() -> bytes:
    return b"LUKS\xba\xbe" + be("H", 1) + b"aes".ljust(32, b"\0") + bytes(552)


def vhd() -> bytes:
    return b"conectix" + be("IIQI", 2, 0x10000, 512, 0) + b"tap\0" + bytes(476)


def pcap() -> bytes:
    return le("IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def pcapng() -> bytes:
    return le("IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)


def lnk() -> bytes:
    return le("I", 76) + guid("00021401-0000-0000-c000-000000000046") + bytes(56)


def netcdf() -> bytes:
    return b"CDF\x01" + be("III", 0, 0, 0) + bytes(16)


def grib() -> bytes:
    return b"GRIB" + b"\0\0\0\x02" + be("Q", 60) + be("IB", 21, 1) + bytes(35) + b"7777"


def mat() -> bytes:
    return b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124, b" ") + le("H", 0x0100) + b"IM" + bytes(16)


def npy() -> bytes:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\0" + le("H", len(header)) + header + le("d", 1.0)


def mod() -> bytes:
    return b"a song".ljust(20, b"\0") + bytes(930) + b"\x01\x7f" + bytes(128) + b"M.K." + bytes(1024)


def pyc() -> bytes:
    return le("HH", 3495, 0x0A0D) + bytes(12) + b"\xe3" + bytes(40)


def class_file() -> bytes:
    return be("IHHH", 0xCAFEBABE, 0, 52, 2) + b"\x07\0\x01\x01\0\x01A" + bytes(8)


def mach_o() -> bytes:
    return le("7I", 0xFEEDFACF, 0x01000007, 3, 2, 1, 72, 0) + bytes(76)


def orc() -> bytes:
    return (
        b"ORC"
        + b"\x0a\x03\x00\x00\x00" * 4
        + b"\x08\x03\x10\x00\x18\x80\x80\x10\x22\x02\x00\x0c(\x00\x82\xf4\x03\x03ORC\x11"
    )


def hdf4() -> bytes:
    return bytes.fromhex("0e031301") + be("HI", 4, 0) + bytes(48)


def cdf_v3() -> bytes:
    return be("II", 0xCDF30001, 0x0000FFFF) + bytes(64)


def qcow2() -> bytes:
    return b"QFI\xfb" + be("IQII", 3, 0, 0, 16) + be("Q", 2**20) + bytes(72)


def vmdk() -> bytes:
    return b"KDMV" + le("IIQQ", 1, 3, 2048, 128) + bytes(484)


def las() -> bytes:
    return at((0, b"LASF"), (24, b"\x01\x02"), (26, b"a system"), (94, le("HI", 227, 227)), size=227)


def laz() -> bytes:
    return las()[:104] + b"\x83" + las()[105:]


def h264() -> bytes:
    return bytes.fromhex("000000016764000aacd90000000168eb0000000165888400") + bytes(range(1, 99))


def h265() -> bytes:
    return bytes.fromhex("0000000140010c010000000142010101000000014401c172000000012601af00") + bytes(range(1, 99))


def ircam() -> bytes:
    return bytes.fromhex("64a30100") + le("fII", 8000, 1, 1) + bytes(1008) + bytes(range(256))


def sqlite(application_id: int = 0) -> bytes:
    head = b"SQLite format 3\0" + be("HBBBBBB", 4096, 1, 1, 0, 64, 32, 32)
    return at(
        (0, head),
        (24, be("IIII", 1, 1, 0, 0)),
        (44, be("I", 4)),
        (56, be("I", 1)),
        (68, be("I", application_id)),
        size=4096,
    )


def access() -> bytes:
    return b"\0\1\0\0Standard Jet DB\0" + le("I", 1) + bytes(4000)


def accdb() -> bytes:
    return b"\0\1\0\0Standard ACE DB\0" + le("I", 2) + bytes(4000)


def pst() -> bytes:
    return b"!BDN" + bytes(4) + b"SM" + le("HHBB", 23, 19, 1, 1) + bytes(500)


def evtx() -> bytes:
    return b"ElfFile\0" + le("QQQIHHHH", 0, 0, 1, 128, 1, 3, 4096, 1) + bytes(4000)


def hive() -> bytes:
    return b"regf" + le("IIQIIII", 1, 1, 0, 1, 5, 0, 1) + bytes(4000)


def one_note() -> bytes:
    return (
        guid("7b5c52e4-d88c-4da7-aeb1-5378d02996d3")
        + bytes(16)
        + guid("109add3f-911b-49f5-a5d0-1791edc8aed8")
        + bytes(64)
    )


def indesign() -> bytes:
    return bytes.fromhex("0606edf5d81d46e5bd31efe7fe74b71d") + b"DOCUMENT" + b"\x01" + bytes(4000)


def djvu() -> bytes:
    return b"AT&TFORM" + be("I", 22) + b"DJVUINFO" + be("IHH", 10, 1, 1) + bytes(6)


def tar() -> bytes:
    import io
    import tarfile

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("a.txt")
        entry.size = len(TEXT)
        archive.addfile(entry, io.BytesIO(TEXT))
    return packed.getvalue()


def iso() -> bytes:
    return at(
        (32768, b"\x01CD001\x01\0" + b"LINUX".ljust(32) + b"A DISC".ljust(32)), (34816, b"\xffCD001\x01"), size=40960
    )


def wim() -> bytes:
    return b"MSWIM\0\0\0" + le("IIII", 208, 0x10D00, 2, 32768) + bytes(184)


def squashfs() -> bytes:
    return b"hsqs" + le("IIIIHHHHHH", 1, 0, 131072, 0, 1, 17, 192, 1, 4, 0) + bytes(64)


def keepass() -> bytes:
    return le("III", 0x9AA2D903, 0xB54BFB67, 0x00040000) + bytes(60)


def cab() -> bytes:
    return b"MSCF" + le("IIIIIBBHHHHH", 0, 100, 0, 44, 0, 3, 1, 1, 1, 0, 1, 0) + bytes(64)


def rpm() -> bytes:
    return (
        b"\xed\xab\xee\xdb\x03\x00\x00\x00\x00\x01"
        + b"a-1-1".ljust(66, b"\0")
        + be("HH", 1, 5)
        + bytes(16)
        + b"\x8e\xad\xe8\x01"
        + bytes(12)
    )


def deb() -> bytes:
    entry = (
        b"debian-binary".ljust(16)
        + b"0".ljust(12)
        + b"0".ljust(6)
        + b"0".ljust(6)
        + b"100644".ljust(8)
        + b"4".ljust(10)
    )
    return b"!<arch>\n" + entry + b"`\n2.0\n" + entry.replace(b"debian-binary ", b"control.tar.gz") + b"`\nabcd"


def archive() -> bytes:
    return (
        b"!<arch>\n"
        + b"a.o/".ljust(16)
        + b"0".ljust(12)
        + b"0".ljust(6)
        + b"0".ljust(6)
        + b"100644".ljust(8)
        + b"4".ljust(10)
        + b"`\nabcd"
    )


def sfnt(tag: bytes) -> bytes:
    tables = b"".join(
        name + be("III", 0, 12 + 16 * 4 + 4 * place, 4)
        for place, name in enumerate((b"cmap", b"glyf", b"head", b"name"))
    )
    return tag + be("HHHH", 4, 64, 2, 0) + tables + bytes(64)


def ttc() -> bytes:
    return b"ttcf" + be("III", 0x10000, 1, 16) + sfnt(b"\0\1\0\0")


def woff(version: int) -> bytes:
    return (b"wOFF" if version == 1 else b"wOF2") + b"\0\1\0\0" + be("IHH", 100, 1, 0) + bytes(84)


def eot() -> bytes:
    return le("IIII", 200, 100, 0x20001, 0) + bytes(10) + b"\0\1" + le("IH", 400, 0) + b"LP" + bytes(164)


def chm() -> bytes:
    return b"ITSF" + le("IIII", 3, 96, 1, 0) + guid("7c01fd10-7baa-11d0-9e0c-00a0c922e6ec") + bytes(60)


def pgp() -> bytes:
    return bytes.fromhex("85010c03") + bytes(range(200, 208)) + b"\x01" + bytes(range(255))


def torrent() -> bytes:
    return (
        b"d8:announce20:http://example.org/a13:creation datei1700000000e"
        b"4:infod6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces20:" + bytes(20) + b"ee"
    )


def real_media() -> bytes:
    return b".RMF" + be("IHII", 18, 0, 0, 4) + b"PROP" + bytes(46)


def swf() -> bytes:
    return b"FWS\x06" + le("I", 21) + b"\x78\0\x05\x5f\0\0\x0f\xa0\0\0\x0c\x01\0"


def mxf() -> bytes:
    return bytes.fromhex("060e2b34020501010d01020101020400") + b"\x83\0\0\x78" + bytes(120)


def dv() -> bytes:
    return bytes.fromhex("1f0700bf787878780000") + b"\xff" * 70 + bytes(11_920)


def flv() -> bytes:
    return b"FLV\x01\x05" + be("II", 9, 0) + b"\x12\0\0\x0b" + bytes(60)


def midi() -> bytes:
    return b"MThd" + be("IHHH", 6, 0, 1, 96) + b"MTrk" + be("I", 4) + b"\0\xff\x2f\0"


def au() -> bytes:
    return b".snd" + be("IIIII", 24, 4, 1, 8000, 1) + bytes(4)


def dsf() -> bytes:
    return b"DSD " + le("QQQ", 28, 92, 0) + b"fmt " + bytes(60)


def ape() -> bytes:
    return b"MAC " + le("HHI", 3990, 0, 52) + bytes(68)


def xcf() -> bytes:
    return b"gimp xcf v011\0" + be("III", 4, 4, 0) + bytes(32)


def psp() -> bytes:
    return b"Paint Shop Pro Image File\n\x1a" + bytes(5) + le("HH", 5, 0) + bytes(32)


def exr() -> bytes:
    return le("II", 20000630, 2) + b"channels\0chlist\0" + bytes(32)


def qoi() -> bytes:
    return b"qoif" + be("IIBB", 1, 1, 3, 0) + b"\xfe\0\0\0" + bytes(7) + b"\x01"


def ktx2() -> bytes:
    return b"\xabKTX 20\xbb\r\n\x1a\n" + le("III", 37, 1, 4) + bytes(60)


def fits() -> bytes:
    cards = [
        b"SIMPLE  =                    T",
        b"BITPIX  =                    8",
        b"NAXIS   =                    0",
        b"END",
    ]
    return b"".join(card.ljust(80) for card in cards).ljust(2880)


def icns() -> bytes:
    return b"icns" + be("I", 20) + b"ic07" + be("I", 12) + bytes(4)


def cursor(kind: int) -> bytes:
    image = le("IiiHHIIiiII", 40, 1, 2, 1, 24, 0, 4, 0, 0, 0, 0) + bytes(8)
    return le("HHH", 0, kind, 1) + le("BBBBHHII", 1, 1, 0, 0, 1, 24, len(image), 22) + image


def bmp() -> bytes:
    return b"BM" + le("IHHI", 58, 0, 0, 54) + le("IiiHHIIiiII", 40, 1, 1, 1, 24, 0, 4, 2835, 2835, 0, 0) + bytes(4)


def pcx() -> bytes:
    return (
        le("BBBB4HHH", 10, 5, 1, 8, 0, 0, 1, 1, 72, 72)
        + bytes(48)
        + le("BBHH", 0, 1, 2, 1)
        + bytes(56)
        + b"\xc2\0\xc2\0"
    )


def dwg() -> bytes:
    return b"AC1032" + bytes(6) + b"\x03" + bytes(120)


def jls() -> bytes:
    return bytes.fromhex("fff8fff7000b080001000101011100ffda0008010100000000") + b"\0\xff\xd9"


def jxr() -> bytes:
    return b"II\xbc\x01" + le("I", 8) + le("H", 1) + le("HHII", 0xBC01, 1, 16, 0) + bytes(40)


def dpx() -> bytes:
    return b"SDPX" + be("I", 2048) + b"V1.0\0\0\0\0" + bytes(2032)


def miff() -> bytes:
    return b"id=ImageMagick  version=1.0\nclass=DirectClass  colors=0\ncolumns=1  rows=1  depth=8\n\f\n:\x1a" + bytes(3)


def rgbe() -> bytes:
    return b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n" + bytes(4)


def sun_raster() -> bytes:
    return be("8I", 0x59A66A95, 1, 1, 24, 3, 1, 0, 0) + bytes(4)


def xwd() -> bytes:
    return be("25I", 100, 7, 2, 24, 1, 1, 0, 1, 8, 1, 8, 24, 4, 4, 0, 0, 0, 8, 256, 0, 1, 1, 0, 0, 0) + bytes(16)


def bpg() -> bytes:
    return b"BPG\xfb\x00\x00\x01\x01\x00" + bytes(16)


def flif() -> bytes:
    return b"FLIF\x33\x31\x00\x00" + bytes(16)


def djvm() -> bytes:
    return b"AT&TFORM" + be("I", 22) + b"DJVMDIRM" + be("IHH", 10, 1, 1) + bytes(6)


def jp2() -> bytes:
    return bytes.fromhex("0000000c6a5020200d0a870a00000014667479706a703220000000006a703220") + bytes(32)


def j2c() -> bytes:
    return bytes.fromhex("ff4fff51002f0000") + be("IIIIIIII", 1, 1, 0, 0, 1, 1, 0, 0) + bytes(32)


def blender() -> bytes:
    return b"BLENDER-v306REND" + bytes(64)


def three_ds() -> bytes:
    return le("HI", 0x4D4D, 32) + le("HII", 0x0002, 10, 3) + le("HI", 0x3D3D, 16) + le("HII", 0x3D3E, 10, 3)


def fbx() -> bytes:
    return b"Kaydara FBX Binary  \0\x1a\0" + le("I", 7400) + bytes(40)


def e57() -> bytes:
    return b"ASTM-E57" + le("IIQQQQ", 1, 0, 1024, 48, 500, 1024) + bytes(976)


def usdc() -> bytes:
    return b"PXR-USDC" + b"\0\x08\0\0\0\0\0\0" + le("Q", 88) + bytes(64)


def hprof() -> bytes:
    return b"JAVA PROFILE 1.0.2\0" + be("IQ", 8, 0) + bytes(16)


def java_object() -> bytes:
    return be("HH", 0xACED, 5) + b"t\0\x05hello"


def keystore() -> bytes:
    return be("III", 0xFEEDFEED, 2, 0) + bytes(20)


def pack200() -> bytes:
    return be("I", 0xCAFED00D) + b"\x07\x96" + bytes(32)


def gdbm() -> bytes:
    return le("IIIQ", 0x13579ACE, 4096, 4096, 0) + bytes(100)


def leveldb() -> bytes:
    return bytes(100) + bytes.fromhex("57fb808b247547db")


def czi() -> bytes:
    return b"ZISRAWFILE".ljust(16, b"\0") + le("QQII", 512, 512, 1, 0) + bytes(500)


def hfa() -> bytes:
    return b"EHFA_HEADER_TAG\0" + le("I", 20) + bytes(60)


def xpt() -> bytes:
    return b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!000000000000000000000000000000  ".ljust(
        80
    ) + b"SAS     SAS     SASLIB  9.4".ljust(80)


def sav() -> bytes:
    return (
        b"$FL2"
        + b"@(#) SPSS DATA FILE".ljust(60)
        + le("iiiii", 2, 1, 1, 0, 1)
        + le("d", 100.0)
        + b"01 Jan 2410:00:00".ljust(17)
        + bytes(67)
    )


def rds() -> bytes:
    return b"RDX3\nX\n" + be("III", 3, 0x40100, 0x30500) + bytes(16)


def wasm() -> bytes:
    return b"\0asm" + le("I", 1) + b"\x01\x04\x01\x60\0\0"


def llvm() -> bytes:
    return b"BC\xc0\xde" + bytes(32)


def beam() -> bytes:
    return b"FOR1" + be("I", 32) + b"BEAMAtU8" + be("II", 8, 1) + b"\x01a\0\0"


def luac() -> bytes:
    return b"\x1bLua\x54\0\x19\x93\r\n\x1a\n\x04\x08\x08" + bytes(32)


def mo() -> bytes:
    return le("7I", 0x950412DE, 0, 1, 28, 36, 0, 44) + bytes(32)


def tzif() -> bytes:
    return b"TZif2" + bytes(15) + be("6I", 0, 0, 0, 0, 1, 4) + bytes(10)


def git_pack() -> bytes:
    return b"PACK" + be("II", 2, 0) + bytes(20)


def ds_store() -> bytes:
    return be("I", 1) + b"Bud1" + be("III", 4096, 2048, 4096) + bytes(64)


def apple_double() -> bytes:
    return be("II", 0x00051607, 0x20000) + b"Mac OS X".ljust(16) + be("HIII", 1, 2, 38, 4) + bytes(4)


def lit() -> bytes:
    return b"ITOLITLS" + le("II", 1, 40) + bytes(60)


def mobi() -> bytes:
    return (
        b"a_book".ljust(32, b"\0")
        + bytes(28)
        + b"BOOKMOBI"
        + bytes(8)
        + be("H", 1)
        + be("II", 100, 0)
        + bytes(2)
        + b"\0\x02"
        + bytes(14)
        + b"MOBI"
        + be("IIII", 232, 2, 65001, 1)
        + bytes(200)
    )


def palm() -> bytes:
    return b"a_text".ljust(32, b"\0") + bytes(28) + b"TEXtREAd" + bytes(8) + be("H", 1) + bytes(20)


def word_perfect() -> bytes:
    return b"\xffWPC" + le("IBBBBHH", 16, 1, 10, 2, 1, 0, 0) + bytes(64)


def lotus() -> bytes:
    return bytes.fromhex("00001a000010040000000000") + bytes(40)


def quark() -> bytes:
    return b"\0\0MMXPR3" + bytes(64)


def lha() -> bytes:
    return b"\x1f\x00-lh5-" + le("IIIBB", 20, 40, 0, 0x20, 0) + b"\x05a.txt" + bytes(30)


def arj() -> bytes:
    return b"\x60\xea" + le("H", 35) + b"\x1e\x0b\x01\x0b\x10\0\x02" + bytes(40)


def zoo() -> bytes:
    return b"ZOO 2.10 Archive.\x1a\0\0" + le("IIII", 0xFDC4A7DC, 42, 0xFFFFFFD6, 0) + bytes(32)


def ace() -> bytes:
    return le("HH", 0, 49) + b"\0\0\x90**ACE**" + bytes(40)


def stuffit() -> bytes:
    return b"SIT!" + be("HI", 1, 100) + b"rLau\x01" + bytes(80)


def seven_zip() -> bytes:
    return b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(24)


def rar(version: int) -> bytes:
    if version == 5:
        return b"Rar!\x1a\x07\x01\0" + bytes(24)
    return b"Rar!\x1a\x07\0\xcf\x90\x73\0\0\x0d" + bytes(24)


def zstd() -> bytes:
    return bytes.fromhex("28b52ffd2404") + b"!\0\0text" + bytes(4)


def lzip() -> bytes:
    return b"LZIP\x01\x0c\0" + bytes(40)


def lzop() -> bytes:
    return b"\x89LZO\0\r\n\x1a\n" + be("HHHBB", 0x1030, 0x20A0, 0x0940, 1, 5) + bytes(32)


def compress() -> bytes:
    return b"\x1f\x9d\x90" + b"a\xc2\x88\x21\x03" * 8


def snappy() -> bytes:
    return b"\xff\x06\0\0sNaPpY\x01\x08\0\0" + bytes(8)


def xar() -> bytes:
    return b"xar!" + be("HHQQI", 28, 1, 100, 200, 1) + bytes(80)


def cpio() -> bytes:
    return b"070701" + b"0" * 104 + b"TRAILER!!!\0\0\0\0"


def dmg() -> bytes:
    return bytes(1024) + b"koly" + be("II", 4, 512) + bytes(500)


def vdi() -> bytes:
    return b"<<< Oracle VM VirtualBox Disk Image >>>\n".ljust(64, b"\0") + le("II", 0xBEDA107F, 0x10001) + bytes(100)


def vhdx() -> bytes:
    return b"vhdxfile" + bytes(504)


def crx() -> bytes:
    return b"Cr24" + le("II", 3, 16) + bytes(16) + b"PK\5\6" + bytes(18)


def dicom() -> bytes:
    return bytes(128) + b"DICM" + bytes.fromhex("02000000554c0400c2000000")


def cbor() -> bytes:
    return b"\xd9\xd9\xf7\xa2\x61a\x01\x61b\x82\x02\x03"


def pickle() -> bytes:
    import pickle as library

    return library.dumps({"a": [1, 2, 3]}, protocol=4)


def amr() -> bytes:
    return b"#!AMR\n" + b"\x3c" + bytes(31)


def ac3() -> bytes:
    return (bytes.fromhex("0b77") + b"\0\0\x08\x40" + bytes(250)) * 3


SAMPLES = (
    Sample("model/stl", "a.stl", stl()),
    Sample("model/gltf-binary", "a.glb", glb()),
    Sample("application/onenote", "a.one", one_note()),
    Sample("image/emf", "a.emf", emf()),
    Sample("image/wmf", "a.wmf", wmf(placeable=True)),
    Sample("image/wmf", "b.wmf", wmf(placeable=False)),
    Sample("image/x-pict", "a.pct", pict()),
    Sample("image/x-dds", "a.dds", dds()),
    Sample("image/x-sgi", "a.sgi", sgi()),
    Sample("video/x-fli", "a.fli", flic(0xAF11)),
    Sample("video/x-flc", "a.flc", flic(0xAF12)),
    Sample("application/x-sas-data", "a.sas7bdat", sas7bdat()),
    Sample("application/x-stata-dta", "a.dta", dta(115)),
    Sample("application/x-spss-sav", "a.sav", sav()),
    Sample("application/x-adobe-indesign", "a.indd", indesign()),
    Sample("application/x-berkeley-db", "a.bdb", berkeley_db(0x053162, 9)),
    Sample("application/x-berkeley-db", "b.bdb", berkeley_db(0x061561, 9)),
    Sample("application/x-bplist", "a.bplist", bplist()),
    Sample("application/x-webarchive", "a.webarchive", bplist(b"\x5f\x10\x0fWebMainResource")),
    Sample("application/vnd.java.hprof", "a.hprof", hprof()),
    Sample("application/x-leveldb", "000005.ldb", leveldb()),
    Sample("application/vnd.apache.arrow.file", "a.arrow", arrow()),
    Sample("application/vnd.apache.parquet", "a.parquet", b"PAR1\x15\x04" + bytes(50) + b"PAR1"),
    Sample("application/avro", "a.avro", avro()),
    Sample("application/x-orc", "a.orc", orc()),
    Sample("application/x-hdf5", "a.h5", b"\x89HDF\r\n\x1a\n" + bytes(90)),
    Sample("application/x-hdf4", "a.hdf", hdf4()),
    Sample("application/x-netcdf", "a.netcdf", netcdf()),
    Sample("application/x-grib", "a.grb2", grib()),
    Sample("application/x-matlab-data", "a.mat", mat()),
    Sample("application/x-numpy-data", "a.npy", npy()),
    Sample("application/x-rds", "a.rdata", rds()),
    Sample("application/x-shapefile", "a.shp", shapefile()),
    Sample("application/vnd.dbf", "a.dbf", dbf()),
    Sample("application/marc", "a.mrc", marc()),
    Sample("application/vnd.sqlite3", "a.sqlite", sqlite()),
    Sample("application/geopackage+sqlite3", "a.gpkg", sqlite(0x47504B47)),
    Sample("application/vnd.mapbox-mbtiles", "a.mbtiles", sqlite(0x4D504258)),
    Sample("application/x-sqlite2", "a.sqlite2", b"** This file contains an SQLite 2.1 database **\0" + bytes(900)),
    Sample("application/x-msaccess", "a.mdb", access()),
    Sample("application/x-msaccess", "a.accdb", accdb()),
    Sample("application/x-gdbm", "a.gdbm", gdbm()),
    Sample("application/vnd.ms-outlook-pst", "a.pst", pst()),
    Sample("application/vnd.ms-tnef", "winmail.dat", le("IHBIH", 0x223E9F78, 1, 1, 0x00089006, 4) + bytes(40)),
    Sample("application/x-ms-evtx", "a.evtx", evtx()),
    Sample("application/x-ms-registry-hive", "a.hive", hive()),
    Sample("application/x-ms-shortcut", "a.lnk", lnk()),
    Sample("application/vnd.tcpdump.pcap", "a.pcap", pcap()),
    Sample("application/x-pcapng", "a.pcapng", pcapng()),
    Sample("application/cbor", "a.cbor", cbor()),
    Sample("application/x-python-pickle", "a.pickle", pickle()),
    Sample("application/dicom", "a.dcm", dicom()),
    Sample("application/x-iscc-czi", "a.czi", czi()),
    Sample("application/x-erdas-hfa", "a.hfa", hfa()),
    Sample("application/vnd.las", "a.las", las()),
    Sample("application/vnd.laszip", "a.laz", laz()),
    Sample("video/h264", "a.h264", h264()),
    Sample("video/h265", "a.h265", h265()),
    Sample("video/x-nut", "a.nut", b"nut/multimedia container\0NM" + bytes(range(99))),
    Sample("audio/x-ircam", "a.sf", ircam()),
    Sample("model/e57", "a.e57", e57()),
    Sample("model/vnd.usdc", "a.usdc", usdc()),
    Sample("application/x-blender", "a.blend", blender()),
    Sample("application/x-3ds", "a.3ds", three_ds()),
    Sample("application/x-fbx", "a.fbx", fbx()),
    Sample("image/vnd.dwg", "a.dwg", dwg()),
    Sample("image/bmp", "a.bmp", bmp()),
    Sample("image/vnd.microsoft.icon", "a.ico", cursor(1)),
    Sample("image/x-win-bitmap", "a.cur", cursor(2)),
    Sample("image/icns", "a.icns", icns()),
    Sample("image/x-xcf", "a.xcf", xcf()),
    Sample("image/x-paint-shop-pro", "a.psp", psp()),
    Sample("image/x-exr", "a.exr", exr()),
    Sample("image/x-qoi", "a.qoi", qoi()),
    Sample("image/ktx", "a.ktx", b"\xabKTX 11\xbb\r\n\x1a\n" + le("I", 0x04030201) + bytes(60)),
    Sample("image/ktx2", "a.ktx2", ktx2()),
    Sample("image/astc", "a.astc", bytes.fromhex("13aba15c040401") + le("I", 4)[:3] + bytes(6 + 16)),
    Sample("image/fits", "a.fits", fits()),
    Sample("image/vnd.zbrush.pcx", "a.pcx", pcx()),
    Sample("image/vnd.zbrush.dcx", "a.dcx", le("III", 987654321, 12, 0) + pcx()),
    Sample("image/x-tga", "a.tga", tga()),
    Sample("image/jls", "a.jls", jls()),
    Sample("image/jxr", "a.jxr", jxr()),
    Sample("image/jp2", "a.jp2", jp2()),
    Sample("image/j2c", "a.j2c", j2c()),
    Sample("image/jxl", "a.jxl", b"\xff\x0a\xfa\x0f\x01\x90\x01\0"),
    Sample("image/x-dpx", "a.dpx", dpx()),
    Sample("image/x-cineon", "a.cin", be("II", 0x802A5FD7, 1024) + bytes(1016)),
    Sample("image/x-miff", "a.miff", miff()),
    Sample("image/x-sun-raster", "a.ras", sun_raster()),
    Sample("image/x-xwindowdump", "a.xwd", xwd()),
    Sample("image/x-bpg", "a.bpg", bpg()),
    Sample("image/x-pgf", "a.pgf", b"PGF6" + le("III", 16, 1, 1) + bytes(20)),
    Sample("image/vnd.djvu", "a.djvu", djvu()),
    Sample("image/vnd.djvu", "b.djvu", djvm()),
    Sample("image/x-portable-bitmap", "a.pbm", b"P4\n8 1\n\xff"),
    Sample("image/x-portable-graymap", "a.pgm", b"P5\n2 1\n255\n\0\xff"),
    Sample("image/x-portable-pixmap", "a.ppm", b"P6\n1 1\n255\n\0\0\xff"),
    Sample(
        "image/x-portable-arbitrarymap",
        "a.pam",
        b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n\0\0\xff",
    ),
    Sample("image/x-photo-cd", "a.pcd", at((2048, b"PCD_IPI"), size=4096)),
    Sample("image/vnd.adobe.photoshop", "a.psd", b"8BPS" + be("H6xHIIHH", 1, 3, 1, 1, 8, 3) + bytes(20)),
    Sample("application/vnd.iccprofile", "a.icc", icc()),
    Sample(
        "application/x-dvi",
        "a.dvi",
        b"\xf7\x02" + be("III", 25400000, 473628672, 1000) + b"\x1b TeX output 2024.01.01:0000" + bytes(20),
    ),
    Sample("font/ttf", "a.ttf", sfnt(b"\0\1\0\0")),
    Sample("font/otf", "a.otf", sfnt(b"OTTO")),
    Sample("font/collection", "a.ttc", ttc()),
    Sample("font/woff", "a.woff", woff(1)),
    Sample("font/woff2", "a.woff2", woff(2)),
    Sample("application/vnd.ms-fontobject", "a.eot", eot()),
    Sample("application/x-font-pcf", "a.pcf", b"\x01fcp" + le("IIIII", 1, 1, 0, 10, 20) + bytes(20)),
    Sample(
        "application/x-font-type1",
        "a.pfb",
        b"\x80\x01" + le("I", 40) + b"%!PS-AdobeFont-1.0: Sans 1.0\n%%Title: S\n" + bytes(20),
    ),
    Sample("application/vnd.ms-htmlhelp", "a.chm", chm()),
    Sample("application/winhlp", "a.hlp", le("IIII", 0x00035F3F, 16, 0xFFFFFFFF, 100) + bytes(84)),
    Sample("application/x-ms-reader", "a.lit", lit()),
    Sample("application/x-mobipocket-ebook", "a.mobi", mobi()),
    Sample("application/vnd.palm", "a.pdb", palm()),
    Sample("application/vnd.wordperfect", "a.wpd", word_perfect()),
    Sample("application/vnd.lotus-1-2-3", "a.123", lotus()),
    Sample("application/vnd.quark.quarkxpress", "a.qxd", quark()),
    Sample("application/x-mswrite", "a.wri", bytes.fromhex("31be000000ab0000000000000000") + bytes(200)),
    Sample("application/pgp-encrypted", "a.gpg", pgp()),
    Sample("application/x-keepass2", "a.kdbx", keepass()),
    Sample("application/x-luks", "a.luks", luks()),
    Sample("application/x-axcrypt", "a.axx", bytes.fromhex("c0b9072e4f93f146a015792ca1d9e821") + bytes(40)),
    Sample("application/x-java-keystore", "a.jks", keystore()),
    Sample("application/x-bittorrent", "a.torrent", torrent()),
    Sample("application/java-vm", "A.class", class_file()),
    Sample("application/x-mach-binary", "a.dylib", mach_o()),
    Sample("application/x-dex", "classes.dex", dex()),
    Sample("application/wasm", "a.wasm", wasm()),
    Sample("application/x-bytecode.python", "a.pyc", pyc()),
    Sample("application/x-lua-bytecode", "a.luac", luac()),
    Sample("application/x-beam", "a.beam", beam()),
    Sample("application/x-java-serialized-object", "a.ser", java_object()),
    Sample("application/x-java-pack200", "a.pack", pack200()),
    Sample("application/x-gettext-mo", "a.mo", mo()),
    Sample("application/x-tzif", "Paris", tzif()),
    Sample("application/x-git-pack", "a.pack", git_pack()),
    Sample("application/x-ds-store", "a.ds_store", ds_store()),
    Sample("application/applefile", "._a", apple_double()),
    Sample("application/x-bzip2", "a.bz2", bz2.compress(TEXT)),
    Sample("application/x-xz", "a.xz", lzma.compress(TEXT)),
    Sample("application/x-lzma", "a.lzma", lzma.compress(TEXT, lzma.FORMAT_ALONE)),
    Sample("application/zlib", "a.zz", zlib.compress(TEXT)),
    Sample("application/zstd", "a.zst", zstd()),
    Sample("application/x-lz4", "a.lz4", lz4()),
    Sample("application/x-lzip", "a.lz", lzip()),
    Sample("application/x-lzop", "a.lzo", lzop()),
    Sample("application/x-lrzip", "a.lrz", b"LRZI\0\x06" + bytes(40)),
    Sample("application/x-compress", "a.z", compress()),
    Sample("application/x-snappy-framed", "a.sz", snappy()),
    Sample("application/x-tar", "a.tar", tar()),
    Sample("application/x-7z-compressed", "a.7z", seven_zip()),
    Sample("application/vnd.rar", "a.rar", rar(5)),
    Sample("application/vnd.rar", "b.rar", rar(4)),
    Sample("application/x-arj", "a.arj", arj()),
    Sample("application/x-lzh-compressed", "a.lzh", lha()),
    Sample("application/x-zoo", "a.zoo", zoo()),
    Sample("application/x-ace-compressed", "a.ace", ace()),
    Sample("application/x-stuffit", "a.sit", stuffit()),
    Sample("application/x-stuffitx", "a.sitx", b"StuffIt!" + bytes(64)),
    Sample("application/vnd.ms-cab-compressed", "a.cab", cab()),
    Sample("application/x-installshield", "a.hdr", b"ISc(" + le("III", 0x0100600C, 0, 512) + bytes(500)),
    Sample("application/x-archive", "a.a", archive()),
    Sample("application/vnd.debian.binary-package", "a.deb", deb()),
    Sample("application/x-rpm", "a.rpm", rpm()),
    Sample("application/x-cpio", "a.cpio", cpio()),
    Sample("application/x-xar", "a.pkg", xar()),
    Sample("application/x-iso9660-image", "a.iso", iso()),
    Sample("application/x-apple-diskimage", "a.dmg", dmg()),
    Sample("application/x-virtualbox-vdi", "a.vdi", vdi()),
    Sample("application/x-vhd", "a.vhd", vhd()),
    Sample("application/x-vmdk", "a.vmdk", vmdk()),
    Sample("application/x-qemu-disk", "a.qcow2", qcow2()),
    Sample("application/vnd.squashfs", "a.squashfs", squashfs()),
    Sample("application/x-ms-wim", "a.wim", wim()),
    Sample("application/x-chrome-extension", "a.crx", crx()),
    Sample("application/vnd.flatpak", "a.flatpak", b"flatpak\0" + bytes(64)),
    Sample("application/vnd.rn-realmedia", "a.rm", real_media()),
    Sample("audio/vnd.rn-realaudio", "a.ra", b".ra\xfd\0\3" + bytes(64)),
    Sample("application/vnd.adobe.flash.movie", "a.swf", swf()),
    Sample("application/mxf", "a.mxf", mxf()),
    Sample("video/x-dv", "a.dv", dv()),
    Sample("video/x-flv", "a.flv", flv()),
    Sample("video/x-mng", "a.mng", b"\x8aMNG\r\n\x1a\n" + be("I", 28) + b"MHDR" + bytes(32)),
    Sample("image/x-jng", "a.jng", b"\x8bJNG\r\n\x1a\n" + be("I", 16) + b"JHDR" + bytes(20)),
    Sample("video/x-ivf", "a.ivf", b"DKIF" + le("HH4sHHIII", 0, 32, b"VP80", 320, 240, 30, 1, 1) + bytes(20)),
    Sample("video/x-yuv4mpeg", "a.y4m", b"YUV4MPEG2 W2 H2 F25:1 Ip A1:1 C420\nFRAME\n\0\1\2\3\4\5"),
    Sample("video/x-sgi-movie", "a.movie", b"MOVI\0\3\0\0" + bytes(64)),
    Sample("video/x-nsv", "a.nsv", b"NSVf" + le("II", 28, 1000) + bytes(40)),
    Sample(
        "video/x-ms-wtv",
        "a.wtv",
        guid("b7d800ff-8ca4-4d7e-9c42-35a1b97b0c0f")[:0]
        + bytes.fromhex("b7d800203749da11a64e0007e95ead8d")
        + bytes(64),
    ),
    Sample("audio/midi", "a.mid", midi()),
    Sample("audio/basic", "a.au", au()),
    Sample("audio/x-dsf", "a.dsf", dsf()),
    Sample("audio/x-dff", "a.dff", b"FRM8" + be("Q", 60) + b"DSD FVER" + be("QI", 4, 0x01050000) + bytes(40)),
    Sample("audio/x-ape", "a.ape", ape()),
    Sample("audio/x-musepack", "a.mpc", b"MPCKSH\x0f" + bytes(30)),
    Sample("audio/x-musepack", "b.mpc", b"MP+\x07" + bytes(30)),
    Sample("audio/x-wavpack", "a.wv", b"wvpk\x20\0\0\0\x10\x04" + bytes(28)),
    Sample("audio/x-tta", "a.tta", b"TTA1" + le("HHHII", 1, 2, 16, 44100, 1000) + bytes(8)),
    Sample("audio/x-caf", "a.caf", b"caff\0\1\0\0desc" + be("Q", 32) + bytes(40)),
    Sample("audio/x-mod", "a.mod", mod()),
    Sample(
        "audio/x-mod", "a.xm", b"Extended Module: a song".ljust(37) + b"\x1aFastTracker v2.00   \x04\x01" + bytes(60)
    ),
    Sample("audio/x-mod", "a.s3m", at((0, b"a song"), (28, b"\x1a\x10"), (44, b"SCRM"), size=96)),
    Sample("audio/x-mod", "a.it", b"IMPMa song" + bytes(180)),
    Sample("audio/x-voc", "a.voc", b"Creative Voice File\x1a\x1a\0\x0a\x01\x29\x11\0" + bytes(8)),
    Sample(
        "audio/x-w64",
        "a.w64",
        bytes.fromhex("726966662e91cf11a5d628db04c10000")
        + le("Q", 200)
        + bytes.fromhex("77617665f3acd3118cd100c04f8edb8a")
        + bytes(64),
    ),
    Sample("audio/prs.sid", "a.sid", b"PSID\0\2\0\x7c" + bytes(120)),
    Sample("audio/x-nsf", "a.nsf", b"NESM\x1a\x01" + bytes(122)),
    Sample("audio/x-spc", "a.spc", b"SNES-SPC700 Sound File Data v0.30\x1a\x1a" + bytes(220)),
    Sample("audio/amr", "a.amr", amr()),
    Sample("audio/amr-wb", "a.awb", b"#!AMR-WB\n\x04" + bytes(32)),
    Sample("audio/ac3", "a.ac3", ac3()),
    Sample("audio/vnd.dts", "a.dts", b"\x7f\xfe\x80\x01" + bytes(60)),
    Sample("audio/audible", "a.aa", be("II", 100, 0x57907536) + bytes(92)),
    Sample("application/x-doom", "a.wad", b"IWAD" + le("II", 1, 12) + bytes(20)),
    Sample("application/x-terminfo", "a.terminfo", le("6H", 0x011A, 10, 3, 3, 0, 0) + b"xterm|abc\0" + bytes(10)),
    Sample("application/vnd.ms-excel", "b.xls", bytes.fromhex("0904060000001000") + bytes(40)),
    Sample("image/x-os2-graphics", "a.bga", b"BA" + le("IIHH", 40, 0, 0, 0) + bmp()),
    Sample("image/vnd.dgn", "a.dgn", bytes.fromhex("0809fe02") + bytes(1532)),
    Sample("application/zip", "a.z01.zip", b"PK\x07\x08PK\x03\x04" + bytes(40)),
    Sample("audio/eac3", "a.eac3", bytes.fromhex("0b7700ff3f86") + bytes(506)),
    Sample("application/x-sas-xport", "a.xpt", xpt()),
    Sample("application/x-stata-dta", "b.dta", b"<stata_dta><header><release>118</release><byteorder>LSF" + bytes(64)),
    Sample("model/vnd.dwf", "a.dwf", b"(DWF V00.55)" + bytes(64)),
    Sample("image/vnd.radiance", "a.hdr", rgbe()),
    Sample("image/x-flif", "a.flif", flif()),
    Sample("image/x-portable-floatmap", "a.pfm", b"PF\n1 1\n-1.0\n" + le("3f", 0.1, 0.2, 0.3)),
    Sample("application/vnd.framemaker", "a.fm", b"<MakerFile 7.0H>\n" + bytes(64)),
    Sample("application/vnd.hp-pcl", "a.pcl", b"\x1bE\x1b&l1O\x1b(s0p10h12v0s0b3T" + TEXT),
    Sample("application/x-llvm-bitcode", "a.bc", llvm()),
    Sample("application/x-vhdx", "a.vhdx", vhdx()),
    Sample("audio/vnd.dts.hd", "a.dtshd", b"DTSHDHDR" + bytes(60)),
    Sample(
        "application/vnd.ms-cab-compressed",
        "b.cab",
        b"MSCF" + le("IIIIIBBHHHHH", 0, 99, 0, 44, 0, 3, 1, 1, 0, 0, 1, 0) + bytes(64),
    ),
    Sample("application/x-appleworks-document", "a.cwk", bytes.fromhex("06077900") + b"BOBO" + bytes(60)),
    Sample("application/x-pocket-word", "a.psw", b"{\\pwi" + bytes(60)),
    Sample("image/vnd.ms-modi", "a.mdi", b"EP*\0" + bytes(60)),
    Sample("application/x-alz", "a.alz", b"ALZ\1\x0a\0\0\0BLZ\1" + bytes(60)),
    Sample("application/x-bsdiff", "a.bsdiff", b"BSDIFF40" + le("QQQ", 40, 40, 100) + bytes(60)),
    Sample("application/x-ips-patch", "a.ips", b"PATCH\0\x12\x34\0\1\xffEOF"),
    Sample("application/x-bps-patch", "a.bps", b"BPS1\x80\x80\x80" + bytes(12)),
    Sample("application/x-openzim", "a.zim", le("IHH", 0x044D495A, 6, 1) + bytes(72)),
    Sample("application/x-qed-disk", "a.qed", b"QED\0" + le("III", 65536, 4, 1) + bytes(60)),
    Sample("application/x-mame-chd", "a.chd", b"MComprHD" + be("II", 124, 5) + bytes(108)),
    Sample(
        "application/vnd.appimage", "a.appimage", b"\x7fELF\2\1\1\0AI\2" + bytes(5) + le("HHI", 2, 62, 1) + bytes(60)
    ),
    Sample("audio/x-mo3", "a.mo3", b"MO3\5" + bytes(60)),
    Sample("application/vnd.smaf", "a.mmf", b"MMMD" + be("I", 60) + b"CNTI" + be("I", 5) + bytes(50)),
)
