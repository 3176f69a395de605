"""A first look into the stream of an XLS (BIFF 5 and 8), as [MS-XLS] has it: how much it claims, how far it reaches."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from picasso.process.processors.document.errors import corrupt, protected, too_many_cells

# Records of one cell, and of a row of cells; each begins with row and column.
CELLS = {0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x00FD, 0x00D6, 0x0001, 0x0002, 0x0003, 0x0004, 0x0005}
ROWS_OF_CELLS = {0x00BD, 0x00BE}
BEGIN = {0x0809, 0x0409, 0x0209, 0x0009}
DIMENSIONS, FILE_PASS, STRINGS, SHEET, END = 0x0200, 0x002F, 0x00FC, 0x0085, 0x000A

# Each may be made to cost a walk through the whole file.
MAX_SHEETS = 500

NOTHING = (2**16, 2**16, -1, -1)

Corners = tuple[int, int, int, int]
"""Row and column of the first cell, row and column of the last."""


def bound(stream: bytes, max_cells: int) -> None:
    """Raises `ProcessorError`: of a workbook with a password, or with a sheet too wide to hold."""
    for start in starts(stream):
        bound_sheet(stream, start, max_cells)


def starts(stream: bytes) -> list[int]:
    """Where the workbook begins, and each of its sheets: a reader goes by these, whatever lies there."""
    sheets = [record for kind, record in records(stream, 0) if kind == SHEET and len(record) >= 4]
    if len(sheets) > MAX_SHEETS:
        raise too_many_cells()
    return sorted({0, *(struct.unpack_from("<I", record)[0] for record in sheets)})


def bound_sheet(stream: bytes, start: int, max_cells: int) -> None:
    seen = NOTHING
    for kind, record in records(stream, start):
        if kind == END and start:
            return
        if kind == FILE_PASS:
            raise protected()
        if kind == STRINGS and len(record) >= 8 and struct.unpack_from("<I", record, 4)[0] > len(stream):
            raise corrupt()
        if kind == DIMENSIONS:
            bound_area(dimensions(record), max_cells)
        elif kind in BEGIN:
            seen = NOTHING
        elif kind in CELLS or kind in ROWS_OF_CELLS:
            seen = joined(seen, corners(record, several=kind in ROWS_OF_CELLS))
            bound_area(seen, max_cells)


def records(stream: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        yield kind, stream[place + 4 : place + 4 + size]
        place += 4 + size


def bound_area(corners: Corners, max_cells: int) -> None:
    top, left, bottom, right = corners
    if max(0, bottom - top + 1) * max(0, right - left + 1) > max_cells:
        raise too_many_cells()


def joined(one: Corners, other: Corners) -> Corners:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def dimensions(record: bytes) -> Corners:
    """What a sheet claims to hold, its end given as one beyond; a reader reserves that much."""
    form = "<IIHH" if len(record) >= 14 else "<HHHH"
    if len(record) < struct.calcsize(form):
        return NOTHING
    top, bottom, left, right = struct.unpack_from(form, record)
    if bottom < top or right < left:  # which wraps around to four thousand million rows
        raise corrupt()
    return top, left, bottom, right


def corners(record: bytes, *, several: bool) -> Corners:
    if len(record) < 4:
        return NOTHING
    row, first = struct.unpack_from("<HH", record)
    last = struct.unpack_from("<H", record, len(record) - 2)[0] if several else first
    return row, first, row, last
