"""TIFF and the raw files of cameras."""

from __future__ import annotations

import struct

import pytest

from picasso import detection
from picasso.detection import Window
from tests.cost import least_seconds
from tests.detection.media_builders import tiff

MAKE, SUBFILE, PHOTOMETRIC, COMPRESSION = 271, 254, 262, 259


def detect(content: bytes, name: str = "") -> str:
    return detection.detect(Window.of_bytes(content), name).media_type


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("maker", [b"NIKON CORPORATION\0", b"SONY\0", b"PENTAX\0", b"OLYMPUS\0"])
def test_the_maker_alone_makes_no_raw_file(order: str, maker: bytes) -> None:
    assert detect(tiff({MAKE: maker, PHOTOMETRIC: 2}, order=order)) == "image/tiff"
    assert detect(tiff({MAKE: maker, COMPRESSION: 34713}, order=order)) != "image/tiff"


def test_samples_behind_a_filter_without_a_known_maker_are_a_tiff() -> None:
    assert detect(tiff({MAKE: b"Microscope\0", PHOTOMETRIC: 32803})) == "image/tiff"
    assert detect(tiff({PHOTOMETRIC: 32803})) == "image/tiff"


def test_the_name_of_a_raw_file_does_not_make_a_tiff_raw() -> None:
    assert detect(tiff({PHOTOMETRIC: 2}), "a.nef") == "image/tiff"


@pytest.mark.parametrize("offset", [0, 4, 8, 9, 100, 0xFFFFFFFF])
def test_wild_offsets_and_loops_end(offset: int) -> None:
    content = bytearray(tiff({MAKE: b"SONY\0", PHOTOMETRIC: 2, 330: offset}))
    content[4:8] = struct.pack("<I", offset)
    assert detect(bytes(content)) == "image/tiff"
    loop = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", MAKE, 2, 5, 26) + struct.pack("<I", 8) + b"SONY\0"
    assert detect(loop) == "image/tiff"
    assert least_seconds(lambda: (detect(bytes(content)), detect(loop)), 0.25) < 0.25
