"""Any bytes are told in bounded time, and never an error; random bytes are told to be nothing."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from picasso import detection
from picasso.detection import HEAD, UNKNOWN, Window
from picasso.detection.families import FAMILIES
from picasso.detection.families.bmff import FIRST_BOXES
from tests.cases import cases
from tests.cost import least_seconds
from tests.detection.media_builders import box, element, ftyp, matroska
from tests.detection.samples import all_samples
from tests.sampling import number

# Twenty milliseconds are the aim; a test machine may be slow.
SECONDS = 0.1

STARTS = sorted({*FAMILIES, *(b"\0\0\0\x10" + kind for kind in FIRST_BOXES), bytes.fromhex("d0cf11e0a1b11ae1")})
WHOLE = [sample.content for sample in all_samples()]


def detect(content: bytes) -> str:
    return detection.detect(Window.of_bytes(content)).media_type


def seconds_of(content: bytes) -> float:
    return least_seconds(lambda: detect(content), SECONDS)


@given(st.builds(lambda start, rest: start + rest, st.sampled_from(STARTS), st.binary(max_size=2000)))
@settings(max_examples=number(500, 125), deadline=None)
def test_any_bytes_after_a_signature(content: bytes) -> None:
    assert "/" in detect(content)


@given(
    st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8), st.integers(0)
)
@example(b"PK\5\6", [], 4)
@settings(max_examples=number(500, 125), deadline=None)
def test_damaged_files(content: bytes, changes: list[tuple[int, int]], length: int) -> None:
    damaged = bytearray(content)
    for place, value in changes:
        if place < len(damaged):
            damaged[place] = value
    assert "/" in detect(bytes(damaged[: length % (len(damaged) + 1)]))


@pytest.mark.parametrize("start", STARTS, ids=repr)
def test_the_head_is_filled_with_anything(start: bytes) -> None:
    fillings = (random.Random(5).randbytes(HEAD), bytes(HEAD), b"\xff" * HEAD, b"\1" * HEAD, start * HEAD)
    assert max(seconds_of((start + filling)[:HEAD]) for filling in fillings) < SECONDS


def zip_entry(name: bytes, content: bytes) -> bytes:
    packed = zlib.compress(content)[2:-4]
    sizes = struct.pack("<IIHH", len(packed), len(content), len(name), 0)
    return b"PK\3\4\x14\0\0\0\x08\0" + bytes(8) + sizes + name + packed


def many_directories() -> bytes:
    directory = struct.pack("<H", 256) + struct.pack("<HHII", 330, 4, 8, 8) * 256 + struct.pack("<I", 8)
    return b"II*\0\x08\0\0\0" + directory * 20


def compound_file() -> bytes:
    header = bytearray(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504))
    struct.pack_into("<H", header, 30, 12)
    header[76:512] = struct.pack("<109I", *range(109))
    entries = (b"A\0".ljust(64, b"\0") + struct.pack("<HBBIII", 4, 5, 1, n * 2 + 1, n * 2 + 2, 1) for n in range(500))
    return bytes(header) + b"".join(entry + bytes(48) for entry in entries)


SEEK = element(b"\x11\x4d\x9b\x74", *[element(b"\x4d\xbb", element(b"\x53\xab", b"\x16\x54\xae\x6b"))] * 60)
ENTRY = element(b"\xae", element(b"\xec", b"") * 63)
TRACK = box(b"trak", box(b"free") * 14, box(b"mdia", box(b"free") * 15))
TYPES = b"[Content_Types].xml"

STRUCTURES = {
    "boxes": ftyp(b"isom") + box(b"free") * 8000,
    "tracks": ftyp(b"isom") + box(b"moov", TRACK * 200),
    "elements": matroska(b"webm", element(b"\xec", b"") * 6000),
    "places of elements": matroska(b"webm", SEEK * 50),
    "entries of tracks": matroska(b"webm", element(b"\x16\x54\xae\x6b", ENTRY * 64) * 2),
    "pages": (b"OggS\0\2" + bytes(20) + b"\0") * 2400,
    "directories": many_directories(),
    "compound file": compound_file(),
    "local headers": (b"PK\3\4" + bytes(22) + b"\1\0\0\0a") * 2100,
    "entries of unknown size": (b"PK\3\4\x14\0\x08\0\x08\0" + bytes(16) + b"\1\0\0\0a\3\0" + bytes(12)) * 1000,
    "end records": b"PK\3\4" + bytes(40) + (b"PK\5\6" + b"\xff" * 18) * 2000,
    "content types: spaces": zip_entry(TYPES, b" " * 500_000),
    "content types: quotes": zip_entry(TYPES, b'ContentType="' * 40_000),
    "content types: comments": zip_entry(TYPES, b"<!--" * 120_000),
    "content types: many": zip_entry(TYPES, b'ContentType="a" ' * 30_000),
    "manifest": zip_entry(b"META-INF/manifest.xml", b'<full-path="/" ' * 5_000),
    "manifest: roots": zip_entry(b"META-INF/manifest.xml", b"<" + b'full-path="/" ' * 1170),
    "content types: main parts": zip_entry(TYPES, b'ContentType="application/x.main"' * 16_000),
    "container": zip_entry(b"META-INF/container.xml", b'full-path="' * 400),
    "tags": b"ID3\3\0\0\0\0\0\0" * 6000,
    "frames that do not fit": b"\0" + (b"\xff\xfb\x90\x64" * 104 + b"\0") * 150,
    "comments in a gzip": b"\x1f\x8b\x08" + bytes(7) + zlib.compress(b"<!---->" * 9000)[2:],
    "elements of DER": b"0\x82\xff\xfc" + b"0\x80" * 32_766,
}


@pytest.mark.parametrize("content", STRUCTURES.values(), ids=STRUCTURES)
def test_structures_without_end(content: bytes) -> None:
    assert seconds_of(content[:HEAD]) < SECONDS


@pytest.mark.parametrize(("count", "length"), [(4_000, 400), (300, 6_000), (40, 60_000), (8_000, 30)])
@pytest.mark.parametrize("name", [b"a", b"a.dist-info", b"payload/"])
def test_long_names_in_a_zip(count: int, length: int, name: bytes) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(count):
            archive.writestr((name * length)[:length].decode() + str(number), b"")
    assert seconds_of(packed.getvalue()) < SECONDS


def test_random_bytes_are_nothing() -> None:
    source = random.Random(11)
    found = Counter(detect(source.randbytes(source.choice((64, 300, 2000)))) for _ in range(1000))
    assert found[UNKNOWN] >= 990, found


@pytest.mark.parametrize(
    "start",
    [
        b"\x8c\x2e",
        b"\xe9\x10",
        b"\x56\xe5",
        b"\x78\xf9",
        b"\x07\x10",
        b"\x11\x09",
        b"\x0b\x77",
        b"\xaa\x58",
        b"\x80\x37",
    ],
    ids=bytes.hex,
)
def test_two_bytes_are_no_format(start: bytes) -> None:
    assert detect(start + random.Random(2).randbytes(3000)) == UNKNOWN


@cases("first", range(256))
def test_files_of_two_or_three_bytes(first: int) -> None:
    for second in (0, 1, 0x45, 0x5A, 0x77, 0x8B, 0xD8, 0xE0, 0xE5, 0xF1, 0xFB, 0xFF):
        assert "/" in detect(bytes([first, second]))
        assert "/" in detect(bytes([first, second, 0xFF]))


def test_a_head_that_can_not_be_read() -> None:
    assert "/" in detection.detect(Window(b"", 162)).media_type
    assert "/" in detection.detect(Window(b"PK\3\4", 10**12)).media_type
