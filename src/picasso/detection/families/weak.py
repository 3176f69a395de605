"""Answers of libmagic that rest on few bytes, which numbers and random data have too: what must hold besides."""

from __future__ import annotations

import string
import zlib
from collections.abc import Callable, Mapping

from picasso.detection.window import HEAD, Window

PRINTABLE = frozenset(string.printable.encode())

AC3_BITRATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
AC3_SYNC = b"\x0b\x77"


def holds(window: Window, media_type: str, extension: str = "") -> bool:
    """Whether a file can be of the type that libmagic tells. The ``extension`` is that of its name, without a dot."""
    if media_type in NEVER:
        return False
    if extensions := NAMED.get(media_type):
        return extension in extensions
    check = CHECKS.get(media_type)
    return check is None or check(window)


# Two bytes and nothing else. None of them is a format that people store.
NEVER = frozenset(
    (
        "application/x-commodore-basic",
        "application/x-compress-ttcomp",
        "application/x-dzip",
        "application/x-floppy-image-tc",
        "application/x-ibm-dsk",
        "application/x-ibm-rom",
        "application/x-lanalyzer",
        "font/x-amiga-font",
        "image/x-award-bioslogo",
    )
)


# Few bytes, mostly small numbers, and no structure that would be certain: these need a name that agrees.
NAMED: Mapping[str, frozenset[str]] = {
    "application/x-dbase-index": frozenset(("ndx", "mdx", "idx", "cdx", "ntx")),
    "application/x-dbt": frozenset(("dbt", "fpt", "smt")),
    "application/x-dosdriver": frozenset(("sys", "drv", "dev")),
    "application/x-font-sfn": frozenset(("snf",)),
    "application/x-ms-dat": frozenset(("dat",)),
    "application/x-stargallery-thm": frozenset(("thm",)),
    "application/x-tplink-bin": frozenset(("bin",)),
    "image/g3fax": frozenset(("g3", "fax", "g3n")),
    "image/x-gem": frozenset(("img", "gem", "ximg", "timg")),
    "image/x-os2-ico": frozenset(("ico", "ptr")),
    "text/pgp": frozenset(("pgp", "gpg", "asc")),
}


def _has_start(*starts: bytes) -> Callable[[Window], bool]:
    return lambda window: window.head.startswith(starts)


def _is_zlib(window: Window) -> bool:
    try:
        return bool(zlib.decompressobj().decompress(window.head[:4096], 4096)) or window.size < 16
    except zlib.error:
        return False


def _is_latm(window: Window) -> bool:
    """A frame leads to the next one (ISO/IEC 14496-3, 1.7.2)."""
    end = 3 + (int.from_bytes(window.at(1, 2), "big") & 0x1FFF)
    following = int.from_bytes(window.at(end, 2), "big")
    return window.size == end or following & 0xFFE0 == 0x56E0


def _is_ac3(window: Window) -> bool:
    """A frame leads to the next one (ETSI TS 102 366, 5.4.1 and E.1.2.2)."""
    head = window.at(0, 8)
    length = _ac3_length(head) if len(head) == 8 and head.startswith(AC3_SYNC) else 0
    return bool(length) and (window.at(length, 2) == AC3_SYNC or window.size <= length)


