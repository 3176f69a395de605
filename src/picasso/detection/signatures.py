"""Binary formats whose signature repeats or has to be computed, which the language of libmagic can't say."""

from __future__ import annotations

import re

from picasso.detection.families import mpeg_audio, zipped
from picasso.detection.window import Window

# Readers of PDF search its beginning in so many bytes (ISO 32000-1, annex H.3.4.1), and some mail programs put text
# before it.
PDF_SEARCH_LENGTH = 1024
PDF = "application/pdf"
PDF_HEADER = re.compile(rb"%PDF-\d\.\d")

# These store files as they are, so that a PDF may be the first of them.
ARCHIVES = frozenset(
    (
        "application/x-tar",
        "application/x-cpio",
        "application/x-archive",
        "application/vnd.debian.binary-package",
        "application/vnd.rar",
        "application/x-7z-compressed",
        "application/vnd.ms-cab-compressed",
        "application/x-lha",
        "application/x-arj",
        "application/x-arc",
        "application/x-zoo",
        "application/x-ace-compressed",
        "application/x-stuffit",
        "application/x-xar",
        "application/zip",
    )
)

# Units of H.264 and H.265 begin like this (ITU-T H.264 and H.265, annex B).
UNIT = re.compile(rb"\x00\x00\x01(..)", re.DOTALL)
UNITS_LENGTH = 4096

# What follows the protocol of a pickle of version 2 or 3: marks, collections, numbers, text, classes.
PICKLE_STARTS = frozenset(b"(]}c)XUKMJGNl\x88\x89\x8a")

# Packets of an MPEG transport stream begin with this byte, every 188 bytes, or every 192 if each has a timestamp before
# it.
SYNC_BYTE = 0x47
PACKET_LAYOUTS = ((0, 188), (4, 192))

# Of Word's files, and of those of Excel and PowerPoint.
LOCK_SIZES = frozenset((162, 165))


def detect_by_signature(window: Window) -> str | None:
    head = window.head
    for offset, length in PACKET_LAYOUTS:
        starts = head[offset : offset + 8 * length : length]
        if len(starts) >= 3 and set(starts) == {SYNC_BYTE}:
            return "video/mp2t"
    return (
        _annex_b(head)
        or _pickle(window)
        or _office_lock(window)
        or zipped.detect_zip_by_end(window)
        or mpeg_audio.find_frames(window)
    )


def has_pdf(window: Window) -> bool:
    return PDF_HEADER.search(window.head, 0, PDF_SEARCH_LENGTH) is not None


def _annex_b(head: bytes) -> str | None:
    """H.264 or H.265 without a container: the sets of parameters come first (7 and 8, or 32 to 34)."""
    if not head.startswith((b"\0\0\1", b"\0\0\0\1")):
        return None
    units = [match[1] for match in UNIT.finditer(head, 0, UNITS_LENGTH)]
    if {7, 8} <= {unit[0] & 0x1F for unit in units if unit[0] < 0x80} and units[0][0] & 0x1F in {6, 7, 9}:
        return "video/h264"
    return "video/h265" if {32, 33, 34} <= {unit[0] >> 1 for unit in units if unit[1] == 1} else None


def _pickle(window: Window) -> str | None:
    """Protocol 2 or 3 (pickletools): an instruction follows that builds a value, and the last one is to stop."""
    head = window.head
    is_pickle = head[:2] in {b"\x80\2", b"\x80\3"} and head[2] in PICKLE_STARTS if len(head) > 3 else False
    return "application/x-python-pickle" if is_pickle and window.tail(1) == b"." else None


def _office_lock(window: Window) -> str | None:
    """The file ``~$name`` that Office keeps beside an open document: its user's name, once in bytes, once in UTF-16."""
    head = window.head
    length = head[0] if len(head) in LOCK_SIZES else 0
    is_lock = 0 < length <= 52 and length.to_bytes(2, "little") in {head[54:56], head[55:57]}
    return "application/x-ms-owner" if is_lock else None
