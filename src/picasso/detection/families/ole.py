"""OLE compound files (MS-CFB): what they are, by the streams of their root storage and by its class.

The streams of an embedded object are in a storage of their own, so that only the children of the root count.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from picasso.detection.window import Window

OLE = "application/x-ole-storage"
SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")

ENTRY_SIZE = 128
MAX_SECTORS = 128
MAX_ENTRIES = 1024
MAX_LISTS = 32
SMALL_STREAM = 4096

WORD, EXCEL, POWERPOINT = "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"
OUTLOOK, PUBLISHER, WORKS = "application/vnd.ms-outlook", "application/x-mspublisher", "application/vnd.ms-works"
STAR = "application/vnd.stardivision."

# The first for which all of these streams are there.
BY_STREAMS: tuple[tuple[AbstractSet[str], str], ...] = (
    # A document with a password has no other streams that tell anything.
    ({"EncryptedPackage"}, "application/encrypted"),
    ({"WksSSWorkBook"}, WORKS),
    ({"MatOST"}, WORKS),
    ({"Quill"}, PUBLISHER),
    ({"VisioDocument"}, "application/vnd.visio"),
    ({"PowerPoint Document"}, POWERPOINT),
    ({"PP97_DUALSTORAGE"}, POWERPOINT),
    ({"WordDocument"}, WORD),
    ({"Workbook"}, EXCEL),
    ({"Book"}, EXCEL),
    ({"__properties_version1.0"}, OUTLOOK),
    ({"__nameid_version1.0"}, OUTLOOK),
    ({"Props14"}, "application/vnd.ms-project"),
    ({"Props12"}, "application/vnd.ms-project"),
    ({"Props9"}, "application/vnd.ms-project"),
    ({"StarWriterDocument"}, STAR + "writer"),
    ({"StarCalcDocument"}, STAR + "calc"),
    ({"StarDrawDocument3"}, STAR + "draw"),
    ({"StarDrawDocument"}, STAR + "draw"),
    ({"StarMathDocument"}, STAR + "math"),
    ({"StarChartDocument"}, STAR + "chart"),
    ({"FileHeader", "BodyText"}, "application/x-hwp"),
    ({"FileHeader", "\x05HwpSummaryInformation"}, "application/x-hwp"),
    ({"NativeContent_MAIN"}, "application/x-quattro-pro"),
    ({"PerfectOffice_MAIN", "SlideConnection"}, "application/x-corelpresentations"),
    ({"PerfectOffice_MAIN", "SlideGlobal"}, "application/x-corelpresentations"),
    ({"PerfectOffice_MAIN"}, "application/vnd.wordperfect"),
    ({"SwDocContentMgr"}, "application/sldworks"),
    ({"SwDocMgrTempStorage"}, "application/sldworks"),
    ({"PageMaker"}, "application/x-pagemaker"),
    ({"CONTENTS", "SPELLING"}, WORKS),
    ({"Contents", "SPELLING"}, WORKS),
    ({"BasicFileInfo", "RevitPreview4.0"}, "application/x-revit"),
    ({"ClassDirectory3", "Scene"}, "application/x-3dsmax"),
    ({"Catalog"}, "application/vnd.microsoft.windows.thumbnail-cache"),
    ({"VBA", "PROJECT"}, "application/vnd.ms-office.vbaproject"),
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
    streams: Mapping[str, int]
    """The streams and storages directly in the root, and where each begins in the file."""


def detect_ole(window: Window) -> str | None:
    """None if it is no compound file, or one that none of the tables knows."""
    head = window.head
    if not head.startswith(SIGNATURE) or len(head) < 512:
        return None
    root = read_root(window)
    found = root and type_of_root(window, root)
    return found or _by_main_stream(head) or OLE


def type_of_root(window: Window, root: Root) -> str | None:
    by_class = BY_CLASS.get(root.class_id)
    if by_class in CLASS_FIRST:
        return by_class
    names = root.streams.keys()
    found = next((kind for streams, kind in BY_STREAMS if names >= streams), by_class)
    look = LOOKS.get(found or "")
    return look(window, root) or found if look else found


def _quattro(window: Window, root: Root) -> str | None:
    """WordPerfect's documents have its signature. Quattro Pro 7 and 8 keep tables in a stream of the same name."""
    is_word_perfect = window.at(root.streams["PerfectOffice_MAIN"], 4) in {b"\xffWPC", b""}
    return None if is_word_perfect else "application/x-quattro-pro"