def _ac3_length(head: bytes) -> int:
    if head[5] >> 3 > 10:  # E-AC-3
        return 2 * (((head[2] & 7) << 8 | head[3]) + 1)
    rate, code = head[4] >> 6, head[4] & 0x3F
    if rate == 3 or code >> 1 >= len(AC3_BITRATES):
        return 0
    bitrate = AC3_BITRATES[code >> 1]
    words = (2 * bitrate, 96_000 * bitrate // 44_100 + (code & 1), 3 * bitrate)[rate]
    return 2 * words


def _is_postscript(window: Window) -> bool:
    """PostScript, or PostScript behind a header of DOS (EPSF 3.0, section 5.2)."""
    return window.head.startswith((b"\xc5\xd0\xd3\xc6", b"%!PS", b"\x04%!", b"%!FontType", b"\x1b%"))


def _begins_printable(window: Window) -> bool:
    line = window.head[:256].splitlines()[0] if window.head else b""
    return PRINTABLE.issuperset(line)


def _is_tga(window: Window) -> bool:
    """The numbers in the header agree with each other and with the size (Truevision TGA 2.0, section C.2)."""
    head = window.head
    if len(head) < 18 or window.tail(18) == b"TRUEVISION-XFILE.\0":
        return len(head) >= 18
    has_map, kind, depth = head[1], head[2], head[16]
    map_length, width, height = (int.from_bytes(head[place : place + 2], "little") for place in (5, 12, 14))
    if has_map > 1 or depth not in TGA_DEPTHS.get(kind, ()) or head[17] & 0xC0 or not width or not height:
        return False
    if has_map != (kind in {1, 9}) or (has_map and (head[7] not in {15, 16, 24, 32} or not map_length)):
        return False
    start = 18 + head[0] + (map_length * (head[7] + 7) // 8 if has_map else 0)
    pixel = (depth + 7) // 8
    # A packet of the compressed kinds has up to 128 pixels.
    least = width * height * pixel if kind < 9 else -(-width * height // 128) * (1 + pixel)
    most = width * height * (1 + pixel)
    return least <= window.size - start <= most + 64


def _is_color_swatches(window: Window) -> bool:
    """Ten bytes for each color, and maybe all again with their names (Photoshop File Formats, Color Swatches)."""
    version, count = (int.from_bytes(window.at(place, 2), "big") for place in (0, 2))
    end = 4 + 10 * count
    if version == 2:
        return count > 0 and window.size > end and window.at(14, 2) == b"\0\0"
    return version == 1 and count > 0 and (window.size == end or window.at(end, 4) == b"\0\2" + window.at(2, 2))


def _is_degas(window: Window) -> bool:
    """A palette of 16 colors of up to 12 bits, and 32,000 bytes, or less if compressed."""
    palette = window.at(2, 32)
    is_palette = len(palette) == 32 and max(palette[::2]) <= 0x0F and any(palette)
    is_packed = window.at(0, 1) == b"\x80"
    return is_palette and (500 < window.size < 40_000 if is_packed else window.size in {32_034, 32_066, 32_128})


def _is_tfm(window: Window) -> bool:
    """The lengths of all parts add up to that of the file (The TeXbook's TFtoPL, sections 8 and 20)."""
    lengths = [int.from_bytes(window.at(place, 2), "big") for place in range(0, 24, 2)]
    whole, header, first, last, *others = lengths
    return window.size == 4 * whole and whole == 6 + header + (last - first + 1) + sum(others)


def _is_coff(window: Window) -> bool:
    """The table of sections and that of symbols lie in the file (Microsoft PE and COFF, sections 3.3 and 4)."""
    head = window.at(0, 20)
    if len(head) < 20:
        return False
    sections, options = (int.from_bytes(head[place : place + 2], "little") for place in (2, 16))
    symbols, count = (int.from_bytes(head[place : place + 4], "little") for place in (8, 12))
    name = window.at(20 + options, 8).rstrip(b"\0")
    return (
        0 < sections < 1000
        and 20 + options + 40 * sections <= window.size
        and symbols + 18 * count <= window.size
        and bool(name)
        and PRINTABLE.issuperset(name)
    )


def _is_wmf(window: Window) -> bool:
    """MS-WMF 2.3.2: a placeable file, or a header with a known version and no objects of other files."""
    head = window.at(0, 18)
    is_header = head[2:4] == b"\x09\0" and head[4:6] in {b"\0\1", b"\0\3"} and head[16:18] == b"\0\0"
    return head.startswith(b"\xd7\xcd\xc6\x9a") or is_header


def _is_lotus(window: Window) -> bool:
    """A version, and a record behind the first one that ends in the file (Lotus, Worksheet File Format)."""
    head = window.at(0, 6)
    length, version = (int.from_bytes(head[place : place + 2], "little") for place in (2, 4))
    following = window.at(4 + length, 4)
    end = 8 + length + int.from_bytes(following[2:], "little")
    is_version = 0x0404 <= version <= 0x0406 or 0x1000 <= version <= 0x1005
    return is_version and (not following or (window.size <= HEAD and end <= window.size) or window.size > HEAD)


def _is_lzma(window: Window) -> bool:
    """A size of the dictionary that encoders choose, a possible size, and the first byte of a range coder: 0."""
    head = window.at(0, 14)
    dictionary, size = int.from_bytes(head[1:5], "little"), int.from_bytes(head[5:13], "little")
    is_usual = (dictionary.bit_count() in {1, 2} and dictionary >= 4096) or dictionary == 0xFFFFFFFF
    return len(head) == 14 and is_usual and head[13] == 0 and (size < 1 << 40 or size == 0xFFFFFFFFFFFFFFFF)


def _has_name_of_arc(window: Window) -> bool:
    """The name of the first entry, of 13 bytes."""
    name = window.head[2:15].partition(b"\0")[0]
    return bool(name) and PRINTABLE.issuperset(name)


def _has_name_of_cpio(window: Window) -> bool:
    """The name of the first entry, as long as the header says."""
    head = window.head
    if head.startswith(b"0707"):
        return True
    length = int.from_bytes(head[20:22], "little" if head.startswith(b"\xc7") else "big")
    name = head[26 : 26 + length]
    return 0 < length <= 1024 and name.endswith(b"\0") and PRINTABLE.issuperset(name[:-1])


# By the kind of a TGA.
TGA_DEPTHS: Mapping[int, tuple[int, ...]] = {
    **dict.fromkeys((1, 9), (8, 16)),
    **dict.fromkeys((2, 10), (15, 16, 24, 32)),
    **dict.fromkeys((3, 11), (8, 16)),
}

CHECKS: Mapping[str, Callable[[Window], bool]] = {
    "application/vnd.microsoft.portable-executable": _has_start(b"MZ", b"ZM", b"LZ"),
    "application/x-object": _has_start(b"\x7fELF", b"\x4c\x01", b"\x64\x86", b"\xc4\x01", b"\x64\xaa"),
    "application/zlib": _is_zlib,
    "audio/x-mp4a-latm": _is_latm,
    "audio/ac3": _is_ac3,
    "audio/eac3": _is_ac3,
    "application/postscript": _is_postscript,
    "application/vnd.hp-hpgl": _begins_printable,
    "application/x-arc": _has_name_of_arc,
    "application/x-cpio": _has_name_of_cpio,
    "image/x-tga": _is_tga,
    "image/wmf": _is_wmf,
    "image/x-atari-degas": _is_degas,
    "application/x-adobe-aco": _is_color_swatches,
    "application/x-coff": _is_coff,
    "application/x-tex-tfm": _is_tfm,
    "application/vnd.lotus-1-2-3": _is_lotus,
    "application/x-lzma": _is_lzma,
    "audio/x-syx": lambda window: b"\xf7" in window.head,
}
