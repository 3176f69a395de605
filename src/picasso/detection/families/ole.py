"""OLE compound files (MS-CFB): what they are, by the streams of their root storage and by its class.

The streams of an embedded object are in a storage of their own, so that only the children of the root count.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from picasso.detection.window import Window

OLE = "application/x-ole-storage"
SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")

ENTRY_SIZE = 128
MAX_SECTORS = 128
MAX_ENTRIES = 1024
NONE = 0xFFFFFFFF

WORD, EXCEL, POWERPOINT = "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"
OUTLOOK, PUBLISHER, WORKS = "application/vnd.ms-outlook", "application/x-mspublisher", "application/vnd.ms-works"
STAR = "application/vnd.stardivision."

# The first for which all of these streams are there.
BY_STREAMS: tuple[tuple[tuple[str, ...], str], ...] = (
    # A document with a password has no other streams that tell anything.
    (("EncryptedPackage",), "application/encrypted"),
    (("WksSSWorkBook",), WORKS),
    (("MatOST",), WORKS),
    (("Quill",), PUBLISHER),
    (("VisioDocument",), "application/vnd.visio"),
    (("PowerPoint Document",), POWERPOINT),
    (("PP97_DUALSTORAGE",), POWERPOINT),
    (("WordDocument",), WORD),
    (("Workbook",), EXCEL),
    (("Book",), EXCEL),
    (("__properties_version1.0",), OUTLOOK),
    (("__nameid_version1.0",), OUTLOOK),
    (("Props14",), "application/vnd.ms-project"),
    (("Props12",), "application/vnd.ms-project"),
    (("Props9",), "application/vnd.ms-project"),
    (("StarWriterDocument",), STAR + "writer"),
    (("StarCalcDocument",), STAR + "calc"),
    (("StarDrawDocument3",), STAR + "draw"),
    (("StarDrawDocument",), STAR + "draw"),
    (("StarMathDocument",), STAR + "math"),
    (("StarChartDocument",), STAR + "chart"),
    (("FileHeader", "BodyText"), "application/x-hwp"),
    (("FileHeader", "\x05HwpSummaryInformation"), "application/x-hwp"),
    (("NativeContent_MAIN",), "application/x-quattro-pro"),
    (("PerfectOffice_MAIN", "SlideConnection"), "application/x-corelpresentations"),
    (("PerfectOffice_MAIN", "SlideGlobal"), "application/x-corelpresentations"),
    (("PerfectOffice_MAIN",), "application/vnd.wordperfect"),
    (("SwDocContentMgr",), "application/sldworks"),
    (("SwDocMgrTempStorage",), "application/sldworks"),
    (("PageMaker",), "application/x-pagemaker"),
    (("CONTENTS", "SPELLING"), WORKS),
    (("Contents", "SPELLING"), WORKS),
    (("BasicFileInfo", "RevitPreview4.0"), "application/x-revit"),
    (("ClassDirectory3", "Scene"), "application/x-3dsmax"),
    (("Catalog",), "application/vnd.microsoft.windows.thumbnail-cache"),
    (("VBA", "PROJECT"), "application/vnd.ms-office.vbaproject"),
)

INSTALLER = "application/x-msi"

# The first half of the class of the root storage tells these.
BY_CLASS = {
    "00020900": WORD,
    "00020906": WORD,
    "00020810": EXCEL,
    "00020820": EXCEL,
    "64818d10": POWERPOINT,
    "ea7bae70": POWERPOINT,
    "00021a13": "application/vnd.visio",
    "00021a14": "application/vnd.visio",
    "00021201": PUBLISHER,
    "74b78f3a": "application/vnd.ms-project",
    "000c1082": INSTALLER,  # a transform
    "000c1084": INSTALLER,
    "000c1086": INSTALLER,  # a patch
    "00020d0b": OUTLOOK,
    "56616700": "image/vnd.fpx",
    "28cddbc2": WORKS,
    "519873ff": "application/vnd.ms-project",
    "aab1f6c1": STAR + "impress",
    "012d3cc0": STAR + "impress",
    "565c7221": STAR + "impress",
    "2e8905a0": STAR + "draw",
    "9bbfe4a1": STAR + "math",
}

# Documents whose streams are named alike: the class tells more.
CLASS_FIRST = (INSTALLER, STAR + "impress", "image/vnd.fpx")

# If the directory can't be read: the first sector mostly belongs to the main stream.
MAIN_STREAMS = {
    b"\xec\xa5": WORD,
    b"\x09\x08\x10\0\0\x06": EXCEL,
    b"\x09\x08\x10\0\0\x05": EXCEL,
}


@dataclass(frozen=True, slots=True)
class Root:
    class_id: str
    """The first four bytes of the class of the root storage, in hexadecimal digits."""
    names: frozenset[str]
    """Of the streams and storages directly in the root."""


def detect_ole(window: Window) -> str | None:
    """None if it is no compound file, or one that none of the tables knows."""
    head = window.head
    if not head.startswith(SIGNATURE) or len(head) < 512:
        return None
    root = read_root(window)
    found = root and type_of_root(root)
    return found or _by_main_stream(head) or OLE


def type_of_root(root: Root) -> str | None:
    by_class = BY_CLASS.get(root.class_id)
    if by_class in CLASS_FIRST:
        return by_class
    names = root.names
    return next((kind for streams, kind in BY_STREAMS if names.issuperset(streams)), by_class)


def _by_main_stream(head: bytes) -> str | None:
    return next((kind for start, kind in MAIN_STREAMS.items() if head.startswith(start, 512)), None)


def read_root(window: Window) -> Root | None:
    """The root storage, from at most `MAX_SECTORS` sectors of the directory; None if it can't be read."""
    entries = [
        sector[start : start + ENTRY_SIZE]
        for sector in _directory(window)
        for start in range(0, len(sector) - ENTRY_SIZE + 1, ENTRY_SIZE)
    ]
    if not entries or entries[0][66] != 5:
        return None
    class_id = entries[0][80:84][::-1].hex()
    return Root(class_id, frozenset(_children(entries)))


def _children(entries: list[bytes]) -> Iterator[str]:
    """Names of the entries in the tree of siblings below the root (MS-CFB 2.6.4). A loop ends, as each is seen once."""
    pending, seen = [int.from_bytes(entries[0][76:80], "little")], set[int]()
    while pending and len(seen) < MAX_ENTRIES:
        number = pending.pop()
        if number >= len(entries) or number in seen:
            continue
        seen.add(number)
        entry = entries[number]
        pending.extend(struct.unpack_from("<II", entry, 68))
        yield entry[: max(0, min(64, int.from_bytes(entry[64:66], "little")) - 2)].decode("utf-16-le", "replace")


def _directory(window: Window) -> Iterator[bytes]:
    """Its sectors, by the chain in the FAT (MS-CFB 2.3)."""
    head = window.head
    (shift,) = struct.unpack_from("<H", head, 30)
    (sector,) = struct.unpack_from("<I", head, 48)
    if shift not in {9, 12}:
        return
    size = 1 << shift
    fat_sectors = struct.unpack_from("<109I", head, 76)
    for _ in range(MAX_SECTORS):
        content = window.at((sector + 1) << shift, size)
        if len(content) < ENTRY_SIZE:
            return
        yield content
        fat_number, place = divmod(sector * 4, size)
        if fat_number >= len(fat_sectors):
            return  # in a file of more than seven megabytes; what was read so far decides
        following = window.at(((fat_sectors[fat_number] + 1) << shift) + place, 4)
        sector = int.from_bytes(following, "little") if len(following) == 4 else NONE
