"""OLE compound files: the containers of DOC, XLS, PPT and MSG, and of OOXML with a password. As [MS-CFB] has them.

Only as much as it takes to tell what is in one and that its lengths are true.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from picasso.process.processors.document.errors import corrupt

MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
END = 0xFFFFFFFA  # this and what is above it are marks, not numbers of sectors


@dataclass(slots=True)
class Compound:
    """Raises `ProcessorError` from all that it does: a chain that loops or a length beyond the file is damage."""

    data: bytes
    sector: int = 512
    fat: list[int] = field(default_factory=list)
    minifat: list[int] = field(default_factory=list)
    ministream: bytes = b""
    entries: dict[str, tuple[int, int]] = field(default_factory=dict)
    """First sector and length of each stream, by name; those of storages within as well, where the name is free."""
    storages: set[str] = field(default_factory=set)

    def stream(self, name: str) -> bytes:
        start, size = self.entries[name]
        if size < 4096:
            small = b"".join(self.ministream[n * 64 : n * 64 + 64] for n in chain(start, self.minifat))
            return small[:size]
        return self.chained(start)[:size]

    def chained(self, start: int) -> bytes:
        return b"".join(self.at(number) for number in chain(start, self.fat))

    def at(self, number: int) -> bytes:
        """A sector; the last of a file may be short."""
        found = self.data[(number + 1) * self.sector : (number + 2) * self.sector]
        if not found:
            raise corrupt()
        return found


def compound(data: bytes) -> Compound:
    """Raises `ProcessorError`."""
    if len(data) < 512 or not data.startswith(MAGIC):
        raise corrupt()
    shift, mini_shift = struct.unpack_from("<HH", data, 30)
    fats, directory, _, cutoff, minifat, minifats, difat, difats = struct.unpack_from("<I I I I I I I I", data, 44)
    if shift not in {9, 12} or mini_shift != 6 or cutoff != 4096:
        raise corrupt()
    found = Compound(data, 1 << shift)
    # A reader allocates by these numbers.
    if max(fats, minifats, difats) > len(data) // found.sector:
        raise corrupt()
    found.fat = table(found, fat_sectors(found, fats, difat, difats))
    found.minifat = table(found, chain(minifat, found.fat) if minifats else [])
    read_directory(found, found.chained(directory))
    return found


def fat_sectors(found: Compound, fats: int, difat: int, difats: int) -> list[int]:
    numbers = list(struct.unpack_from("<109I", found.data, 76))
    for _ in range(difats):
        if difat >= END:
            break
        *more, difat = integers(found.at(difat))
        numbers += more
    return [number for number in numbers if number < END][:fats]


def table(found: Compound, sectors: list[int]) -> list[int]:
    return [number for sector in sectors for number in integers(found.at(sector))]


def integers(sector: bytes) -> tuple[int, ...]:
    return struct.unpack_from(f"<{len(sector) // 4}I", sector)


def chain(start: int, links: list[int]) -> list[int]:
    """The numbers of the sectors from ``start`` on."""
    numbers: list[int] = []
    while start < END:
        if start >= len(links) or len(numbers) >= len(links):
            raise corrupt()
        numbers.append(start)
        start = links[start]
    return numbers


def read_directory(found: Compound, directory: bytes) -> None:
    for place in range(0, len(directory) - 127, 128):
        entry = directory[place : place + 128]
        length, kind = struct.unpack_from("<HB", entry, 64)
        start, size = struct.unpack_from("<II", entry, 116)
        if kind and (size > len(found.data) or length > 64):
            raise corrupt()
        name = entry[: max(0, length - 2)].decode("utf-16-le", "replace")
        if kind == 5:
            found.ministream = found.chained(start)[:size] if size else b""
        elif kind == 2:
            found.entries.setdefault(name, (start, size))
        elif kind == 1:
            found.storages.add(name)
