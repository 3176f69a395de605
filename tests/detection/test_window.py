"""Bounded reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picasso.detection import HEAD, Window
from picasso.detection.window import MAX_BYTES, MAX_READS

CONTENT = bytes(range(256)) * 1024


@given(st.lists(st.tuples(st.integers(-10, 300_000), st.integers(-10, 9_000)), max_size=20))
def test_reads_what_is_there(places: list[tuple[int, int]]) -> None:
    window = Window.of_bytes(CONTENT)
    for offset, size in places:
        expected = CONTENT[offset : offset + size] if offset >= 0 and size > 0 else b""
        assert window.at(offset, size) == expected


def test_neighbouring_fields_cost_one_read() -> None:
    reads = []

    def read(offset: int, size: int) -> bytes:
        reads.append(offset)
        return CONTENT[offset : offset + size]

    window = Window(CONTENT[:HEAD], len(CONTENT), read)
    assert window.at(HEAD - 2, 4) + window.at(HEAD + 2, 100) == CONTENT[HEAD - 2 : HEAD + 102]
    assert window.tail(10) == CONTENT[-10:]
    assert reads == [HEAD - 2, len(CONTENT) - 10]


def test_reads_are_limited() -> None:
    reads = []

    def read(offset: int, size: int) -> bytes:
        reads.append(size)
        return bytes(size)

    window = Window(bytes(HEAD), 2**40, read)
    for place in range(10_000):
        window.at(2**30 + place * 2**16, 4)
    assert len(reads) == MAX_READS
    assert sum(reads) <= MAX_BYTES
    assert window.at(2**35, 4) == b""


def test_a_fault_of_the_disk_is_no_fault_of_detection() -> None:
    def fail(offset: int, size: int) -> bytes:
        raise OSError(5, "Input/output error")

    window = Window(bytes(HEAD), 2**20, fail)
    assert window.at(2**19, 4) == b""
    assert window.at(0, 4) == bytes(4)


@pytest.mark.parametrize("size", [0, 1, HEAD, HEAD + 1])
def test_size_and_wholeness(size: int) -> None:
    window = Window.of_bytes(bytes(size))
    assert window.size == size
    assert window.is_whole == (size <= HEAD)
