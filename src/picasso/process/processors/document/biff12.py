"""Checks the sheets of an XLSB (BIFF12, [MS-XLSB]) before they are read: how many cells they have."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator

from picasso.process.processors.document.biff import EMPTY_AREA, Area, check_area, merge_areas
from picasso.process.processors.document.errors import corrupt, too_large
from picasso.process.processors.document.officescan import CoreScan
from picasso.process.processors.document.package import ROOT, Package, part_name

# Records of a row and of cells: the number of the row, or of the cell's column, comes first (section 2.3.2).
ROW, CELLS = 0, range(1, 12)

SHEET = 156

WORKBOOK = "xl/workbook.bin"

MAX_ROW, MAX_COLUMN = 2**20, 2**14


def check_workbook(archive: zipfile.ZipFile, max_cells: int, max_bytes: int) -> dict[str, str]:
    """The core properties. Raises `ProcessorError`, and what `zipfile` and `expat` raise for damage."""
    package = Package(archive)
    if sum(entry.file_size for name, entry in package.parts.items() if name.endswith(".bin")) > max_bytes:
        raise too_large()
    sheets = sheet_parts(package)
    for entry in archive.infolist():  # of several that have one name, a reader may take any
        if part_name(entry.filename) in sheets:
            with archive.open(entry) as file:
                check_sheet(file.read(), max_cells)
    return core_properties(package)


def sheet_parts(package: Package) -> set[str]:
    """The parts that a reader takes for sheets, whatever the type of their relation is."""
    if WORKBOOK not in package.parts:
        raise corrupt()
    with package.open(WORKBOOK) as file:
        book = file.read()
    ids = {relation_id(book[place : place + size]) for kind, place, size in records(book) if kind == SHEET}
    return {relation.target for relation in package.relations(WORKBOOK) if relation.id in ids}


def relation_id(sheet: bytes) -> str:
    """Of BrtBundleSh (section 2.4.304): two numbers, then a text with its length."""
    length = struct.unpack_from("<I", sheet, 8)[0] if len(sheet) >= 12 else 0
    return sheet[12 : 12 + 2 * length].decode("utf-16-le", "replace")


def core_properties(package: Package) -> dict[str, str]:
    scan = CoreScan(0)
    for relation in package.relations(ROOT):
        if relation.kind == "core-properties" and relation.target in package.parts:
            with package.open(relation.target) as file:
                scan.read(file)
    return scan.metadata


def check_sheet(sheet: bytes, max_cells: int) -> None:
    area: Area = EMPTY_AREA
    row = 0
    for kind, place, size in records(sheet):
        if kind in CELLS and size >= 4:
            column = struct.unpack_from("<I", sheet, place)[0]
            if column >= MAX_COLUMN:
                raise corrupt()
            area = merge_areas(area, (row, column, row, column))
            check_area(area, max_cells)
        elif kind == ROW and size >= 4:
            row = struct.unpack_from("<I", sheet, place)[0]
            if row >= MAX_ROW:
                raise corrupt()


def records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of each record (section 2.1.4). Raises `ProcessorError` if one is cut off."""
    place = 0
    try:
        while place < len(stream):
            kind, place = stream[place], place + 1
            if kind & 0x80:
                kind, place = kind & 0x7F | stream[place] << 7, place + 1
            size = 0
            for shift in (0, 7, 14, 21):
                part, place = stream[place], place + 1
                size |= (part & 0x7F) << shift
                if not part & 0x80:
                    break
            if place + size > len(stream):
                raise corrupt()
            yield kind, place, size
            place += size
    except IndexError as error:
        raise corrupt() from error
