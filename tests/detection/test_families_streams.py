"""Sound in frames, DER and gzip: nothing here has a certain signature, so that the structure must hold."""

from __future__ import annotations

import gzip
import random
import struct

import pytest

from picasso import detection
from picasso.detection import HEAD, Window
from tests.detection.builders import der, integer, zip_with
from tests.detection.media_builders import id3, mp4, mpeg_frames, ogg
from tests.detection.samples.asn1 import read


def detect(content: bytes, name: str = "") -> str:
    return detection.detect(Window.of_bytes(content), name).media_type


@pytest.mark.parametrize("size", [0, 100, HEAD, 5 * HEAD])
@pytest.mark.parametrize("version", [2, 3, 4])
def test_a_tag_of_any_size(size: int, version: int) -> None:
    assert detect(id3(size, version=version) + mpeg_frames(3)) == "audio/mpeg"
    assert detect(id3(size, version=version) + b"fLaC\0\0\0\x22" + bytes(34)) == "audio/flac"
    assert detect(id3(size, version=version) + id3(10) + bytes(50) + mpeg_frames(3)) == "audio/mpeg"


def test_a_tag_that_is_cut_is_still_mp3() -> None:
    assert detect(id3(100_000)[:5_000]) == "audio/mpeg"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
        (b"<!DOCTYPE html><html><body>a</body></html>", "text/html"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0", "image/jpeg"),
        (zip_with({"a.txt": b"a"}), "application/zip"),
        (ogg(b"\x01vorbis" + bytes(23)), "audio/ogg"),
        (mp4(b"M4A ", b"soun", data=3 * HEAD), "audio/mp4"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(24), "audio/wav"),
        (b"Words after a tag, as some programs leave them.\n", "audio/mpeg"),
        (bytes(range(256)), "audio/mpeg"),
        (b"", "audio/mpeg"),
    ],
)
def test_what_follows_a_tag_decides(content: bytes, expected: str) -> None:
    assert detect(id3(100) + content) == expected
    assert detect(id3(2 * HEAD) + id3(10) + content) == expected


@pytest.mark.parametrize("text", ["Вчера вечером, ко", "\n", "Да", "我来了 我看见。" * 99, "ÿþ" * 3000, "ÿỻ钀ÿ" * 400])
def test_text_with_the_mark_of_utf16_is_no_sound(text: str) -> None:
    assert detect(text.encode("utf-16")) != "audio/mpeg"
    assert detect(text.encode("utf-16"), "a.mp3") != "audio/mpeg"


def test_short_texts_in_utf16_are_text() -> None:
    words = ["Вчера", "вечером,", "когда", "我来了", "the", "lights", "went", "out,", "всё", "стихло", "naïve", "ÿ"]
    source = random.Random(9)
    texts = (" ".join(source.choices(words, k=source.randrange(1, 9))) for _ in range(2000))
    assert {detect(text.encode("utf-16")) for text in texts} == {"text/plain"}


def test_layer_1_is_sound_though_its_header_is_the_mark_of_utf16() -> None:
    frame = b"\xff\xfe\x60\0" + random.Random(1).randbytes(1000)
    length = 4 * (12_000 * 192 // 44_100)  # ISO/IEC 11172-3, 2.4.3.1
    assert detect(frame[:length] * 5) == "audio/mpeg"


@pytest.mark.parametrize("layout", ["<i", ">i", "<h", ">h", "<q", ">q"])
def test_small_negative_numbers_are_no_sound(layout: str) -> None:
    source = random.Random(4)
    for count in (30, 200, 1500):
        for most in (10, 3_000, 30_000):
            numbers = (source.randrange(-most, most) for _ in range(count))
            assert detect(b"".join(struct.pack(layout, number) for number in numbers)) != "audio/mpeg"


def test_words_about_tags_are_text() -> None:
    assert detect(b"ID3 tags are described here.\n" * 3) == "text/plain"


@pytest.mark.parametrize(
    "start",
    [bytes(3), bytes(1000), mpeg_frames(1)[137:], b"RANDOM" * 50],
    ids=["three zeros", "many zeros", "the end of a frame", "something else"],
)
def test_frames_that_begin_later(start: bytes) -> None:
    assert detect(start + mpeg_frames(20)) == "audio/mpeg"
    assert detect(start + mpeg_frames(2) + b"\1\2\3" * 500) == "application/octet-stream"


@pytest.mark.parametrize("header", ["fffb9064", "fffae064", "fff3a4c4", "ffe36064", "fffd9404", "fff1508000"])
def test_one_header_makes_no_sound(header: str) -> None:
    rest = random.Random(3).randbytes(3000)
    assert detect(bytes.fromhex(header) + rest) == "application/octet-stream"


def test_the_end_of_a_file_ends_the_chain() -> None:
    assert detect(mpeg_frames(1)) == "application/octet-stream"  # one header is also that of other data
    assert detect(id3(10) + mpeg_frames(1)) == "audio/mpeg"
    assert detect(mpeg_frames(2) + b"TAG" + bytes(125)) == "audio/mpeg"
    assert detect(mpeg_frames(2)[:-100]) == "audio/mpeg"


def test_an_element_that_is_not_as_long_as_the_file_is_no_certificate() -> None:
    certificate = read("certificate")
    assert detect(certificate) == "application/pkix-cert"
    assert detect(certificate + b"\n") == "application/pkix-cert"
    assert detect(certificate + bytes(100)) != "application/pkix-cert"
    assert detect(certificate[:-40]) != "application/pkix-cert"


@pytest.mark.parametrize(
    "content",
    [
        b"0\x80" * 100,
        b"0\x82\xff\xff" * 50,
        b"0" * 50,
        der(0x30),
        der(0x30, integer(1)),
        der(0x30, der(0x30, der(0x30))),
    ],
)
def test_elements_that_mean_nothing(content: bytes) -> None:
    assert detect(content) in {"application/octet-stream", "text/plain"}


def test_what_is_in_a_gzip() -> None:
    assert detect(gzip.compress(b"<svg><!-- no namespace --></svg>")) == "image/svg+xml"
    assert detect(gzip.compress(b"words about <svg> and more")) == "application/gzip"
    assert detect(gzip.compress(b"<!---->" * 9000 + b"<a/>")) == "application/gzip"
    assert detect(b"\x1f\x8b\x08" + bytes(200)) == "application/gzip"
    assert detect(gzip.compress(bytes(10**6))) == "application/gzip"


def test_a_palm_database_with_a_wild_record() -> None:
    content = b"A".ljust(60, b"\0") + b"BOOKMOBI" + bytes(8) + struct.pack(">HI", 1, 0xFFFFFFF0)
    assert detect(content) == "application/x-mobipocket-ebook"
