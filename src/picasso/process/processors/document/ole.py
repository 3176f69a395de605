"""OLE compound files ([MS-CFB]): the containers of DOC, XLS, PPT and MSG, and of OOXML with a password.

Reads only what is needed to find the streams and to check the lengths.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from picasso.process.processors.document.errors import corrupt

MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
END = 0xFFFFFFFA  # this and higher values are marks, not numbers of sectors


@dataclass(slots=True)
class Compound:
    """All methods raise `ProcessorError`: a chain with a loop, or a length beyond the file, is damage."""

    data: bytes
    sector: int = 512
    fat: list[int] = field(default_factory=list)
    minifat: list[int] = field(default_factory=list)
    ministream: bytes = b""
    entries: dict[str, tuple[int, int]] = field(default_factory=dict)
    """First sector and length of each stream, by name. Streams inside storages are included, if their name is not
    taken.
    """
    storages: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    """Of all streams and storages, also those of the same name."""
    streams: list[tuple[str, int, int]] = field(default_factory=list)
    """Name, first sector and length of all streams, also those of the same name."""

    def stream(self, name: str) -> bytes:
        return self.read_stream(*self.entries[name])

    def read_stream(self, start: int, size: int) -> bytes:
        if size < 4096:
            small = b"".join(self.ministream[n * 64 : n * 64 + 64] for n in follow_chain(start, self.minifat))
            return small[:size]
        return self.read_chain(start)[:size]

    def read_chain(self, start: int) -> bytes:
        return b"".join(self.sector_at(number) for number in follow_chain(start, self.fat))

    def sector_at(self, number: int) -> bytes:
        """One sector. The last one of a file may be short."""
        content = self.data[(number + 1) * self.sector : (number + 2) * self.sector]
        if not content:
            raise corrupt()
        return content


def open_compound(data: bytes) -> Compound:
    """Raises `ProcessorError`."""
    if len(data) < 512 or not data.startswith(MAGIC):
        raise corrupt()
    shift, mini_shift = struct.unpack_from("<HH", data, 30)
    fats, directory, _, cutoff, minifat, minifats, difat, difats = struct.unpack_from("<I I I I I I I I", data, 44)
    if shift not in {9, 12} or mini_shift != 6 or cutoff != 4096:
        raise corrupt()
    file = Compound(data, 1 << shift)
    # Readers allocate memory by these numbers.
    if max(fats, minifats, difats) > len(data) // file.sector:
        raise corrupt()
    file.fat = table(file, fat_sectors(file, fats, difat, difats))
    file.minifat = table(file, follow_chain(minifat, file.fat) if minifats else [])
    read_directory(file, file.read_chain(directory))
    return file


def fat_sectors(file: Compound, fats: int, difat: int, difats: int) -> list[int]:
    numbers = list(struct.unpack_from("<109I", file.data, 76))
    for _ in range(difats):
        if difat >= END:
            break
        *more, difat = integers(file.sector_at(difat))
        numbers += more
    return [number for number in numbers if number < END][:fats]


def table(file: Compound, sectors: list[int]) -> list[int]:
    return [number for sector in sectors for number in integers(file.sector_at(sector))]


def integers(sector: bytes) -> tuple[int, ...]:
    return struct.unpack_from(f"<{len(sector) // 4}I", sector)


def follow_chain(start: int, links: list[int]) -> list[int]:
    """The numbers of the sectors from ``start`` on."""
    numbers: list[int] = []
    while start < END:
        if start >= len(links) or len(numbers) >= len(links):
            raise corrupt()
        numbers.append(start)
        start = links[start]
    return numbers


def read_directory(file: Compound, directory: bytes) -> None:
    for position in range(0, len(directory) - 127, 128):
        entry = directory[position : position + 128]
        length, kind = struct.unpack_from("<HB", entry, 64)
        start, size = struct.unpack_from("<II", entry, 116)
        if kind and (size > len(file.data) or length > 64):
            raise corrupt()
        name = entry[: max(0, length - 2)].decode("utf-16-le", "replace")
        if kind in {1, 2}:
            file.names.append(name)
        if kind == 5:
            file.ministream = file.read_chain(start)[:size] if size else b""
        elif kind == 2:
            file.entries.setdefault(name, (start, size))
            file.streams.append((name, start, size))
        elif kind == 1:
            file.storages.add(name)
