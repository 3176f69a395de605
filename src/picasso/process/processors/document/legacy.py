"""The type of an OLE compound file, whether it has a password, and properties that all its types share."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

from picasso.charset import decode_bytes
from picasso.process.processors.document import biff
from picasso.process.processors.document.errors import corrupt, protected, unsupported
from picasso.process.processors.document.ole import Compound, open_compound

# The type follows from the first of these streams that the file has.
KINDS = {
    "EncryptedPackage": "protected",
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "__properties_version1.0": "application/vnd.ms-outlook",
}

SUMMARY = "\x05SummaryInformation"

# Properties of [MS-OLEPS] that kreuzberg does not return for all types. Page and word counts are the program's own.
PROPERTIES = {2: "title", 3: "subject", 4: "author", 5: "keywords", 6: "description", 8: "modified_by"}
TIMES = {12: "created", 13: "modified"}
PAGES, APPLICATION = 14, 18
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

# The flag fEncrypted of [MS-DOC], and the token of encrypted files in [MS-PPT].
DOC_FLAGS, DOC_ENCRYPTED = 0x0A, 0x0100
DOC_LENGTHS, DOC_LENGTHS_END = 0x4C, 0x6C
PPT_ENCRYPTED = 0xF3D1C4DF

# Versions of the format (nFib of [MS-DOC]) before this have another layout, and text in one-byte encodings.
WORD_97 = 0xC1

# Ends of paragraphs, lines, pages, cells and fields, and characters that stand for pictures and notes.
WORD_MARKS = bytes.maketrans(bytes(range(32)), b"       \t \t \n\n\n" + b" " * 18)

Value = str | int | None


def inspect(data: bytes, max_cells: int) -> tuple[str, dict[str, Value]]:
    """The media type and the properties. Raises `ProcessorError`."""
    try:
        file = open_compound(data)
        kind = next((kind for name, kind in KINDS.items() if name in file.entries), None)
        if kind is None:
            raise unsupported()
        if kind == "protected" or is_protected(file):
            raise protected()
        for name in file.entries.keys() & {"Workbook", "Book"}:
            biff.check_workbook(file.stream(name), max_cells)
        return kind, properties(file.stream(SUMMARY)) if SUMMARY in file.entries else {}
    except struct.error as error:
        raise corrupt() from error


def old_word_text(file: Compound) -> str | None:
    """The text of a document of Word 6 or 95, which kreuzberg can't read; None for others.

    It is in the encoding of its fonts, of which one is taken for all.
    """
    content = file.stream("WordDocument") if "WordDocument" in file.entries else b""
    if len(content) < DOC_LENGTHS_END or struct.unpack_from("<H", content, 2)[0] >= WORD_97:
        return None
    start, end = struct.unpack_from("<II", content, 0x18)
    return decode_bytes(content[start:end].translate(WORD_MARKS)).text


def is_protected(file: Compound) -> bool:
    if "WordDocument" in file.entries:
        head = file.stream("WordDocument")[:DOC_LENGTHS_END]
        if struct.unpack_from("<H", head, 2)[0] < WORD_97:
            return bool(struct.unpack_from("<H", head, DOC_FLAGS)[0] & DOC_ENCRYPTED)
        # A reader reserves memory for this many characters of text, footnotes and so on.
        if max(struct.unpack_from("<8I", head, DOC_LENGTHS)) > len(file.data):
            raise corrupt()
        return bool(struct.unpack_from("<H", head, DOC_FLAGS)[0] & DOC_ENCRYPTED)
    if "Current User" in file.entries and "PowerPoint Document" in file.entries:
        return bool(file.stream("Current User")[12:16] == PPT_ENCRYPTED.to_bytes(4, "little"))
    return False


def properties(stream: bytes) -> dict[str, Value]:
    """The properties of the first set. One that is damaged is left out."""
    if len(stream) < 56:
        return {}
    start = struct.unpack_from("<I", stream, 44)[0]
    section = stream[start:]
    if len(section) < 8:
        return {}
    count = min(struct.unpack_from("<I", section, 4)[0], 64, (len(section) - 8) // 8)
    offsets = dict(struct.unpack_from("<II", section, 8 + 8 * n) for n in range(count))
    page = value(section, offsets[1], "cp1252") if 1 in offsets else None
    codec = f"cp{page % 65536}" if isinstance(page, int) and page % 65536 in CODE_PAGES else "cp1252"
    if page in {65001, -535}:
        codec = "utf-8"
    names = {**PROPERTIES, **TIMES, PAGES: "pages", APPLICATION: "application"}
    return {name: value(section, offsets[number], codec) for number, name in names.items() if number in offsets}


CODE_PAGES = {437, 850, 852, 866, 874, 932, 936, 949, 950, *range(1250, 1259)}


def value(section: bytes, offset: int, codec: str) -> Value:
    """A property as text or number, times in ISO 8601; None if it is missing or of another type."""
    try:
        kind = struct.unpack_from("<H", section, offset)[0]
        if kind == 0x02:
            return int(struct.unpack_from("<h", section, offset + 4)[0])
        if kind == 0x03:
            return int(struct.unpack_from("<i", section, offset + 4)[0])
        if kind == 0x1E:
            size = struct.unpack_from("<I", section, offset + 4)[0]
            return section[offset + 8 : offset + 8 + min(size, 4096)].partition(b"\0")[0].decode(codec, "replace")
        if kind == 0x40:
            return to_date(struct.unpack_from("<Q", section, offset + 4)[0])
    except (struct.error, OverflowError):
        return None
    return None


def to_date(ticks: int) -> str | None:
    """From 100 ns since 1601. A duration (editing time, for example) has the same form; it is no date, and None."""
    return (EPOCH + timedelta(microseconds=ticks // 10)).isoformat(timespec="seconds") if ticks > 2**56 else None
