"""Headers of archives that would cost without end, or that hide what another program reads. Without clamd."""

from __future__ import annotations

import io
import struct
import tarfile

import pytest

from picasso.scan.answers import Answer, Reason
from picasso.scan.coverage import Coverage
from picasso.scan.parts import Budget, Part
from picasso.scan.tars import MAX_PAX


def reason(content: bytes) -> Reason | None:
    part = Part(lambda start, stop: io.BytesIO(content[start:stop]), len(content))
    return Coverage(lambda _: Answer(), lambda: False, Budget(2**24, lambda: None)).answer(part).reason


def header_in_itself() -> bytes:
    """A 7z whose packed header is stored, and is its own content."""
    packed = bytes([6, 0, 1, 9, 18, 0])  # at the position of the header, as long as it is
    folders = bytes([7, 11, 1, 0, 1, 1, 0, 12, 18, 0, 0])  # one with one step: to copy
    header = bytes([23]) + packed + folders
    return b"7z\xbc\xaf\x27\x1c\0\4" + bytes(4) + struct.pack("<QQI", 0, len(header), 0) + header


def extended(records: bytes) -> bytes:
    """A TAR of one file behind an extended header."""
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, len(records)
    file = tarfile.TarInfo("a")
    padding = bytes(-len(records) % tarfile.BLOCKSIZE)
    return header.tobuf(tarfile.USTAR_FORMAT) + records + padding + file.tobuf(tarfile.USTAR_FORMAT) + bytes(1024)


def record(key: bytes, value: bytes) -> bytes:
    body = b" " + key + b"=" + value + b"\n"
    length = next(n for n in range(len(body), len(body) + 20) if n == len(body) + len(str(n)))
    return str(length).encode() + body


CASES = {
    "a 7z whose header is packed in itself": (header_in_itself(), Reason.LIMITS),
    "a name": (extended(record(b"path", b"a.txt")), None),
    "a size": (extended(record(b"size", b"512")), Reason.UNSUPPORTED),
    "a size behind blanks": (extended(b" 13  size=512\n"), Reason.UNSUPPORTED),
    "a size behind so much that it is not searched": (
        extended(record(b"comment", b"x" * MAX_PAX) + record(b"size", b"512")),
        Reason.LIMITS,
    ),
}


@pytest.mark.parametrize(("content", "expected"), CASES.values(), ids=CASES)
def test_what_headers_say(content: bytes, expected: Reason | None) -> None:
    assert reason(content) == expected
