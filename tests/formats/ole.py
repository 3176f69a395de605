"""OLE compound files written in code: the containers of XLS and MSG, and of OOXML with a password."""

from __future__ import annotations

import struct
from collections.abc import Mapping

SECTOR, SMALL, CUTOFF = 512, 64, 4096
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Sectors in this order: FAT (one: 64 KiB at most), directory, FAT of the small stream, small stream, the rest."""
    streams = dict(sorted(streams.items(), key=lambda each: (len(each[0]), each[0].upper())))
    small = {name: content for name, content in streams.items() if len(content) < CUTOFF}
    mini = b"".join(padded(content, SMALL) for content in small.values())
    minifat = padded(struct.pack(f"<{len(mini) // SMALL}I", *mini_links(small)), SECTOR, b"\xff")
    parts = [padded(b"\0" * 128 * (len(streams) + 1), SECTOR), minifat, padded(mini, SECTOR)]
    large = [padded(content, SECTOR) for content in streams.values() if len(content) >= CUTOFF]
    starts, links = laid_out([*parts, *large])
    directory = entries(streams, small, starts, len(mini))
    body = padded(directory, SECTOR, b"\0") + minifat + padded(mini, SECTOR) + b"".join(large)
    fat = struct.pack("<128I", *[FAT, *links], *[FREE] * (127 - len(links)))
    return header(starts, len(minifat) // SECTOR) + fat + body


def padded(content: bytes, to: int, filler: bytes = b"\0") -> bytes:
    return content + filler * (-len(content) % to)


def mini_links(small: Mapping[str, bytes]) -> list[int]:
    links: list[int] = []
    for content in small.values():
        links += chained(len(links), -(-len(content) // SMALL))
    return links


def chained(start: int, count: int) -> list[int]:
    return [*range(start + 1, start + count), END] if count else []


def laid_out(parts: list[bytes]) -> tuple[list[int], list[int]]:
    """Where each part begins after the one sector of the FAT, and the links of all sectors."""
    starts: list[int] = []
    links: list[int] = []
    for part in parts:
        count = len(part) // SECTOR
        starts.append(1 + len(links) if count else END)
        links += chained(1 + len(links), count)
    return starts, links


def entries(streams: Mapping[str, bytes], small: Mapping[str, bytes], starts: list[int], mini_size: int) -> bytes:
    """The root and its streams; each is the right neighbour of the one before."""
    found = [entry("Root Entry", 5, starts[2], mini_size, child=1 if streams else FREE)]
    place, large = 0, iter(starts[3:])
    for number, (name, content) in enumerate(streams.items(), 1):
        start = place if name in small else next(large)
        place += -(-len(content) // SMALL) if name in small else 0
        found.append(entry(name, 2, start, len(content), right=number + 1 if number < len(streams) else FREE))
    return b"".join(found)


def entry(name: str, kind: int, start: int, size: int, *, child: int = FREE, right: int = FREE) -> bytes:
    letters = name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<64sHBB3I36xIII", letters, len(letters), kind, 1, FREE, right, child, start, size, 0)


def header(starts: list[int], minifats: int) -> bytes:
    magic = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    numbers = struct.pack(
        "<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, starts[0], 0, CUTOFF, starts[1], minifats, END, 0
    )
    return magic + numbers + struct.pack("<109I", 0, *[FREE] * 108)


def workbook(cells: Mapping[tuple[int, int], float], claimed: tuple[int, int] = (1, 1)) -> bytes:
    """An XLS with one sheet of numbers that claims ``claimed`` rows and columns."""
    begin = struct.pack("<HHHH", 0x0600, 0x0005, 0x0DBB, 0x07CC) + bytes(8)
    name = b"One"
    size = len(record(0x0809, begin)) + 4 + 8 + len(name) + 4
    sheet = record(0x0085, struct.pack("<IHBB", size, 0, len(name), 0) + name)
    book = record(0x0809, begin) + sheet + record(0x000A, b"")
    book += record(0x0809, struct.pack("<HHHH", 0x0600, 0x0010, 0x0DBB, 0x07CC) + bytes(8))
    book += record(0x0200, struct.pack("<IIHHH", 0, claimed[0], 0, claimed[1], 0))
    for (row, column), value in cells.items():
        book += record(0x0203, struct.pack("<HHHd", row, column, 0, value))
    return compound({"Workbook": padded(book + record(0x000A, b""), CUTOFF)})


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def binary_record(kind: int, content: bytes = b"") -> bytes:
    """A record of an XLSB."""
    head = bytes((kind,)) if kind < 128 else bytes((kind & 0x7F | 0x80, kind >> 7))
    sizes = [len(content) >> shift & 0x7F for shift in (0, 7, 14, 21) if shift == 0 or len(content) >> shift]
    return head + bytes(size | 0x80 for size in sizes[:-1]) + bytes(sizes[-1:]) + content


def binary_row(number: int, cells: Mapping[int, float | str]) -> bytes:
    """A row of an XLSB with its cells."""
    row = binary_record(0, struct.pack("<II9xI", number, 0, 0))
    for column, value in cells.items():
        place = struct.pack("<II", column, 0)
        is_text = isinstance(value, str)
        row += (
            binary_record(6, place + wide(str(value)))
            if is_text
            else binary_record(5, place + struct.pack("<d", value))
        )
    return row


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def message(subject: str, body: str, sender: str) -> bytes:
    """An MSG with a subject, a sender and a body."""
    texts = {0x001A: "IPM.Note", 0x0037: subject, 0x0C1A: sender, 0x0C1F: sender, 0x1000: body}
    streams = {f"__substg1.0_{tag:04X}001F": text.encode("utf-16-le") for tag, text in texts.items()}
    rows = b"".join(struct.pack("<HHIII", 0x001F, tag, 6, len(text) * 2 + 2, 0) for tag, text in texts.items())
    return compound({"__properties_version1.0": bytes(32) + rows, **streams})
