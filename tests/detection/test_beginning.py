"""What a file may turn out to be, by its first bytes alone."""

from __future__ import annotations

import random

import pytest

from picasso.detection import HEAD, UNKNOWN, Window, detect, possible_types
from tests.formats import Format
from tests.formats.page import all_formats

BIG = 2**30


@pytest.mark.parametrize("missing", [0, 500, BIG])
def test_the_type_of_the_whole_is_among_those_of_the_beginning(missing: int) -> None:
    """Also if the size is only guessed, as that of the file in a form is."""
    for each in all_formats():
        if content := content_of(each):
            whole = detect(Window.of_bytes(content), each.file_name).media_type
            head = content[: min(HEAD, len(content) - 1)]
            possible = possible_types(head, len(content) + missing, each.file_name)
            assert not possible or len(content) < 600 or whole in possible, each.file_name


def content_of(each: Format) -> bytes:
    try:
        return each.make()
    except LookupError:
        return b""


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"MZ" + bytes(range(256)) * 256, "application/vnd.microsoft.portable-executable"),
        (b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes(HEAD), "image/png"),
        (b"%PDF-1.7\n" * 8000, "application/pdf"),
        (b"hello world\n" * 6000, "text/plain"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(HEAD), "image/jpeg"),
    ],
)
def test_most_types_are_decided_by_the_beginning(head: bytes, expected: str) -> None:
    assert possible_types(head[:HEAD], BIG) in {(expected,), (expected, "application/illustrator")}


def test_the_end_of_a_container_decides() -> None:
    possible = possible_types(b"PK\x03\x04" + bytes(HEAD), BIG)
    assert {"application/zip", "image/openraster", "application/epub+zip"} <= set(possible)
    assert not any(each.startswith(("video/", "text/")) for each in possible)
    movie = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\x40\0\0\0mdat" + bytes(HEAD)
    assert {"video/mp4", "audio/mp4"} <= set(possible_types(movie[:HEAD], BIG))
    assert possible_types(b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(HEAD - 10), BIG) == ()


def test_random_bytes_stay_unknown() -> None:
    chance = random.Random(7)
    possible = possible_types(chance.randbytes(HEAD), BIG)
    assert possible[0] == UNKNOWN
    assert not any(each.startswith(("image/", "text/", "video/", "audio/")) for each in possible)
