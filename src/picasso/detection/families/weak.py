"""Answers of libmagic that rest on two bytes or fewer, which random data have too: what must hold besides."""

from __future__ import annotations

import string
import zlib
from collections.abc import Callable, Mapping

from picasso.detection.window import Window

PRINTABLE = frozenset(string.printable.encode())

AC3_BITRATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
AC3_SYNC = b"\x0b\x77"


def holds(window: Window, media_type: str) -> bool:
    """Whether a file can be of the type that libmagic tells."""
    if media_type in NEVER:
        return False
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
    return window.head.startswith(b"\xc5\xd0\xd3\xc6") or _begins_printable(window)


def _begins_printable(window: Window) -> bool:
    line = window.head[:256].splitlines()[0] if window.head else b""
    return PRINTABLE.issuperset(line)


def _is_tga(window: Window) -> bool:
    """The numbers in the header are possible (Truevision TGA 2.0, section C.2)."""
    head = window.head
    if len(head) < 18 or window.tail(18) == b"TRUEVISION-XFILE.\0":
        return len(head) >= 18
    has_map, kind, map_depth, depth = head[1], head[2], head[7], head[16]
    is_possible = has_map <= 1 and kind in {1, 2, 3, 9, 10, 11} and map_depth in {0, 15, 16, 24, 32}
    return is_possible and depth in {8, 15, 16, 24, 32} and head[12:14] != b"\0\0" != head[14:16]


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
    "audio/x-syx": lambda window: b"\xf7" in window.head,
}
