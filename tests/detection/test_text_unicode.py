# ruff: noqa: RUF001 - words of many alphabets
"""UTF-16 and UTF-32, with a mark and without one."""

from __future__ import annotations

import random
import struct

import pytest

from picasso.detection import Detection, Window, detect
from picasso.detection.text.unmarked import find_unmarked_unicode
from tests.cases import cases

TEXTS = {
    "a word": "hello",
    "two letters": "hi",
    "a Russian word": "Да",
    "a Greek word": "Ναι",
    "a Hebrew word": "שלום",
    "an Arabic word": "نعم",
    "English": "Dear all, here is a letter.\r\n" * 40,
    "Russian": "Привет, мир. Как дела?\n" * 40,
    "Polish": "Zażółć gęślą jaźń\n",
    "Chinese": "我来了，我看见，我征服。",
    "long Chinese": "我来了，我看见，我征服。\n" * 60,
    "Japanese": "吾輩は猫である。名前はまだ無い。\n" * 20,
    "Korean": "모든 인간은 태어날 때부터 자유롭다.\n" * 20,
    "Chinese and English": "我爱 Python 和 C++，真的。\n" * 20,
}
UNMARKED = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


def of(content: bytes, name: str = "") -> Detection:
    return detect(Window.of_bytes(content), name)


@cases("text", TEXTS.values(), ids=TEXTS)
@cases("encoding", UNMARKED)
@cases("name", ["", "a.txt"])
def test_without_a_mark(text: str, encoding: str, name: str) -> None:
    detected = of(text.encode(encoding), name)
    assert (detected.media_type, detected.charset) == ("text/plain", encoding)


@cases("text", [*TEXTS.values(), "\n", "", "Вчера вечером, ко", "й", "a"])
@cases("encoding", UNMARKED)
def test_with_a_mark(text: str, encoding: str) -> None:
    detected = of(("\ufeff" + text).encode(encoding), "a.txt")
    assert (detected.media_type, detected.charset) == ("text/plain", encoding)


@pytest.mark.parametrize("content", [b"\xff\xfe\n", "\ufeffwords".encode("utf-16-le") + b"\n"])
def test_a_byte_was_added(content: bytes) -> None:
    assert of(content).media_type == "text/plain"


def test_no_short_text_is_sound() -> None:
    letters = "абвгдежзийклмнопрстуфхцчшщъыьэюяё ,.ABCDEFabcdef"
    chance = random.Random(7)
    for _ in range(2000):
        text = "".join(chance.choices(letters, k=chance.randint(1, 60)))
        assert of(text.encode("utf-16")).media_type == "text/plain", text


@cases("order", "<>")
@cases("unit", "HI")
@cases(
    "numbers",
    [
        range(200),
        range(1, 900, 3),
        [0x300, 0x41, 0x700, 0xFFFF],
        range(0x20, 0x2000, 0x11),
        [7] * 40,
        [32] * 40,
        range(50_000, 51_000),
    ],
)
def test_numbers_are_no_text(order: str, unit: str, numbers: range | list[int]) -> None:
    assert find_unmarked_unicode(b"".join(struct.pack(order + unit, number) for number in numbers)) is None


def test_random_bytes_are_no_text() -> None:
    chance = random.Random(8)
    found = sum(find_unmarked_unicode(chance.randbytes(chance.randint(8, 64))) is not None for _ in range(20_000))
    assert found < 4


def test_bytes_of_sound_are_no_text() -> None:
    chance = random.Random(9)
    for _ in range(200):
        assert of(b"\xff\xfe" + chance.randbytes(4000)).media_type != "text/plain"
