"""Checks the stream of an XLS (BIFF 5 and 8, [MS-XLS]) before it is read: how many cells it claims and has."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from picasso.process.processors.document.errors import corrupt, protected, too_many_cells

# Records of one cell, and of a row of cells. Each begins with row and column.
CELLS = {0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x00FD, 0x00D6, 0x0001, 0x0002, 0x0003, 0x0004, 0x0005}
ROWS_OF_CELLS = {0x00BD, 0x00BE}
BEGIN = {0x0809, 0x0409, 0x0209, 0x0009}
DIMENSIONS, FILE_PASS, STRINGS, SHEET, END = 0x0200, 0x002F, 0x00FC, 0x0085, 0x000A

# A hostile file can make each sheet cost a pass through the whole file.
MAX_SHEETS = 500

EMPTY_AREA = (2**16, 2**16, -1, -1)

Area = tuple[int, int, int, int]
"""Row and column of the first cell, row and column of the last."""


def check_workbook(stream: bytes, max_cells: int) -> None:
    """Raises `ProcessorError` for a workbook with a password, or with a sheet of too many cells."""
    for start in sheet_offsets(stream):
        check_sheet(stream, start, max_cells)


def sheet_offsets(stream: bytes) -> list[int]:
    """Offsets of the workbook and of its sheets. A reader follows them, whatever is there."""
    sheets = [record for kind, record in records(stream, 0) if kind == SHEET and len(record) >= 4]
    if len(sheets) > MAX_SHEETS:
        raise too_many_cells()
    return sorted({0, *(struct.unpack_from("<I", record)[0] for record in sheets)})


def check_sheet(stream: bytes, start: int, max_cells: int) -> None:
    area = EMPTY_AREA
    for kind, record in records(stream, start):
        if kind == END and start:
            return
        if kind == FILE_PASS:
            raise protected()
        if kind == STRINGS and len(record) >= 8 and struct.unpack_from("<I", record, 4)[0] > len(stream):
            raise corrupt()
        if kind == DIMENSIONS:
            check_area(dimensions(record), max_cells)
        elif kind in BEGIN:
            area = EMPTY_AREA
        elif kind in CELLS or kind in ROWS_OF_CELLS:
            area = merge_areas(area, cell_area(record, is_row=kind in ROWS_OF_CELLS))
            check_area(area, max_cells)


def records(stream: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    while position + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, position)
        yield kind, stream[position + 4 : position + 4 + size]
        position += 4 + size


def check_area(area: Area, max_cells: int) -> None:
    top, left, bottom, right = area
    if max(0, bottom - top + 1) * max(0, right - left + 1) > max_cells:
        raise too_many_cells()


def merge_areas(first: Area, second: Area) -> Area:
    return min(first[0], second[0]), min(first[1], second[1]), max(first[2], second[2]), max(first[3], second[3])


def dimensions(record: bytes) -> Area:
    """The area that a sheet claims, for which a reader reserves memory. The record has the first row and column after
    it.
    """
    layout = "<IIHH" if len(record) >= 14 else "<HHHH"
    if len(record) < struct.calcsize(layout):
        return EMPTY_AREA
    top, bottom, left, right = struct.unpack_from(layout, record)
    if bottom < top or right < left:  # a reader would compute four billion rows
        raise corrupt()
    return top, left, bottom, right


def cell_area(record: bytes, *, is_row: bool) -> Area:
    if len(record) < 4:
        return EMPTY_AREA
    row, first = struct.unpack_from("<HH", record)
    last = struct.unpack_from("<H", record, len(record) - 2)[0] if is_row else first
    return row, first, row, last
