"""Old Office files whose text kreuzberg leaves out: Outlook's HTML and compressed RTF, and documents of Word 6."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats import ole

from picasso.process.processors.document import outlook
from picasso.process.processors.document.options import DocumentOptions
from picasso.process.processors.document.processor import read_compound

# The examples of [MS-OXRTFCP], section 3.1.
HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


def message(streams: dict[str, bytes], code_page: int = 1251) -> bytes:
    rows = struct.pack("<HHIII", 3, 0x3FDE, 6, code_page, 0)
    subject = {"__substg1.0_0037001F": "x".encode("utf-16-le")}
    return ole.compound({"__properties_version1.0": bytes(32) + rows, **subject, **streams})


@pytest.mark.parametrize(
    ("streams", "code_page", "body"),
    [
        ({"__substg1.0_10130102": "<p>1&nbsp;000 &laquo;Ж&raquo;<td>Я".encode("cp1251")}, 1251, "1 000 «Ж»\nЯ"),
        ({"__substg1.0_10130102": "<p>Привет".encode("koi8-r")}, 20866, "Привет"),
        ({"__substg1.0_1013001F": "<p>Привет".encode("utf-16-le")}, 1252, "Привет"),
        ({"__substg1.0_10090102": HELLO}, 1252, "hello world"),
        ({"__substg1.0_10090102": b"\0" * 4 + b"\x0c\0\0\0MELA\0\0\0\0{\\rtf1 plain}"}, 1252, "plain"),
    ],
)
def test_a_body_that_is_no_plain_text(streams: dict[str, bytes], code_page: int, body: str) -> None:
    content = read_compound(message(streams, code_page), DocumentOptions())
    assert content.text.partition("\n\n")[2] == body


def test_a_plain_text_comes_first() -> None:
    streams = {"__substg1.0_1000001F": "plain".encode("utf-16-le"), "__substg1.0_10130102": b"<p>html"}
    assert read_compound(message(streams), DocumentOptions()).text.endswith("\n\nplain")


def test_compressed_rtf() -> None:
    assert outlook.decompress(HELLO) == rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n"
    assert outlook.decompress(CROSSING) == rb"{\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_can_be_decompressed(packed: bytes) -> None:
    outlook.decompress(packed)
    assert len(outlook.decompress(HELLO[:16] + packed)) <= 43


def word_6(text: bytes, flags: int = 0) -> bytes:
    head = bytearray(0x300)
    struct.pack_into("<HH", head, 0, 0xA5DC, 101)
    struct.pack_into("<H", head, 0x0A, flags)
    struct.pack_into("<II", head, 0x18, len(head), len(head) + len(text))
    return ole.compound({"WordDocument": (bytes(head) + text).ljust(4096, b"\0")})


def test_a_document_of_word_6() -> None:
    russian = "Добрый день, высылаю документы"
    content = read_compound(word_6(f"{russian}\r{russian}\x07Ж\r".encode("cp1251")), DocumentOptions())
    assert (content.format, content.text) == ("doc", f"{russian}\n{russian}\tЖ\n")
