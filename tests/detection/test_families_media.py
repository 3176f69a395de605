"""Media containers: the kinds of the tracks decide, wherever they stand."""

from __future__ import annotations

import pytest

from picasso import detection
from picasso.detection import HEAD, Window
from tests.detection.media_builders import (
    SOUND,
    UNKNOWN_SIZE,
    asf,
    asf_object,
    asf_stream,
    box,
    element,
    ftyp,
    matroska,
    moov,
    mp4,
    ogg,
    tracks,
)


def detect(content: bytes, name: str = "") -> str:
    return detection.detect(Window.of_bytes(content), name).media_type


@pytest.mark.parametrize("major", [b"isom", b"mp42", b"XAVC", b"MSNV", b"dash", b"iso6", b"zzzz"])
def test_any_brand_with_video_is_video_and_with_sound_alone_is_sound(major: bytes) -> None:
    assert detect(mp4(major, b"vide", b"soun")) == "video/mp4"
    assert detect(mp4(major, b"soun", b"soun", b"text")) == "audio/mp4"
    assert detect(mp4(major)) == "video/mp4"  # nothing else is known


def test_tracks_far_behind_the_content() -> None:
    assert detect(mp4(b"isom", b"soun", data=5 * HEAD)) == "audio/mp4"
    long_size = ftyp(b"isom") + b"\0\0\0\1mdat" + (16 + 3 * HEAD).to_bytes(8, "big") + bytes(3 * HEAD) + moov(b"soun")
    assert detect(long_size) == "audio/mp4"


@pytest.mark.parametrize(
    ("compatible", "expected"),
    [
        ((b"avif", b"miaf"), "image/avif"),
        ((b"avis", b"msf1"), "image/avif"),
        ((b"heic",), "image/heif"),
        ((), "image/heif"),
    ],
)
def test_pictures_by_their_compatible_brands(compatible: tuple[bytes, ...], expected: str) -> None:
    assert detect(ftyp(b"mif1", *compatible) + box(b"meta", bytes(4))) == expected


@pytest.mark.parametrize("first", [box(b"free"), box(b"skip", bytes(100)), box(b"wide")])
def test_something_before_the_brands(first: bytes) -> None:
    assert detect(first + mp4(b"isom", b"vide")) == "video/mp4"
    assert detect(first + box(b"mdat", bytes(9)) + moov(b"vide")) == "video/quicktime"


@pytest.mark.parametrize(
    "content",
    [
        moov(b"vide"),
        box(b"mdat", bytes(9)) + moov(b"vide"),
        box(b"pnot", bytes(12)) + box(b"PICT", b"a") + moov(b"vide"),
    ],
)
def test_quicktime_without_brands(content: bytes) -> None:
    assert detect(content) == "video/quicktime"


@pytest.mark.parametrize(
    "text",
    [
        b"The free world of words\n",
        b"sum moov it, or lose it\n",
        b"a b mdat and other boxes\n",
        b"I'm ftyp, and this is text\n",
        b"\0\0\0\x08free" + bytes(100),
        b"\0\0\0\x08skip\0\0\0\x09abcdx",
    ],
)
def test_words_like_those_of_boxes_make_no_video(text: bytes) -> None:
    assert detect(text) in {"text/plain", "application/octet-stream"}


@pytest.mark.parametrize("size", [0, 1, 2, 7, 0xFFFFFFFF])
def test_boxes_of_odd_sizes(size: int) -> None:
    start = ftyp(b"isom") + size.to_bytes(4, "big")
    assert detect(start + b"mdat" + bytes(100)) == "video/mp4"
    assert detect(start + b"moov" + bytes(100)) == "video/mp4"
    assert detect(size.to_bytes(4, "big") + b"ftypisom" + bytes(100)) in {"video/mp4", "application/octet-stream"}


@pytest.mark.parametrize("doc_type", [b"webm", b"matroska", b"webm\0\0"])
def test_matroska_by_its_tracks(doc_type: bytes) -> None:
    name = "x-matroska" if doc_type == b"matroska" else "webm"
    info = element(b"\x15\x49\xa9\x66", bytes(300))
    assert detect(matroska(doc_type, info, tracks(2), size=UNKNOWN_SIZE)) == f"audio/{name}"
    assert detect(matroska(doc_type, info, tracks(2, 1), size=UNKNOWN_SIZE)) == f"video/{name}"
    assert detect(matroska(doc_type, info)) == f"video/{name}"
    assert detect(matroska(doc_type, tracks(17))) == "application/x-matroska" or name == "webm"


def test_tracks_behind_the_clusters_are_found_by_the_seek_head() -> None:
    cluster = element(b"\x1f\x43\xb6\x75", bytes(2 * HEAD))
    seek = element(b"\x4d\xbb", element(b"\x53\xab", b"\x16\x54\xae\x6b"), element(b"\x53\xac", (0).to_bytes(8, "big")))
    length = len(element(b"\x11\x4d\x9b\x74", seek)) + len(cluster)
    place = element(b"\x53\xac", length.to_bytes(8, "big"))
    seek_head = element(b"\x11\x4d\x9b\x74", element(b"\x4d\xbb", element(b"\x53\xab", b"\x16\x54\xae\x6b"), place))
    assert detect(matroska(b"webm", seek_head, cluster, tracks(2))) == "audio/webm"


def test_another_format_in_ebml_is_not_matroska() -> None:
    assert detect(matroska(b"other", tracks(1))) == "application/octet-stream"


def test_windows_media_by_its_streams() -> None:
    extended = bytes(60) + bytes(4) + asf_stream(SOUND, b"\x61\1")
    inner = asf_object("14e6a5cb-c672-4332-8399-a96952065b5a", extended)
    extension = asf_object("5fbf03b5-a92e-11cf-8ee3-00c00c205365", bytes(22) + inner)
    assert detect(asf(extension)) == "audio/x-ms-wma"
    script = asf_stream("59dacfc0-59e6-11d0-a3ac-00a0c90348f6", b"")
    assert detect(asf(asf_stream(SOUND, b"\x61\1"), script)) == "video/x-ms-asf"
    assert detect(asf()) == "video/x-ms-asf"


def test_cut_media_files_keep_their_family() -> None:
    for whole, family in (
        (mp4(b"isom", b"vide"), "video/"),
        (matroska(b"webm", tracks(1)), "video/webm"),
        (asf(asf_stream(SOUND, b"\x61\1")), "video/x-ms-asf"),
        (ogg(b"\x01vorbis" + bytes(23)), "audio/ogg"),
    ):
        assert detect(whole[:48]).startswith(family)