def _impress(window: Window, root: Root) -> str | None:
    """Drawings and presentations of StarOffice have the same stream. The name of the class tells them apart."""
    place = root.streams.get("\x01CompObj")
    is_impress = place is not None and b"StarImpress" in window.at(place, 64)
    return STAR + "impress" if is_impress else None


# A closer look at what several programs name alike.
LOOKS: Mapping[str, Callable[[Window, Root], str | None]] = {
    "application/vnd.wordperfect": _quattro,
    STAR + "draw": _impress,
}


def _by_main_stream(head: bytes) -> str | None:
    return next((kind for start, kind in MAIN_STREAMS.items() if head.startswith(start, 512)), None)


def read_root(window: Window) -> Root | None:
    """The root storage, from at most `MAX_SECTORS` sectors of the directory; None if it can't be read."""
    shift = int.from_bytes(window.head[30:32], "little")
    if shift not in {9, 12}:
        return None
    entries = [
        sector[start : start + ENTRY_SIZE]
        for sector in _directory(window, shift)
        for start in range(0, len(sector) - ENTRY_SIZE + 1, ENTRY_SIZE)
    ]
    if not entries or entries[0][66] != 5:
        return None
    root = entries[0]
    (small_streams,) = struct.unpack_from("<I", root, 116)
    streams = {_name(entry): _place(entry, shift, small_streams) for entry in _children(entries)}
    return Root(root[80:84][::-1].hex(), streams)


def _children(entries: list[bytes]) -> Iterator[bytes]:
    """The entries in the tree of siblings below the root (MS-CFB 2.6.4). A loop ends, as each is seen once."""
    pending, seen = [int.from_bytes(entries[0][76:80], "little")], set[int]()
    while pending and len(seen) < MAX_ENTRIES:
        number = pending.pop()
        if number >= len(entries) or number in seen:
            continue
        seen.add(number)
        pending.extend(struct.unpack_from("<II", entries[number], 68))
        yield entries[number]


def _name(entry: bytes) -> str:
    length = max(0, min(64, int.from_bytes(entry[64:66], "little")) - 2)
    return entry[:length].decode("utf-16-le", "replace")


def _place(entry: bytes, shift: int, small_streams: int) -> int:
    """Where a stream begins. Small ones are 64 bytes apart in a stream of their own, whose sectors mostly follow each
    other (MS-CFB 2.4).
    """
    start, size = struct.unpack_from("<II", entry, 116)
    if size < SMALL_STREAM:
        return int(((small_streams + 1) << shift) + 64 * start)
    return int((start + 1) << shift)


def _directory(window: Window, shift: int) -> Iterator[bytes]:
    """Its sectors, by the chain in the FAT (MS-CFB 2.3)."""
    size = 1 << shift
    (sector,) = struct.unpack_from("<I", window.head, 48)
    fat_sectors = list(struct.unpack_from("<109I", window.head, 76))
    for _ in range(MAX_SECTORS):
        content = window.at((sector + 1) << shift, size)
        if len(content) < ENTRY_SIZE:
            return
        yield content
        number, place = divmod(sector * 4, size)
        if number >= len(fat_sectors):
            fat_sectors.extend(_more_fat_sectors(window, shift))
        if number >= len(fat_sectors):
            return  # what was read so far decides
        sector = int.from_bytes(window.at(((fat_sectors[number] + 1) << shift) + place, 4).ljust(4, b"\xff"), "little")


def _more_fat_sectors(window: Window, shift: int) -> Iterator[int]:
    """Those of a file of more than seven megabytes: the last number of each list leads to the next (MS-CFB 2.5)."""
    (sector,) = struct.unpack_from("<I", window.head, 68)
    for _ in range(MAX_LISTS):
        content = window.at((sector + 1) << shift, 1 << shift)
        if len(content) < 1 << shift:
            return
        *numbers, sector = struct.unpack(f"<{len(content) // 4}I", content)
        yield from numbers
