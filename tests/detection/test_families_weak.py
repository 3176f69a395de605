"""What few bytes of libmagic say counts only where the structure or the name agrees."""

from __future__ import annotations

import io
import math
import pickle
import random
import struct
import tarfile
from collections import Counter

import pytest

from picasso import detection
from picasso.detection import UNKNOWN, Window
from tests.detection.samples.signatures import at, be, le

DATA = random.Random(6).randbytes(3000)


def detect(content: bytes, name: str = "") -> str:
    return detection.detect(Window.of_bytes(content), name).media_type


@pytest.mark.parametrize("layout", ["<h", ">h", "<i", ">i", "<q", ">q", "<f", ">f", "<d", ">d"])
def test_numbers_are_no_format(layout: str) -> None:
    """Random ones, rows of them, and waves. Small ones in 16 bits may be text in UTF-16."""
    source = random.Random(8)
    found: Counter[str] = Counter()
    for count in (30, 200, 1500):
        for most in (10, 300, 3_000, 30_000):
            step = source.randrange(1, 40)
            rows = (
                [source.randrange(-most, most) for _ in range(count)],
                [source.randrange(most) for _ in range(count)],
                [(step + number * step) % most for number in range(count)],
                [int(most * math.sin(number / 9)) for number in range(count)],
            )
            found.update(detect(b"".join(struct.pack(layout, number) for number in row)) for row in rows)
    assert set(found) <= {UNKNOWN, "text/plain"}, found


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (be("HH", 1, 2) + be("5H", 0, 9, 8, 7, 0) * 2, "application/x-adobe-aco"),
        (be("12H", 29, 17, 55, 55, 2, 1, 1, 1, 0, 0, 0, 0) + bytes(92), "application/x-tex-tfm"),
    ],
    ids=["swatches", "font"],
)
def test_weak_formats_by_their_structure(content: bytes, media_type: str) -> None:
    assert detect(content + bytes(999)) == UNKNOWN
    assert detect(content) == media_type


def test_a_pdf_behind_something_else() -> None:
    pdf = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + DATA
    java = bytes.fromhex("aced0005757200025b42acf317f8060854e00200007870")
    for start in (java, b"\0\1\2" * 100, be("HH", 1, 9) + bytes(90), DATA[:900]):
        assert detect(start + pdf) == "application/pdf"
    assert detect(java + b"%PDF- is no version" + DATA) == "application/x-java-serialized-object"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("a.pdf")
        member.size = len(pdf)
        archive.addfile(member, io.BytesIO(pdf))
    assert detect(packed.getvalue()) == "application/x-tar"


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("value", [{"a": 1}, [1, "b"], ("a", b"c"), {"a", "b"}, 10**30, None, io.BytesIO], ids=str)
def test_pickles(value: object, protocol: int) -> None:
    content = pickle.dumps([value] * 3, protocol)
    assert detect(content) == "application/x-python-pickle"
    assert detect(content[:2] + DATA) == UNKNOWN


@pytest.mark.parametrize("content", [b"\xff\xd8\xff", b"\xff\xd8\xff\xe0\0\x10JFIF", b"\xff\xd8\xff\xdb\0\x43"])
def test_the_first_bytes_of_a_jpeg(content: bytes) -> None:
    assert detect(content) == "image/jpeg"


def test_units_of_video_need_their_parameters() -> None:
    for start in ("00000001", "000001", "0000000165", "00000001670000000167", "0000000140010000000140"):
        assert detect(bytes.fromhex(start) + DATA) == UNKNOWN
        assert "/" in detect(bytes.fromhex(start))


def test_a_tga_is_as_large_as_its_picture() -> None:
    header = le("BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 20, 20, 24, 0)
    assert detect(header + DATA[:1200]) == "image/x-tga"
    assert detect(header + DATA[:600]) == UNKNOWN
    assert detect(le("BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 900, 900, 24, 0) + DATA) == UNKNOWN


def test_the_name_agrees_with_few_bytes() -> None:
    content = at((0, be("I", 4)), (104, be("I", 4)), size=600) + DATA
    assert detect(content) == UNKNOWN
    assert detect(content, "a.snf") == "application/x-font-sfn"
