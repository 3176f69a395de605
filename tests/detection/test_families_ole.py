"""OLE compound files: the streams of the root and its class decide."""

from __future__ import annotations

import struct

import pytest

from picasso import detection
from picasso.detection import Window
from picasso.detection.families.ole import read_root
from tests.cost import least_seconds
from tests.detection.builders import SECTOR, ole


def detect(content: bytes, name: str = "") -> str:
    return detection.detect(Window.of_bytes(content), name).media_type


def test_streams_of_embedded_objects_do_not_count() -> None:
    content = ole("VisioDocument", inner=("WordDocument", "Workbook"))
    assert detect(content) == "application/vnd.visio"
    assert detect(ole("Anything", inner=("WordDocument",))) == "application/x-ole-storage"
    root = read_root(Window.of_bytes(content))
    assert root
    assert set(root.streams) == {"VisioDocument", "Pool"}


def test_the_name_chooses_only_if_the_streams_do_not() -> None:
    assert detect(ole("Anything"), "a.doc") == "application/msword"
    assert detect(ole("Anything"), "a.jpg") == "application/x-ole-storage"
    assert detect(ole("Workbook"), "a.doc") == "application/vnd.ms-excel"


def test_many_entries_over_several_sectors() -> None:
    names = [f"Stream{n}" for n in range(200)]
    assert detect(ole(*names, "WordDocument")) == "application/msword"


def test_a_directory_that_is_out_of_reach() -> None:
    start = ole("Workbook")[:SECTOR]
    header = start[:48] + struct.pack("<I", 5_000) + start[52:]
    assert detect(header + b"\xec\xa5" + bytes(600)) == "application/msword"
    assert detect(header + bytes(600)) == "application/x-ole-storage"


@pytest.mark.parametrize("sector", [0, 1, 2, 0xFFFFFFFE, 0xFFFFFFFF, 0x7FFFFFFF])
def test_loops_and_wild_sectors_end(sector: int) -> None:
    content = bytearray(ole(*(f"Stream{n}" for n in range(60))))
    for place in range(SECTOR, 2 * SECTOR, 4):
        content[place : place + 4] = sector.to_bytes(4, "little")
    for entry in range(2 * SECTOR, len(content), 128):
        content[entry + 68 : entry + 80] = struct.pack("<III", 3, 2, 1)
    assert detect(bytes(content)) == "application/x-ole-storage"
    assert least_seconds(lambda: detect(bytes(content)), 0.25) < 0.25


@pytest.mark.parametrize("length", [8, 30, 76, 511, 512, 700, 1100])
def test_a_cut_file_is_still_a_compound_file(length: int) -> None:
    found = detect(ole("WordDocument")[:length])
    assert found in {"application/x-ole-storage", "application/msword", "application/octet-stream"}


def test_a_directory_beyond_seven_megabytes() -> None:
    """The numbers of the sectors that hold the FAT are in lists of their own there."""
    small = ole(*(f"Stream{n}" for n in range(9)), "WordDocument")
    sectors, lists, fat, start = 16_000, 5_000, 5_001, 15_000
    content = bytearray(sectors * SECTOR)
    content[:SECTOR] = small[:SECTOR]
    content[48:52], content[68:72] = struct.pack("<I", start), struct.pack("<I", lists)
    directory = small[2 * SECTOR : 5 * SECTOR]
    content[(start + 1) * SECTOR : (start + 1) * SECTOR + len(directory)] = directory
    numbers = [fat] * 127
    content[(lists + 1) * SECTOR : (lists + 2) * SECTOR] = struct.pack("<128I", *numbers, 0xFFFFFFFE)
    chain = {start: start + 1, start + 1: start + 2, start + 2: 0xFFFFFFFE}
    for sector, following in chain.items():
        place = (fat + 1) * SECTOR + sector % 128 * 4
        content[place : place + 4] = struct.pack("<I", following)
    assert detect(bytes(content)) == "application/msword"
